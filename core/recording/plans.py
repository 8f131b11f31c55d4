"""How a recording runs, and its status. Times are in seconds."""

import math
from dataclasses import dataclass, field, replace

from core.recording.clips import MAX_CLIP_S
from core.words import join_words, words


@dataclass(frozen=True)
class Plan:
    """Settings of a recording."""

    delay_s: float = 0.0  # countdown before it
    length_s: float | None = None  # duration; None: until `stop`
    count: int | None = None  # maximum number of saved samples; None: unlimited
    rate_hz: float = 10.0  # maximum number of frames per second that are checked
    # for a held button: the recording ends if no message arrives for this time, and only samples
    # that a later message confirms are stored
    lease_s: float | None = None
    # for a moving gesture: duration of each performance; None: there is only one
    beat_s: float | None = None
    sound: bool = True  # whether the beat is audible

    def for_clips(self) -> "Plan":
        """Return this plan for a moving gesture, checking every frame: BEATS performances of BEAT_S
        if it has a countdown, otherwise a single performance."""
        plan = replace(self, rate_hz=_EVERY_FRAME_HZ, count=None)
        if self.delay_s:
            return replace(plan, beat_s=BEAT_S, length_s=BEATS * BEAT_S)
        return replace(plan, length_s=BEAT_S) if self.count else plan

    @property
    def metronome_clicks(self) -> list[tuple[float, int]]:
        """Return (seconds from the start of the first performance, pitch in Hz) of each click: low
        in the countdown, high at each performance; empty if there is no audible beat."""
        if self.beat_s is None or not self.sound:
            return []
        countdown = [(float(second), COUNT_HZ) for second in range(-int(self.delay_s), 0)]
        return countdown + [(beat * self.beat_s, BEAT_HZ) for beat in range(BEATS)]


BEATS, BEAT_S = 5, 2.0
COUNT_HZ, BEAT_HZ = 660, 990
_EVERY_FRAME_HZ = 1000.0
TOO_LONG = words(
    "A performance lasts {seconds:.0f} s at most: it was recorded until then.", seconds=MAX_CLIP_S
)
HELD = Plan(lease_s=3.0)  # a busy machine or network may send nothing for a moment
CONTINUOUS = Plan()
TIMED = Plan(delay_s=3.0, length_s=3.0)
SHOT = Plan(length_s=1.0, count=1)  # the first good frame within a second


@dataclass(frozen=True)
class RecordingStatus:
    """Status of the current or last recording."""

    state: str = "idle"  # "idle", "countdown" or "recording"
    # seconds until the countdown, or the recording, ends; None for an endless recording
    left_s: float | None = None
    saved: int = 0  # number of samples
    skipped: dict[str, int] = field(default_factory=dict)  # number of skipped frames, by reason
    error: str = ""  # why it stopped, as text for the user; "" if there was no error
    note: str = ""  # why a hold ended before the button was released, or ""
    gesture_id: int | None = None  # the recorded gesture; None before the first recording
    part: str = ""  # for a moving gesture, the current performance: “1.2 s” or “2 of 5”; else ""
    # seconds since the countdown ended, negative before; None before the first frame
    since_s: float | None = None

    @property
    def text(self) -> str:
        """Return the counts for the user: “41 saved, 9 skipped (no hand 7, duplicate 2)”."""
        counts = {"saved": self.saved, "skipped": sum(self.skipped.values())}
        if not self.skipped:
            return words("{saved} saved, {skipped} skipped", **counts)
        reasons = (words("{reason} {n}", reason=one, n=n) for one, n in self.skipped.items())
        return words(
            "{saved} saved, {skipped} skipped ({reasons})", reasons=join_words(reasons), **counts
        )

    @property
    def button_texts(self) -> tuple[str, str]:
        """Return a short and a long text for the record button while the recording runs."""
        seconds = math.ceil(self.left_s or 0)
        if self.state == "countdown":
            ready = words("⏳ Get ready {seconds} s", seconds=seconds)
            return (f"⏳ {seconds} s", ready) if self.left_s else ("⏳", words("⏳ Get ready"))
        saved = words("● {count} saved", count=self.saved)
        short = words("● {part}", part=self.part) if self.part else saved
        long = words("● Recording {seconds} s", seconds=seconds)
        return short, long if self.left_s else words("● Recording")

    @property
    def banner(self) -> str:
        """Return the text over the video: the countdown's seconds or “REC 12”; "" if idle."""
        if self.state == "countdown":
            return f"{math.ceil(self.left_s or 0)}"
        part = self.part or self.saved
        return words("REC {part}", part=part) if self.state == "recording" else ""
