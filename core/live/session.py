"""Everything live of one visitor, with one owner: the channel to the page, the camera's stream, the
gesture cards, and the open page's other topics.
"""

import threading
import time
from dataclasses import replace
from typing import TypedDict

from core.gestures.modelfile.drift import DriftMonitor
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.answers import HandAnswer, answers_of, drift_warning, rates_text, recent_motions
from core.live.cards import GestureCards
from core.live.channel import Channel, Message, Receive, State
from core.live.live import Latest
from core.live.streams import BrowserStream, CameraStream

DRIFT_EVERY_S = 0.25
ANSWER, CAMERA, PEOPLE, PROBLEM = "answer", "camera", "people", "problem"


class Answer(TypedDict):
    """The last frame's answer, what is wrong with the camera, and details."""

    hands: list[HandAnswer]
    problem: str
    drift: str
    motions: str
    rates: str


class People(TypedDict):
    """The numbers of the visible people, and of the chosen one."""

    numbers: list[int]
    chosen: int


class LiveSession:
    """One visitor's channel, camera and cards. The page's thread sets them up; streams and the
    channel use them from their threads.

    Attributes:
        channel: to the visitor's page.
        stream: None while the camera is off.
        address: the studio's URL on its own machine, for advice.
        person: number of the person whose heatmaps are drawn.
        cards: the visitor's gesture cards by project id.
    """

    def __init__(self) -> None:
        self.channel = Channel()
        self.stream: CameraStream | None = None
        self.address, self.person = "", 1
        self.cards: dict[int, GestureCards] = {}
        self._page_topics: set[str] = set()
        self._skeleton: str | None = None
        self._drift: tuple[GestureModel, DriftMonitor] | None = None
        self._drift_s, self._drift_text = float("-inf"), ""
        self._lock = threading.Lock()
        self.channel.receive_with(PEOPLE, self._choose_person)
        self.channel.receive_with(CAMERA, self._receive_camera)

    def start(self, stream: CameraStream | None) -> None:
        """Use this camera from now on; None: it is off."""
        if stream is self.stream:
            return
        self.stream = stream
        self.channel.provide(CAMERA, stream.state if isinstance(stream, BrowserStream) else None)

    def open_page(self) -> None:
        """Stop the previous page's use of the camera and its topics."""
        for topic in self._page_topics:
            self.channel.provide(topic, None)
        self._page_topics = set()
        if self.stream is not None:
            self.stream.detach()

    def show(self, topic: str, state: State, receive: Receive | None = None) -> None:
        """Bring this state to the page until another page opens; `receive` gets its commands."""
        self._page_topics.add(topic)
        if receive is not None:
            self.channel.receive_with(topic, receive)
        self.channel.provide(topic, state)

    def hide(self, topic: str) -> None:
        """Bring this topic no more."""
        self._page_topics.discard(topic)
        self.channel.provide(topic, None)

    def show_answer(self, skeleton: str | None, model: GestureModel | None = None) -> None:
        """Bring the answer of each frame to the page.

        Args:
            skeleton: of the hands or bodies that are expected.
            model: whose training data the last half minute is compared with; None: no comparison.
        """
        with self._lock:
            self._skeleton = skeleton
            if model is None:
                self._drift = None
            elif self._drift is None or self._drift[0].path != model.path:
                self._drift = model, DriftMonitor(model.about.usual, model.skeleton)
        self.show(ANSWER, self.answer)

    def answer(self) -> Answer | None:
        """Return the last frame's answer; None while the camera is off or paused."""
        if self.stream is None or self.stream.live.options.paused:
            return None
        latest = self.stream.live.latest()
        return {
            "hands": answers_of(latest, self._skeleton),
            "problem": self.problem(),
            "drift": self._compare_with_training(latest),
            "motions": recent_motions(latest),
            "rates": rates_text(latest),
        }

    def problem(self) -> str:
        """Return what is wrong with the camera and what to do; "" if all is well or it is off."""
        return self.stream.live.latest().problem_text(self.address) if self.stream else ""

    def _compare_with_training(self, latest: Latest) -> str:
        """Return the drift warning, computed anew every DRIFT_EVERY_S."""
        with self._lock:
            if self._drift is None:
                return ""
            if time.monotonic() - self._drift_s >= DRIFT_EVERY_S:
                self._drift_s = time.monotonic()
                self._drift_text = drift_warning(self._drift[1], latest)
            return self._drift_text

    def show_people(self) -> None:
        """Bring the numbers of the visible people to the page, which may choose one."""
        self.show(PEOPLE, self.people)

    def people(self) -> People:
        """Return the visible people's numbers and the chosen one."""
        return {"numbers": self.numbers(), "chosen": self.person}

    def numbers(self) -> list[int]:
        """Return the numbers of the hands or people in the camera's last picture, in order."""
        hands = self.stream.live.latest().hands if self.stream else ()
        return sorted(hand.number for hand in hands)

    def _choose_person(self, command: Message) -> None:
        """Draw the heatmaps of another person from the next frame on."""
        self.person = int(command["number"])
        if self.stream is not None:
            live = self.stream.live
            live.change_options(maps=replace(live.options.maps, person=self.person))

    def _receive_camera(self, message: Message) -> None:
        """Pass the browser's keypoints to its stream."""
        if isinstance(self.stream, BrowserStream):
            self.stream.receive(message)

    def close(self) -> None:
        """Close the camera, the cards' recorders and the channel."""
        self.channel.close()
        if self.stream is not None:
            self.stream.close()
        self.stream = None
