"""Recording: estimates from a camera become samples in the store, bad frames are refused.

The camera's thread only judges and cuts; a writer's thread of each recording stores. Of a button
that is held, only what came while it surely was held is stored.
"""

import threading
import time
import weakref
from collections.abc import Callable

from core.pose.types import AnyFrame, Estimate, RemoteFrame
from core.recording.hold import Hold
from core.recording.plans import CONTINUOUS, Plan, Progress
from core.recording.samples import Limits, judged, sample_of
from core.recording.takes import ClipTake, Take
from core.recording.writer import Writer
from core.store import Store

WRITE_EVERY_S = 0.5  # a kill loses at most what came since


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
        self._recording: Take | None = None
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
            moves = any(g.moves for g in self.store.gestures(self.project_id) if g.id == gesture_id)
            plan = plan.of_clips if moves else plan
            lease = plan.lease_s
            hold = None if lease is None else Hold(lease, self._clock(), held_s)
            recording = (ClipTake if moves else Take)(gesture_id, plan, writer, hold)
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
            whole = not self._lacks_crop(frame, estimate)
            if recording.wants(frame.time_s, self._clock(), whole=whole):
                self._judge(recording, frame, estimate, version)
            return recording.progress()

    def _lacks_crop(self, frame: AnyFrame, estimate: Estimate) -> bool:
        """Whoever sends crops hears a moment late that they are wanted."""
        awaited = self.with_pictures and bool(estimate.poses)
        return awaited and isinstance(frame, RemoteFrame) and not any(frame.crops)

    def _judge(self, recording: "Take", frame: AnyFrame, estimate: Estimate, version: str) -> None:
        found = judged(estimate, recording.last, self.limits or recording.limits(estimate))
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


def stop_recordings(store: Store) -> None:
    """End every recording of this process into the store's projects, and every session: nothing
    that was begun goes on."""
    for recorder in list(_all):
        if recorder.store.owner == store.owner:
            recorder.close()
