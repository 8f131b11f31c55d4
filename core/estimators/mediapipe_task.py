"""What MediaPipe's landmarkers have in common: two steps, of which a detector finds where to look
and a second net finds the landmarks there; from then on these say where to look in the next frame.

They run in a worker, since a picture may crash them; a camera's in this process.

Convention: the vendor's fraction of the width means a position between pixel edges, so
x = fraction · W − 0.5 in our pixels (a pixel's centre at an integer).
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.errors import EstimatorError, WorkerError
from core.estimators.base import Estimator
from core.estimators.landmarkers import Landmarkers
from core.modelfiles.mediapipe_models import find_prepared_model
from core.pose.types import Floats, Frame, Picture
from core.workers.channel import Arrays
from core.workers.process import Worker, borrow_worker, return_worker

MAX_SIDE = 2000  # px: the nets see 192 to 256, and memory grows with the pixels
OPEN_TIMEOUT_S = 60.0  # MediaPipe's first import reads 100 MB
LOOK_TIMEOUT_S = 20.0
_WORKER = "core.estimators.landmarkers"


@dataclass(frozen=True, eq=False)
class Found:
    """What one look found, N poses.

    Attributes:
        fractions: (N, K, 2) of the picture's width and height.
        world: (N, K, 3) in metres.
        sides: of hands, "Left" or "Right".
        rest: of hands the (N,) scores of the sides; of bodies (N, K, 2) visibility and presence,
            and (N, h, w) masks where they are asked for.
    """

    fractions: Floats
    world: Floats
    sides: tuple[str, ...]
    rest: Arrays

    def __len__(self) -> int:
        return len(self.fractions)


class MediapipeTask(Estimator):
    """A landmarker in VIDEO mode: one for the stream, a fresh one for each picture.

    Args:
        weights_folder: where the prepared models lie.
        num_poses: how many to look for in a stream. While fewer are seen the detector runs on every
            frame.
        bundle: the prepared model's name.
        model: its size, for `version`.
        kind: HAND or POSE of `landmarkers`.
        masks: of bodies: also say which pixels are the persons'.
        isolated: in a worker, as pictures of strangers are read; False: in this process.

    Attributes:
        vendor_s: seconds of CPU that the vendor's last call in a stream took of its thread.

    Raises:
        WeightsError: the model is not prepared.
    """

    can_isolate = True

    def __init__(
        self,
        weights_folder: Path,
        num_poses: int,
        bundle: str,
        model: str,
        *,
        kind: str,
        masks: bool = False,
        isolated: bool = True,
    ) -> None:
        self.version = f"{version('mediapipe')}/{model}"
        self.num_poses, self.vendor_s = num_poses, 0.0
        self._options = {"kind": kind, "masks": masks, "num_poses": num_poses}
        self._content = np.frombuffer(
            find_prepared_model(f"{bundle}_{model}", weights_folder).read_bytes(), np.uint8
        )
        self._lock = threading.Lock()
        self._closed, self._opened = False, False
        self._isolated = isolated
        self._runner: Worker | Landmarkers | None = None
        self._last_ms = -1

    def close(self) -> None:
        """Free the landmarker; waits for a running call."""
        with self._lock:
            self._closed = True
            runner, self._runner = self._runner, None
            if isinstance(runner, Worker):
                if runner.is_running:
                    with suppress(WorkerError):
                        runner.call("close", timeout_s=LOOK_TIMEOUT_S)
                return_worker(runner)
            elif runner is not None:
                runner.close()

    def _follow(self, frame: Frame) -> Found:
        """What is in the stream's next frame; under the lock."""
        # the landmarker wants strictly increasing whole milliseconds, whatever the clock does
        self._last_ms = max(int(frame.time_s * 1000), self._last_ms + 1)
        answer, arrays = self._ask("follow", {"time_ms": self._last_ms}, frame.rgb)
        self.vendor_s = answer["vendor_s"]
        return _found(answer, arrays)

    def _settled_results(self, rgb: Picture, num_poses: int, passes: int) -> list[Found]:
        """What is in a picture, after each of so many looks of a fresh landmarker; ends where
        nothing is found. Under the lock."""
        options = {"num_poses": num_poses, "passes": passes}
        answer, arrays = self._ask("still", options, rgb)
        return list(_split(answer["looks"], arrays))

    def _ask(
        self, command: str, options: dict[str, Any], rgb: Picture
    ) -> tuple[dict[str, Any], Arrays]:
        """The worker's answer about a picture, which it is shown at most MAX_SIDE wide and high.

        Raises:
            EstimatorError: closed, or the worker did not survive the picture.
        """
        if self._closed:
            raise EstimatorError("this estimator is closed: create a new one")
        try:
            runner = self._open_runner()
            return runner.call(command, options, [shrink(rgb)], timeout_s=LOOK_TIMEOUT_S)
        except WorkerError as error:
            self._opened = False
            height, width = rgb.shape[:2]
            raise EstimatorError(
                f"the keypoint finder failed on a picture of {width} x {height} pixels: {error}. "
                "It was restarted: go on with another picture"
            ) from error

    def _open_runner(self) -> Worker | Landmarkers:
        """The worker or this process's landmarkers, with this estimator's model open."""
        if self._runner is None:
            self._runner = borrow_worker(_WORKER) if self._isolated else Landmarkers()
        if not (self._opened and self._runner.is_running):
            self._runner.call("open", self._options, [self._content], timeout_s=OPEN_TIMEOUT_S)
            self._opened = True
        return self._runner


def shrink(rgb: Picture, max_side: int = MAX_SIDE) -> Picture:
    """The picture with at most so many pixels a side."""
    scale = max_side / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size_wh = [max(1, round(side * scale)) for side in (rgb.shape[1], rgb.shape[0])]
    return np.asarray(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def in_pixels(fractions: Floats, size_hw: tuple[int, int]) -> Floats:
    """(K, 2) keypoints of the vendor's fractions."""
    return np.asarray(fractions * (size_hw[1], size_hw[0]) - 0.5, np.float32)


def _found(answer: dict[str, Any], arrays: Arrays) -> Found:
    fractions, world, *rest = arrays
    return Found(fractions, world, tuple(answer.get("sides", ())), rest)


def _split(answers: list[dict[str, Any]], arrays: Arrays) -> Iterator[Found]:
    """What each look found, of all looks' arrays one after the other."""
    for answer in answers:
        count = answer["arrays"]
        yield _found(answer, arrays[:count])
        arrays = arrays[count:]
