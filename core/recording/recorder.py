"""The recorder: estimates from a camera become samples in the store, bad frames are skipped.

The camera's thread only checks and crops; each recording's writer thread stores. While a button is
held, only samples from a time at which it was certainly held are stored.
"""

import threading
import time
import weakref
from collections.abc import Callable

from core.pose.skeletons.table import skeleton_named
from core.pose.types import AnyFrame, Estimate, RemoteFrame
from core.recording.active_recording import (
    ActiveClipRecording,
    ActiveRecording,
    ButtonHold,
    SampleWriter,
)
from core.recording.plans import CONTINUOUS, Plan, RecordingStatus
from core.recording.samples import make_sample, select_valid_pose
from core.store import Store

WRITE_INTERVAL_S = 0.5  # a killed process loses at most the samples of this time


class Recorder:
    """Records one session's samples of one person.

    The camera's thread calls `offer`, the page everything else. The session is created in the store
    with its first recording. `clock` is the frames'.
    """

    def __init__(
        self,
        store: Store,
        project_id: int,
        person: str,
        *,
        source: str = "webcam",
        with_pictures: bool = True,
        write_interval_s: float = WRITE_INTERVAL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.project_id, self.person = store, project_id, person
        self.source, self.with_pictures = source, with_pictures
        self._write_interval_s, self._clock = write_interval_s, clock
        self._lock = threading.Lock()
        self._starting = threading.Lock()  # page, remote and uploads may start at once
        self._session_id: int | None = None
        self._recording: ActiveRecording | None = None
        _all_recorders.add(self)

    def start(self, gesture_id: int, plan: Plan = CONTINUOUS, *, held_s: float = 0.0) -> None:
        """Start a recording at the next frame, after ending any running one. Moving gestures are
        recorded as clips. `held_s` is how long the button has been held so far."""
        with self._starting:
            if self.stop().error:
                self._session_id = None  # its person may have been deleted
            recording_id = self._insert_recording(gesture_id)
            check = weakref.WeakMethod(self.status)
            writer = SampleWriter(self.store, recording_id, self._write_interval_s, check)
            moves = any(g.moves for g in self.store.gestures(self.project_id) if g.id == gesture_id)
            plan = plan.for_clips() if moves else plan
            lease_s = plan.lease_s
            hold = None if lease_s is None else ButtonHold(lease_s, self._clock(), held_s)
            kind = ActiveClipRecording if moves else ActiveRecording
            recording = kind(gesture_id, plan, writer, hold)
            with self._lock:
                self._recording = recording

    @property
    def session_id(self) -> int | None:
        """The store's session; None before its first recording and after `close`."""
        return self._session_id

    def create_recording(self, gesture_id: int) -> int:
        """Create a recording in this session for uploads or corrections; return its id."""
        with self._starting:
            return self._insert_recording(gesture_id)

    def _insert_recording(self, gesture_id: int) -> int:
        """Insert a recording, after its session and person if it is the first; return its id."""
        if self._session_id is None:
            person = self.store.ensure_person(self.project_id, self.person)
            self._session_id = self.store.start_session(self.project_id, person.id, self.source)
        return self.store.start_recording(self._session_id, gesture_id)

    def record_frame(self, frame: AnyFrame, estimate: Estimate, version: str = "") -> str:
        """Offer a frame, as `LiveProcessor` calls its watcher; return the text over the video."""
        return self.offer(frame, estimate, version).banner

    def offer(self, frame: AnyFrame, estimate: Estimate, version: str = "") -> RecordingStatus:
        """Add a sample of the frame if a recording is running and a sample is due; return the
        status. Call this for every frame."""
        with self._lock:
            recording = self._recording
            if recording is None:
                return RecordingStatus()
            # a browser learns late that crops are needed
            lacks_crops = isinstance(frame, RemoteFrame) and not any(frame.crops)
            has_crops = not (self.with_pictures and estimate.poses and lacks_crops)
            if recording.advance_to_frame(frame.time_s, self._clock(), has_crops=has_crops):
                self._add_frame_sample(recording, frame, estimate, version)
            return recording.status()

    def _add_frame_sample(
        self, recording: ActiveRecording, frame: AnyFrame, estimate: Estimate, version: str
    ) -> None:
        """Add a sample of the frame's main pose, or the reason for skipping the frame."""
        limits = recording.limits.get(skeleton_named(estimate.skeleton).title)
        pose = select_valid_pose(estimate, recording.last, limits)
        if isinstance(pose, str):
            recording.add(pose)
            return
        picture = self.with_pictures
        recording.add(make_sample(frame, pose, estimate, version=version, with_picture=picture))

    def renew_hold(self, held_s: float) -> RecordingStatus:
        """Renew the lease of a button that has been held for `held_s`; return the status."""
        with self._lock:
            if self._recording is not None:
                self._recording.renew_hold(self._clock(), held_s)
        return self.status()

    def release_hold(self, held_s: float) -> RecordingStatus:
        """End a recording whose button was held for `held_s`; return the status once stored."""
        with self._lock:
            if self._recording is not None:
                self._recording.renew_hold(self._clock(), held_s, released=True)
        return self.stop()

    def status(self) -> RecordingStatus:
        """Return the current or last recording's status; end it if a button's lease has expired."""
        with self._lock:
            if self._recording is None:
                return RecordingStatus()
            self._recording.check_hold(self._clock())
            return self._recording.status()

    def stop(self, *, wait: bool = True) -> RecordingStatus:
        """End the recording and return its status. If `wait`, block until all is stored."""
        with self._lock:
            recording = self._recording
            if recording is not None:
                recording.end()
        if recording is not None and wait:
            recording.writer.wait_until_stored()
        return self.status()

    def different_samples(self) -> tuple[list[int], int]:
        """Return the ids of the last recording's samples that look different from its others, and
        the number of all; none while it runs."""
        with self._lock:
            recording = self._recording
        if recording is None or recording.status().state != "idle":
            return [], 0
        recording.writer.wait_until_stored()
        return recording.different_ids()

    def close(self) -> None:
        """End the recording and the session; the next recording creates a new session."""
        with self._starting:
            self.stop()
            self._session_id = None


_all_recorders: "weakref.WeakSet[Recorder]" = weakref.WeakSet()


def stop_recordings(store: Store) -> None:
    """Stop all recorders of the store's owner in this process, and end their sessions."""
    for recorder in list(_all_recorders):
        if recorder.store.owner == store.owner:
            recorder.close()
