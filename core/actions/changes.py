"""When a gesture is told to others: when a hand's held name becomes another, and not too often.

Convention: `time_s` is the frames' clock, a change's `time` counts seconds since 1970. A gesture's
number is its place in the model's list from 1, as Wekinator counts classes; 0 is no gesture.
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

HOLD_S = 0.2  # where Live does not hold names itself, one must last so long
MAX_RATE = 30


@dataclass(frozen=True)
class Change:
    """A hand's gesture has become another.

    Attributes:
        time: seconds since 1970.
        gesture: None for no gesture: the model is unsure or says `none`, or the hand is gone.
        number: of the gesture, from 1; 0 for none.
        probability: the model's, in 0..1; 0 for none.
        hand: "Left", "Right", "Left again" (another person's), "hand", "pair of hands" or "body".
        project: whose gestures, "" outside a project.
        model: which model, as its picker calls it.
    """

    time: float
    gesture: GestureLabel | None
    number: int
    probability: float
    hand: str
    project: str = ""
    model: str = ""

    @property
    def name(self) -> str:
        """The gesture's, "" for none."""
        return self.gesture.name if self.gesture else ""

    @property
    def emoji(self) -> str:
        """The gesture's, "" for none."""
        return self.gesture.emoji if self.gesture else ""

    @property
    def line(self) -> str:
        """One line of JSON; `name` and `emoji` are null for no gesture."""
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
        """For people: “👍 thumbs_up 97 %, Right hand”, “🤸 t_pose 92 %, body”."""
        sided = self.hand.startswith(("Left", "Right"))
        hand = f"{self.hand} hand" if sided else self.hand
        if self.gesture is None:
            return f"no gesture, {hand}"
        return f"{self.gesture.title} {100 * self.probability:.0f} %, {hand}"


class RateLimit:
    """At most so many in any second.

    Attributes:
        per_second: how many, at least 1.
    """

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._times: deque[float] = deque()

    def allows(self, time_s: float) -> bool:
        """Whether one may pass at this time; one that may is counted."""
        while self._times and time_s - self._times[0] >= 1:
            self._times.popleft()
        if len(self._times) >= self.per_second:
            return False
        self._times.append(time_s)
        return True


class _Hand:
    """What a hand shows and what was told of it."""

    def __init__(self, hold_s: float) -> None:
        self.hold = LabelHysteresis(0, 0, hold_s)
        self.told: str | None = None
        self.seen_s = 0.0


class Changes:
    """Finds the changes in a stream of readings.

    What the rate does not let pass is not queued: where a hand still shows it later, it is told
    then, so the last word always arrives and an old one never does.

    Attributes:
        rate: all hands' changes together.
        hold_s: a name must last so long; 0 where the readings are held already.
    """

    def __init__(
        self,
        per_second: int = 10,
        *,
        hold_s: float = 0.0,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.rate, self.hold_s = RateLimit(per_second), hold_s
        self._wall_clock = wall_clock
        self._hands: dict[str, _Hand] = {}

    def __call__(self, readings: Iterable[HandReading], time_s: float) -> list[Change]:
        """The changes to tell of now; a hand must be away for FORGET_S to be gone."""
        found = {reading.hand: reading for reading in readings}
        for name in found:
            self._hands.setdefault(name, _Hand(self.hold_s))
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
            if held != hand.told and self.rate.allows(time_s):
                hand.told = held
                changes.append(self._change(name, reading, held))
            if reading is None and hand.told is None:
                del self._hands[name]
        return changes

    def made(self, motions: Iterable[Motion], time_s: float) -> list[Change]:
        """The changes that gestures which move are: each is told once, as if its hand showed it for
        that moment alone."""
        changes = []
        for motion in motions:
            if self.rate.allows(time_s):
                event, hand = motion.event, self._hands.setdefault(motion.hand, _Hand(self.hold_s))
                hand.told, hand.seen_s = event.gesture.name, time_s
                about = event.gesture, motion.number, event.confidence, motion.hand
                changes.append(Change(self._wall_clock(), *about))
        return changes

    def ended(self) -> list[Change]:
        """The stream is over: no hand shows its gesture any more."""
        shown = [name for name, hand in self._hands.items() if hand.told is not None]
        self._hands.clear()
        return [self._change(name, None, None) for name in shown]

    def _change(self, hand: str, reading: HandReading | None, held: str | None) -> Change:
        row = reading.probabilities if reading else ()
        for number, (gesture, probability) in enumerate(row, 1):
            if gesture.name == held:
                return Change(self._wall_clock(), gesture, number, probability, hand)
        return Change(self._wall_clock(), None, 0, 0.0, hand)


def pitch_hz(number: int) -> float:
    """A gesture's tone: a step up a pentatonic scale from C4 for each, five to the octave."""
    octave, step = divmod(max(number - 1, 0), 5)
    return float(261.63 * 2 ** (octave % 3 + (0, 2, 4, 7, 9)[step] / 12))
