"""One place of the gesture cards: what they are about, and what is known between two runs."""

from dataclasses import dataclass, field

import streamlit as st

from core.capture.recording import Plan, Recorder
from core.recognition.live import LiveProcessor
from core.store import Gesture, Project
from pages.components.gesture_cards import Inbox
from pages.panels.frame import studio
from pages.panels.words import NOT_STARTED

STARTING = "The camera starts …"


@dataclass
class Talk:
    """What is known between two runs of the page.

    Attributes:
        busy: something recorded when it was last looked at.
        changed, acted: the page is to be drawn anew; something can be undone.
        problem: what kept a message from being obeyed; `refused` is the message's number.
    """

    inbox: Inbox = field(default_factory=Inbox)
    busy: bool = False
    changed: bool = False
    acted: bool = False
    problem: Exception | None = None
    refused: int = 0


@dataclass(frozen=True)
class Cards:
    """The cards of a project in one run of the page, see `gesture_cards`."""

    project: Project
    recorder: Recorder
    live: LiveProcessor | None
    plan: Plan
    key: str
    watch: bool

    @property
    def fragment(self) -> str:
        """The key of what is drawn anew by itself."""
        return f"{self.key}_fragment"

    @property
    def talk(self) -> Talk:
        """This visitor's, about this project."""
        found: Talk = st.session_state.setdefault(f"{self.key}_talk_{self.project.id}", Talk())
        return found

    @property
    def off(self) -> str:
        """Why nothing can be recorded now; "" where it can."""
        if self.live is None:
            return NOT_STARTED
        return "" if self.live.latest().frames else STARTING

    def gestures(self) -> dict[int, Gesture]:
        """By id, in their order."""
        found = studio().store.gestures(self.project.id, enabled_only=True)
        return {gesture.id: gesture for gesture in found}

    def chosen(self) -> Gesture | None:
        """The one that was chosen, else the first."""
        gestures = self.gestures()
        wanted = st.session_state.get(f"gesture_{self.project.id}")
        return gestures.get(wanted or 0) or next(iter(gestures.values()), None)

    def choose(self, gesture_id: int) -> None:
        """Have this one chosen."""
        chosen = f"gesture_{self.project.id}"
        self.talk.changed |= st.session_state.get(chosen) != gesture_id
        st.session_state[chosen] = gesture_id
