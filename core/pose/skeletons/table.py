"""Skeletons as data: keypoints by name, the edges between them, which of them are left and right.

Convention: "left" is the person's own left. `SKELETONS` is the one table: a new skeleton is an
entry there, and nothing else asks how many keypoints a hand or a body has. K keypoints.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from core.errors import SkeletonError
from core.pose.skeletons.hands import (
    FINGERTIP_1,
    HAND_21,
    HANDS17_21,
    HANDS_42,
    ICVL_16,
    MSRA_21,
    NYU_14,
)
from core.pose.skeletons.skeleton import BODY, Skeleton, edges_along
from core.pose.types import Floats
from core.words import mark, words

_LEFT, _RIGHT, _MIDDLE = (70, 140, 230), (240, 150, 50), (150, 150, 160)


def _build_body_skeleton(
    name: str,
    joints: str,
    chains: Sequence[Sequence[str]],
    limbs: Mapping[str, str],
    root: str,
    heading: str,
    scale: str,
    oks_sigmas: tuple[float, ...] = (),
) -> Skeleton:
    """Build a body's skeleton from its keypoints' names; left_… and right_… are paired, and edges
    coloured by side.

    Args:
        joints: names in order, separated by spaces; left_… and right_… where there are two.
        chains: names joined by edges, one after the other.
        limbs: groups as names separated by spaces.
        root, heading: names; scale: pairs of names, "a-b c-d".
    """
    names = tuple(joints.split())

    def at(text: str) -> tuple[int, ...]:
        return tuple(names.index(joint) for joint in text.split())

    edges = [edge for chain in chains for edge in edges_along(*at(" ".join(chain)))]
    lefts = [joint for joint in names if joint.startswith("left_")]
    pairs = [(names.index(j), names.index(j.replace("left_", "right_", 1))) for j in lefts]
    sides = {"left": _LEFT, "right": _RIGHT}
    colors = []
    for a, b in edges:
        both = {names[a].split("_")[0], names[b].split("_")[0]} & {*sides}
        colors.append(sides[both.pop()] if len(both) == 1 else _MIDDLE)
    return Skeleton(
        name,
        BODY,
        names,
        tuple(edges),
        tuple(colors),
        tuple(pairs),
        {limb: at(text) for limb, text in limbs.items()},
        at(root),
        at(heading),
        tuple((a, b) for a, b in (at(pair.replace("-", " ")) for pair in scale.split())),
        oks_sigmas=oks_sigmas,
        traced=names.index("right_wrist"),
    )


def _repeat_for_sides(*chain: str) -> list[list[str]]:
    """Return a keypoint chain for each side, replacing a leading `_` by left_ or right_."""
    return [
        [side + joint if joint[0] == "_" else joint for joint in chain]
        for side in ("left", "right")
    ]


_ARMS_LEGS = {
    f"{side}_{limb}": " ".join(f"{side}_{joint}" for joint in joints)
    for side in ("left", "right")
    for limb, joints in (("arm", ("shoulder", "elbow", "wrist")), ("leg", ("hip", "knee", "ankle")))
}
_TRUNK = "left_shoulder-right_shoulder left_shoulder-left_hip right_shoulder-right_hip"
_SHOULDERS = "left_shoulder right_shoulder"
_TORSO = [["left_shoulder", "right_shoulder", "right_hip", "left_hip", "left_shoulder"]]

_BLAZEPOSE = """
nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer
left_ear right_ear left_mouth right_mouth left_shoulder right_shoulder left_elbow right_elbow
left_wrist right_wrist left_pinky right_pinky left_index right_index left_thumb right_thumb
left_hip right_hip left_knee right_knee left_ankle right_ankle left_heel right_heel
left_foot_index right_foot_index
"""
_COCO = """
nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow
left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle
"""
_LSP = """
right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow
right_shoulder left_shoulder left_elbow left_wrist neck head_top
"""
# Lin et al., the COCO keypoint challenge's evaluation: the nose, then eye to ankle, left and right
_COCO_PAIRS = (0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089)
_COCO_SIGMAS = (0.026, *(sigma for sigma in _COCO_PAIRS for _ in range(2)))

BODY_33 = _build_body_skeleton(
    "body_33",
    _BLAZEPOSE,
    [
        *_TORSO,
        *_repeat_for_sides("nose", "_eye_inner", "_eye", "_eye_outer", "_ear"),
        ["left_mouth", "right_mouth"],
        *_repeat_for_sides("_shoulder", "_elbow", "_wrist", "_thumb"),
        *_repeat_for_sides("_wrist", "_pinky", "_index", "_wrist"),
        *_repeat_for_sides("_hip", "_knee", "_ankle", "_heel", "_foot_index", "_ankle"),
    ],
    _ARMS_LEGS,
    _SHOULDERS,
    "nose",
    _TRUNK,
)
COCO_17 = _build_body_skeleton(
    "coco_17",
    _COCO,
    [
        *_TORSO,
        *_repeat_for_sides("nose", "_eye", "_ear"),
        *_repeat_for_sides("_shoulder", "_elbow", "_wrist"),
        *_repeat_for_sides("_hip", "_knee", "_ankle"),
    ],
    _ARMS_LEGS,
    _SHOULDERS,
    "nose",
    _TRUNK,
    _COCO_SIGMAS,
)
LSP_14 = _build_body_skeleton(
    "lsp_14",
    _LSP,
    [
        ["head_top", "neck"],
        *_repeat_for_sides("neck", "_shoulder", "_elbow", "_wrist"),
        *_repeat_for_sides("neck", "_hip", "_knee", "_ankle"),
    ],
    _ARMS_LEGS,
    "neck",
    "head_top",
    _TRUNK,
)
# the types of project by title, and their skeletons
SUBJECTS = {mark("Hands"): HAND_21, mark("Both hands"): HANDS_42, mark("Bodies"): BODY_33}
_HANDS = (NYU_14, ICVL_16, MSRA_21, HANDS17_21, FINGERTIP_1)
SKELETONS = {one.name: one for one in (HAND_21, HANDS_42, BODY_33, COCO_17, LSP_14, *_HANDS)}


def skeleton_named(name: str) -> Skeleton:
    """Return the skeleton of that name; raise SkeletonError if the name is unknown."""
    if name not in SKELETONS:
        raise SkeletonError(
            words("no skeleton “{name}”; there are: {known}", name=name, known=", ".join(SKELETONS))
        )
    return SKELETONS[name]


_MIDPOINTS = {"neck": ("left_shoulder", "right_shoulder")}
_CONVERSIONS = {
    ("body_33", "coco_17"),
    ("body_33", "lsp_14"),
    ("coco_17", "lsp_14"),
    ("lsp_14", "coco_17"),
    *itertools.permutations(("hand_21", "msra_21", "hands17_21"), 2),
}


def convert_keypoints(keypoints: Floats, source: Skeleton, target: Skeleton) -> Floats:
    """Convert (…, K, D) keypoints to another skeleton, NaN if one has no counterpart. Raise
    SkeletonError for a wrong number of keypoints, or if the two have no conversion.

    33 → 17 and → 14, 17 → 14: the neck is the shoulders' middle; the top of the head is missing.
    14 → 17: the face is missing. Hands of 21 keypoints change their order.
    """
    source.check(keypoints.shape[-2])
    if source.name == target.name:
        return keypoints.copy()
    if (source.name, target.name) not in _CONVERSIONS:
        raise SkeletonError(
            words(
                "{source} keypoints can't be turned into {target}",
                source=source.name,
                target=target.name,
            )
        )
    converted = np.full((*keypoints.shape[:-2], target.size, keypoints.shape[-1]), np.nan)
    for row, joint in enumerate(target.joints):
        names = (joint,) if joint in source.joints else _MIDPOINTS.get(joint, ())
        if names:
            places = [source.index(name) for name in names]
            converted[..., row, :] = keypoints[..., places, :].mean(-2)
    return converted.astype(np.float32)
