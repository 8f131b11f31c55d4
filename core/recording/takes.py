"""One recording's state: which frames it wants, and what becomes of them. Every method is called
under the recorder's lock.
"""

import weakref
from collections import Counter
from dataclasses import replace

from core.pose.skeletons.skeleton import HAND, PAIR
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Floats
from core.recording.clips import CLIP_LIMITS, MOST_S, PAIR_CLIP_LIMITS, clip_of
from core.recording.hold import CUT_SHORT, Hold
from core.recording.plans import BEATS, TOO_LONG, Plan, Progress
from core.recording.samples import Limits
from core.recording.writer import Writer
from core.store import NewSample


class Take:
    """One recording of single frames."""

    def __init__(self, gesture_id: int, plan: Plan, writer: Writer, hold: Hold | None) -> None:
        self.gesture_id, self.plan, self.writer = gesture_id, plan, writer
        self.last: Floats | None = None
        self._kept, self._refused = 0, Counter[str]()
        self._hold, self._note = hold, ""
        self._unsure: list[tuple[float, NewSample | str]] = []  # judged, to be confirmed
        self._begin_s: float | None = None
        self._now_s = 0.0
        self._judged_s = float("-inf")
        self._over = False
        weakref.finalize(self, writer.no_more)  # a tab that is closed drops it without `end`

    def limits(self, estimate: Estimate) -> Limits | None:
        """Limits for skipping a frame; None for the skeleton's own."""
        return None

    def wants(self, time_s: float, now_s: float, *, whole: bool = True) -> bool:
        """Whether a frame is due for a sample; ends the recording when its time is over.

        Args:
            time_s: the frame's time.
            now_s: when the frame arrived.
            whole: False while the browser has not sent the frame's crops yet.
        """
        if self._begin_s is None:
            self._begin_s = time_s + self.plan.delay_s
        self._now_s = time_s
        if self._hold is not None:
            self._hold.frame(time_s, now_s)
            self._obey_hold()
        if self.writer.error or (self._left_s() or 0.0) < 0:
            self.end()
        if self._over or time_s < self._begin_s or not whole:
            return False
        # a camera's frames come unevenly: half a frame early still counts
        if time_s - self._judged_s < 0.7 / self.plan.rate_hz:
            return False
        self._judged_s = time_s
        return True

    def take(self, found: NewSample | str) -> None:
        """Add the sample of a frame that was due, or the reason why there is none."""
        if not isinstance(found, str):
            self.last = found.pose
        if self._hold is None:
            self._count(self._now_s, found)
        else:
            self._unsure.append((self._now_s, found))

    def hear(self, now_s: float, held_s: float, *, released: bool = False) -> None:
        """Note a message of the held button; without one it is ignored."""
        if self._hold is None or self._over:
            return
        self._hold.hear(now_s, held_s)
        self._obey_hold()
        if released:
            self._hold = None
            self.end()

    def look(self, now_s: float) -> None:
        """End the recording if the button's lease has run out, even if no frames arrive."""
        if self._hold is not None:
            self._hold.look(now_s)
            self._obey_hold()

    def end(self) -> None:
        """Stop recording; the writer stops once everything is stored."""
        if self._hold is not None and not self._over:
            self._note = self._hold.why_over or CUT_SHORT
        self._over = True
        self._unsure.clear()
        self.writer.no_more()

    def _obey_hold(self) -> None:
        """Store samples from while the button was surely held; stop when the hold is over."""
        assert self._hold is not None
        sure_s = self._hold.sure_s
        for time_s, found in (one for one in self._unsure if one[0] <= sure_s):
            self._count(time_s, found)
        self._unsure = [one for one in self._unsure if one[0] > sure_s]
        if self._hold.why_over:
            self.end()

    def _count(self, time_s: float, found: NewSample | str) -> None:
        """Store a sample or count a skipped frame."""
        if isinstance(found, str):
            self._refused[found] += 1
            return
        self._kept += 1
        self.writer.put(found)
        if self.plan.count is not None and self._kept >= self.plan.count:
            self.end()

    def progress(self) -> Progress:
        """Current progress."""
        state = "idle" if self._over else "recording"
        left = None if self._over else self._left_s()
        if not self._over and (self._begin_s is None or self._now_s < self._begin_s):
            state = "countdown" if self.plan.delay_s else "recording"
            waited = self._begin_s - self._now_s if self._begin_s is not None else None
            left = self.plan.delay_s if waited is None else waited
        since = None if self._begin_s is None else self._now_s - self._begin_s
        kept, refused = self._kept - self.writer.lost, dict(self._refused)
        how = state, left, kept, refused, self.writer.error, self._note, self.gesture_id
        return Progress(*how, since_s=since)

    def _left_s(self) -> float | None:
        if self.plan.length_s is None or self._begin_s is None:
            return None
        return self._begin_s + self.plan.length_s - self._now_s


class ClipTake(Take):
    """Of a gesture that moves: the frames of one performance are one sample."""

    def __init__(self, gesture_id: int, plan: Plan, writer: Writer, hold: Hold | None) -> None:
        super().__init__(gesture_id, plan, writer, hold)
        self._frames: list[NewSample] = []
        self._lost: list[tuple[float, str]] = []  # frames of this performance, and why
        self._first_s: float | None = None
        self._beat = 0

    def limits(self, estimate: Estimate) -> Limits | None:
        """Limits for fast hands; bodies use their own."""
        limits = {HAND: CLIP_LIMITS, PAIR: PAIR_CLIP_LIMITS}
        return limits.get(skeleton_named(estimate.skeleton).title)

    def wants(self, time_s: float, now_s: float, *, whole: bool = True) -> bool:
        """As for a still gesture; also ends a performance at its beat."""
        wanted = super().wants(time_s, now_s, whole=whole)
        if not wanted:
            return False
        beat = 0 if self.plan.beat_s is None else int(self._since_begin_s() / self.plan.beat_s)
        if beat != self._beat:
            self._perform()
            self._beat = beat
        self._first_s = time_s if self._first_s is None else self._first_s
        if time_s - self._first_s > MOST_S:
            self._hold = None
            self.end()
            self._note = TOO_LONG
        return not self._over

    def take(self, found: NewSample | str) -> None:
        """Add a frame's sample; a briefly lost hand is not counted as skipped."""
        super().take(found)
        self.last = None

    def end(self) -> None:
        """Stop recording and store the last performance."""
        if not self._over:
            self._perform()
        super().end()

    def _count(self, time_s: float, found: NewSample | str) -> None:
        if isinstance(found, str):
            self._lost.append((time_s, found))
        else:
            self._frames.append(found)

    def _perform(self) -> None:
        """Make a sample of the frames since the last performance."""
        frames, lost = self._frames, self._lost
        self._frames, self._lost, self._first_s = [], [], None
        if frames:
            super()._count(self._now_s, clip_of(frames, [time_s for time_s, _ in lost]))
        elif lost:
            [(why, _)] = Counter(why for _, why in lost).most_common(1)
            super()._count(self._now_s, why)

    def progress(self) -> Progress:
        """Current progress, including the performance being recorded."""
        found = super().progress()
        if found.state != "recording":
            return found
        if self.plan.beat_s is not None:
            return replace(found, part=f"{self._beat + 1} of {BEATS}")
        spent_s = 0.0 if self._first_s is None else self._now_s - self._first_s
        return replace(found, part=f"{spent_s:.1f} s")

    def _since_begin_s(self) -> float:
        return self._now_s - (self._begin_s or self._now_s)
