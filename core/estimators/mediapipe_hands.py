"""Hands by MediaPipe's hand landmarker (Zhang et al. 2020, "MediaPipe Hands").

Convention: the vendor's fraction of the width means a position between pixel edges, so
x = fraction · W − 0.5 in our pixels (a pixel's centre at an integer). Handedness is the person's
own hand, as the Tasks API names it on unmirrored pictures.
"""

import os
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.pose.skeletons import HAND_21
from core.pose.types import Estimate, Floats, Frame, Picture, Pose
from core.weights.mediapipe_models import path_of

NAME = "mediapipe-hands"

# IMAGE mode turns the first crop wrongly; repeated in VIDEO mode the landmarks settle. Median
# distance to the settled ones, in % of the hand: 1.93, 0.62, 0.32, 0.15 after 1, 2, 3, 4 looks.
_STILL_PASSES = 4
_STILL_STEP_MS = 33
_RETRY_MIN_PX = 300
# In a tight crop the palm detector may take a knuckle for a palm. Of 1,002 crops of HaGRID 20 had a
# hand smaller than this share; 8 of them were such mistakes, and seen right with surroundings.
_SMALL_SHARE = 0.5
_CLEARLY_LARGER = 1.25


# MediaPipe's C++ reports its use to https://play.googleapis.com/log and has no switch for that, but
# its HTTP client asks the environment for a proxy: nobody listens at this one, so nothing is looked
# up and nothing is sent. It holds for the whole process.
NOWHERE = "http://127.0.0.1:9"


def _keep_reports_here() -> None:
    os.environ["https_proxy"] = os.environ["HTTPS_PROXY"] = NOWHERE
    for name in ("no_proxy", "NO_PROXY"):  # where a way round the proxy may be named
        os.environ.pop(name, None)


class MediapipeHands(Estimator):
    """21 keypoints of one or two hands.

    Args:
        weights_folder: where the prepared models lie.
        num_hands: how many hands to look for in a stream; 2 costs about 15 ms more a frame.
        model: "full" or "lite".

    Raises:
        WeightsError: the model is not prepared.
    """

    name = NAME
    skeleton = HAND_21.name

    def __init__(self, weights_folder: Path, *, num_hands: int = 1, model: str = "full") -> None:
        _keep_reports_here()
        import mediapipe

        self.version = f"{mediapipe.__version__}/{model}"
        self.num_hands = num_hands
        self._content = path_of(f"hand_landmarker_{model}", weights_folder).read_bytes()
        self._lock = threading.Lock()
        self._closed = False
        self._landmarker: Any = None
        self._last_ms = -1

    def estimate(self, frame: Frame) -> Estimate:
        """The hands in the next frame, most confident first; tracked from the frame before.

        Raises:
            EstimatorError: closed.
        """
        poses = _poses(self._next_result(frame), frame.size_hw)
        return Estimate(poses, frame.size_hw, self.name, frame.time_s, frame.mirrored_view)

    def count_hands(self, frame: Frame) -> int:
        """Hands in the next frame, by the vendor's call alone: what a bare loop would cost."""
        return len(self._next_result(frame).hand_landmarks)

    def _next_result(self, frame: Frame) -> Any:
        with self._lock:
            self._check_open()
            if self._landmarker is None:
                self._landmarker = self._new_landmarker(self.num_hands)
            # the landmarker wants strictly increasing whole milliseconds, whatever the clock does
            self._last_ms = max(int(frame.time_s * 1000), self._last_ms + 1)
            return _detect(self._landmarker, frame.rgb, self._last_ms)

    def estimate_still(
        self, rgb: Picture, *, num_hands: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The hands in a picture that stands alone.

        A picture without a hand is looked at once more, enlarged and with a border: the palm
        detector needs surroundings, which a tight crop does not have. So is a small picture whose
        hands are small in it; a hand that is clearly larger then counts instead.

        Raises:
            EstimatorError: closed.
        """
        hands = num_hands or self.num_hands
        with self._lock:
            self._check_open()
            poses = self._settled(rgb, hands)
            if _is_suspect(poses, rgb):
                scale, border = _retry_geometry(rgb.shape[0], rgb.shape[1])
                found = self._settled(_enlarged(rgb, scale, border), hands)
                again = tuple(_moved_back(pose, scale, border) for pose in found)
                poses = again if _largest(again) > _CLEARLY_LARGER * _largest(poses) else poses
        size_hw = (int(rgb.shape[0]), int(rgb.shape[1]))
        return Estimate(poses, size_hw, self.name, 0.0, mirrored_view)

    def _settled(self, rgb: Picture, num_hands: int) -> tuple[Pose, ...]:
        # A fresh landmarker each time: a used one would look where the last picture's hand was.
        with self._new_landmarker(num_hands) as landmarker:
            for number in range(_STILL_PASSES):
                result = _detect(landmarker, rgb, number * _STILL_STEP_MS)
                poses = _poses(result, (rgb.shape[0], rgb.shape[1]))
                if not poses:
                    break
        return poses

    def close(self) -> None:
        """Free the landmarker; waits for a running call, since closing under it would crash."""
        with self._lock:
            self._closed = True
            if self._landmarker is not None:
                self._landmarker.close()
                self._landmarker = None

    def _check_open(self) -> None:
        if self._closed:
            raise EstimatorError("this estimator is closed: create a new one")

    def _new_landmarker(self, num_hands: int) -> Any:
        from mediapipe.tasks.python import BaseOptions
        from mediapipe.tasks.python.vision import (
            HandLandmarker,
            HandLandmarkerOptions,
            RunningMode,
        )

        options = HandLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=self._content),
            running_mode=RunningMode.VIDEO,
            num_hands=num_hands,
        )
        return HandLandmarker.create_from_options(options)


def _detect(landmarker: Any, rgb: Picture, time_ms: int) -> Any:
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
    return landmarker.detect_for_video(image, time_ms)


def _poses(result: Any, size_hw: tuple[int, int]) -> tuple[Pose, ...]:
    hands = zip(result.hand_landmarks, result.hand_world_landmarks, result.handedness, strict=True)
    return tuple(sorted((_pose(*hand, size_hw) for hand in hands), key=lambda pose: -pose.score))


def _pose(landmarks: Any, world: Any, handedness: Any, size_hw: tuple[int, int]) -> Pose:
    height, width = size_hw
    score = float(handedness[0].score)
    return Pose(
        keypoints=np.array(
            [(p.x * width - 0.5, p.y * height - 0.5) for p in landmarks], np.float32
        ),
        scores=np.array([score] * len(landmarks), np.float32),
        score=score,
        handedness=handedness[0].category_name,
        world=np.array([(p.x, p.y, p.z) for p in world], np.float32),
    )


def _is_suspect(poses: tuple[Pose, ...], rgb: Picture) -> bool:
    """No hand, or in a small picture (a crop, most likely) none that fills a good part of it."""
    side = max(rgb.shape[:2])
    return not poses or (side < _RETRY_MIN_PX and _largest(poses) < _SMALL_SHARE * side)


def _largest(poses: tuple[Pose, ...]) -> float:
    """Longer side of the largest hand's box, px; 0 without a hand."""
    return max((float(np.ptp(pose.keypoints, axis=0).max()) for pose in poses), default=0.0)


def _retry_geometry(height: int, width: int) -> tuple[float, int]:
    """Factor to at least 300 px on the longer side, and then a border as wide as that side."""
    scale = max(1.0, _RETRY_MIN_PX / max(height, width))
    return scale, round(max(height, width) * scale)


def _enlarged(rgb: Picture, scale: float, border: int) -> Picture:
    if scale > 1:
        rgb = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    wide = cv2.copyMakeBorder(rgb, border, border, border, border, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)


def _moved_back(pose: Pose, scale: float, border: int) -> Pose:
    """Keypoints in the original's pixels: pixel centres stay centres."""
    points: Floats = ((pose.keypoints - border + 0.5) / scale - 0.5).astype(np.float32)
    return Pose(points, pose.scores, pose.score, pose.handedness, pose.world, pose.space)
