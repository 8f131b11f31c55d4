"""Hands by MediaPipe's hand landmarker (Zhang et al. 2020, "MediaPipe Hands").

Convention: handedness is the person's own hand, as the Tasks API names it on unmirrored pictures.
MediaPipe gives a hand no score, so it gets that of its side: the confidence that it is a left or a
right hand, which may be high for a hand that is hardly visible.
"""

from pathlib import Path

import cv2
import numpy as np

from core.estimators.landmarkers import HAND
from core.estimators.mediapipe_task import (
    Landmarks,
    MediapipeTask,
    fractions_to_pixels,
    shrink_picture,
)
from core.pose.skeletons.table import HAND_21
from core.pose.types import Estimate, Floats, Frame, Picture, Pose

NAME = "mediapipe-hands"

# IMAGE mode rotates the first crop wrongly; repeated in VIDEO mode the landmarks converge. Median
# distance to the final ones, in % of the hand: 1.93, 0.62, 0.32, 0.15 after 1, 2, 3, 4 passes.
_STILL_PASSES = 4
_RETRY_MIN_PX, _RETRY_MAX_PX = 300, 1000  # longer side, before the border triples it
# In a tight crop the palm detector may take a knuckle for a palm. Of 1,002 crops of HaGRID 20 had a
# hand smaller than this fraction; 8 of them were such mistakes, and found correctly with a border.
_MIN_HAND_FRACTION = 0.5
_MIN_RETRY_GAIN = 1.25  # by which a hand must be larger on the second try to replace the first


class MediapipeHands(MediapipeTask):
    """21 keypoints of one or two hands.

    Args:
        weights_folder: of the prepared models.
        num_poses: how many hands to find in a stream; 2 costs about 15 ms more a frame.
        model: "full" or "lite".
        isolated: see `MediapipeTask`.

    Raises:
        WeightsError: the model is not prepared.
    """

    name = NAME
    skeleton = HAND_21.name

    def __init__(
        self,
        weights_folder: Path,
        *,
        num_poses: int = 1,
        model: str = "full",
        isolated: bool = True,
    ) -> None:
        bundle = "hand_landmarker"
        super().__init__(weights_folder, num_poses, bundle, model, kind=HAND, isolated=isolated)

    def estimate(self, frame: Frame) -> Estimate:
        """Find the hands in the next frame, sorted by score, highest first.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            poses = _to_poses(self._track_frame(frame), frame.size_hw)
        return Estimate(poses, frame.size_hw, self.name, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the hands in a single picture; try again with a border where none, or only a small
        one, was found.

        A picture without a hand gets a second try, enlarged and with a border: the palm detector
        needs surroundings, which a tight crop lacks. So does a small picture with small hands; a
        clearly larger hand then replaces them.

        Raises:
            EstimatorError: closed.
        """
        hands = num_poses or self.num_poses
        with self._lock:
            poses = self._find_poses(rgb, hands)
            if _needs_retry(poses, rgb):
                scale, border = _retry_geometry(rgb.shape[0], rgb.shape[1])
                found = self._find_poses(_enlarge_with_border(rgb, scale, border), hands)
                retry = tuple(_undo_enlargement(pose, scale, border) for pose in found)
                gain = _MIN_RETRY_GAIN * _largest_hand_px(poses)
                poses = retry if _largest_hand_px(retry) > gain else poses
        size_hw = (int(rgb.shape[0]), int(rgb.shape[1]))
        return Estimate(poses, size_hw, self.name, 0.0, mirrored_view)

    def _find_poses(self, rgb: Picture, num_hands: int) -> tuple[Pose, ...]:
        passes = self._find_in_still(rgb, num_hands, _STILL_PASSES)
        return _to_poses(passes[-1], (rgb.shape[0], rgb.shape[1]))


def _to_poses(landmarks: Landmarks, size_hw: tuple[int, int]) -> tuple[Pose, ...]:
    hands = zip(
        landmarks.fractions, landmarks.world, landmarks.sides, landmarks.rest[0], strict=True
    )
    poses = [_to_hand_pose(*hand, size_hw) for hand in hands]
    return tuple(sorted(poses, key=lambda pose: -pose.score))


def _to_hand_pose(
    fractions: Floats, world: Floats, side: str, side_score: float, size_hw: tuple[int, int]
) -> Pose:
    """Build a hand's pose; every keypoint gets the score of its side."""
    score = float(side_score)
    return Pose(
        keypoints=fractions_to_pixels(fractions, size_hw),
        scores=np.full(len(fractions), score, np.float32),
        score=score,
        handedness=side,
        world=world,
    )


def _needs_retry(poses: tuple[Pose, ...], rgb: Picture) -> bool:
    """Whether to try again with a border: no hand was found, or the picture is small (probably a
    crop) and so is every hand."""
    side = max(rgb.shape[:2])
    is_small = _largest_hand_px(poses) < _MIN_HAND_FRACTION * side
    return not poses or (side < _RETRY_MIN_PX and is_small)


def _largest_hand_px(poses: tuple[Pose, ...]) -> float:
    """Return the longer side of the largest hand's box; 0 without a hand."""
    return max((float(np.ptp(pose.keypoints, axis=0).max()) for pose in poses), default=0.0)


def _retry_geometry(height: int, width: int) -> tuple[float, int]:
    """Return the scale that brings the longer side to 300..1,000 px, and a border, px, as wide as
    that side."""
    side = max(height, width)
    scale = min(max(1.0, _RETRY_MIN_PX / side), _RETRY_MAX_PX / side)
    return scale, round(side * scale)


def _enlarge_with_border(rgb: Picture, scale: float, border: int) -> Picture:
    """Scale the picture and surround it by a border, px, that repeats its edge."""
    if scale > 1:
        rgb = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    wide = cv2.copyMakeBorder(
        shrink_picture(rgb, _RETRY_MAX_PX), border, border, border, border, cv2.BORDER_REPLICATE
    )
    return np.asarray(wide, np.uint8)


def _undo_enlargement(pose: Pose, scale: float, border: int) -> Pose:
    """Return the pose in the original picture's pixels."""
    points: Floats = ((pose.keypoints - border + 0.5) / scale - 0.5).astype(np.float32)
    return Pose(points, pose.scores, pose.score, pose.handedness, pose.world, pose.space)
