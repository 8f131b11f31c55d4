"""Recording: estimates from a camera become samples in the store, bad frames are refused.

The camera's thread only judges and cuts; a writer's thread of each recording puts the samples into
the store in small batches, so a busy or full disk never holds up the picture.
"""

import hashlib
import logging
import math
import queue
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.capture.samples import NO_HAND, STORED, Limits, refusal, sample_of
from core.errors import MediaError, MudraError
from core.estimators import Estimator
from core.media.pictures import read_picture
from core.pose.types import Estimate, Floats, Frame
from core.store import NewSample, Store

log = logging.getLogger(__name__)

WRITE_EVERY_S = 0.5  # a kill loses at most what came since


@dataclass(frozen=True)
class Plan:
    """How a recording runs.

    Attributes:
        delay_s: countdown before it.
        length_s: it ends after so long; None runs until `stop`.
        count: it ends after so many kept samples; None has no bound.
        rate_hz: at most so many frames a second are looked at.
    """

    delay_s: float = 0.0
    length_s: float | None = None
    count: int | None = None
    rate_hz: float = 10.0


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
    """

    state: str = "idle"
    left_s: float | None = None
    kept: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    error: str = ""

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
    with the first recording.
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
    ) -> None:
        self.store, self.project_id, self.person = store, project_id, person
        self.source, self.with_pictures = source, with_pictures
        self.limits, self.write_every_s = limits or Limits(), write_every_s
        self._lock = threading.Lock()
        self._beginning = threading.Lock()  # page, remote and uploads may begin at once
        self._session: int | None = None
        self._recording: _Recording | None = None
        _all.add(self)

    def record(self, gesture_id: int, plan: Plan = CONTINUOUS) -> None:
        """Begin a recording with the next frame; one that still runs ends first."""
        with self._beginning:
            if self.stop().error:
                self._session = None  # its person may be the one who was deleted
            recording_id = self._begin_recording(gesture_id)
            recording = _Recording(plan, _Writer(self.store, recording_id, self.write_every_s))
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

    def offer(self, frame: Frame, estimate: Estimate, version: str = "") -> Progress:
        """Judge one frame; called for every frame, recording or not.

        Returns:
            How the recording stands afterwards.
        """
        with self._lock:
            recording = self._recording
            if recording is None:
                return Progress()
            if recording.wants(frame.time_s):
                self._judge(recording, frame, estimate, version)
            return recording.progress()

    def _judge(
        self, recording: "_Recording", frame: Frame, estimate: Estimate, version: str
    ) -> None:
        pose = estimate.poses[0] if estimate.poses else None
        reason = refusal(pose, frame.size_hw, recording.last, self.limits)
        if reason is not None or pose is None:
            recording.refused[reason or NO_HAND] += 1
            return
        picture = self.with_pictures
        recording.keep(sample_of(frame, pose, estimate, version=version, with_picture=picture))

    def progress(self) -> Progress:
        """How the present or last recording stands."""
        with self._lock:
            return self._recording.progress() if self._recording else Progress()

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

    def __init__(self, plan: Plan, writer: "_Writer") -> None:
        self.plan, self.writer = plan, writer
        self.kept, self.refused = 0, Counter[str]()
        self.last: Floats | None = None
        self._begin_s: float | None = None
        self._now_s = 0.0
        self._judged_s = float("-inf")
        self._over = False

    def wants(self, time_s: float) -> bool:
        """Whether the frame of this time is to be judged; ends the recording when its time is
        over."""
        if self._begin_s is None:
            self._begin_s = time_s + self.plan.delay_s
        self._now_s = time_s
        if self.writer.error or (self._left_s() or 0.0) < 0:
            self.end()
        if self._over or time_s < self._begin_s:
            return False
        # a camera's frames come unevenly: half a frame early still counts
        if time_s - self._judged_s < 0.7 / self.plan.rate_hz:
            return False
        self._judged_s = time_s
        return True

    def keep(self, sample: NewSample) -> None:
        """Hand a sample to the writer."""
        self.kept += 1
        self.last = sample.pose
        self.writer.put(sample)
        if self.plan.count is not None and self.kept >= self.plan.count:
            self.end()

    def end(self) -> None:
        """Take no more; the writer ends by itself once it has written what it holds."""
        self._over = True
        self.writer.no_more()

    def progress(self) -> Progress:
        """How it stands."""
        state = "idle" if self._over else "recording"
        left = None if self._over else self._left_s()
        if not self._over and (self._begin_s is None or self._now_s < self._begin_s):
            state = "countdown" if self.plan.delay_s else "recording"
            waited = self._begin_s - self._now_s if self._begin_s is not None else None
            left = self.plan.delay_s if waited is None else waited
        kept = self.kept - self.writer.lost
        return Progress(state, left, kept, dict(self.refused), self.writer.error)

    def _left_s(self) -> float | None:
        if self.plan.length_s is None or self._begin_s is None:
            return None
        return self._begin_s + self.plan.length_s - self._now_s


class _Writer:
    """Puts one burst's samples into the store from a thread of its own."""

    def __init__(self, store: Store, burst_id: int, every_s: float) -> None:
        self.reason, self.lost = "", 0
        self._store, self._recording_id, self._every_s = store, burst_id, every_s
        self._queue: queue.SimpleQueue[NewSample] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mudra-writer", daemon=True)
        self._thread.start()

    @property
    def error(self) -> str:
        """What the person who records is told; "" while all is well."""
        if not self.reason:
            return ""
        return f"recording stopped, {self.lost} samples were not stored: {self.reason}"

    def put(self, sample: NewSample) -> None:
        """Have it written with the next batch."""
        self._queue.put(sample)

    def no_more(self) -> None:
        """Write what is there and end."""
        self._ended.set()

    def finish(self) -> None:
        """`no_more`, and wait until it has ended."""
        self.no_more()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(self._every_s):
            self._write()
        self._write()

    def _write(self) -> None:
        batch = [self._queue.get() for _ in range(self._queue.qsize())]
        if not batch:
            return
        try:
            if not self.reason:
                self._store.add_samples(self._recording_id, batch)
                return
        except MudraError as error:
            self.reason = str(error)
        except Exception as error:  # the thread would end without a word
            log.exception("samples could not be stored")
            self.reason = repr(error)
        self.lost += len(batch)


@dataclass(frozen=True)
class Added:
    """What became of files: how many samples were kept, and why others were not."""

    kept: int
    refused: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """“kept 41 / refused 9 (a.jpg: no hand, …)”, at most five named."""
        named = ", ".join(f"{name}: {reason}" for name, reason in self.refused[:5])
        more = ", …" if len(self.refused) > 5 else ""
        text = f"kept {self.kept} / refused {len(self.refused)}"
        return text + (f" ({named}{more})" if named else "")


def add_pictures(
    recorder: Recorder,
    gesture_id: int,
    pictures: Sequence[tuple[str, bytes]],
    estimator: Estimator,
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> Added:
    """Samples from single pictures, as seen in them: one recording of the recorder's session.

    Args:
        pictures: (name, content of a JPEG, PNG or WEBP file) each.
        progress: told the share that is done, 0..1.
    """
    known = recorder.store.known_hashes(recorder.project_id)
    recording_id: int | None = None
    kept, refused = 0, list[tuple[str, str]]()
    for i, (name, content) in enumerate(pictures):
        digest = hashlib.sha256(content).hexdigest()
        found = STORED if digest in known else _still(name, content, recorder, estimator)
        if isinstance(found, str):
            refused.append((name, found))
        else:
            recording_id = (
                recorder.begin_recording(gesture_id) if recording_id is None else recording_id
            )
            recorder.store.add_samples(recording_id, [replace(found, file_hash=digest)])
            known.add(digest)
            kept += 1
        progress((i + 1) / len(pictures))
    return Added(kept, tuple(refused))


def _still(name: str, content: bytes, recorder: Recorder, estimator: Estimator) -> NewSample | str:
    """The picture's sample, or why there is none."""
    try:
        frame = Frame(read_picture(content, name=name), source=name)
    except MediaError as error:
        return str(error)
    estimate = estimator.estimate_still(frame.rgb)
    pose = estimate.poses[0] if estimate.poses else None
    reason = refusal(pose, frame.size_hw, None, recorder.limits)
    if reason is not None or pose is None:
        return reason or NO_HAND
    picture = recorder.with_pictures
    return sample_of(frame, pose, estimate, version=estimator.version, with_picture=picture)
