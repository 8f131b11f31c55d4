"""A net of depth crops in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Points
from core.depth.cubes import Crop, Cube, turned_crop
from core.errors import WeightsError
from core.estimators.heatmap_model import METADATA, MODEL
from core.weights.onnx_session import open_session

_MOST_TURNS = 8  # each costs as much as the first
_ABOUT = ("name", "input_hw", "joints", "skeleton", "sha256")
_MADE = {  # what a net sees, and what trains one
    "depth": "depth; train one by train-net crossinfonet.…",
    "depth frame": "palms in depth; train one by train-net palmnet.…",
}


class DepthNet:
    """Crops of a hand's cube in, its keypoints in the cube out.

    Attributes:
        name: e.g. "crossinfonet.synthetic_light".
        skeleton: the name of the one whose keypoints it finds.
        joints: K.

        turns_deg: a crop is looked at so turned, and the answers' mean is taken: the metadata's,
            else (0,), once as it is.

    Args:
        folder: what training left.
        threads: of onnxruntime.

    Raises:
        WeightsError: no such net there, or the model is not the one that the metadata describe.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        about = read_about(folder, "depth", _ABOUT)
        self.turns_deg = _turns(folder, about.get("turns_deg", [0]))
        self.name, self.skeleton, self.joints = about["name"], about["skeleton"], about["joints"]
        self._session = open_session(checked_graph(folder, about), threads=threads)

    def keypoints(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, S, S) crops, −1 to 1 → (N, K, 3) in the cube, in units of half its side."""
        (found,) = self._session.run(["keypoints"], {"crops": crops})
        return np.asarray(found, np.float32)

    def in_cube(self, cube: Cube, crop: Crop) -> Points:
        """(K, 3) mm of the hand in a cube's crop (S, S): the mean over the turns."""
        crops = [turned_crop(crop, turn) if turn else crop for turn in self.turns_deg]
        said = zip(self.turns_deg, self.keypoints(np.stack(crops)), strict=True)
        found = [cube.turned(cube.from_units(units), -turn) for turn, units in said]
        return np.asarray(np.mean(found, axis=0))


def _turns(folder: Path, told: Any) -> tuple[float, ...]:
    turns = told if isinstance(told, list) else []
    right = all(type(turn) in (int, float) and -180 <= turn <= 180 for turn in turns)
    if not (right and 1 <= len(turns) <= _MOST_TURNS):
        raise WeightsError(
            f"{folder}: turns_deg in {METADATA} is {told!r:.100}: 1 to {_MOST_TURNS} angles "
            "between -180 and 180 were expected"
        )
    return tuple(map(float, turns))


def is_depth_net(folder: Path) -> bool:
    """Whether a net of depth lies there."""
    try:
        return bool(read_about(folder, "depth"))
    except WeightsError:
        return False


def read_about(folder: Path, sees: str, told: Sequence[str] = ()) -> dict[str, Any]:
    """What a net's folder says of it.

    Args:
        sees: what its input is to be: "depth" for crops, "depth frame" for whole frames.
        told: what must be said.

    Raises:
        WeightsError: it can't be read, the net sees something else, or less is said.
    """
    try:
        found = json.loads((folder / METADATA).read_bytes())
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder} has no net: {METADATA} can't be read ({error})") from None
    about = found if isinstance(found, dict) else {}
    if about.get("input") != sees or any(name not in about for name in told):
        raise WeightsError(f"{folder} has no net of {_MADE[sees]}")
    return about


def checked_graph(folder: Path, about: dict[str, Any]) -> bytes:
    """A folder's graph.

    Raises:
        WeightsError: missing, or not the one that was described.
    """
    try:
        content = (folder / MODEL).read_bytes()
    except OSError as error:
        raise WeightsError(f"{folder / MODEL} can't be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise WeightsError(f"{folder / MODEL} was altered since it was made: get it again")
    return content
