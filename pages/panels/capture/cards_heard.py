"""What the browser says about the gesture cards is done, before anything is drawn: a recording
waits for no page. `pages/components/gesture_cards.py` lists the messages.

Nothing in here touches Streamlit while a message is done: it may break off where it is touched.
"""

from typing import Any

import streamlit as st

from core.errors import MediaError, MudraError, NotFoundError
from core.store import Gesture
from core.store.bin import delete_samples
from core.store.rows import MOVING, STILL
from pages.components.gesture_cards import said
from pages.panels.capture.cards_place import Cards
from pages.panels.project.undo import BAR

_UNASKED = {"beat", "end", "calm"}  # the cards say these by themselves, or after another message


def hear(cards: Cards) -> None:
    """Do what is new in what the browser says; what can't be done is the page's to tell."""
    talk, words = cards.talk, said(cards.key)
    for message in talk.inbox.take(words):
        if message["kind"] not in _UNASKED:
            talk.problem = None
        try:
            _obey(cards, message)
        except (MudraError, OSError, MemoryError) as problem:
            talk.problem, talk.refused = problem, message["n"]
    acted, talk.acted = talk.acted, False
    if acted:
        st.rerun([BAR, cards.fragment])


def _obey(cards: Cards, message: dict[str, Any]) -> None:
    kind = message["kind"]
    if kind in ("begin", "beat", "end", "start", "stop"):
        _record(cards, kind, message)
    elif kind == "choose":
        cards.choose(message["gesture"])
    elif kind == "calm":
        cards.talk.calm = True
    else:
        _change(cards, kind, message)
        cards.talk.changed = cards.talk.acted = True


def _record(cards: Cards, kind: str, message: dict[str, Any]) -> None:
    held_s, recorder = message.get("held", 0) / 1000, cards.recorder
    if kind == "beat":
        recorder.renew(held_s)
    elif kind == "end":
        recorder.release(held_s)
    elif kind == "stop":
        recorder.stop()
    elif (kind == "begin") == bool(cards.plan.lease_s):
        if cards.off:  # since a moment: the button was pressed before the browser knew
            raise MediaError(f"Nothing was recorded. {cards.off}")
        gesture = _own(cards, message["gesture"])
        recorder.record(gesture.id, cards.plan, held_s=held_s)
        cards.choose(gesture.id)
        cards.talk.busy = True


def _change(cards: Cards, kind: str, message: dict[str, Any]) -> None:
    store, project = cards.recorder.store, cards.project
    if kind == "delete":
        if not delete_samples(store, project.id, [message["sample"]]):
            cards.talk.remark = "That sample was deleted already."
    elif kind == "add":
        kind = MOVING if message["moves"] else STILL
        cards.choose(store.add_gesture(project.id, message["name"], message["emoji"], kind).id)
    elif kind == "rename":
        gesture = _own(cards, message["gesture"])
        store.update_gesture(gesture.id, name=message["name"], emoji=message["emoji"])
    elif kind == "remove":
        store.delete_gesture(_own(cards, message["gesture"]).id)


def _own(cards: Cards, gesture_id: int) -> Gesture:
    """The project's gesture; a message may be about one that is gone by now."""
    found = cards.gestures().get(gesture_id)
    if found is None:
        raise NotFoundError("That gesture is gone: it was removed or switched off elsewhere.")
    return found
