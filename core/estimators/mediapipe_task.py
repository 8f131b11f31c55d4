"""What MediaPipe's landmarkers have in common: two steps, of which a detector finds where to look
and a second net finds the landmarks there; from then on these say where to look in the next frame.

Convention: the vendor's fraction of the width means a position between pixel edges, so
x = fraction · W − 0.5 in our pixels (a pixel's centre at an integer).
"""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.pose.types import Floats, Frame, Picture
from core.weights.mediapipe_models import path_of

_STILL_STEP_MS = 33

# MediaPipe's C++ reports its use to https://play.googleapis.com/log and has no switch for that, but
# its HTTP client asks the environment for a proxy: nobody listens at this one, so nothing is looked
# up and nothing is sent. It holds for the whole process.
NOWHERE = "http://127.0.0.1:9"


def _keep_reports_here() -> None:
    os.environ["https_proxy"] = os.environ["HTTPS_PROXY"] = NOWHERE
    for name in ("no_proxy", "NO_PROXY"):  # where a way round the proxy may be named
        os.environ.pop(name, None)


class MediapipeTask(Estimator):
    """A landmarker in VIDEO mode: one for the stream, a fresh one for each picture.

    Args:
        weights_folder: where the prepared models lie.
        num_poses: how many to look for in a stream. While fewer are seen the detector runs on every
            frame.
        bundle: the prepared model's name.
        model: its size, for `version`.

    Raises:
        WeightsError: the model is not prepared.
    """

    def __init__(self, weights_folder: Path, num_poses: int, bundle: str, model: str) -> None:
        _keep_reports_here()
        import mediapipe

        self.version = f"{mediapipe.__version__}/{model}"
        self.num_poses = num_poses
        self._content = path_of(f"{bundle}_{model}", weights_folder).read_bytes()
        self._lock = threading.Lock()
        self._closed = False
        self._landmarker: Any = None
        self._last_ms = -1

    def count(self, frame: Frame) -> int:
        """Poses in the next frame, by the vendor's call alone: what a bare loop would cost."""
        with self._lock:
            return len(self._landmarks(self._next_result(frame)))

    def close(self) -> None:
        """Free the landmarker; waits for a running call, since closing under it would crash."""
        with self._lock:
            self._closed = True
            if self._landmarker is not None:
                self._landmarker.close()
                self._landmarker = None

    def _next_result(self, frame: Frame) -> Any:
        """The vendor's, of the next frame; under the lock."""
        self._check_open()
        if self._landmarker is None:
            self._landmarker = self._new_landmarker(self.num_poses)
        # the landmarker wants strictly increasing whole milliseconds, whatever the clock does
        self._last_ms = max(int(frame.time_s * 1000), self._last_ms + 1)
        return _detect(self._landmarker, frame.rgb, self._last_ms)

    def settled_results(self, rgb: Picture, num_poses: int, passes: int) -> list[Any]:
        """The vendor's of a picture, shown so many times to a fresh landmarker: a used one would
        look where the last picture's was. Ends where nothing is found."""
        results = []
        with self._new_landmarker(num_poses) as landmarker:
            for number in range(passes):
                results.append(_detect(landmarker, rgb, number * _STILL_STEP_MS))
                if not self._landmarks(results[-1]):
                    break
        return results

    def _check_open(self) -> None:
        if self._closed:
            raise EstimatorError("this estimator is closed: create a new one")

    def _new_landmarker(self, num_poses: int) -> Any:
        """The vendor's, in VIDEO mode."""
        raise NotImplementedError

    def _landmarks(self, result: Any) -> list[Any]:
        """One list of landmarks a pose, of the vendor's result."""
        raise NotImplementedError


def in_pixels(landmarks: Any, size_hw: tuple[int, int]) -> Floats:
    """(K, 2) of the vendor's landmarks."""
    height, width = size_hw
    points = [(p.x * width - 0.5, p.y * height - 0.5) for p in landmarks]
    return np.array(points, np.float32)


def in_metres(landmarks: Any) -> Floats:
    """(K, 3) of the vendor's world landmarks."""
    return np.array([(p.x, p.y, p.z) for p in landmarks], np.float32)


def _detect(landmarker: Any, rgb: Picture, time_ms: int) -> Any:
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
    return landmarker.detect_for_video(image, time_ms)
