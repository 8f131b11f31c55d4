"""Bodies by MediaPipe's pose landmarker (Bazarevsky et al. 2020, "BlazePose").

Convention: a keypoint's score is its presence, the probability that it is inside the picture;
visibility, that nothing hides it. MediaPipe gives a pose no score: it is the mean visibility.
"""

from pathlib import Path

import cv2
import numpy as np

from core.errors import EstimatorError
from core.estimators.landmarkers import POSE
from core.estimators.mediapipe_task import Landmarks, MediapipeTask, fractions_to_pixels
from core.pose.blazepose_roi import TrackerSteps
from core.pose.skeletons.table import BODY_33
from core.pose.types import Estimate, Floats, Frame, Picture, Pose

NAME = "mediapipe-pose"
MAX_PEOPLE = 4

# As with hands, repeated in VIDEO mode the landmarks converge; a person who gets lost keeps those
# of the last pass. docs/measurements.md compares this with other modes.
_STILL_PASSES = 4
_MIN_SCORE = 1e-6  # a score of 0 would mean that the keypoint is missing


class MediapipePose(MediapipeTask):
    """33 keypoints of one to four bodies, in pixels and in metres from the centre of the hips.

    Args: see `MediapipeTask`. Raises WeightsError: the model is not prepared; EstimatorError: too
    many people.
    """

    name = NAME
    skeleton = BODY_33.name
    kind = POSE
    max_people = MAX_PEOPLE

    def __init__(
        self,
        weights_folder: Path,
        *,
        num_poses: int = 1,
        masks: bool = False,
        isolated: bool = True,
    ) -> None:
        _check_count(num_poses)
        super().__init__(weights_folder, num_poses=num_poses, masks=masks, isolated=isolated)
        self._steps = TrackerSteps(num_poses)

    def estimate(self, frame: Frame) -> Estimate:
        """Find the bodies in the next frame, sorted by mean visibility, highest first."""
        with self._lock:
            found = self._track_frame(frame)
            return self._to_estimate(
                found, self._steps, frame.size_hw, frame.time_s, frame.mirrored_view
            )

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the bodies in a single picture, run four times so that the landmarks converge; raise
        EstimatorError if `num_poses` is too large."""
        wanted = num_poses or self.num_poses
        _check_count(wanted)
        with self._lock:
            steps = TrackerSteps(wanted)
            first, *later = (
                self._to_estimate(found, steps, rgb.shape[:2], 0.0, mirrored_view)
                for found in self._find_in_still(rgb, wanted, _STILL_PASSES)
            )
        return next((one for one in reversed(later) if one.poses), first)

    def _to_estimate(
        self,
        landmarks: Landmarks,
        steps: TrackerSteps,
        size_hw: tuple[int, int],
        time_s: float,
        mirrored_view: bool,
    ) -> Estimate:
        """Build a picture's estimate: poses sorted by mean visibility, masks and tracking steps."""
        bodies = zip(landmarks.fractions, landmarks.world, landmarks.rest[0], strict=True)
        poses = [_to_body_pose(*body, size_hw) for body in bodies]
        tracking = steps.next([pose.keypoints for pose in poses])
        order = sorted(range(len(poses)), key=lambda i: -poses[i].score)
        masks = [  # MediaPipe gets large pictures shrunk
            mask if mask.shape == size_hw else np.asarray(cv2.resize(mask, size_hw[::-1]))
            for mask in (landmarks.rest[1] if landmarks.rest[1:] else ())
        ]
        return Estimate(
            tuple(poses[i] for i in order),
            size_hw,
            self.name,
            time_s,
            mirrored_view,
            skeleton=self.skeleton,
            masks=tuple(masks[i] for i in order) if masks else (),
            tracking=tracking,
        )


def _to_body_pose(
    fractions: Floats, world: Floats, visibility_presence: Floats, size_hw: tuple[int, int]
) -> Pose:
    """Build a body's pose; keypoints are scored by presence, the pose by its mean visibility."""
    visibility, presence = visibility_presence.T
    return Pose(
        keypoints=fractions_to_pixels(fractions, size_hw),
        scores=np.maximum(presence, np.float32(_MIN_SCORE)),
        score=float(visibility.mean(dtype=np.float64)),
        world=world,
        visibility=visibility.copy(),
    )


def _check_count(num_poses: int) -> None:
    if not 1 <= num_poses <= MAX_PEOPLE:
        raise EstimatorError(f"num_poses must be between 1 and {MAX_PEOPLE}, got {num_poses}")
