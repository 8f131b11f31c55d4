"""A recording that is running: which frames it needs, what becomes of them, the button that is held
for it in a browser, and the thread that stores its samples."""

import logging
import queue
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from core.errors import MudraError
from core.pose.skeletons.skeleton import HAND, PAIR
from core.pose.types import Floats
from core.recording.clips import CLIP_LIMITS, MAX_CLIP_S, PAIR_CLIP_LIMITS, make_clip
from core.recording.different_shapes import TAIL_S, count_kept, find_minority
from core.recording.plans import BEATS, TOO_LONG, Plan, RecordingStatus
from core.recording.samples import Limits
from core.store import NewSample, Store
from core.words import words

CAMERA_TIMEOUT_S = 2.0
HAND_LEFT = words("hand left")  # why the last frames of a hold are skipped

LEASE_EXPIRED = words(
    "Recording ended: no message came from the browser for a moment. What was recorded before is "
    "saved; hold again to continue."
)
CAMERA_LOST = words(
    "Recording ended: the camera gave no picture for {n:.0f} s. What was recorded before is saved.",
    n=CAMERA_TIMEOUT_S,
)
CUT_SHORT = words(
    "Recording ended before you released the button: the camera stopped. What was recorded before "
    "is saved."
)


class ButtonHold:
    """One press of a button that is held in a browser, known by its messages.

    A hold is a lease: each message renews it and says for how long the button has been held by the
    browser's clock. Messages arrive late, never early, so the press was at the earliest moment that
    any message allows. Times are seconds on the frames' clock.

    Attributes:
        confirmed_until_s: the button was certainly held until then.
        end_reason: why the hold ended without a release; "" while it did not.
    """

    def __init__(self, lease_s: float, now_s: float, held_s: float) -> None:
        self.confirmed_until_s, self.end_reason = float("-inf"), ""
        self._lease_s, self._pressed_s = lease_s, now_s - held_s
        self._message_s = self._frame_s = now_s

    def renew(self, now_s: float, held_s: float) -> None:
        """Renew the lease: the button has been held for `held_s` until now or its release. End the
        hold if the camera has sent no frame for CAMERA_TIMEOUT_S."""
        self.check_lease(now_s)
        if self.end_reason:
            return
        self._message_s, self._pressed_s = now_s, min(self._pressed_s, now_s - held_s)
        self.confirmed_until_s = max(self.confirmed_until_s, self._pressed_s + held_s)
        if now_s - self._frame_s > CAMERA_TIMEOUT_S:
            self.end_reason = CAMERA_LOST

    def note_frame(self, time_s: float, now_s: float) -> None:
        """Note that a frame of `time_s` arrived; on a busy machine it arrives late."""
        self._frame_s = max(time_s, now_s)
        self.check_lease(time_s)

    def check_lease(self, now_s: float) -> None:
        """End the hold if no message renewed the lease in time."""
        if not self.end_reason and now_s - self._message_s > self._lease_s:
            self.end_reason = LEASE_EXPIRED


log = logging.getLogger(__name__)
_MIN_INTERVAL_FACTOR = 0.7  # a camera's frames come unevenly: half a frame early still counts


class SampleWriter:
    """Stores one recording's samples in small batches from its own thread, so that a busy or full
    disk never delays the camera's picture.

    Args:
        check: called before each batch while it exists: a page that is gone sends nothing.
    """

    def __init__(
        self,
        store: Store,
        recording_id: int,
        interval_s: float,
        check: weakref.WeakMethod[Callable[[], RecordingStatus]],
    ) -> None:
        self.lost, self._reason = 0, ""
        self.ids: list[int] = []  # of the stored samples, in their order
        self._store, self._recording_id, self._interval_s = store, recording_id, interval_s
        self._check = check
        self._queue: queue.SimpleQueue[NewSample] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._write_until_closed, name="mudra-writer", daemon=True
        )
        self._thread.start()

    @property
    def error(self) -> str:
        """Return how many samples were not stored and why, as text for the user; "" if no error."""
        if not self._reason:
            return ""
        return words(
            "recording stopped, {n} samples were not stored: {why}", n=self.lost, why=self._reason
        )

    def put(self, sample: NewSample) -> None:
        """Add a sample to the next batch."""
        self._queue.put(sample)

    def close(self) -> None:
        """Let the thread store what is queued, then end; returns at once."""
        self._closed.set()

    def wait_until_stored(self) -> None:
        """Close and wait until everything is stored."""
        self.close()
        self._thread.join()

    def _write_until_closed(self) -> None:
        """Store the queued samples every `interval_s` until closed, and once more after that."""
        while not self._closed.wait(self._interval_s):
            if (check := self._check()) is not None:
                check()
            del check  # else the recorder would live as long as this thread
            self._write_batch()
        self._write_batch()

    def _write_batch(self) -> None:
        """Store the queued samples; once storing has failed, only count samples as lost."""
        batch = [self._queue.get() for _ in range(self._queue.qsize())]
        if not batch:
            return
        try:
            if not self._reason:
                self.ids += self._store.add_samples(self._recording_id, batch)
                return
        except MudraError as error:
            self._reason = error.text
        except Exception as error:  # else the thread would end silently
            log.exception("samples could not be stored")
            self._reason = repr(error)
        self.lost += len(batch)


def _store_rest(writer: SampleWriter, tail: list[tuple[float, NewSample | str]]) -> None:
    """Store the samples that still wait for a button's release, and close the writer."""
    for _, sample in tail:
        if not isinstance(sample, str):
            writer.put(sample)
    writer.close()


class ActiveRecording:
    """A recording of single frames; every method is called under the recorder's lock. `limits` for
    skipping a frame are by the skeleton's title; others have the skeleton's own."""

    limits: ClassVar[Mapping[str, Limits]] = {}
    tail_s: ClassVar[float] = TAIL_S  # so long the samples of a hold wait for its release

    def __init__(
        self, gesture_id: int, plan: Plan, writer: SampleWriter, hold: ButtonHold | None
    ) -> None:
        self.gesture_id, self.plan, self.writer = gesture_id, plan, writer
        self.last: Floats | None = None
        self._saved, self._skipped = 0, Counter[str]()
        self._hold, self._note = hold, ""
        self._unconfirmed: list[tuple[float, NewSample | str]] = []  # until the hold confirms them
        self._tail: list[tuple[float, NewSample | str]] = []  # confirmed ones of the last TAIL_S
        self._poses: list[Floats] = []  # of the saved samples
        self._start_s: float | None = None
        self._now_s = 0.0
        self._checked_s = float("-inf")
        self._is_over = False
        # a closed tab drops the recording without `end`
        weakref.finalize(self, _store_rest, writer, self._tail)

    def advance_to_frame(self, time_s: float, now_s: float, *, has_crops: bool = True) -> bool:
        """Advance to a frame and return whether the plan's rate requires a sample of it; end the
        recording if its time is up or samples can't be stored.

        Args:
            time_s: the frame's time.
            now_s: when the frame arrived.
            has_crops: False while the browser has not sent the frame's crops yet.
        """
        if self._start_s is None:
            self._start_s = time_s + self.plan.delay_s
        self._now_s = time_s
        if self._hold is not None:
            self._hold.note_frame(time_s, now_s)
            self._save_confirmed_samples()
        if self.writer.error or (self._left_s() or 0.0) < 0:
            self.end()
        if self._is_over or time_s < self._start_s or not has_crops:
            return False
        if time_s - self._checked_s < _MIN_INTERVAL_FACTOR / self.plan.rate_hz:
            return False
        self._checked_s = time_s
        return True

    def add(self, sample: NewSample | str) -> None:
        """Add a frame's sample, or the reason for skipping the frame; if a button is held, queue it
        until the hold is confirmed."""
        if not isinstance(sample, str):
            self.last = sample.pose
        if self._hold is None:
            self._save_sample(self._now_s, sample)
        else:
            self._unconfirmed.append((self._now_s, sample))

    def renew_hold(self, now_s: float, held_s: float, *, released: bool = False) -> None:
        """Renew the held button's lease and save the samples that this confirms; end the recording
        if `released`. Do nothing if no button is held."""
        if self._hold is None or self._is_over:
            return
        self._hold.renew(now_s, held_s)
        self._save_confirmed_samples()
        if released and not self._is_over:
            self._drop_leaving_hand()
            self._hold = None
            self.end()

    def check_hold(self, now_s: float) -> None:
        """End the recording if the held button's lease has expired, even without new frames; save
        what has waited too long for a release."""
        if self._hold is not None:
            self._hold.check_lease(now_s)
            self._save_confirmed_samples()
            self._save_tail(now_s - 2 * self.tail_s)

    def end(self) -> None:
        """End the recording, drop samples not confirmed by the hold, and close the writer."""
        if self._hold is not None and not self._is_over:
            self._note = self._hold.end_reason or CUT_SHORT
        self._is_over = True
        self._unconfirmed.clear()
        self._save_tail(float("inf"))
        self.writer.close()

    def _save_confirmed_samples(self) -> None:
        """Save the waiting samples from while the button was certainly held; end the recording if
        the hold has ended."""
        assert self._hold is not None
        until_s = self._hold.confirmed_until_s
        self._tail += [one for one in self._unconfirmed if one[0] <= until_s]
        self._unconfirmed = [one for one in self._unconfirmed if one[0] > until_s]
        self._save_tail(until_s - self.tail_s)
        if self._hold.end_reason:
            self.end()

    def _save_tail(self, until_s: float) -> None:
        """Save the tail's samples up to this time."""
        ready = [one for one in self._tail if one[0] <= until_s]
        del self._tail[: len(ready)]
        for time_s, sample in ready:
            self._save_sample(time_s, sample)

    def _drop_leaving_hand(self) -> None:
        """Skip the tail's last samples if the hand had left the hold's pose by then."""
        poses = [None if isinstance(one, str) else one.pose for _, one in self._tail]
        kept = count_kept(self._poses, poses)
        self._tail[kept:] = [
            (time_s, one if isinstance(one, str) else HAND_LEFT)
            for time_s, one in self._tail[kept:]
        ]

    def different_ids(self) -> tuple[list[int], int]:
        """Return the ids of the stored samples that look different from the recording's others,
        and the number of all; call this when all is stored."""
        ids = self.writer.ids
        found = find_minority(self._poses) if len(ids) == len(self._poses) else []
        return [ids[index] for index in found], len(ids)

    def _save_sample(self, time_s: float, sample: NewSample | str) -> None:
        """Queue a sample for storing, or count a skipped frame by reason; end the recording when
        the plan's number of samples is reached."""
        if isinstance(sample, str):
            self._skipped[sample] += 1
            return
        self._saved += 1
        self._poses.append(sample.pose)
        self.writer.put(sample)
        if self.plan.count is not None and self._saved >= self.plan.count:
            self.end()

    def status(self) -> RecordingStatus:
        """Return the state, seconds left, and numbers of saved samples and skipped frames."""
        state = "idle" if self._is_over else "recording"
        left_s = None if self._is_over else self._left_s()
        if not self._is_over and (self._start_s is None or self._now_s < self._start_s):
            state = "countdown" if self.plan.delay_s else "recording"
            left_s = self.plan.delay_s if self._start_s is None else self._start_s - self._now_s
        waiting = [one for _, one in self._tail]
        skipped = Counter(one for one in waiting if isinstance(one, str))
        return RecordingStatus(
            state,
            left_s,
            self._saved - self.writer.lost + len(waiting) - sum(skipped.values()),
            dict(self._skipped + skipped),
            self.writer.error,
            self._note,
            self.gesture_id,
            since_s=None if self._start_s is None else self._now_s - self._start_s,
        )

    def _left_s(self) -> float | None:
        """Return the seconds until the plan's end; None if it has none, or before any frame."""
        if self.plan.length_s is None or self._start_s is None:
            return None
        return self._start_s + self.plan.length_s - self._now_s


class ActiveClipRecording(ActiveRecording):
    """A recording of a gesture that moves: the frames of one performance become one sample."""

    limits = MappingProxyType({HAND: CLIP_LIMITS, PAIR: PAIR_CLIP_LIMITS})  # for fast hands
    tail_s = 0.0  # a performance's rests are cut off by its movement

    def __init__(
        self, gesture_id: int, plan: Plan, writer: SampleWriter, hold: ButtonHold | None
    ) -> None:
        super().__init__(gesture_id, plan, writer, hold)
        self._frames: list[NewSample] = []
        self._lost: list[tuple[float, str]] = []  # time and reason of this performance's others
        self._first_s: float | None = None
        self._beat = 0

    def advance_to_frame(self, time_s: float, now_s: float, *, has_crops: bool = True) -> bool:
        """Advance to a frame and return whether it belongs to the clip; save the current
        performance as a clip at each beat, and end the recording after MAX_CLIP_S."""
        if not super().advance_to_frame(time_s, now_s, has_crops=has_crops):
            return False
        since_s = time_s - (time_s if self._start_s is None else self._start_s)
        beat = 0 if self.plan.beat_s is None else int(since_s / self.plan.beat_s)
        if beat != self._beat:
            self._save_clip()
            self._beat = beat
        self._first_s = time_s if self._first_s is None else self._first_s
        if time_s - self._first_s > MAX_CLIP_S:
            self._hold = None
            self.end()
            self._note = TOO_LONG
        return not self._is_over

    def different_ids(self) -> tuple[list[int], int]:
        """Return no samples: performances are compared by their training."""
        return [], len(self.writer.ids)

    def add(self, sample: NewSample | str) -> None:
        """As for a still gesture, but a frame that hardly differs from the last one counts, too."""
        super().add(sample)
        self.last = None

    def end(self) -> None:
        """End the recording and store the last performance."""
        if not self._is_over:
            self._save_clip()
        super().end()

    def _save_sample(self, time_s: float, sample: NewSample | str) -> None:
        """Add a frame to the current performance, or record a skipped frame's time and reason."""
        if isinstance(sample, str):
            self._lost.append((time_s, sample))
        else:
            self._frames.append(sample)

    def _save_clip(self) -> None:
        """Store the current performance's frames as one clip and start the next performance; if it
        has no frames, count its most common skip reason once."""
        frames, lost = self._frames, self._lost
        self._frames, self._lost, self._first_s = [], [], None
        if frames:
            super()._save_sample(self._now_s, make_clip(frames, [time_s for time_s, _ in lost]))
        elif lost:
            [(reason, _)] = Counter(reason for _, reason in lost).most_common(1)
            super()._save_sample(self._now_s, reason)

    def status(self) -> RecordingStatus:
        """Return the current status, including the performance being recorded."""
        status = super().status()
        if status.state != "recording":
            return status
        if self.plan.beat_s is not None:
            part = words("{n} of {total}", n=self._beat + 1, total=BEATS)
            return replace(status, part=part)
        spent_s = 0.0 if self._first_s is None else self._now_s - self._first_s
        return replace(status, part=f"{spent_s:.1f} s")
