"""MediaPipe's landmarkers in a child process: what it finds, as arrays. See `core.workers`.

Convention: landmarks are the vendor's, x and y in fractions of the picture's width and height.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from core.workers.channel import Arrays
from core.workers.child import limit_memory

HAND, POSE = "hand", "pose"
_STILL_STEP_MS = 33


class _Landmarkers:
    """The model that is in use, and the landmarker of the stream that is being followed."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.content = b""
        self.stream: Any = None


_state = _Landmarkers()


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Answer a request: `open` a model, `follow` a stream's next frame, look at a `still`, or
    `close`."""
    return _COMMANDS[command](options, arrays)


def _open(options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Keep the model's content and make the stream's landmarker."""
    _close(options, [])
    _state.options, _state.content = options, arrays[0].tobytes()
    _state.stream = _create_landmarker(options["num_poses"])
    limit_memory()
    return {}, []


def _follow(options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """The poses in the stream's next frame, with the thread's CPU seconds of the vendor's call."""
    started_s = time.thread_time()
    result = _detect(_state.stream, arrays[0], options["time_ms"])
    spent_s = time.thread_time() - started_s
    answer, found = _to_arrays(result)
    spent = {"vendor_s": spent_s, "thread_s": time.thread_time()}
    return answer | spent, found


def _still(options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """The poses in a picture, shown `passes` times to a fresh landmarker: a used one would look
    where the last picture's was. Ends where nothing is found."""
    results = []
    with _create_landmarker(options["num_poses"]) as landmarker:
        for number in range(options["passes"]):
            results.append(_to_arrays(_detect(landmarker, arrays[0], number * _STILL_STEP_MS)))
            if not results[-1][0]["count"]:
                break
    answers = [answer for answer, _ in results]
    return {"passes": answers}, [array for _, found in results for array in found]


def _close(options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Free the stream's landmarker."""
    landmarker, _state.stream = _state.stream, None
    if landmarker is not None:
        landmarker.close()
    return {}, []


_COMMANDS: dict[str, Callable[[dict[str, Any], Arrays], tuple[dict[str, Any], Arrays]]] = {
    "open": _open,
    "follow": _follow,
    "still": _still,
    "close": _close,
}


def _create_landmarker(num_poses: int) -> Any:
    """The vendor's, in VIDEO mode."""
    from mediapipe.tasks.python import BaseOptions, vision

    shared = {
        "base_options": BaseOptions(model_asset_buffer=_state.content),
        "running_mode": vision.RunningMode.VIDEO,
    }
    if _state.options["kind"] == HAND:
        hands = vision.HandLandmarkerOptions(num_hands=num_poses, **shared)
        return vision.HandLandmarker.create_from_options(hands)
    masks = bool(_state.options["masks"])
    poses = vision.PoseLandmarkerOptions(
        num_poses=num_poses, output_segmentation_masks=masks, **shared
    )
    return vision.PoseLandmarker.create_from_options(poses)


def _detect(landmarker: Any, rgb: np.ndarray[Any, Any], time_ms: int) -> Any:
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
    return landmarker.detect_for_video(image, time_ms)


def _to_arrays(result: Any) -> tuple[dict[str, Any], Arrays]:
    """N, of hands their sides; (N, K, 2) landmarks and (N, K, 3) in metres, of hands (N,) scores
    of their sides, of bodies (N, K, 2) visibility and presence, and (N, h, w) masks."""
    if _state.options["kind"] == HAND:
        sides = [one[0] for one in result.handedness]
        places, metres = result.hand_landmarks, result.hand_world_landmarks
        extra = [np.array([side.score for side in sides], np.float32)]
        answer = {"sides": [side.category_name for side in sides]}
    else:
        places, metres, answer = result.pose_landmarks, result.pose_world_landmarks, {}
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
