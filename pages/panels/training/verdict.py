"""The verdict on a training as a card: one sentence, the wrong samples, the one next action."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.gestures.evaluation.verdict import (
    Outcome,
    Reason,
    Step,
    Verdict,
    judge_training,
)
from core.gestures.labels import NONE, GestureLabel, safe_label
from core.jobs.trainings import run_result
from core.jobs.verdicts import WrongSample, find_remaining_wrong
from core.live.live import Latest
from core.recording.sample_pictures import draw_sample
from core.store import Project
from core.store.index import read_samples
from core.training.runs import Run
from core.words import join_words, mark, words
from pages.components.stage import draw_lines
from pages.panels.camera.session import live_session
from pages.panels.language import t, tn
from pages.panels.layout import show_errors
from pages.panels.recording.cards import select_for_recording
from pages.panels.resources import studio
from pages.panels.training.texts import count_text

MAX_PICTURES, PICTURE_WIDTH_PX = 6, 72
FIRST_ANSWER = "first answer"  # topic of the live channel
FAIR_TEST_ADVICE = words("For a fair test, record each gesture again.")
_REASONS = {
    Reason.NONE: "",
    Reason.FEW_SAMPLES: words("Record each gesture once more."),
    Reason.SAME_RECORDINGS: words(
        "This test is too easy: the test samples come from the same recordings. Record each "
        "gesture again to get a fair number."
    ),
    Reason.ENDS_DIFFER: words("The end of your recordings looks different. Check these pictures."),
}


def show_verdict(
    project: Project, run: Run, *, tries_here: bool, last: Step = Step.TRY, details: bool = True
) -> None:
    """Draw the verdict on a training run with a result; nothing for other runs.

    Args:
        tries_here: whether the page shows the live answer.
        last: the action when nothing is missing.
        details: whether to link to Train.
    """
    if (result := run_result(run)) is None:
        return
    verdict = judge_training(result)
    first = verdict.is_promising and len(studio().trainings.runs(project)) == 1
    with st.container(border=True, key="verdict"), show_errors():
        st.markdown(f"{_headline(verdict, first=first)}  \n{_explain(verdict, first=first)}")
        if first and tries_here:
            _show_first_answer(run, result)
        wrong = find_remaining_wrong(studio().store, project, run, verdict)
        if wrong:
            _show_wrong_samples(project, wrong, result)
        step = verdict.choose_step(
            first=first, has_wrong=bool(wrong), tries_here=tries_here, last=last
        )
        _draw_next_step(project, verdict, step, [one.id for one in wrong])
        if verdict.lacks_none and verdict.is_promising:
            st.caption(
                t(
                    "Other hands may be taken for your gestures: record {title}, too.",
                    title=safe_label(NONE.title),
                )
            )
        if details:
            st.page_link("pages/train.py", label=t("Details"), icon="📈")


def _headline(verdict: Verdict, *, first: bool) -> str:
    """Return the verdict in a few words, as Markdown."""
    if first:
        return t("✅ **It works, try it**")
    if verdict.mixed is not None:
        one, other = (safe_label(label.title) for label in verdict.mixed)
        return t("🔀 **Mixes up {one} and {other}**", one=one, other=other)
    if verdict.outcome is Outcome.WORKS:
        return t("✅ **Works well**")
    return t("🌱 **Too few to trust**")


def _explain(verdict: Verdict, *, first: bool) -> str:
    """Return how many test samples were recognised, and why that is not enough."""
    held_out, motions = count_text(verdict.held_out), verdict.motions
    if motions is None:
        counted = t("{count} test samples recognised.", count=held_out)
    else:
        counted = t(
            "{count} test samples recognised, and {motions} movements.",
            count=held_out,
            motions=count_text(motions),
        )
    fair = FAIR_TEST_ADVICE if verdict.reason is Reason.SAME_RECORDINGS else ""
    return f"{counted} {t(fair if first else _REASONS[verdict.reason])}".rstrip()


def _show_wrong_samples(project: Project, wrong: list[WrongSample], result: dict[str, Any]) -> None:
    """Draw the first wrong samples, each with what it is and what it was taken for."""
    signs = {label["name"]: label["emoji"] or label["name"] for label in _labels(result)}
    ids = [one.id for one in wrong[:MAX_PICTURES]]
    samples = read_samples(studio().store, ids, project_id=project.id)
    with st.container(horizontal=True, gap="small"):
        for sample, one in zip(samples, wrong, strict=False):
            pair = (signs.get(name, name) for name in (one.target, one.predicted))
            st.image(
                draw_sample(sample),
                safe_label(" → ".join(pair)),
                width=PICTURE_WIDTH_PX,
                alt=describe_wrong_sample(one.target, one.predicted),
            )


def describe_wrong_sample(target: str, predicted: str) -> str:
    """Return what the picture of a wrongly recognised sample shows."""
    return t(
        "A sample of {gesture} recognised as {prediction}", gesture=target, prediction=predicted
    )


def _labels(result: dict[str, Any]) -> list[dict[str, str]]:
    return [*result["gestures"], *result.get("motions", {}).get("gestures", ())]


def _draw_next_step(project: Project, verdict: Verdict, step: Step, wrong: list[int]) -> None:
    """Draw the one button, which opens the page of the next action."""
    label, icon, page = _describe_step(verdict, step, len(wrong))
    if not st.button(label, icon=icon, key="next_step"):
        return
    if step is Step.LOOK:
        open_in_review(project, wrong)
    if step in (Step.RECORD, Step.RECORD_NONE):
        wanted = NONE if step is Step.RECORD_NONE else verdict.fewest
        enabled = studio().store.gestures(project.id, enabled_only=True)
        for gesture in enabled:
            if wanted is not None and gesture.name == wanted.name:
                select_for_recording(project, gesture)
    st.switch_page(page)


def _describe_step(verdict: Verdict, step: Step, wrong: int) -> tuple[str, str, str]:
    """Return label, icon and page of a step's button."""
    if step is Step.LOOK:
        label = tn(wrong, "Look at this sample", "Look at these {n:,} samples")
        return label, "🔎", "pages/review.py"
    if step is Step.RECORD_NONE:
        label = t("Record {gesture}", gesture=safe_label(NONE.title))
        return label, "⏺️", "pages/record.py"
    if step is Step.RECORD:
        return _label_recording(verdict.fewest), "⏺️", "pages/record.py"
    if step is Step.EXPORT:
        return t("Take the model with you"), "📦", "pages/export.py"
    return t("Try it live"), "🎬", "pages/live.py"


def _label_recording(gesture: GestureLabel | None) -> str:
    if gesture is None:
        return t("Record more")
    return t("Record more of {gesture}", gesture=safe_label(gesture.title))


def open_in_review(project: Project, ids: list[int]) -> None:
    """Open these samples in Review, without the filters chosen there before."""
    st.session_state[f"review_ids_{project.id}"] = ids
    for choice in ("Gesture", "Person", "Session"):  # earlier ones could hide them
        st.session_state[f"review_{choice}_{project.id}"] = None
    st.switch_page("pages/review.py")


def _show_first_answer(run: Run, result: dict[str, Any]) -> None:
    """Draw which gestures to show, until the camera has shown the model one of them."""
    labels = [GestureLabel(**label) for label in _labels(result) if label["name"] != NONE.name]
    found = st.session_state.setdefault(f"first_answer_{run.name}", [])
    live_session().show(FIRST_ANSWER, _watch_first_answer(labels, found))
    draw_lines("first_answer", FIRST_ANSWER)


def _watch_first_answer(labels: list[GestureLabel], found: list[str]) -> Callable[[], Any]:
    """Return the state of a topic: what to show to the camera, then what was recognised first,
    which `found` keeps."""
    session, own = live_session(), {label.name for label in labels}
    titles = join_words((label.title for label in labels[:2]), mark("{first} or {rest}"))
    instruction = words("Show {gestures}.", gestures=titles)

    def state() -> dict[str, list[str]]:
        latest = session.stream.live.latest() if session.stream else Latest()
        for hand in latest.hands:
            if not found and hand.gesture is not None and hand.gesture.name in own:
                found.append(hand.gesture.title)
        text = words("✅ {gesture} recognised.", gesture=found[0]) if found else instruction
        return {"texts": [text]}

    return state
