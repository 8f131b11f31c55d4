"""Detect when a hand's gesture changes, at a limited rate: the changes that other programs receive.

Convention: `time_s` is the frames' clock, a change's `time` counts seconds since 1970. A gesture's
number is its index in the model's list from 1, as Wekinator counts classes; 0 is no gesture.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.gestures.labels import GestureLabel
from core.pose.smoothing import LabelHysteresis
from core.reading.motions import FORGET_S, Motion
from core.reading.reading import HandReading
from core.words import words

HOLD_S = 0.2  # minimum duration of a gesture where Live does not hold names itself
MAX_RATE = 30
_HAND_NAMES = {
    "Left": words("Left hand"),
    "Right": words("Right hand"),
    "Left again": words("Left again hand"),
    "Right again": words("Right again hand"),
    "hand": words("hand"),
    "hand again": words("hand again"),
    "pair of hands": words("pair of hands"),
    "body": words("body"),
    "body again": words("body again"),
}


@dataclass(frozen=True)
class Change:
    """A change of one hand's gesture."""

    time: float  # seconds since 1970
    gesture: GestureLabel | None  # None for no gesture: low confidence, `none`, or the hand is gone
    number: int  # of the gesture, from 1; 0 for none
    probability: float  # the model's, in 0..1; 0 for none
    hand: str  # "Left", "Right", "Left again" (another person's), "hand", "pair of hands" or "body"
    project: str = ""  # name, "" outside a project
    model: str = ""  # name of the model

    @property
    def name(self) -> str:
        """The gesture's name; "" for no gesture."""
        return self.gesture.name if self.gesture else ""

    @property
    def emoji(self) -> str:
        """The gesture's emoji; "" for no gesture."""
        return self.gesture.emoji if self.gesture else ""

    @property
    def json_line(self) -> str:
        """Return the change as one line of JSON; `name` and `emoji` are null for no gesture."""
        document = {
            "time": round(self.time, 3),
            "gesture": self.number,
            "emoji": self.emoji or None,
            "name": self.name or None,
            "probability": round(self.probability, 4),
            "hand": self.hand,
            "project": self.project,
            "model": self.model,
        }
        return json.dumps(document, ensure_ascii=False, allow_nan=False)

    @property
    def text(self) -> str:
        """Return the change as text: “👍 thumbs_up 97 %, Right hand”, “no gesture, body”."""
        sided = self.hand.startswith(("Left", "Right"))
        hand = _HAND_NAMES.get(self.hand, f"{self.hand} hand" if sided else self.hand)
        if self.gesture is None:
            return words("no gesture, {hand}", hand=hand)
        percent, gesture = 100 * self.probability, self.gesture.title
        return words(
            "{gesture} {percent:.0f} %, {hand}", gesture=gesture, percent=percent, hand=hand
        )


class RateLimiter:
    """Allows at most `per_second` events (at least 1) in any second."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._times: deque[float] = deque()

    def allow(self, time_s: float) -> bool:
        """Return whether another event is allowed at this time; if so, count it."""
        while self._times and time_s - self._times[0] >= 1:
            self._times.popleft()
        if len(self._times) >= self.per_second:
            return False
        self._times.append(time_s)
        return True


class _HandState:
    """The gesture that a hand shows, and the gesture last sent."""

    def __init__(self, hold_s: float) -> None:
        self.hold = LabelHysteresis(0, 0, hold_s)
        self.sent: str | None = None
        self.seen_s = 0.0


class ChangeDetector:
    """Detects changes in a stream of readings.

    Changes beyond the rate limit are not queued: a gesture that is still shown later is sent then,
    so the latest state always arrives and outdated states never do.

    Attributes:
        rate: limit for all hands together.
        hold_s: minimum duration of a gesture; 0 if readings are already smoothed over time.
    """

    def __init__(
        self,
        per_second: int = 10,
        *,
        hold_s: float = 0.0,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.rate, self.hold_s = RateLimiter(per_second), hold_s
        self._wall_clock = wall_clock
        self._hands: dict[str, _HandState] = {}

    def update(self, readings: Iterable[HandReading], time_s: float) -> list[Change]:
        """Return a frame's gesture changes within the rate limit; forget hands after FORGET_S."""
        found = {reading.hand: reading for reading in readings}
        for name in found:
            self._hands.setdefault(name, _HandState(self.hold_s))
        changes = []
        for name, hand in list(self._hands.items()):
            reading = found.get(name)
            if reading is not None:
                hand.seen_s = time_s
            elif time_s - hand.seen_s < FORGET_S:
                continue
            label = reading.gesture if reading else None
            hand.hold.hold_s = self.hold_s if reading else 0.0
            held = hand.hold(label.name if label else None, 1.0, time_s)
            if held != hand.sent and self.rate.allow(time_s):
                hand.sent = held
                changes.append(self._make_change(name, reading, held))
            if reading is None and hand.sent is None:
                del self._hands[name]
        return changes

    def make_motion_changes(self, motions: Iterable[Motion], time_s: float) -> list[Change]:
        """Return a change for each completed motion that the rate limit allows; the hand shows that
        gesture until the next `update`."""
        changes = []
        for motion in motions:
            if self.rate.allow(time_s):
                event, hand = (
                    motion.event,
                    self._hands.setdefault(motion.hand, _HandState(self.hold_s)),
                )
                hand.sent, hand.seen_s = event.gesture.name, time_s
                about = event.gesture, motion.number, event.confidence, motion.hand
                changes.append(Change(self._wall_clock(), *about))
        return changes

    def end_all(self) -> list[Change]:
        """Forget all hands; return a change to no gesture for each hand that showed one."""
        shown = [name for name, hand in self._hands.items() if hand.sent is not None]
        self._hands.clear()
        return [self._make_change(name, None, None) for name in shown]

    def _make_change(self, hand: str, reading: HandReading | None, held_name: str | None) -> Change:
        """Make a hand's change to the held gesture, or to no gesture if none is held."""
        row = reading.probabilities if reading else ()
        for number, (gesture, probability) in enumerate(row, 1):
            if gesture.name == held_name:
                return Change(self._wall_clock(), gesture, number, probability, hand)
        return Change(self._wall_clock(), None, 0, 0.0, hand)


def pitch_hz(number: int) -> float:
    """Return a gesture's tone on a pentatonic scale from C4, five steps per octave."""
    octave, step = divmod(max(number - 1, 0), 5)
    return float(261.63 * 2 ** (octave % 3 + (0, 2, 4, 7, 9)[step] / 12))
