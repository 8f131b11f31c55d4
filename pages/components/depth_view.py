"""Depth frames drawn by the browser: the coloured picture, the crop, the hand in 3-D."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from core.depth.cubes import SIDE, Cube
from core.depth.drawing import DepthRange, list_scale_colours
from core.pose.skeletons.skeleton import to_css_color
from core.pose.skeletons.table import Skeleton
from core.reading.depth_playback import DepthView
from pages.components import component_state, read_asset, register_component

_component = register_component("depth_view", read_asset("depth_view.html"))
_TICKS, _COLOURS = 6, 16
_HALF_MM = 95.0  # half the side of the 3-D view of a hand without a cube
_EVERY_MS = 66.0  # between frames without time stamps


@dataclass(frozen=True)
class DepthScene:
    """Data common to all frames of a recording or camera.

    Attributes:
        name: of the recording or camera.
        reach: the colour scale's depth range; None shows only the hand in 3-D.
        count: frames of a recording, which the browser requests; 0 for a camera that sends them.
        skeleton, truth: of the found and of the true keypoints.
        model: that recognises the hands' gestures; "" for none.
    """

    name: str
    reach: DepthRange | None = None
    count: int = 0
    skeleton: Skeleton | None = None
    truth: Skeleton | None = None
    model: str = ""

    @property
    def turn(self) -> str:
        """A text that changes whenever the browser must drop its cached frames."""
        return f"{self.name} {self.reach} {self.model}"


def first_requested_frame(key: str, scene: DepthScene) -> int:
    """Return the index of the first frame that the browser requests; 0 before a request."""
    said = component_state(key, "want")
    from_ = int(said["from"]) if said and said["turn"] == scene.turn else 0
    return min(max(from_, 0), scene.count - 1)


def draw_depth(key: str, scene: DepthScene, batch: Sequence[dict[str, Any]]) -> None:
    """Draw the depth view and send it a batch of frames made by `depth_frame_data`,
    `broken_frame_data` or `keypoints_frame_data`."""
    _component(
        key=key,
        width="stretch",
        data={
            "recording": scene.name,
            "turn": scene.turn,
            "count": scene.count,
            "every_ms": _EVERY_MS,
            "half": _HALF_MM,
            "colours": ", ".join(list_scale_colours(_COLOURS)),
            "ticks": scene.reach and (np.linspace(*scene.reach, _TICKS) / 1000).tolist(),
            "skeleton": _skeleton_data(scene.skeleton),
            "truth_skeleton": _skeleton_data(scene.truth),
            "from": batch[0]["i"] if batch else None,
            "batch": list(batch),
        },
        on_want_change=lambda: None,
    )


def depth_frame_data(view: DepthView, gesture_text: str = "") -> dict[str, Any]:
    """Return a depth frame as JSON data: coloured JPEG, box, crop, predicted and true keypoints in
    mm, error in mm, gesture text."""
    found, error = view.result, view.error_mm
    cube = found.cube
    return {
        "i": view.index,
        "t": view.time_s,
        "camera": asdict(view.camera),
        "jpeg": b64encode(view.jpeg).decode(),
        "how": found.method,
        "said": gesture_text,
        "box": cube and list(cube.bounds),
        "cube": None if cube is None else _cube_data(cube, view),
        "joints": _to_rounded_lists(found.joints_mm),
        "truth": _to_rounded_lists(found.truth_mm),
        "error": None if error is None else round(error, 1),
    }


def broken_frame_data(index: int, reason: str) -> dict[str, Any]:
    """Return a frame that can't be read, with the reason."""
    return {"i": index, "broken": reason}


def keypoints_frame_data(index: int, time_s: float, joints_mm: ArrayLike | None) -> dict[str, Any]:
    """Return a frame that has only a hand's keypoints in 3-D."""
    return {"i": index, "t": time_s, "joints": _to_rounded_lists(joints_mm)}


def _cube_data(cube: Cube, view: DepthView) -> dict[str, Any]:
    """Return a cube's centre, half side, depth crop (base64) and rays: crop pixel n maps to x = (a
    n + b) depth, likewise y."""
    camera, place = cube.camera, cube.placement
    rays = []
    for axis, (focal, middle) in enumerate(((camera.fx, camera.u0), (camera.fy, camera.v0))):
        scale, offset = place.scale[axis], place.offset[axis]
        rays += [1 / (scale * focal), (-offset / scale - middle) / focal]
    assert view.steps is not None
    return {
        "centre": [round(float(value), 1) for value in cube.centre_mm],
        "half": cube.side_mm / 2,
        "side": SIDE,
        "steps": b64encode(view.steps.tobytes()).decode(),
        "rays": rays,
    }


def _to_rounded_lists(points_mm: ArrayLike | None) -> list[list[float] | None] | None:
    """Return points as lists rounded to 0.1 mm, with None for points that aren't finite."""
    if points_mm is None:
        return None
    rows = np.round(np.asarray(points_mm, float), 1).tolist()
    return [row if np.isfinite(row).all() else None for row in rows]


def _skeleton_data(skeleton: Skeleton | None) -> dict[str, Any] | None:
    """Return a skeleton's edges and CSS colours, or None."""
    if skeleton is None:
        return None
    colors = [to_css_color(color) for color in skeleton.colors]
    return {"edges": [list(edge) for edge in skeleton.edges], "colors": colors}
