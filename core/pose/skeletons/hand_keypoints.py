"""The hand's own keypoints by name, where hands are truly meant (drift, the seed's tables)."""

from core.pose.skeletons.table import HAND_21

WRIST = HAND_21.index("wrist")
TIPS = tuple(group[-1] for group in HAND_21.groups.values())
BASES = tuple(group[0] for group in HAND_21.groups.values())  # of each finger, thumb first
KNUCKLES = BASES[1:]  # the far edge of the palm, index side first
