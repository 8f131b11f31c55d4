"""What MediaPipe's estimators share. A landmarker has two steps: a detector finds regions, a second
net finds the landmarks there; these then give the regions in the next frame.

A landmarker runs in a worker, since a picture may crash it; a camera's runs in this process.

Convention: MediaPipe's 0 and 1 are the picture's edges, so x = fraction · W − 0.5 in our pixels (a
pixel's centre at an integer).
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from core.errors import EstimatorError, WorkerError
from core.estimators.base import Estimator
from core.estimators.landmarkers import Landmarkers
from core.modelfiles.mediapipe_models import find_prepared_model
from core.pose.types import Floats, Frame, Picture
from core.words import words
from core.workers.channel import Arrays
from core.workers.process import Worker, borrow_worker, return_worker

MAX_SIDE_PX = 2000  # the nets take 192 to 256, and memory grows with the pixels
OPEN_TIMEOUT_S = 60.0  # MediaPipe's first import reads 100 MB
CALL_TIMEOUT_S = 20.0
_WORKER = "core.estimators.landmarkers"


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The landmarks of N poses in one picture."""

    fractions: Floats  # (N, K, 2) of the picture's width and height
    world: Floats  # (N, K, 3) in metres
    sides: tuple[str, ...]  # of hands, "Left" or "Right"
    # of hands the (N,) scores of the sides; of bodies (N, K, 2) visibility and presence, and (N, h,
    # w) masks where requested
    rest: Arrays


class MediapipeTask(Estimator):
    """A landmarker in VIDEO mode: one for the stream, a fresh one for each single picture. Raises
    WeightsError: the model is not prepared.

    Args:
        weights_folder: of the prepared models.
        num_poses: how many to find in a stream. While fewer are found the detector runs on every
            frame.
        masks: also find which pixels are a person's.
        isolated: run in a worker, for strangers' pictures; False: in this process.
    """

    can_isolate = True
    kind: ClassVar[str]  # HAND or POSE of `landmarkers`

    def __init__(
        self,
        weights_folder: Path,
        *,
        num_poses: int = 1,
        masks: bool = False,
        isolated: bool = True,
    ) -> None:
        self.version = f"{version('mediapipe')}/full"
        self.num_poses = num_poses
        self.vendor_s = 0.0  # CPU time of MediaPipe's last call in a stream
        self._options = {"kind": self.kind, "masks": masks, "num_poses": num_poses}
        path = find_prepared_model(f"{self.kind}_landmarker_full", weights_folder)
        self._content = np.frombuffer(path.read_bytes(), np.uint8)
        self._lock = threading.Lock()
        self._closed, self._opened = False, False
        self._isolated = isolated
        self._runner: Worker | Landmarkers | None = None
        self._last_ms = -1

    def close(self) -> None:
        """Free the landmarker after any running call, and return its worker to the pool."""
        with self._lock:
            self._closed = True
            runner, self._runner = self._runner, None
            if runner is not None and runner.is_running:
                with suppress(WorkerError):
                    runner.call("close", timeout_s=CALL_TIMEOUT_S)
            if isinstance(runner, Worker):
                return_worker(runner)

    def _track_frame(self, frame: Frame) -> Landmarks:
        """Find the landmarks in the stream's next frame. The caller holds the lock."""
        # the landmarker requires strictly increasing whole milliseconds, whatever the clock does
        self._last_ms = max(int(frame.time_s * 1000), self._last_ms + 1)
        answer, arrays = self._call_runner("track", {"time_ms": self._last_ms}, frame.rgb)
        self.vendor_s = answer["vendor_s"]
        return _to_landmarks(answer, arrays)

    def _find_in_still(self, rgb: Picture, num_poses: int, passes: int) -> list[Landmarks]:
        """Find landmarks in a single picture by up to `passes` runs of a new landmarker, until one
        finds nothing; return each run's landmarks. The caller holds the lock."""
        options = {"num_poses": num_poses, "passes": passes}
        answer, arrays = self._call_runner("still", options, rgb)
        found = []
        for one in answer["passes"]:
            found.append(_to_landmarks(one, arrays[: one["arrays"]]))
            arrays = arrays[one["arrays"] :]
        return found

    def _call_runner(
        self, command: str, options: dict[str, Any], rgb: Picture
    ) -> tuple[dict[str, Any], Arrays]:
        """Send a command with a picture, shrunk to MAX_SIDE_PX, to the landmarker, opening its
        model first; return its answer and arrays. Raise EstimatorError if this is closed, or the
        picture crashed the worker."""
        if self._closed:
            raise EstimatorError(words("this estimator is closed: create a new one"))
        try:
            if self._runner is None:
                self._runner = borrow_worker(_WORKER) if self._isolated else Landmarkers()
            runner = self._runner
            if not (self._opened and runner.is_running):
                runner.call("open", self._options, [self._content], timeout_s=OPEN_TIMEOUT_S)
                self._opened = True
            return runner.call(command, options, [shrink_picture(rgb)], timeout_s=CALL_TIMEOUT_S)
        except WorkerError as error:
            self._opened = False
            height, width = rgb.shape[:2]
            raise EstimatorError(
                words(
                    "MediaPipe failed on a picture of {width} x {height} pixels: {error}. It "
                    "was restarted: continue with another picture",
                    width=width,
                    height=height,
                    error=error.text,
                )
            ) from error


def shrink_picture(rgb: Picture, max_side_px: int = MAX_SIDE_PX) -> Picture:
    """Shrink a picture to a longer side of `max_side_px`; a smaller one is unchanged."""
    scale = max_side_px / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size_wh = [max(1, round(side * scale)) for side in (rgb.shape[1], rgb.shape[0])]
    return np.asarray(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def fractions_to_pixels(fractions: Floats, size_hw: tuple[int, int]) -> Floats:
    """Convert (K, 2) fractions of the picture's sides to pixels."""
    return np.asarray(fractions * (size_hw[1], size_hw[0]) - 0.5, np.float32)


def _to_landmarks(answer: dict[str, Any], arrays: Arrays) -> Landmarks:
    fractions, world, *rest = arrays
    return Landmarks(fractions, world, tuple(answer.get("sides", ())), rest)
