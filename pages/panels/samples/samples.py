"""Samples: a grid to select from, and one sample at full size."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.gestures.labels import safe_label
from core.pose.finders import BOTH_HANDS, MEDIAPIPE, keypoints_by
from core.pose.skeletons.table import skeleton_named
from core.recording.clips import MIN_CLIP_FRAMES
from core.recording.sample_pictures import draw_clip_loop, draw_sample, encode_sample_picture
from core.review.reviewing import LabelNoiseScore
from core.store import Project, Sample
from core.store.bin import delete_samples, list_move_targets, move_samples
from core.store.curation import describe_source
from core.store.index import Ints, find_sample_origin
from core.store.trimming import clip_times, find_whole_clip, slice_clip, trim_clip
from core.words import mark
from pages.components.sample_grid import play_clip, show_tiles
from pages.panels.language import t, tn
from pages.panels.layout import apply_and_rerun, show_errors
from pages.panels.resources import studio

SAMPLE_SIZE_PX = 512
CLIP_SIZE_PX = 320
_UNKNOWN = mark("not known")


def show_sample_dialog(
    project: Project, sample: Sample, noise_score: LabelNoiseScore | None, *, in_bin: bool
) -> None:
    """Show a sample in a dialog, with a Delete button and trimming unless it is in the bin."""
    dialog = st.dialog(t("Sample"), width="large")(_draw_sample_dialog)
    dialog(project, sample, noise_score, in_bin=in_bin)


def _draw_sample_dialog(
    project: Project, sample: Sample, noise_score: LabelNoiseScore | None, *, in_bin: bool
) -> None:
    """Draw the dialog of a sample."""
    with show_errors():
        show_sample(project, sample, noise_score, can_trim=not in_bin)
        if not in_bin and st.button(t("Delete it"), icon="🗑️"):
            delete_samples(studio().store, project.id, [sample.id])
            st.rerun()


def show_sample(
    project: Project,
    sample: Sample,
    noise_score: LabelNoiseScore | None = None,
    *,
    can_trim: bool = False,
) -> None:
    """Show a sample's picture or clip, its facts and its label-noise score."""
    left, right = st.columns(2, gap="medium")
    with left:
        if sample.frames == 1:
            st.image(draw_sample(sample, SAMPLE_SIZE_PX), width="stretch", alt=t("The sample"))
        elif can_trim:
            trim_clip_form(project, sample)
        else:
            play_clip(f"clip_{sample.id}", encode_sample_picture(sample, CLIP_SIZE_PX))
    with right:
        _show_sample_facts(sample)
        if noise_score:
            _show_label_noise(project, noise_score, sample.estimator)


def _show_sample_facts(sample: Sample) -> None:
    """List a sample's gesture, person, time, source, estimator and other metadata."""
    origin = find_sample_origin(studio().store, sample.id)
    moves, of_hand = sample.frames > 1, skeleton_named(sample.skeleton).is_hand
    size = "–" if sample.size_hw is None else f"{sample.size_hw[1]} × {sample.size_hw[0]}"
    facts = {
        mark("Gesture"): f"{origin.emoji} {origin.gesture}".strip(),
        mark("Who"): origin.person,
        mark("When"): _format_time(sample.taken_at),
        mark("Source"): sample.source,
        mark("Session"): f"{origin.session_id}, {t(describe_source(origin.session_source))}, "
        f"{_format_time(origin.session_at)}",
        mark("Recording"): f"{origin.burst_id}, {_format_time(origin.recording_at)}",
        **({mark("Hand"): t(sample.handedness or _UNKNOWN)} if of_hand else {}),
        mark("Picture"): size,
        mark("Mirrored view"): t("yes") if sample.mirrored_view else t("no"),
        mark("Estimator"): f"{sample.estimator} {sample.estimator_version}".strip(),
        mark("File's sha256"): sample.file_hash or t("none: from a camera"),
        **({mark("Frames"): _describe_frames(sample)} if moves else {}),
        mark("Number"): str(sample.id),
    }
    lines = (f"- {t(name)}: **{safe_label(fact)}**" for name, fact in facts.items())
    st.markdown("\n".join(lines))


def _describe_frames(clip: Sample) -> str:
    seconds = clip_times(clip)[-1]
    return t("{frames} in {seconds:.2f} s", frames=clip.frames, seconds=seconds)


def _format_time(iso: str) -> str:
    return f"{iso[:19].replace('T', ' ')} UTC"


def _show_label_noise(project: Project, noise_score: LabelNoiseScore, estimator: str) -> None:
    """Show which gesture a sample looks like: by model, neighbours, detector or handedness."""
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    of_side = keypoints_by(estimator) in (MEDIAPIPE, BOTH_HANDS)  # their only score
    score, near, model = noise_score.score, noise_score.neighbours, noise_score.model
    side = t("Left or right: score {n:.2f}", n=score)
    lines = [side if of_side else t("Detector: score {n:.2f}", n=score)]
    if near is not None:
        lines.insert(0, t("{share:.0%} of its neighbours are other gestures", share=near))
    if model is not None:
        lines.insert(0, t("the model in use gives {share:.0%} to other gestures", share=model))
    if noise_score.other is not None:
        other = gestures.get(noise_score.other) or t("another")
        st.markdown(t("Looks like **{gesture}**", gesture=safe_label(other)))
    st.caption(" · ".join(lines))


def trim_clip_form(project: Project, sample: Sample) -> None:
    """Draw the clip with a slider for start and end, which can also restore trimmed frames; Apply
    saves at least MIN_CLIP_FRAMES."""
    whole, current = find_whole_clip(studio().store, sample)
    times, player = clip_times(whole), st.container()
    st.image(draw_clip_loop(whole, 64), width="stretch", alt=t("The clip’s frames"))
    start_s, end_s = st.slider(
        t("Start and end (s)"),
        0.0,
        float(times[-1]),
        (float(times[current.start]), float(times[current.stop - 1])),
        step=0.01,
        key=f"handles_{sample.id}",
    )
    start, end = np.searchsorted(times, [start_s - 0.005, end_s + 0.005]).tolist()
    part = slice_clip(whole, slice(start, max(end, start + 1)))
    with player:
        if end - start < MIN_CLIP_FRAMES:
            st.image(draw_sample(part, CLIP_SIZE_PX), alt=t("The chosen part of the clip"))
            least = t(
                "A clip needs at least {n} frames: move the handles apart.", n=MIN_CLIP_FRAMES
            )
            st.caption(least)
            return
        play_clip(f"clip_{sample.id}", encode_sample_picture(part, CLIP_SIZE_PX))
    unchanged = (start, end) == (current.start, current.stop)
    help_text = t("It can be undone.")
    if st.button(t("Apply"), icon="✂️", type="primary", disabled=unchanged, help=help_text):
        apply_and_rerun(trim_clip, studio().store, project.id, sample, slice(start, end))


SIZES = (24, 48, 96)  # samples a page


def selected_ids() -> set[int]:
    """Return the ids of the selected samples."""
    return st.session_state.setdefault("picked", set())


def _select_samples(ids: Sequence[int], on: bool = True) -> None:
    st.session_state["picked"] = selected_ids() | set(ids) if on else selected_ids() - set(ids)
    st.session_state["picked_turn"] = _selection_version() + 1


def _selection_version() -> int:
    """Return how often a button has changed the selection, so that tiles know theirs is old."""
    return st.session_state.get("picked_turn", 0)


def show_selection_bar(
    listed_ids: Ints, page_ids: Ints, draw_actions: Callable[[list[int]], object]
) -> None:
    """Draw the select buttons and, if any of the listed samples are selected, `draw_actions`."""
    chosen = [i for i in listed_ids.tolist() if i in selected_ids()] if selected_ids() else []
    with st.container(horizontal=True, vertical_alignment="center", key="picked_bar"):
        st.button(t("Select page"), icon="☑️", on_click=_select_samples, args=(page_ids.tolist(),))
        if len(listed_ids) > len(page_ids):
            every = listed_ids.tolist()
            label = t("Select all {n:,}", n=len(every))
            st.button(label, on_click=_select_samples, args=(every,))
        if chosen:
            selected = list(selected_ids())
            st.button(t("Select none"), on_click=_select_samples, args=(selected, False))
            draw_actions(chosen)


def apply_and_unselect(ids: list[int], change: Callable[[], object]) -> None:
    """Change the selected samples and unselect them (a button's callback)."""
    with show_errors():
        change()
        _select_samples(ids, False)


def show_sample_actions(project: Project, ids: list[int]) -> None:
    """Draw buttons that delete the samples, or move them to another gesture of the same kind."""
    store = studio().store
    st.button(
        t("Delete {n:,}", n=len(ids)),
        icon="🗑️",
        on_click=apply_and_unselect,
        args=(ids, lambda: delete_samples(store, project.id, ids)),
    )
    gestures = {g.id: g.label.title for g in list_move_targets(store, project.id, ids)}
    to = st.selectbox(
        t("Move to"),
        [0, *gestures],
        key="move_to",
        width=220,
        label_visibility="collapsed",
        format_func=lambda i: safe_label(gestures[i]) if i in gestures else t("move to …"),
    )
    st.button(
        t("Move {n:,}", n=len(ids)),
        icon="➡️",
        disabled=not to,
        on_click=apply_and_unselect,
        args=(ids, lambda: move_samples(store, project.id, ids, to)),
    )


def show_sample_grid(
    project: Project,
    samples: Sequence[Sample],
    sample_scores: Mapping[int, LabelNoiseScore],
    *,
    in_bin: bool = False,
) -> None:
    """Draw the samples as selectable tiles; a click opens a sample's dialog."""
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    tiles = [_sample_tile(sample, gestures, sample_scores.get(sample.id)) for sample in samples]
    shown = {sample.id: sample for sample in samples}

    def pick(turn: int, ids: set[int]) -> None:
        if turn == _selection_version():  # else the tiles showed an old selection
            st.session_state["picked"] = selected_ids() - set(shown) | ids

    look = show_tiles("grid", tiles, selected_ids(), _selection_version(), pick)
    if look in shown:
        show_sample_dialog(project, shown[look], sample_scores.get(look), in_bin=in_bin)


def _sample_tile(
    sample: Sample, gestures: Mapping[int, str], noise_score: LabelNoiseScore | None
) -> dict[str, Any]:
    """Return the data of a sample's tile: gesture, picture, and the suspected other gesture."""
    note = ""
    if noise_score and noise_score.other is not None:
        other = gestures.get(noise_score.other) or t("another gesture")
        note = t("Looks like: {gesture} ({share:.0%})", gesture=other, share=noise_score.share)
    title = gestures.get(sample.gesture_id, "?")
    jpeg = b64encode(encode_sample_picture(sample)).decode()
    return {"id": sample.id, "title": title, "jpeg": jpeg, "note": note}


def show_page_controls(sample_ids: Ints) -> Ints:
    """Draw page size and page number; return the ids on the selected page."""
    with st.container(horizontal=True, vertical_alignment="center", key="pages"):
        size = st.selectbox(
            t("Samples a page"),
            SIZES,
            1,
            key="page_size",
            persist_state="session",
            width=140,
            format_func=lambda n: t("{n} a page", n=n),
            label_visibility="collapsed",
        )
        pages = -(-len(sample_ids) // size)
        number = min(max(1, st.session_state.get("page_no", 1)), pages)
        st.session_state["page_no"] = number
        if pages > 1:
            st.button(t("Previous"), on_click=_step_page, args=(-1,), disabled=number == 1)
            number = st.number_input(
                t("Page"), 1, pages, key="page_no", width=120, label_visibility="collapsed"
            )
            st.button(t("Next"), on_click=_step_page, args=(1,), disabled=number == pages)
        st.markdown(_count_pages(pages, len(sample_ids)))
    return sample_ids[(number - 1) * size : number * size]


def _count_pages(pages: int, samples: int) -> str:
    """Return the number of samples, after that of pages if there are several."""
    count = tn(samples, "**{n:,} sample**", "**{n:,} samples**")
    return t("of {n:,} pages · {samples}", n=pages, samples=count) if pages > 1 else count


def go_to_first_page() -> None:
    """Show the first page again, since other samples are listed."""
    st.session_state["page_no"] = 1


def _step_page(step: int) -> None:
    st.session_state["page_no"] = st.session_state.get("page_no", 1) + step
