"""The gesture cards: what there is of each gesture, and the button that records it."""

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.gestures.labels import how_to_perform, safe_label
from core.recording.plans import Plan, Progress
from core.recording.recorder import Recorder
from core.recording.samples import thumbnail
from core.store import Gesture, Project, Sample, Store
from core.store.index import count_samples, newest_samples, read_samples
from pages.components.gesture_cards import show_cards
from pages.panels.capture.card_messages import Camera, Cards, Talk, hear, talk_about
from pages.panels.controls import HANDS
from pages.panels.layout import errors_shown

Hook = Callable[[], object]
CROPS = 12  # of each gesture, on the widest screen


def _do_nothing() -> None:
    pass


def gesture_cards(
    project: Project,
    recorder: Recorder,
    live: Camera | None,
    plan: Plan,
    *,
    key: str,
    on_recorded: Hook = _do_nothing,
    on_calm: Hook = _do_nothing,
    on_chosen: Hook = _do_nothing,
    on_changed: Hook = _do_nothing,
    watch: bool = False,
) -> Gesture | None:
    """The project's enabled gestures, with what is recorded of them and how.

    Args:
        live: None while the camera is off: nothing can be recorded.
        plan: with a lease, a button records while it is held; else from one press to the next, or
            as long as the plan says.
        on_recorded: called when a recording has ended and is in the store; the next press waits
            for it.
        on_calm: called after recordings, once nobody records for a moment: the time to draw the
            page anew.
        on_chosen: called when another gesture was chosen.
        on_changed: called when gestures or samples were changed on the cards.
        watch: whether recordings may begin elsewhere, and are to be seen here.

    Returns:
        The chosen gesture; None where there is none.
    """
    cards = Cards(project, recorder, live, plan, key, watch, talk_about(project))
    hooks = _Hooks(on_recorded, on_calm, on_chosen, on_changed)
    st.fragment(_show_cards, key=cards.fragment)(cards, hooks)
    return cards.chosen()


@dataclass(frozen=True)
class _Hooks:
    """Whom to tell what."""

    recorded: Hook
    calm: Hook
    chosen: Hook
    changed: Hook


def _show_cards(cards: Cards, hooks: _Hooks) -> None:
    """A fragment: it is run by what the browser says, several times a second while it records."""
    talk = cards.talk
    hear(cards)  # what a callback that was broken off has left
    progress = cards.recorder.progress()
    over = talk.busy and progress.state == "idle"
    if over:
        progress = cards.recorder.stop()  # all of it is in the store before it is counted
    talk.busy = progress.state != "idle"
    calm, talk.calm = talk.calm and talk.due and not talk.busy, False
    talk.due = (talk.due or over) and not calm
    show_cards(cards.key, cards_data(cards, progress), lambda: hear(cards))
    with errors_shown():
        if talk.problem:
            raise talk.problem
    if progress.error:
        st.error(safe_label(progress.error), icon="💾")
    remark, talk.remark = talk.remark, ""
    if remark:
        st.toast(remark, icon="🗑️")
    _call_hooks(talk, hooks, over=over, calm=calm)


def _call_hooks(talk: Talk, hooks: _Hooks, *, over: bool, calm: bool) -> None:
    """Call who wants to know; a page that is drawn anew would hold up a recording."""
    chose, changed = talk.chose and not talk.busy, talk.changed and not talk.busy
    talk.chose, talk.changed = talk.chose and not chose, talk.changed and not changed
    for due, hook in (
        (over, hooks.recorded),
        (changed, hooks.changed),
        (chose, hooks.chosen),
        (calm, hooks.calm),
    ):
        if due:
            hook()


def cards_data(cards: Cards, progress: Progress) -> dict[str, Any]:
    """Everything that is shown now, and the pictures that the browser lacks."""
    talk, gestures, chosen = cards.talk, cards.gestures(), cards.chosen()
    counts = count_samples(cards.recorder.store, cards.project.id)
    return {
        "page": talk.inbox.page,
        "heard": talk.inbox.heard,
        "refused": talk.refused,
        "mode": "hold" if cards.plan.lease_s else "press",
        "off": cards.off,
        "alert": progress.note,
        "note": _describe_counts(progress, gestures),
        "watch": cards.watch or (cards.live is not None and bool(cards.off)),
        "due": talk.due,
        "chosen": chosen.id if chosen else None,
        "recording": _recording_data(progress),
        "clicks": cards.plan.of_clips.clicks,
        "cards": [
            _card_data(cards, gesture, counts.get(gesture.id, 0)) for gesture in gestures.values()
        ],
        "pictures": pictures_of(cards.recorder.store, talk.inbox.missing),
        "signs": HANDS,
    }


def _card_data(cards: Cards, gesture: Gesture, samples: int) -> dict[str, Any]:
    store, project = cards.recorder.store, cards.project
    return {
        "id": gesture.id,
        "name": gesture.name,
        "emoji": gesture.label.emoji,
        "moves": gesture.moves,
        "samples": samples,
        "how": _how_to_perform(gesture) if gesture.moves and not samples else "",
        "crops": newest_samples(store, project.id, gesture.id, CROPS) if samples else [],
    }


def _how_to_perform(gesture: Gesture) -> str:
    return how_to_perform(gesture.name) or "Each sample is one performance."


def pictures_of(store: Store, ids: list[int]) -> dict[str, str]:
    """The small pictures of samples by id, as addresses that hold them. The server keeps none: what
    is forgotten or deleted is shown no more."""
    found = read_samples(store, ids) if ids else []
    return {str(sample.id): _picture_address(sample) for sample in found}


def _picture_address(sample: Sample) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(thumbnail(sample)).decode()}"


def _recording_data(progress: Progress) -> dict[str, Any] | None:
    if progress.state == "idle":
        return None
    left = "" if progress.left_s is None else f" {math.ceil(progress.left_s)} s"
    short, long = f"● {progress.part or f'{progress.kept} kept'}", f"● Recording{left}"
    if progress.state == "countdown":
        short, long = f"⏳{left}", f"⏳ Get ready{left}"
    return {
        "gesture": progress.gesture_id,
        "since": progress.since_s,
        "short": short,
        "long": long,
    }


def _describe_counts(progress: Progress, gestures: dict[int, Gesture]) -> str:
    """What became of the recording, or how it stands; "" before the first."""
    gesture = gestures.get(progress.gesture_id or 0)
    if gesture is None:
        return ""
    refused = f" ({progress.reasons})" if progress.refused else ""
    return f"{gesture.name}: {progress.counts}{refused}"
