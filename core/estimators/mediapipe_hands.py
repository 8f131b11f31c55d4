"""Hands by MediaPipe's hand landmarker (Zhang et al. 2020, "MediaPipe Hands").

Convention: handedness is the person's own hand, as the Tasks API names it on unmirrored pictures.
MediaPipe gives a hand no score, so it gets that of its side: the confidence that it is a left or a
right hand, which may be high for a hand that is hardly visible.
"""

from dataclasses import replace

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
from core.pose.types import Estimate, Frame, Picture, Pose

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
    """21 keypoints of one or two hands; the second one costs about 15 ms more a frame.

    Args: see `MediapipeTask`.
    """

    name = NAME
    skeleton = HAND_21.name
    kind = HAND

    def estimate(self, frame: Frame) -> Estimate:
        """Find the hands in the next frame, sorted by score, highest first."""
        with self._lock:
            poses = _to_poses(self._track_frame(frame), frame.size_hw)
        return Estimate(poses, frame.size_hw, self.name, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the hands in a single picture, sorted by score, highest first.

        A picture without a hand gets a second try, enlarged and with a border: the palm detector
        needs surroundings, which a tight crop lacks. So does a small picture with small hands; a
        clearly larger hand then replaces them.
        """
        hands, side = num_poses or self.num_poses, max(rgb.shape[:2])
        with self._lock:
            poses = self._find_poses(rgb, hands)
            is_small = _measure_largest_px(poses) < _MIN_HAND_FRACTION * side
            if not poses or (side < _RETRY_MIN_PX and is_small):
                retry = self._find_with_border(rgb, hands)
                gain = _MIN_RETRY_GAIN * _measure_largest_px(poses)
                poses = retry if _measure_largest_px(retry) > gain else poses
        return Estimate(poses, rgb.shape[:2], self.name, 0.0, mirrored_view)

    def _find_poses(self, rgb: Picture, num_hands: int) -> tuple[Pose, ...]:
        passes = self._find_in_still(rgb, num_hands, _STILL_PASSES)
        return _to_poses(passes[-1], rgb.shape[:2])

    def _find_with_border(self, rgb: Picture, num_hands: int) -> tuple[Pose, ...]:
        """Scale the picture's longer side to 300..1,000 px, pad each side by that length with edge
        pixels, and find hands; their keypoints are in the original picture's pixels."""
        side = max(rgb.shape[:2])
        scale = min(max(1.0, _RETRY_MIN_PX / side), _RETRY_MAX_PX / side)
        border = round(side * scale)
        if scale > 1:
            large = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            rgb = np.asarray(large, np.uint8)
        rgb = shrink_picture(rgb, _RETRY_MAX_PX)
        wide = cv2.copyMakeBorder(rgb, border, border, border, border, cv2.BORDER_REPLICATE)
        found = self._find_poses(np.asarray(wide, np.uint8), num_hands)
        shift = (0.5 - border) / scale - 0.5
        return tuple(replace(p, keypoints=p.keypoints / np.float32(scale) + shift) for p in found)


def _to_poses(landmarks: Landmarks, size_hw: tuple[int, int]) -> tuple[Pose, ...]:
    """Build the hands' poses, highest score first; keypoints get the handedness score."""
    poses = []
    for fractions, world, side, side_score in zip(
        landmarks.fractions, landmarks.world, landmarks.sides, landmarks.rest[0], strict=True
    ):
        points = fractions_to_pixels(fractions, size_hw)
        scores = np.full(len(points), side_score, np.float32)
        poses.append(Pose(points, scores, float(side_score), side, world))
    return tuple(sorted(poses, key=lambda pose: -pose.score))


def _measure_largest_px(poses: tuple[Pose, ...]) -> float:
    """Return the longer side of the largest hand's box; 0 without a hand."""
    return max((float(np.ptp(pose.keypoints, axis=0).max()) for pose in poses), default=0.0)
