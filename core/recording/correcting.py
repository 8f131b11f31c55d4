"""“That was wrong: it is …”: the last second of a stream becomes samples of the right gesture."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.errors import MediaError
from core.gestures.labels import format_count
from core.pose.drawing.poses import draw_estimate
from core.pose.types import AnyFrame, Crop, Estimate, Floats, Picture, Pose, RemoteFrame
from core.recording.recorder import Recorder
from core.recording.samples import nothing_found, recorded_pose, refusal, sample_of
from core.recording.stills import Added
from core.store import NewSample

SECONDS = 1.0
FRESH_S = 1.5  # a slow machine's newest frame is a little older than now
_GROUND = 40  # grey
_APART_S = 0.07  # half a frame early still counts as ten a second


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame with what was found in it."""

    frame: AnyFrame
    estimate: Estimate
    version: str

    def seen(self) -> Picture:
        """As the viewer saw it; without a picture of it the keypoints alone."""
        if isinstance(self.frame, RemoteFrame):
            ground = np.full((*self.frame.size_hw, 3), _GROUND, np.uint8)
            return draw_estimate(ground, self.estimate, mirror=self.frame.mirrored_view)
        return np.asarray(cv2.flip(self.frame.rgb, 1), np.uint8)

    def pose(self, hand: str | None) -> Pose | None:
        """The hand of that handedness; the one that is recorded where none is asked for."""
        if hand is None:
            return recorded_pose(self.estimate)
        return next((p for p in self.estimate.poses if p.handedness == hand), None)


class LastSecond:
    """Remembers what a stream just showed; `remember` is the stream's, `freeze` the page's.

    Args:
        clock: seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._clock = threading.Lock(), clock
        self._came_s = clock()  # the newest frame
        self._moments: deque[Moment] = deque()

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """A `Watch` of the stream: keeps about ten frames of the last second, says nothing."""
        with self._lock:
            kept, self._came_s = self._moments, self._clock()
            if kept and frame.time_s < kept[-1].frame.time_s:
                kept.clear()  # another stream began
            if not kept or frame.time_s - kept[-1].frame.time_s >= _APART_S:
                kept.append(Moment(frame, estimate, version))
            while frame.time_s - kept[0].frame.time_s > SECONDS:
                kept.popleft()
        return ""

    def freeze(self, within_s: float = FRESH_S) -> tuple[Moment, ...]:
        """The moments of the last second, oldest first.

        Args:
            within_s: so long ago the newest frame may have come.

        Raises:
            MediaError: no frame came since.
        """
        with self._lock:
            if not self._moments or self._clock() - self._came_s > within_s:
                self._moments.clear()
                raise MediaError("no picture came from the camera just now: try again when it runs")
            return tuple(self._moments)


def with_crops(
    moments: Sequence[Moment], crops: Mapping[int, tuple[Crop | None, ...]]
) -> tuple[Moment, ...]:
    """The same with the squares and their JPEGs that came later, by the number of their frame."""
    return tuple(
        replace(one, frame=replace(one.frame, crops=crops[one.frame.index]))
        if isinstance(one.frame, RemoteFrame) and one.frame.index in crops
        else one
        for one in moments
    )


def hands_of(moments: Sequence[Moment]) -> list[str]:
    """Whose hands are seen: "Left", "Right", both or, where they are not told apart, none."""
    seen = {p.handedness for m in moments for p in m.estimate.poses if p.handedness}
    return sorted(seen)


def correct(
    recorder: Recorder, gesture_id: int, moments: Sequence[Moment], hand: str | None = None
) -> tuple[Added, list[int]]:
    """Store the moments as one recording of the gesture, bad frames refused as when recording;
    an action that can be undone.

    Args:
        hand: "Left" or "Right"; None: the surest hand of each frame.

    Returns:
        What was kept and why others were not, and the new samples' ids.

    Raises:
        MediaError: not one good hand is among them.
    """
    samples: list[NewSample] = []
    refused: list[tuple[str, str]] = []
    last: Floats | None = None
    for number, moment in enumerate(moments, 1):
        pose = moment.pose(hand)
        reason = refusal(pose, moment.estimate, last, recorder.limits)
        if reason is not None or pose is None:
            nothing = nothing_found(moment.estimate.skeleton)
            refused.append((f"frame {number}", reason or nothing))
            continue
        last = pose.keypoints
        sample = sample_of(
            moment.frame,
            pose,
            moment.estimate,
            version=moment.version,
            with_picture=recorder.with_pictures,
        )
        samples.append(sample)
    added = Added(len(samples), tuple(refused))
    if not samples:
        raise MediaError(f"nothing of the last second can be used: {added.text}; try again")
    store, recording = recorder.store, recorder.begin_recording(gesture_id)
    ids = store.add_samples(recording, samples)
    names = {gesture.id: gesture.name for gesture in store.gestures(recorder.project_id)}
    title = f"Added {format_count(len(ids), 'sample')} to “{names[gesture_id]}”"
    store.record_additions(recorder.project_id, title, {"samples": ids})
    return added, ids
