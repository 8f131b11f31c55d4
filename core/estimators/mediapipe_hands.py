"""Hands by MediaPipe's hand landmarker (Zhang et al. 2020, "MediaPipe Hands").

Convention: handedness is the person's own hand, as the Tasks API names it on unmirrored pictures.
The vendor gives a hand no score: what it is given is its side's, how sure it is that the hand is a
left or a right one; a hand that is hardly seen may have a high one.
"""

from pathlib import Path

import cv2
import numpy as np

from core.estimators.landmarkers import HAND
from core.estimators.mediapipe_task import Found, MediapipeTask, in_pixels, shrink
from core.pose.skeletons.table import HAND_21
from core.pose.types import Estimate, Floats, Frame, Picture, Pose

NAME = "mediapipe-hands"

# IMAGE mode turns the first crop wrongly; repeated in VIDEO mode the landmarks settle. Median
# distance to the settled ones, in % of the hand: 1.93, 0.62, 0.32, 0.15 after 1, 2, 3, 4 looks.
_STILL_PASSES = 4
_RETRY_MIN_PX, _RETRY_MAX_PX = 300, 1000  # longer side, before the border makes nine times as many
# In a tight crop the palm detector may take a knuckle for a palm. Of 1,002 crops of HaGRID 20 had a
# hand smaller than this share; 8 of them were such mistakes, and seen right with surroundings.
_SMALL_SHARE = 0.5
_CLEARLY_LARGER = 1.25


class MediapipeHands(MediapipeTask):
    """21 keypoints of one or two hands.

    Args:
        weights_folder: where the prepared models lie.
        num_poses: how many hands to look for in a stream; 2 costs about 15 ms more a frame.
        model: "full" or "lite".
        isolated: as `MediapipeTask` has it.

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
        """The hands in the next frame, the surest of its side first; tracked from the frame before.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            poses = _poses(self._follow(frame), frame.size_hw)
        return Estimate(poses, frame.size_hw, self.name, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The hands in a picture that stands alone.

        A picture without a hand is looked at once more, enlarged and with a border: the palm
        detector needs surroundings, which a tight crop does not have. So is a small picture whose
        hands are small in it; a hand that is clearly larger then counts instead.

        Raises:
            EstimatorError: closed.
        """
        hands = num_poses or self.num_poses
        with self._lock:
            poses = self._settled(rgb, hands)
            if _is_suspect(poses, rgb):
                scale, border = _retry_geometry(rgb.shape[0], rgb.shape[1])
                found = self._settled(_enlarged(rgb, scale, border), hands)
                again = tuple(_moved_back(pose, scale, border) for pose in found)
                poses = again if _largest(again) > _CLEARLY_LARGER * _largest(poses) else poses
        size_hw = (int(rgb.shape[0]), int(rgb.shape[1]))
        return Estimate(poses, size_hw, self.name, 0.0, mirrored_view)

    def _settled(self, rgb: Picture, num_hands: int) -> tuple[Pose, ...]:
        results = self._settled_results(rgb, num_hands, _STILL_PASSES)
        return _poses(results[-1], (rgb.shape[0], rgb.shape[1]))


def _poses(found: Found, size_hw: tuple[int, int]) -> tuple[Pose, ...]:
    hands = zip(found.fractions, found.world, found.sides, found.rest[0], strict=True)
    return tuple(sorted((_pose(*hand, size_hw) for hand in hands), key=lambda pose: -pose.score))


def _pose(
    fractions: Floats, world: Floats, side: str, side_score: float, size_hw: tuple[int, int]
) -> Pose:
    score = float(side_score)  # of the side alone: there is no other
    return Pose(
        keypoints=in_pixels(fractions, size_hw),
        scores=np.full(len(fractions), score, np.float32),
        score=score,
        handedness=side,
        world=world,
    )


def _is_suspect(poses: tuple[Pose, ...], rgb: Picture) -> bool:
    """No hand, or in a small picture (a crop, most likely) none that fills a good part of it."""
    side = max(rgb.shape[:2])
    return not poses or (side < _RETRY_MIN_PX and _largest(poses) < _SMALL_SHARE * side)


def _largest(poses: tuple[Pose, ...]) -> float:
    """Longer side of the largest hand's box, px; 0 without a hand."""
    return max((float(np.ptp(pose.keypoints, axis=0).max()) for pose in poses), default=0.0)


def _retry_geometry(height: int, width: int) -> tuple[float, int]:
    """Factor to between 300 and 1,000 px on the longer side, and then a border as wide as that."""
    side = max(height, width)
    scale = min(max(1.0, _RETRY_MIN_PX / side), _RETRY_MAX_PX / side)
    return scale, round(side * scale)


def _enlarged(rgb: Picture, scale: float, border: int) -> Picture:
    if scale > 1:
        rgb = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    wide = cv2.copyMakeBorder(
        shrink(rgb, _RETRY_MAX_PX), border, border, border, border, cv2.BORDER_REPLICATE
    )
    return np.asarray(wide, np.uint8)


def _moved_back(pose: Pose, scale: float, border: int) -> Pose:
    """Keypoints in the original's pixels: pixel centres stay centres."""
    points: Floats = ((pose.keypoints - border + 0.5) / scale - 0.5).astype(np.float32)
    return Pose(points, pose.scores, pose.score, pose.handedness, pose.world, pose.space)
