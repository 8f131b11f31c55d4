"""How far found hands in depth are from the true ones, as papers report it: mean errors in mm, and
the share of frames in which even the worst keypoint is near enough.

Convention: both files hold u, v, d; errors are distances in space, by the camera's focal lengths.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.depth_hands import DepthHands
from core.depth.cameras import Points, get_camera
from core.depth.io.joint_files import read_joints, write_joints
from core.errors import TableError
from core.estimators.depth_nets import DepthNet
from core.pose.metrics import (
    Distances,
    epe,
    keypoint_distances,
    mean_error_by_keypoint,
    success_rates,
)

LIMITS_MM = tuple(range(10, 90, 10))
_CURVE_STEP_MM = 2
_DIGITS = 6


def evaluate_depth(
    truth: Path, predictions: Path, camera: str, split: int | None = None
) -> dict[str, Any]:
    """Figures of a result file against the labels, as JSON.

    Args:
        camera: which of `core.depth.cameras.CAMERAS` took the frames.
        split: also measure the frames before this one, counted from 0, and the rest: NYU's first
            test person ends at 2440.

    Returns:
        n frames, mean_mm, per_joint_mm in the file's order, success by limit in mm as shares 0..1;
        with a split also parts: first and last frame, n and mean_mm of each.

    Raises:
        MediaError: no such camera.
        TableError: the files are no such pair, or the split is outside them.
    """
    taken_by = get_camera(camera)
    target, found = read_joints(truth), read_joints(predictions)
    _check_pair(target, found, truth.name, predictions.name)
    apart = keypoint_distances(taken_by.to_mm(found), taken_by.to_mm(target))
    figures = depth_figures(apart)
    return figures if split is None else figures | {"parts": _parts(apart, split)}


def depth_figures(apart: Distances) -> dict[str, Any]:
    """n, mean_mm, per_joint_mm and success of distances (N, K) in mm, as `evaluate_depth` says."""
    shares = zip(LIMITS_MM, success_rates(apart, LIMITS_MM), strict=True)
    return {
        "n": len(apart),
        "mean_mm": _rounded(epe(apart)),
        "per_joint_mm": [_rounded(value) for value in mean_error_by_keypoint(apart)],
        "success": {str(mm): _rounded(share) for mm, share in shares},
    }


def success_curve(apart: Distances) -> list[tuple[int, float]]:
    """Limits in mm, every 2 to 80, and the share of frames whose worst keypoint is within it."""
    limits = range(0, LIMITS_MM[-1] + 1, _CURVE_STEP_MM)
    return list(zip(limits, success_rates(apart, limits).tolist(), strict=True))


def measure_depth_net(
    net: DepthNet,
    hands: DepthHands,
    out: Path | None = None,
    progress: Callable[[int, int | None], None] = lambda *_: None,
) -> dict[str, Any]:
    """Figures of a net on the hands that are held out, as `evaluate_depth` says; the cubes are
    centred on the truth.

    Args:
        hands: of the net's skeleton.
        out: a result file to write, u v d of every keypoint.

    Raises:
        TableError: none are held out, or the file can't be written.
    """
    measured = [hands.hands[row] for name in hands.held_out_sets for row in hands.rows(name)]
    if not measured:
        raise TableError("too few hands to hold some out and measure on them: give more")
    found: list[Points] = []
    for hand in measured:
        found.append(net.find_keypoints_mm(hand.cube, hand.cube.cut_crop(hand.frame())))
        progress(len(found), len(measured))
    if out is not None:
        pairs = zip(measured, found, strict=True)
        write_joints(out, np.stack([hand.cube.camera.to_pixels(xyz) for hand, xyz in pairs]))
    return depth_figures(keypoint_distances(found, [hand.xyz_mm for hand in measured]))


def _check_pair(target: Points, found: Points, truth: str, predictions: str) -> None:
    for what, axis in (("keypoints", 1), ("frames", 0)):
        if found.shape[axis] != target.shape[axis]:
            raise TableError(
                f"{predictions} has {found.shape[axis]} {what}, {truth} has {target.shape[axis]}: "
                "give results of the same frames and keypoints"
            )
    away = np.argwhere(~(target[..., 2] > 0))
    if len(away):
        frame, joint = (int(i) for i in away[0])
        raise TableError(
            f"{truth}: line {frame + 1} has a depth of {target[frame, joint, 2]:g} mm at keypoint "
            f"{joint + 1}, expected is one above 0: are these u v d, in pixels and mm?"
        )


def _parts(apart: Distances, split: int) -> list[dict[str, Any]]:
    if not 0 < split < len(apart):
        raise TableError(f"the {len(apart)} frames can't be split at {split}: name one inside")
    return [
        {"frames": [start, end - 1], "n": end - start, "mean_mm": _rounded(epe(apart[start:end]))}
        for start, end in ((0, split), (split, len(apart)))
    ]


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
