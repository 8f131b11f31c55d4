"""The hand's named keypoints are the skeleton's."""

from core.pose.skeletons.hand_keypoints import BASES, KNUCKLES, TIPS, WRIST
from core.pose.skeletons.table import HAND_21


def test_the_named_keypoints_are_the_skeleton_s():
    ends = [HAND_21.joints[joint].rsplit("_", 1) for joint in TIPS]
    assert HAND_21.joints[WRIST] == "wrist" and {part for _, part in ends} == {"tip"}
    starts = [HAND_21.joints[joint].rsplit("_", 1)[0] for joint in BASES]
    assert starts == [finger for finger, _ in ends] and BASES[1:] == KNUCKLES
    assert TIPS == (4, 8, 12, 16, 20) and KNUCKLES == (5, 9, 13, 17)
