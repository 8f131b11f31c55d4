"""MediaPipe's landmarkers: what they find, as arrays. They work in a worker (`core.workers`), since
a picture may crash them; or in this process, for a camera, where every millisecond counts.

Convention: landmarks are the vendor's, x and y in fractions of the picture's width and height.
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

# MediaPipe's C++ reports its use to https://play.googleapis.com/log and has no switch for that, but
# its HTTP client asks the environment for a proxy: nobody listens at this one, so nothing is looked
# up and nothing is sent.
NOWHERE = "http://127.0.0.1:9"
_PROXY, _NO_PROXY = ("https_proxy", "HTTPS_PROXY"), ("no_proxy", "NO_PROXY")


class Landmarkers:
    """The model that is open, and the landmarker of the stream that is followed."""

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
        """Answer as `Worker.call` does, in this process: `open` a model, `follow` a stream's next
        frame, look at a `still`, or `close`."""
        commands = {
            "open": self._open,
            "follow": self._follow,
            "still": self._still,
            "close": self._close,
        }
        return commands[command](dict(options or {}), list(arrays))

    def close(self) -> None:
        """Free what the stream holds."""
        self._close({}, [])

    def _open(self, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Keep the model's content and make the stream's landmarker."""
        self.close()
        send_reports_nowhere()
        self._options, self._content = options, arrays[0].tobytes()
        self._stream = self._create(options["num_poses"])
        return {}, []

    def _follow(self, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """The poses in the stream's next frame; seconds of CPU of this thread in the vendor's
        call."""
        started_s = time.thread_time()
        result = _detect(self._stream, arrays[0], options["time_ms"])
        vendor_s = time.thread_time() - started_s
        answer, found = self._to_arrays(result)
        return answer | {"vendor_s": vendor_s}, found

    def _still(self, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """The poses in a picture, shown `passes` times to a fresh landmarker: a used one would look
        where the last picture's was. Ends where nothing is found."""
        looks = []
        with self._create(options["num_poses"]) as landmarker:
            for number in range(options["passes"]):
                result = _detect(landmarker, arrays[0], number * _STILL_STEP_MS)
                looks.append(self._to_arrays(result))
                if not looks[-1][0]["count"]:
                    break
        answers = [answer for answer, _ in looks]
        return {"looks": answers}, [array for _, found in looks for array in found]

    def _close(self, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Free the stream's landmarker."""
        landmarker, self._stream = self._stream, None
        if landmarker is not None:
            landmarker.close()
        return {}, []

    def _create(self, num_poses: int) -> Any:
        """The vendor's, in VIDEO mode."""
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
        """N, of hands their sides; (N, K, 2) landmarks and (N, K, 3) in metres, of hands (N,)
        scores of their sides, of bodies (N, K, 2) visibility and presence, and (N, h, w) masks."""
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


_in_worker = Landmarkers()


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Answer a request in a worker."""
    answer = _in_worker.call(command, options, arrays)
    limit_worker_memory()  # once a model was opened
    return answer


def send_reports_nowhere() -> None:
    """Name a proxy that is not there in the C library's environment: MediaPipe reads it, and
    `os.environ`, which Python's clients read, stays as the operator set it."""
    for name in _PROXY:
        _set_c_variable(name, NOWHERE)
    for name in _NO_PROXY:  # where a way round the proxy may be named
        _set_c_variable(name, None)


def reports_go_nowhere() -> bool:
    """Whether MediaPipe's reports, if it made any in this process, would reach nobody."""
    found = [_c_variable(name) for name in (*_PROXY, *_NO_PROXY)]
    return found == [NOWHERE] * len(_PROXY) + [None] * len(_NO_PROXY)


def _set_c_variable(name: str, value: str | None) -> None:
    if sys.platform == "win32":
        ctypes.cdll.ucrtbase._putenv_s(name.encode(), (value or "").encode())
    elif value is None:
        ctypes.CDLL(None).unsetenv(name.encode())
    else:
        ctypes.CDLL(None).setenv(name.encode(), value.encode(), 1)


def _c_variable(name: str) -> str | None:
    library = ctypes.cdll.ucrtbase if sys.platform == "win32" else ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_char_p
    found = library.getenv(name.encode())
    return found.decode() if found else None


def _detect(landmarker: Any, rgb: AnyArray, time_ms: int) -> Any:
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
    return landmarker.detect_for_video(image, time_ms)
