"""“That was wrong: it is …”: the last second of a stream becomes samples of the right gesture."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.errors import MediaError
from core.pose.drawing.poses import draw_estimate
from core.pose.types import AnyFrame, Crop, Estimate, Floats, Picture, RemoteFrame
from core.recording.recorder import Recorder
from core.recording.samples import (
    AddReport,
    make_sample,
    missing_pose_reason,
    rejection_reason,
    select_main_pose,
)
from core.store import NewSample
from core.words import count_words, join_words, words

HISTORY_S = 1.0
MAX_AGE_S = 1.5  # of the newest frame, on a slow machine
_MIN_INTERVAL_S = 0.07  # about ten frames per second: half a frame early still counts
_GREY = 40


@dataclass(frozen=True, eq=False)
class AnalysedFrame:
    """A stream's frame and its estimate."""

    frame: AnyFrame
    estimate: Estimate
    version: str

    def draw(self) -> Picture:
        """Draw the frame (if there is no picture, its keypoints) mirrored, as the viewer saw it."""
        if isinstance(self.frame, RemoteFrame):
            background = np.full((*self.frame.size_hw, 3), _GREY, np.uint8)
            return draw_estimate(background, self.estimate, mirror=self.frame.mirrored_view)
        return np.asarray(cv2.flip(self.frame.rgb, 1), np.uint8)


class FrameHistory:
    """The last second of a stream; the stream calls `remember`, the page `freeze`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._clock = threading.Lock(), clock
        self._arrival_s = clock()  # of the newest frame
        self._frames: deque[AnalysedFrame] = deque()

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """Add a frame to the last second's history of about ten frames; return "", as this `Watch`
        of the stream has no banner."""
        with self._lock:
            frames, self._arrival_s = self._frames, self._clock()
            if frames and frame.time_s < frames[-1].frame.time_s:
                frames.clear()  # a new stream
            if not frames or frame.time_s - frames[-1].frame.time_s >= _MIN_INTERVAL_S:
                frames.append(AnalysedFrame(frame, estimate, version))
            while frame.time_s - frames[0].frame.time_s > HISTORY_S:
                frames.popleft()
        return ""

    def freeze(self, max_age_s: float = MAX_AGE_S) -> tuple[AnalysedFrame, ...]:
        """Return the last second's frames for a correction, oldest first; raise MediaError if no
        frame has arrived within `max_age_s`."""
        with self._lock:
            if not self._frames or self._clock() - self._arrival_s > max_age_s:
                self._frames.clear()
                raise MediaError(
                    words("no picture came from the camera just now: try again when it runs")
                )
            return tuple(self._frames)


def attach_crops(
    frames: Sequence[AnalysedFrame], crops: Mapping[int, tuple[Crop | None, ...]]
) -> tuple[AnalysedFrame, ...]:
    """Add the crops that a browser sent later, keyed by frame number, to their frames."""
    return tuple(
        replace(one, frame=replace(one.frame, crops=crops[one.frame.index]))
        if isinstance(one.frame, RemoteFrame) and one.frame.index in crops
        else one
        for one in frames
    )


def list_handedness(frames: Sequence[AnalysedFrame]) -> list[str]:
    """Return which hands are in the frames: “Left”, “Right” or both; empty if unknown."""
    return sorted({p.handedness for f in frames for p in f.estimate.poses if p.handedness})


def add_correction(
    recorder: Recorder, gesture_id: int, frames: Sequence[AnalysedFrame], hand: str | None = None
) -> AddReport:
    """Store the valid frames as one recording of the gesture and report the rest as skipped; can be
    undone. Raise MediaError if none of the frames is valid.

    Args:
        hand: "Left" or "Right"; None: each frame's main pose.
    """
    report, samples = AddReport(), list[NewSample]()
    last: Floats | None = None
    for number, one in enumerate(frames, 1):
        pose = select_main_pose(one.estimate)
        if hand is not None:
            pose = next((p for p in one.estimate.poses if p.handedness == hand), None)
        reason = rejection_reason(pose, one.estimate, last)
        if reason is not None or pose is None:
            reason = reason or missing_pose_reason(one.estimate.skeleton)
            report.skipped.append((words("frame {number}", number=number), reason))
            continue
        last = pose.keypoints
        picture = recorder.with_pictures
        samples.append(
            make_sample(one.frame, pose, one.estimate, version=one.version, with_picture=picture)
        )
    if not samples:
        reasons = (words("{name}: {reason}", name=n, reason=why) for n, why in report.skipped[:5])
        raise MediaError(
            words(
                "nothing of the last second can be used ({reasons}): try again",
                reasons=join_words(reasons),
            )
        )
    store = recorder.store
    report.note("samples", store.add_samples(recorder.create_recording(gesture_id), samples))
    names = {gesture.id: gesture.name for gesture in store.gestures(recorder.project_id)}
    title = count_words(
        report.added,
        "Added {n:,} sample to “{gesture}”",
        "Added {n:,} samples to “{gesture}”",
        gesture=names[gesture_id],
    )
    store.record_additions(recorder.project_id, title, report.new)
    return report
