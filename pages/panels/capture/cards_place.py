"""One place of the gesture cards: what they are about, and what is known between two runs."""

from dataclasses import dataclass, field
from typing import Protocol

import streamlit as st

from core.capture.plans import Plan
from core.capture.recording import Recorder
from core.live.live import Latest
from core.store import Gesture, Project
from pages.components.gesture_cards import Inbox
from pages.panels.words import NOT_STARTED

STARTING = "The camera starts …"


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
