"""Runs MediaPipe's landmarkers and returns their results as arrays: in a worker (`core.workers`),
since a picture may crash them, or in this process, for a camera, where every millisecond counts.

Convention: landmarks are MediaPipe's, x and y in fractions of the picture's width and height.
"""

import ctypes
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.workers.channel import AnyArray, Arrays
from core.workers.child import limit_worker_memory

HAND, POSE = "hand", "pose"
_STILL_STEP_MS = 33

# MediaPipe's C++ sends telemetry to https://play.googleapis.com/log and has no switch for that, but
# its HTTP client reads a proxy from the environment: with a closed port as the proxy, no name is
# resolved and nothing is sent.
CLOSED_PROXY = "http://127.0.0.1:9"
_PROXY, _NO_PROXY = ("https_proxy", "HTTPS_PROXY"), ("no_proxy", "NO_PROXY")


class Landmarkers:
    """An open model, and the landmarker of its stream."""

    is_running = True

    def __init__(self) -> None:
        self._options: dict[str, Any] = {}
        self._content = b""
        self._stream: Any = None

    def call(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        arrays: Sequence[AnyArray] = (),
        *,
        timeout_s: float = 0.0,
    ) -> tuple[dict[str, Any], Arrays]:
        """Run a command in this process, as `Worker.call` would: "open" a model, "track" a stream's
        next frame, find landmarks in a "still", or "close"."""
        options = dict(options or {})
        if command == "track":
            return self._track_frame(arrays[0], options["time_ms"])
        if command == "still":
            return self._find_in_still(arrays[0], options["num_poses"], options["passes"])
        if command not in ("open", "close"):
            raise ValueError(f"no command {command!r}")
        self.close()
        if command == "open":
            block_telemetry()
            self._options, self._content = options, arrays[0].tobytes()
            self._stream = self._create_landmarker(options["num_poses"])
        return {}, []

    def close(self) -> None:
        """Free the stream's landmarker, if any."""
        landmarker, self._stream = self._stream, None
        if landmarker is not None:
            landmarker.close()

    def _track_frame(self, rgb: AnyArray, time_ms: int) -> tuple[dict[str, Any], Arrays]:
        """Find landmarks in the stream's next frame; `vendor_s` is MediaPipe's CPU time."""
        started_s = time.thread_time()
        result = _detect_in_frame(self._stream, rgb, time_ms)
        vendor_s = time.thread_time() - started_s
        answer, found = self._to_arrays(result)
        return answer | {"vendor_s": vendor_s}, found

    def _find_in_still(
        self, rgb: AnyArray, num_poses: int, passes: int
    ) -> tuple[dict[str, Any], Arrays]:
        """Find landmarks in one picture by up to `passes` runs of a new landmarker, until one finds
        nothing; return each run's arrays."""
        results = []
        with self._create_landmarker(num_poses) as landmarker:
            for number in range(passes):
                result = _detect_in_frame(landmarker, rgb, number * _STILL_STEP_MS)
                results.append(self._to_arrays(result))
                if not results[-1][0]["count"]:
                    break
        answers = [answer for answer, _ in results]
        return {"passes": answers}, [array for _, found in results for array in found]

    def _create_landmarker(self, num_poses: int) -> Any:
        """Create MediaPipe's hand or pose landmarker in VIDEO mode, from the options."""
        from mediapipe.tasks.python import BaseOptions, vision

        shared = {
            "base_options": BaseOptions(model_asset_buffer=self._content),
            "running_mode": vision.RunningMode.VIDEO,
        }
        if self._options["kind"] == HAND:
            hands = vision.HandLandmarkerOptions(num_hands=num_poses, **shared)
            return vision.HandLandmarker.create_from_options(hands)
        masks = bool(self._options["masks"])
        poses = vision.PoseLandmarkerOptions(
            num_poses=num_poses, output_segmentation_masks=masks, **shared
        )
        return vision.PoseLandmarker.create_from_options(poses)

    def _to_arrays(self, result: Any) -> tuple[dict[str, Any], Arrays]:
        """Convert MediaPipe's result to the count with the hands' sides, and arrays: landmarks (N,
        K, 2), world landmarks (N, K, 3) in metres, scores or visibility, and masks."""
        answer: dict[str, Any] = {}
        if self._options["kind"] == HAND:
            sides = [one[0] for one in result.handedness]
            places, metres = result.hand_landmarks, result.hand_world_landmarks
            extra = [np.array([side.score for side in sides], np.float32)]
            answer["sides"] = [side.category_name for side in sides]
        else:
            places, metres = result.pose_landmarks, result.pose_world_landmarks
            seen = [[(p.visibility, p.presence) for p in pose] for pose in places]
            masks = [image.numpy_view() for image in result.segmentation_masks or ()]
            extra = [np.array(seen, np.float32)]
            extra += [np.stack(masks).reshape(len(masks), *masks[0].shape[:2])] if masks else []
        found = [
            np.array([[(p.x, p.y) for p in pose] for pose in places], np.float32),
            np.array([[(p.x, p.y, p.z) for p in pose] for pose in metres], np.float32),
            *extra,
        ]
        return answer | {"count": len(places), "arrays": len(found)}, found


_worker_landmarkers = Landmarkers()


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Handle a worker's request; after the first one, limit the worker's memory."""
    answer = _worker_landmarkers.call(command, options, arrays)
    limit_worker_memory()  # what an open model takes does not count
    return answer


def block_telemetry() -> None:
    """Block MediaPipe's telemetry by setting an unreachable proxy in the C library's environment;
    `os.environ`, which Python's clients read, is unchanged."""
    for name in _PROXY:
        _set_c_variable(name, CLOSED_PROXY)
    for name in _NO_PROXY:  # might exempt hosts from the proxy
        _set_c_variable(name, None)


def is_telemetry_blocked() -> bool:
    """Return whether MediaPipe's telemetry from this process is blocked."""
    library = ctypes.cdll.ucrtbase if sys.platform == "win32" else ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_char_p
    found = [library.getenv(name.encode()) for name in (*_PROXY, *_NO_PROXY)]
    return found == [CLOSED_PROXY.encode()] * len(_PROXY) + [None] * len(_NO_PROXY)


def _set_c_variable(name: str, value: str | None) -> None:
    """Set an environment variable in the C library but not in `os.environ`; None unsets it."""
    if sys.platform == "win32":
        ctypes.cdll.ucrtbase._putenv_s(name.encode(), (value or "").encode())
    elif value is None:
        ctypes.CDLL(None).unsetenv(name.encode())
    else:
        ctypes.CDLL(None).setenv(name.encode(), value.encode(), 1)


def _detect_in_frame(landmarker: Any, rgb: AnyArray, time_ms: int) -> Any:
    """Run a landmarker on its video's next frame, (H, W, 3) RGB; return MediaPipe's result."""
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
    return landmarker.detect_for_video(image, time_ms)
