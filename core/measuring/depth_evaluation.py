"""Evaluates hand keypoints in depth as papers do: mean errors in mm, and the success rate, the
fraction of frames in which even the worst keypoint is within a limit.

Convention: files have u, v, d; errors are distances in space, by the camera's focal lengths.
"""

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
from core.progress import Progress, ignore_progress

LIMITS_MM = tuple(range(10, 90, 10))
_CURVE_STEP_MM = 2
_DIGITS = 6


def evaluate_depth(
    truth: Path, predictions: Path, camera: str, split: int | None = None
) -> dict[str, Any]:
    """Evaluate a file of predicted depth hands against labels; the result is JSON. Raises
    MediaError: unknown camera; TableError: the files don't match, or the split is out of range.

    Args:
        camera: the frames' camera, one of `core.depth.cameras.CAMERAS`.
        split: also evaluate the frames before it and the rest: NYU's second person is from 2440 on.

    Returns:
        n frames, mean_mm, per_joint_mm in the file's order, success rates 0..1 by limit in mm; with
        a split also parts: first and last frame, n and mean_mm of each.
    """
    intrinsics = get_camera(camera)
    target, found = read_joints(truth), read_joints(predictions)
    _check_depth_pair(target, found, truth.name, predictions.name)
    errors_mm = keypoint_distances(intrinsics.to_mm(found), intrinsics.to_mm(target))
    figures = compute_depth_figures(errors_mm)
    return figures if split is None else figures | {"parts": _evaluate_parts(errors_mm, split)}


def compute_depth_figures(errors_mm: Distances) -> dict[str, Any]:
    """Compute n, mean_mm, per_joint_mm and the success rate by limit from errors (N, K), mm."""
    rates = zip(LIMITS_MM, success_rates(errors_mm, LIMITS_MM), strict=True)
    by_keypoint = mean_error_by_keypoint(errors_mm)
    return {
        "n": len(errors_mm),
        "mean_mm": round(epe(errors_mm), _DIGITS),
        "per_joint_mm": [round(float(value), _DIGITS) for value in by_keypoint],
        "success": {str(mm): round(float(rate), _DIGITS) for mm, rate in rates},
    }


def success_curve(errors_mm: Distances) -> list[tuple[int, float]]:
    """Compute the success rate for limits from 0 to 80 mm, every 2 mm."""
    limits = range(0, LIMITS_MM[-1] + 1, _CURVE_STEP_MM)
    return list(zip(limits, success_rates(errors_mm, limits).tolist(), strict=True))


def measure_depth_net(
    net: DepthNet, hands: DepthHands, out: Path | None = None, progress: Progress = ignore_progress
) -> dict[str, Any]:
    """Evaluate a net on the held-out hands, in cubes centred on the true keypoints; write its
    predictions as u v d to `out`. Raises TableError: none held out, or `out` isn't writable."""
    held_out = [hands.hands[row] for name in hands.held_out_sets for row in hands.rows(name)]
    if not held_out:
        raise TableError("too few hands to hold some out and measure on them: give more")
    found: list[Points] = []
    for done, hand in enumerate(held_out, 1):
        found.append(net.find_keypoints_mm(hand.cube, hand.cube.cut_crop(hand.read_frame())))
        progress(done, len(held_out))
    if out is not None:
        pairs = zip(held_out, found, strict=True)
        write_joints(out, np.stack([hand.cube.camera.to_pixels(xyz) for hand, xyz in pairs]))
    return compute_depth_figures(keypoint_distances(found, [hand.xyz_mm for hand in held_out]))


def _check_depth_pair(
    target: Points, predicted: Points, truth_name: str, predictions_name: str
) -> None:
    """Raise TableError if frames or keypoints differ, or a label has no positive depth."""
    for unit, axis in (("keypoints", 1), ("frames", 0)):
        if predicted.shape[axis] != target.shape[axis]:
            raise TableError(
                f"{predictions_name} has {predicted.shape[axis]} {unit}, "
                f"{truth_name} has {target.shape[axis]}: "
                "give results of the same frames and keypoints"
            )
    without_depth = np.argwhere(~(target[..., 2] > 0))
    if len(without_depth):
        frame, joint = (int(i) for i in without_depth[0])
        raise TableError(
            f"{truth_name}: line {frame + 1} has a depth of {target[frame, joint, 2]:g} mm at "
            f"keypoint {joint + 1}, expected above 0: are these u v d, in pixels and mm?"
        )


def _evaluate_parts(errors_mm: Distances, split: int) -> list[dict[str, Any]]:
    """Return first and last frame, n and mean error (mm) before and after the split."""
    if not 0 < split < len(errors_mm):
        raise TableError(f"the {len(errors_mm)} frames can't be split at {split}: name one inside")
    return [
        {
            "frames": [start, end - 1],
            "n": end - start,
            "mean_mm": round(epe(errors_mm[start:end]), _DIGITS),
        }
        for start, end in ((0, split), (split, len(errors_mm)))
    ]
