"""The hand's skeletons: MediaPipe's, and those of the published hands in depth.

A finger's parts are named from the palm outwards, mcp (the knuckle), pip, dip, tip, the thumb's
cmc, mcp, ip, tip; where a skeleton has only some of them: root, middle, tip.
"""

from core.pose.skeletons.skeleton import HAND, PAIR, Rgb, Skeleton, edges_along

FINGERS = ("thumb", "index", "middle", "ring", "little")
_RED, _YELLOW, _GREEN = (230, 90, 70), (240, 180, 50), (90, 190, 110)
_PALETTE: tuple[Rgb, ...] = (_RED, _YELLOW, _GREEN, (70, 140, 230), (170, 100, 220))
_PALM: Rgb = (150, 150, 160)
_NYU_JOINTS = """
little_tip little_root ring_tip ring_root middle_tip middle_root index_tip index_root
thumb_tip thumb_middle thumb_root wrist_2 wrist_1 palm
"""


def _list_finger_parts(finger: str) -> tuple[str, ...]:
    parts = ("cmc", "mcp", "ip", "tip") if finger == "thumb" else ("mcp", "pip", "dip", "tip")
    return tuple(f"{finger}_{part}" for part in parts)


def _build_hand_skeleton(name: str, joints: tuple[str, ...]) -> Skeleton:
    """Build a hand's skeleton from its keypoints' names; each finger, in its colour, starts at the
    first keypoint (wrist or palm)."""
    groups = {
        finger: tuple(i for i, joint in enumerate(joints) if joint.startswith(f"{finger}_"))
        for finger in FINGERS
    }
    edges = [edge for group in groups.values() for edge in edges_along(0, *group)]
    colors = [color for color, group in zip(_PALETTE, groups.values(), strict=True) for _ in group]
    return Skeleton(
        name,
        HAND,
        joints,
        tuple(edges),
        tuple(colors),
        groups=groups,
        heading=tuple(groups[finger][0] for finger in FINGERS[1:]),
        sides=(groups["index"][0], groups["little"][0]),
        traced=groups["index"][-1],
    )


# MediaPipe's order, which is OpenPose's too: the wrist, then finger by finger, base to tip
HAND_21 = _build_hand_skeleton(
    "hand_21", ("wrist", *(part for finger in FINGERS for part in _list_finger_parts(finger)))
)
WRIST = HAND_21.index("wrist")
TIPS = tuple(group[-1] for group in HAND_21.groups.values())
BASES = tuple(group[0] for group in HAND_21.groups.values())  # of each finger, thumb first
KNUCKLES = BASES[1:]  # the far edge of the palm, index side first
# Sun et al. 2015: the same with the thumb as the last finger
MSRA_21 = _build_hand_skeleton(
    "msra_21",
    ("wrist", *(part for finger in (*FINGERS[1:], "thumb") for part in _list_finger_parts(finger))),
)
# Yuan et al. 2017 (BigHand, HANDS 2017): the wrist, the fingers' bases, then finger by finger
HANDS17_21 = _build_hand_skeleton(
    "hands17_21",
    (
        "wrist",
        *(_list_finger_parts(finger)[0] for finger in FINGERS),
        *(part for finger in FINGERS for part in _list_finger_parts(finger)[1:]),
    ),
)
# Tang et al. 2014
ICVL_16 = _build_hand_skeleton(
    "icvl_16",
    ("palm", *(f"{finger}_{part}" for finger in FINGERS for part in ("root", "middle", "tip"))),
)
# Tompson et al. 2014's 14 of 36 keypoints, in the order of the published result files
NYU_14 = Skeleton(
    "nyu_14",
    HAND,
    tuple(_NYU_JOINTS.split()),
    (
        *((13, 1), (1, 0)),
        *((13, 3), (3, 2)),
        *((13, 5), (5, 4)),
        *((13, 7), (7, 6)),
        *((13, 10), (10, 9), (9, 8)),
        *((13, 11), (13, 12)),
    ),
    (*[color for color in _PALETTE[:0:-1] for _ in "ab"], *[_PALETTE[0]] * 3, _PALM, _PALM),
    groups={
        "thumb": (10, 9, 8),
        "index": (7, 6),
        "middle": (5, 4),
        "ring": (3, 2),
        "little": (1, 0),
    },
    root=(11, 12),
    heading=(1, 3, 5, 7),
    sides=(7, 1),
    traced=6,
)
# a fingertip alone, whose way says the gesture
FINGERTIP_1 = Skeleton("fingertip_1", HAND, ("index_tip",), (), (), heading=(0,))


def _build_pair_skeleton(name: str, hand: Skeleton) -> Skeleton:
    """Build the skeleton of a pair of hands: the left hand's keypoints as left_…, then the right
    hand's as right_…."""
    right = hand.size

    def of_both(joints: tuple[int, ...]) -> tuple[int, ...]:
        return *joints, *(joint + right for joint in joints)

    return Skeleton(
        name,
        PAIR,
        tuple(f"{side}_{joint}" for side in ("left", "right") for joint in hand.joints),
        (*hand.edges, *((a + right, b + right) for a, b in hand.edges)),
        hand.colors * 2,
        tuple((joint, joint + right) for joint in range(right)),
        {
            f"{side}_{finger}": tuple(joint + begin for joint in group)
            for side, begin in (("left", 0), ("right", right))
            for finger, group in hand.groups.items()
        },
        root=of_both(hand.root),
        heading=of_both(hand.heading),
        traced=hand.traced + right,
        parts=(hand, hand),
    )


HANDS_42 = _build_pair_skeleton("hands_42", HAND_21)
