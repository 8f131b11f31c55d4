"""The gesture cards: what there is of each gesture, and the button that records it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.capture.plans import Plan
from core.capture.recording import Recorder
from core.gestures.labels import safe_label
from core.store import Gesture, Project
from pages.components.gesture_cards import show_cards
from pages.panels.capture.cards_data import cards_data
from pages.panels.capture.cards_heard import hear
from pages.panels.capture.cards_place import Camera, Cards, Talk, talk_about
from pages.panels.frame import errors_shown

Hook = Callable[[], object]


def _nothing() -> None:
    pass


def gesture_cards(
    project: Project,
    recorder: Recorder,
    live: Camera | None,
    plan: Plan,
    *,
    key: str,
    on_recorded: Hook = _nothing,
    on_calm: Hook = _nothing,
    on_chosen: Hook = _nothing,
    on_changed: Hook = _nothing,
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
    st.fragment(_show, key=cards.fragment)(cards, hooks)
    return cards.chosen()


@dataclass(frozen=True)
class _Hooks:
    """Whom to tell what."""

    recorded: Hook
    calm: Hook
    chosen: Hook
    changed: Hook


def _show(cards: Cards, hooks: _Hooks) -> None:
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
    _tell(talk, hooks, over=over, calm=calm)


def _tell(talk: Talk, hooks: _Hooks, *, over: bool, calm: bool) -> None:
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
