"""What the browser says about the gesture cards is done, before anything is drawn: a recording
waits for no page. `pages/components/gesture_cards.py` lists the messages.

Nothing in here touches Streamlit while a message is done: it may break off where it is touched.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import streamlit as st

from core.errors import MediaError, MudraError, NotFoundError
from core.live.live import Latest
from core.recording.plans import Plan
from core.recording.recorder import Recorder
from core.store import Gesture, Project
from core.store.bin import delete_samples
from core.store.rows import MOVING, STILL
from pages.components.gesture_cards import Inbox, said
from pages.panels.project.undo import BAR
from pages.panels.words import NOT_STARTED

STARTING = "The camera starts …"
_UNASKED = {"beat", "end", "calm"}  # the cards say these by themselves, or after another message


@dataclass
class Talk:
    """What is known between two runs of the page. It is changed in place: Streamlit may break off
    wherever its session state is touched, and then half a message would be done.

    Attributes:
        wanted: the id of the gesture that was chosen last; 0 before.
        busy: something recorded when it was last looked at.
        due, calm: something was recorded since nobody recorded for a moment; that moment is now.
        chose, changed, acted: another gesture was chosen; gestures or samples were changed; that
            can be undone.
        remark: for who did what had been done already.
        problem: what kept a message from being obeyed, until the next one or another visit;
            `refused` is the message's number.
        visit: in which all this was said.
    """

    inbox: Inbox = field(default_factory=Inbox)
    wanted: int = 0
    busy: bool = False
    due: bool = False
    calm: bool = False
    chose: bool = False
    changed: bool = False
    acted: bool = False
    remark: str = ""
    problem: Exception | None = None
    refused: int = 0
    visit: int = 0


def talk_about(project: Project) -> Talk:
    """This visitor's, on every page that shows the project's cards."""
    found: Talk = st.session_state.setdefault(f"cards_{project.id}", Talk())
    visit = st.session_state["visit"]
    if found.visit != visit:
        found.visit, found.problem = visit, None
    return found


class Camera(Protocol):
    """What gives frames: the stage's video, or a depth camera."""

    def latest(self) -> Latest:
        """What the last frame gave."""


@dataclass(frozen=True)
class Cards:
    """The cards of a project in one run of the page, see `gesture_cards`."""

    project: Project
    recorder: Recorder
    live: Camera | None
    plan: Plan
    key: str
    watch: bool
    talk: Talk

    @property
    def fragment(self) -> str:
        """The key of what is drawn anew by itself."""
        return f"{self.key}_fragment"

    @property
    def off(self) -> str:
        """Why nothing can be recorded now; "" where it can."""
        if self.live is None:
            return NOT_STARTED
        latest = self.live.latest()
        return "" if latest.frames and not latest.opening else STARTING

    def gestures(self) -> dict[int, Gesture]:
        """By id, in their order."""
        found = self.recorder.store.gestures(self.project.id, enabled_only=True)
        return {gesture.id: gesture for gesture in found}

    def chosen(self) -> Gesture | None:
        """The one that was chosen, else the first."""
        gestures = self.gestures()
        return gestures.get(self.talk.wanted) or next(iter(gestures.values()), None)

    def choose(self, gesture_id: int) -> None:
        """Have this one chosen."""
        self.talk.chose |= self.talk.wanted != gesture_id
        self.talk.wanted = gesture_id


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
