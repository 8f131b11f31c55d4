"""The rule that names arm poses by keypoints, and its margins.

Convention: a person is LSP's 14 keypoints, y down. Left and right are the screen's: the left arm is
the one whose shoulder lies farther left in the picture. An angle is a bone's, 0 hanging down, 90
straight out to its own side, 180 up, negative across the body.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.labels import ARM_POSES, NONE
from core.pose.skeletons import LSP_14
from core.pose.types import Floats

# The rule: both angles of an arm (upper arm, forearm) within so many degrees of these
ANGLES = {
    "t_pose": ((90, 90), (90, 90)),
    "y_pose": ((135, 135), (135, 135)),
    "hands_up": ((180, 180), (180, 180)),
    "left_arm_out": ((90, 90), (0, 0)),
    "right_arm_out": ((0, 0), (90, 90)),
}
WITHIN = 30.0
_SLACK = 10.0  # more for an arm that hangs: few hang straight
_UNCLEAR = 25.0  # poses that only so many more degrees would let in are neither this nor `none`
UPRIGHT = 30.0  # degrees that the trunk may lean; pictures of others are turned
_ON_HIP, _NEAR_HIP = 0.35, 0.65  # from wrist to hip in trunk lengths: on it; too near to be `none`
_BEYOND, _NOT_BEYOND = 0.05, -0.3  # of crossed wrists, from the middle in trunk lengths: likewise
_AKIMBO = (20.0, 90.0)  # the upper arm's angle then, and the forearm's turns back: below 0
NAMES = [gesture.name for gesture in ARM_POSES]
UNCLEAR = -1
_TAUGHT = 0.5  # where the border lies that is taught, as a share of the margins
TAUGHT_WITHIN = WITHIN + _TAUGHT * _UNCLEAR
NEEDED = [
    LSP_14.index(f"{side}_{joint}")
    for side in ("left", "right")
    for joint in ("shoulder", "elbow", "wrist", "hip")
]


def screen_arms(person: Floats) -> Floats:
    """(2, 4, 2) shoulder, elbow, wrist, hip at the screen's left, then at its right."""
    sides = person[NEEDED].reshape(2, 4, 2)
    return sides if sides[0, 0, 0] < sides[1, 0, 0] else sides[::-1]


def angles_of(arms: Floats) -> Floats:
    """(2, 2) degrees of the upper arm and the forearm, left then right, see the convention."""
    bones = arms[:, 1:3] - arms[:, 0:2]
    outwards = bones[..., 0] * np.array([[-1], [1]])
    return np.asarray(np.degrees(np.arctan2(outwards, bones[..., 1])), np.float32)


def label_of(person: Floats) -> int:
    """The index in ARM_POSES of what the rule says; UNCLEAR between two, or not upright."""
    return _label(person, 0.0, 1.0)


def taught_label_of(person: Floats) -> int:
    """As label_of, what is neither a pose nor `none` parted in the middle: a model that was taught
    nothing there draws its border anywhere in between."""
    return _label(person, _TAUGHT, _TAUGHT)


def _label(person: Floats, fits: float, near: float) -> int:
    """By the share of the margins within which it is a pose, and beyond which it is none."""
    arms = screen_arms(person)
    trunk = float(np.linalg.norm(arms[:, 3].mean(0) - arms[:, 0].mean(0)))
    if abs(lean(person)) > UPRIGHT:
        return UNCLEAR
    is_it = _fitting(arms, trunk, fits)
    if len(is_it) == 1:
        return NAMES.index(is_it[0])
    nearly = is_it or (near > fits and _fitting(arms, trunk, near))
    return UNCLEAR if nearly else NAMES.index(NONE.name)


def _fitting(arms: Floats, trunk: float, loose: float) -> list[str]:
    """The poses that fit if so much of the margins, 0 to 1, is allowed."""
    angles, within = angles_of(arms), WITHIN + loose * _UNCLEAR
    found = [
        name
        for name, at in ANGLES.items()
        if (apart(angles, np.array(at)) <= within + _SLACK * (np.array(at) == 0)).all()
    ]
    from_hip = np.linalg.norm(arms[:, 2] - arms[:, 3], axis=1).max() / trunk
    low, high = _AKIMBO
    bent = (angles[:, 0] > low) & (angles[:, 0] < high) & (angles[:, 1] < 0)
    akimbo = bent.all() or (loose == 1 and angles[:, 0].max() > low)
    if from_hip < _ON_HIP + loose * (_NEAR_HIP - _ON_HIP) and akimbo:
        found.append("hands_on_hips")
    if _crossed(arms, trunk, loose):
        found.append("arms_crossed")
    return found


def apart(degrees: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    """Differences of angles, 0 to 180."""
    return np.asarray(np.abs((degrees - others + 180) % 360 - 180))


def _crossed(arms: Floats, trunk: float, loose: float) -> bool:
    """Each wrist lies beyond the trunk's middle, before the chest or the belly."""
    middle = arms[:, [0, 3], 0].mean()
    beyond = (arms[:, 2, 0] - middle) * np.array([1, -1])
    top, bottom = arms[:, 0, 1].mean(), arms[:, 3, 1].mean()
    before = (arms[:, 2, 1] > top) & (arms[:, 2, 1] < bottom)
    least = _BEYOND + loose * (_NOT_BEYOND - _BEYOND)
    return bool((beyond > least * trunk).all() and before.all())


def lean(person: Floats) -> float:
    """Degrees of the trunk from upright, clockwise."""
    arms = person[NEEDED].reshape(2, 4, 2)
    trunk = arms[:, 0].mean(0) - arms[:, 3].mean(0)
    return float(np.degrees(np.arctan2(trunk[0], -trunk[1])))
