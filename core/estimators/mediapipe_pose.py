"""Bodies by MediaPipe's pose landmarker (Bazarevsky et al. 2020, "BlazePose").

Convention: a keypoint's score is its presence, how likely it is in the picture at all; visibility
says that nothing hides it. The vendor gives a pose no score: it is the mean visibility.
"""

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import EstimatorError
from core.estimators.mediapipe_task import MediapipeTask, in_metres, in_pixels
from core.pose.body import TwoSteps
from core.pose.skeletons import BODY_33
from core.pose.types import Estimate, Floats, Frame, Picture, Pose

NAME = "mediapipe-pose"
MOST = 4  # persons

# As with hands, repeated in VIDEO mode the landmarks settle; a person who is lost on the way counts
# as last seen. docs/measurements.md has what other ways of reading a picture give.
_STILL_PASSES = 4
_SEEN = 1e-6  # a score of 0 would mean that the keypoint is missing


class MediapipePose(MediapipeTask):
    """33 keypoints of one to four bodies, in pixels and in metres from the hips' middle.

    Args:
        weights_folder: where the prepared models lie.
        num_poses: how many persons to look for in a stream.
        model: "full"; the published wheel holds no other.
        masks: also say which pixels are the persons'.

    Raises:
        WeightsError: no such model, or not prepared.
        EstimatorError: too many persons.
    """

    name = NAME
    skeleton = BODY_33.name

    def __init__(
        self,
        weights_folder: Path,
        *,
        num_poses: int = 1,
        model: str = "full",
        masks: bool = False,
    ) -> None:
        _check_count(num_poses)
        super().__init__(weights_folder, num_poses, "pose_landmarker", model)
        self._masks = masks
        self._steps = TwoSteps(num_poses)

    def estimate(self, frame: Frame) -> Estimate:
        """The bodies in the next frame, most visible first; tracked from the frame before.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            result = self._next_result(frame)
            return self._estimate(
                result, self._steps, frame.size_hw, frame.time_s, frame.mirrored_view
            )

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The bodies in a picture that stands alone.

        Raises:
            EstimatorError: closed, or too many persons.
        """
        wanted = num_poses or self.num_poses
        _check_count(wanted)
        size_hw = (int(rgb.shape[0]), int(rgb.shape[1]))
        with self._lock:
            self._check_open()
            steps = TwoSteps(wanted)
            first, *later = (
                self._estimate(result, steps, size_hw, 0.0, mirrored_view)
                for result in self.settled_results(rgb, wanted, _STILL_PASSES)
            )
        return next((one for one in reversed(later) if one.poses), first)

    def _estimate(
        self,
        result: Any,
        steps: TwoSteps,
        size_hw: tuple[int, int],
        time_s: float,
        mirrored_view: bool,
    ) -> Estimate:
        bodies = zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        poses = [_pose(landmarks, world, size_hw) for landmarks, world in bodies]
        tracking = steps.next([pose.keypoints for pose in poses])
        order = sorted(range(len(poses)), key=lambda i: -poses[i].score)
        masks = [_mask(one) for one in result.segmentation_masks or ()]
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

    def _new_landmarker(self, num_poses: int) -> Any:
        from mediapipe.tasks.python import BaseOptions
        from mediapipe.tasks.python.vision import (
            PoseLandmarker,
            PoseLandmarkerOptions,
            RunningMode,
        )

        options = PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=self._content),
            running_mode=RunningMode.VIDEO,
            num_poses=num_poses,
            output_segmentation_masks=self._masks,
        )
        return PoseLandmarker.create_from_options(options)

    def _landmarks(self, result: Any) -> list[Any]:
        return list(result.pose_landmarks)


def _pose(landmarks: Any, world: Any, size_hw: tuple[int, int]) -> Pose:
    seen = [p.visibility for p in landmarks]
    return Pose(
        keypoints=in_pixels(landmarks, size_hw),
        scores=np.array([max(p.presence, _SEEN) for p in landmarks], np.float32),
        score=sum(seen) / len(seen),
        world=in_metres(world),
        visibility=np.array(seen, np.float32),
    )


def _mask(image: Any) -> Floats:
    """A copy: the vendor's memory goes with its result."""
    return np.array(image.numpy_view(), np.float32).reshape(image.height, image.width)


def _check_count(num_poses: int) -> None:
    if not 1 <= num_poses <= MOST:
        raise EstimatorError(f"{num_poses} persons can't be looked for: say 1 to {MOST}")
