"""Bodies by MediaPipe's pose landmarker (Bazarevsky et al. 2020, "BlazePose").

Convention: a keypoint's score is its presence, how likely it is in the picture at all; visibility
says that nothing hides it. The vendor gives a pose no score: it is the mean visibility.
"""

from pathlib import Path

import cv2
import numpy as np

from core.errors import EstimatorError
from core.estimators.landmarkers import POSE
from core.estimators.mediapipe_task import Found, MediapipeTask, in_pixels
from core.pose.body import TwoSteps
from core.pose.skeletons.table import BODY_33
from core.pose.types import Estimate, Floats, Frame, Picture, Pose

NAME = "mediapipe-pose"
MAX_PEOPLE = 4

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
        isolated: as `MediapipeTask` has it.

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
        isolated: bool = True,
    ) -> None:
        _check_count(num_poses)
        super().__init__(
            weights_folder,
            num_poses,
            "pose_landmarker",
            model,
            kind=POSE,
            masks=masks,
            isolated=isolated,
        )
        self._steps = TwoSteps(num_poses)

    def estimate(self, frame: Frame) -> Estimate:
        """The bodies in the next frame, most visible first; tracked from the frame before.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            found = self._follow(frame)
            return self._estimate(
                found, self._steps, frame.size_hw, frame.time_s, frame.mirrored_view
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
            steps = TwoSteps(wanted)
            first, *later = (
                self._estimate(found, steps, size_hw, 0.0, mirrored_view)
                for found in self._settled_results(rgb, wanted, _STILL_PASSES)
            )
        return next((one for one in reversed(later) if one.poses), first)

    def _estimate(
        self,
        found: Found,
        steps: TwoSteps,
        size_hw: tuple[int, int],
        time_s: float,
        mirrored_view: bool,
    ) -> Estimate:
        bodies = zip(found.fractions, found.world, found.rest[0], strict=True)
        poses = [_pose(*body, size_hw) for body in bodies]
        tracking = steps.next([pose.keypoints for pose in poses])
        order = sorted(range(len(poses)), key=lambda i: -poses[i].score)
        masks = [_full_size(mask, size_hw) for mask in (found.rest[1] if found.rest[1:] else ())]
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


def _pose(fractions: Floats, world: Floats, seen: Floats, size_hw: tuple[int, int]) -> Pose:
    """Args:
    seen: (K, 2) visibility and presence.
    """
    visibility, presence = seen.T
    return Pose(
        keypoints=in_pixels(fractions, size_hw),
        scores=np.maximum(presence, np.float32(_SEEN)),
        score=float(visibility.mean(dtype=np.float64)),
        world=world,
        visibility=visibility.copy(),
    )


def _full_size(mask: Floats, size_hw: tuple[int, int]) -> Floats:
    """The mask with the picture's pixels: MediaPipe is shown large pictures smaller."""
    if mask.shape == size_hw:
        return mask
    return np.asarray(cv2.resize(mask, size_hw[::-1]), np.float32)


def _check_count(num_poses: int) -> None:
    if not 1 <= num_poses <= MAX_PEOPLE:
        raise EstimatorError(f"{num_poses} persons can't be looked for: say 1 to {MAX_PEOPLE}")
