"""The angles of a body's joints: between the two bones that meet there, in degrees.

180 is a straight limb; of a shoulder it is the angle between trunk and upper arm, 0 where the arm
hangs. In three dimensions where the estimator gives them, else as seen in the picture. K keypoints.
"""

import numpy as np

from core.pose.skeletons.table import Skeleton
from core.pose.types import VISIBLE, Floats, Pose
from core.words import mark

_BONES = {
    mark("elbow"): ("shoulder", "elbow", "wrist"),
    mark("shoulder"): ("hip", "shoulder", "elbow"),
    mark("hip"): ("shoulder", "hip", "knee"),
    mark("knee"): ("hip", "knee", "ankle"),
}
JOINTS = tuple(_BONES)
SIDES = (mark("left"), mark("right"))
ANGLES = tuple(f"{side}_{joint}" for joint in _BONES for side in SIDES)


def joint_angles(points: Floats, skeleton: Skeleton) -> Floats:
    """Compute angles in degrees, (…, 8) in the order of ANGLES, from (…, K, 2 or 3) keypoints; NaN
    if a keypoint is missing or two coincide."""
    skeleton.check(points.shape[-2])
    first, middle, last = (
        [skeleton.index(f"{side}_{bones[end]}") for bones in _BONES.values() for side in SIDES]
        for end in range(3)
    )
    middles = points[..., middle, :]
    one, other = points[..., first, :] - middles, points[..., last, :] - middles
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    with np.errstate(invalid="ignore"):
        cosines = (one * other).sum(axis=-1) / np.where(lengths > 0, lengths, np.nan)
    return np.degrees(np.arccos(np.clip(cosines, -1, 1))).astype(np.float32)


def pose_angles(pose: Pose, skeleton: Skeleton) -> dict[str, float]:
    """Compute a pose's angles by name, in degrees, from 3-D keypoints if available; NaN if a
    keypoint is hidden or missing."""
    points = pose.keypoints if pose.world is None else pose.world
    if pose.visibility is not None:
        points = np.where(pose.visibility[:, None] < VISIBLE, np.nan, points).astype(np.float32)
    return dict(zip(ANGLES, joint_angles(points, skeleton).tolist(), strict=True))
