"""Recording: estimates from a camera become samples in the store, bad frames are refused.

The camera's thread only judges and cuts; a writer's thread of each recording stores. Of a button
that is held, only what came while it surely was held is stored.
"""

import math
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from core.capture.hold import CUT_SHORT, Hold
from core.capture.samples import Limits, judged, sample_of
from core.capture.writer import Writer
from core.pose.types import AnyFrame, Estimate, Floats, RemoteFrame
from core.store import NewSample, Store

WRITE_EVERY_S = 0.5  # a kill loses at most what came since


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
    """

    delay_s: float = 0.0
    length_s: float | None = None
    count: int | None = None
    rate_hz: float = 10.0
    lease_s: float | None = None


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
    """

    state: str = "idle"
    left_s: float | None = None
    kept: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    error: str = ""
    note: str = ""
    gesture_id: int | None = None

    @property
    def counts(self) -> str:
        """“kept 41 / refused 9”."""
        return f"kept {self.kept} / refused {sum(self.refused.values())}"

    @property
    def reasons(self) -> str:
        """“no hand 7, duplicate 2”."""
        return ", ".join(f"{reason} {n}" for reason, n in self.refused.items())

    @property
    def headline(self) -> str:
        """One line for the page."""
        left = f"{math.ceil(self.left_s)} s" if self.left_s is not None else ""
        if self.state == "countdown":
            return f"⏳ Get ready: {left}"
        return f"🔴 Recording {left}: {self.counts}" if self.state == "recording" else self.counts

    @property
    def banner(self) -> str:
        """A few plain characters to draw over the video; "" when idle."""
        if self.state == "countdown":
            return f"{math.ceil(self.left_s or 0)}"
        return f"REC {self.kept}" if self.state == "recording" else ""


class Recorder:
    """Collects one session's samples of one person.

    `offer` is the camera thread's, everything else the page's. The session begins in the store
    with the first recording. `clock` is the frames'.
    """

    def __init__(
        self,
        store: Store,
        project_id: int,
        person: str,
        *,
        source: str = "webcam",
        with_pictures: bool = True,
        limits: Limits | None = None,
        write_every_s: float = WRITE_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.project_id, self.person = store, project_id, person
        self.source, self.with_pictures = source, with_pictures
        self.limits, self.write_every_s = limits, write_every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._beginning = threading.Lock()  # page, remote and uploads may begin at once
        self._session: int | None = None
        self._recording: _Recording | None = None
        _all.add(self)

    def record(self, gesture_id: int, plan: Plan = CONTINUOUS, *, held_s: float = 0.0) -> None:
        """Begin a recording with the next frame; one that still runs ends first.

        Args:
            held_s: where a button is held, how long already.
        """
        with self._beginning:
            if self.stop().error:
                self._session = None  # its person may be the one who was deleted
            recording_id = self._begin_recording(gesture_id)
            writer = Writer(self.store, recording_id, self.write_every_s)
            lease = plan.lease_s
            hold = None if lease is None else Hold(lease, self._clock(), held_s)
            recording = _Recording(gesture_id, plan, writer, hold)
            with self._lock:
                self._recording = recording

    def begin_recording(self, gesture_id: int) -> int:
        """A new recording in this session, which begins with its first recording."""
        with self._beginning:
            return self._begin_recording(gesture_id)

    def _begin_recording(self, gesture_id: int) -> int:
        if self._session is None:
            person = self.store.ensure_person(self.project_id, self.person)
            self._session = self.store.start_session(self.project_id, person.id, self.source)
        return self.store.start_recording(self._session, gesture_id)

    def offer(self, frame: AnyFrame, estimate: Estimate, version: str = "") -> Progress:
        """Judge one frame; called for every frame, recording or not.

        Returns:
            How the recording stands afterwards.
        """
        with self._lock:
            recording = self._recording
            if recording is None:
                return Progress()
            if recording.wants(frame.time_s, whole=not self._lacks_crop(frame, estimate)):
                self._judge(recording, frame, estimate, version)
            return recording.progress()

    def _lacks_crop(self, frame: AnyFrame, estimate: Estimate) -> bool:
        """Whoever sends crops hears a moment late that they are wanted."""
        awaited = self.with_pictures and bool(estimate.poses)
        return awaited and isinstance(frame, RemoteFrame) and frame.crop is None

    def _judge(
        self, recording: "_Recording", frame: AnyFrame, estimate: Estimate, version: str
    ) -> None:
        found = judged(estimate, recording.last, self.limits)
        if isinstance(found, str):
            recording.take(found)
            return
        picture = self.with_pictures
        recording.take(sample_of(frame, found, estimate, version=version, with_picture=picture))

    def renew(self, held_s: float) -> Progress:
        """A word of the button that began the recording: still held, for so long."""
        with self._lock:
            if self._recording is not None:
                self._recording.hear(self._clock(), held_s)
        return self.progress()

    def release(self, held_s: float) -> Progress:
        """The button was let go after so long; returns once all that is kept is in the store."""
        with self._lock:
            if self._recording is not None:
                self._recording.hear(self._clock(), held_s, released=True)
        return self.stop()

    def progress(self) -> Progress:
        """How the present or last recording stands."""
        with self._lock:
            if self._recording is None:
                return Progress()
            self._recording.look(self._clock())
            return self._recording.progress()

    def stop(self, *, wait: bool = True) -> Progress:
        """End the recording; returns once everything kept is in the store, unless told not to
        wait."""
        with self._lock:
            recording = self._recording
            if recording is not None:
                recording.end()
        if recording is not None and wait:
            recording.writer.finish()
        return self.progress()

    def close(self) -> None:
        """End the recording and the session: the next recording begins a new one."""
        with self._beginning:
            self.stop()
            self._session = None


_all: "weakref.WeakSet[Recorder]" = weakref.WeakSet()


def stop_recordings() -> None:
    """End every recording of this process, and every session: nothing that was begun goes on."""
    for recorder in list(_all):
        recorder.close()


class _Recording:
    """One recording's state; every method is called under the recorder's lock."""

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

    def wants(self, time_s: float, *, whole: bool = True) -> bool:
        """Whether the frame of this time is to be judged, if all of it came; ends the recording
        when its time is over."""
        if self._begin_s is None:
            self._begin_s = time_s + self.plan.delay_s
        self._now_s = time_s
        if self._hold is not None:
            self._hold.frame(time_s)
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
        """What the frame that was wanted gave: a sample, or why there is none."""
        if not isinstance(found, str):
            self.last = found.pose
        if self._hold is None:
            self._count(found)
        else:
            self._unsure.append((self._now_s, found))

    def hear(self, now_s: float, held_s: float, *, released: bool = False) -> None:
        """A word of the button that is held; nothing where none is, or not any more."""
        if self._hold is None or self._over:
            return
        self._hold.hear(now_s, held_s)
        self._obey_hold()
        if released:
            self._hold = None
            self.end()

    def look(self, now_s: float) -> None:
        """See whether the button's lease has run out, which frames alone may not tell."""
        if self._hold is not None:
            self._hold.look(now_s)
            self._obey_hold()

    def end(self) -> None:
        """Take no more; the writer ends by itself once it has written what it holds."""
        if self._hold is not None and not self._over:
            self._note = self._hold.why_over or CUT_SHORT
        self._over = True
        self._unsure.clear()
        self.writer.no_more()

    def _obey_hold(self) -> None:
        """Store what is sure by now, and end with the hold."""
        assert self._hold is not None
        sure_s = self._hold.sure_s
        for _, found in (one for one in self._unsure if one[0] <= sure_s):
            self._count(found)
        self._unsure = [one for one in self._unsure if one[0] > sure_s]
        if self._hold.why_over:
            self.end()

    def _count(self, found: NewSample | str) -> None:
        if isinstance(found, str):
            self._refused[found] += 1
            return
        self._kept += 1
        self.writer.put(found)
        if self.plan.count is not None and self._kept >= self.plan.count:
            self.end()

    def progress(self) -> Progress:
        """How it stands."""
        state = "idle" if self._over else "recording"
        left = None if self._over else self._left_s()
        if not self._over and (self._begin_s is None or self._now_s < self._begin_s):
            state = "countdown" if self.plan.delay_s else "recording"
            waited = self._begin_s - self._now_s if self._begin_s is not None else None
            left = self.plan.delay_s if waited is None else waited
        kept, refused = self._kept - self.writer.lost, dict(self._refused)
        return Progress(state, left, kept, refused, self.writer.error, self._note, self.gesture_id)

    def _left_s(self) -> float | None:
        if self.plan.length_s is None or self._begin_s is None:
            return None
        return self._begin_s + self.plan.length_s - self._now_s
