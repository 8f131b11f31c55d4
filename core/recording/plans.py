"""How a recording runs, and how it stands. Times are in seconds."""

import math
from dataclasses import dataclass, field, replace

from core.recording.clips import MOST_S


@dataclass(frozen=True)
class Plan:
    """How a recording runs.

    Attributes:
        delay_s: countdown before it.
        length_s: it ends after so long; None runs until `stop`.
        count: it ends after so many kept samples; None has no bound.
        rate_hz: at most so many frames a second are looked at.
        lease_s: of a button that is held: it ends when no word of it came for so long, and only
            what a later word confirms is stored.
        beat_s: of a gesture that moves: each so long is one performance; None: all of it is one.
        sound: whether its beat is to be heard.
    """

    delay_s: float = 0.0
    length_s: float | None = None
    count: int | None = None
    rate_hz: float = 10.0
    lease_s: float | None = None
    beat_s: float | None = None
    sound: bool = True

    @property
    def of_clips(self) -> "Plan":
        """This one for a gesture that moves, of which every frame counts: after a countdown, BEATS
        performances with a beat; else a single one."""
        plan = replace(self, rate_hz=_EVERY_FRAME, count=None)
        if self.delay_s:
            return replace(plan, beat_s=BEAT_S, length_s=BEATS * BEAT_S)
        return replace(plan, length_s=BEAT_S) if self.count else plan

    @property
    def clicks(self) -> list[tuple[float, int]]:
        """When a metronome clicks, in seconds since the first performance began, and how high, in
        Hz: low for each second before it, high as each begins; none where no beat is heard."""
        if self.beat_s is None or not self.sound:
            return []
        counts = [(float(second), COUNT_HZ) for second in range(-int(self.delay_s), 0)]
        return counts + [(beat * self.beat_s, BEAT_HZ) for beat in range(BEATS)]


BEATS, BEAT_S = 5, 2.0
COUNT_HZ, BEAT_HZ = 660, 990
_EVERY_FRAME = 1000.0
TOO_LONG = f"A performance lasts {MOST_S:.0f} s at most: it was recorded until then."
HELD = Plan(lease_s=3.0)  # a busy machine or network may be silent for a moment
CONTINUOUS = Plan()
TIMED = Plan(delay_s=3.0, length_s=3.0)
SHOT = Plan(length_s=1.0, count=1)  # the first good frame within a second


@dataclass(frozen=True)
class Progress:
    """How the present or last recording stands.

    Attributes:
        state: "idle", "countdown" or "recording".
        left_s: seconds until the countdown, or the recording, ends; None for an endless recording.
        kept: samples kept.
        refused: frames refused, by reason.
        error: what stopped it, for the person who records; "" when nothing did.
        note: why a hold ended before its release; "" else.
        gesture_id: what it records; None before the first.
        part: of a gesture that moves, what is being recorded: “1.2 s” or “2 of 5”; "" else.
        since_s: seconds since the countdown ended, below 0 before; None before its first frame.
    """

    state: str = "idle"
    left_s: float | None = None
    kept: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    error: str = ""
    note: str = ""
    gesture_id: int | None = None
    part: str = ""
    since_s: float | None = None

    @property
    def counts(self) -> str:
        """“kept 41 / refused 9”."""
        return f"kept {self.kept} / refused {sum(self.refused.values())}"

    @property
    def reasons(self) -> str:
        """“no hand 7, duplicate 2”."""
        return ", ".join(f"{reason} {n}" for reason, n in self.refused.items())

    @property
    def banner(self) -> str:
        """A few plain characters to draw over the video; "" when idle."""
        if self.state == "countdown":
            return f"{math.ceil(self.left_s or 0)}"
        return f"REC {self.part or self.kept}" if self.state == "recording" else ""
