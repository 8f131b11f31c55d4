"""Keypoints as another camera, person or detector would have given them. torch; draws only from
the generator it is given, so that a seed decides everything. In space, turns are those that the
camera sees in its picture; depths stay."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from core.gestures.labels import GestureLabel
from core.pose.skeletons.hand_keypoints import BASES, TIPS
from core.pose.skeletons.table import HAND_21, Skeleton

# What a gesture's mirror image means. A gesture that is not named here may mean a direction, so
# it is never mirrored.
_MIRROR_IMAGE = {
    name: name
    for name in ("thumbs_up", "thumbs_down", "point_up", "ok", "fist", "open_palm", "none")
} | {"point_right": "point_left", "point_left": "point_right"}
_MIRROR_IMAGE |= {
    name: name for name in ("t_pose", "y_pose", "hands_up", "arms_crossed", "hands_on_hips")
} | {"left_arm_out": "right_arm_out", "right_arm_out": "left_arm_out"}

# Where the index finger points, in degrees clockwise from up: its middle and how far either way.
# 18 recorders' fingers lay there, whichever way their palms did: that says nothing.
_AIMS = {"point_up": (0.0, 40.0), "point_right": (80.0, 30.0), "point_left": (-80.0, 30.0)}
_KNUCKLE, _TIP = BASES[1], TIPS[1]

# A fist is a fist whichever way it points; a gesture that is not named here may mean a direction.
_DIRECTION_FREE = ("ok", "fist", "open_palm")


@dataclass(frozen=True)
class Augmentation:
    """How far samples are changed in training.

    Attributes:
        rotation_deg: largest turn either way.
        stretch: standard deviation of the log of width to height.
        shear: standard deviation of the sideways shift per unit of height.
        jitter: standard deviation of each joint's noise, in lengths of the pose, of a pair's
            in lengths of the hand.
        dropout: chance that a keypoint (never the root) is missing, in a third of the samples.
        mirror: share of the samples that are mirrored, where the mirror image's name is known.
        turn: share of the samples that are turned by any angle, of gestures without a direction.
        aim: share of the pointing samples that are turned until the index finger points elsewhere,
            and are then named by where it points.
        behind: share of the bodies that are seen from behind: the same outline, its left and right
            exchanged.
    """

    rotation_deg: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    jitter: float = 0.0
    dropout: float = 0.0
    mirror: float = 0.0
    turn: float = 0.0
    aim: float = 0.0
    behind: float = 0.0


@dataclass(frozen=True)
class Meaning:
    """What is known of the gestures' directions.

    Attributes:
        mirrors: (C,) index of each gesture's mirror image, -1 where there is none among them.
        turnable: (C,) bool, true where a gesture means the same whichever way it points.
        aims: (3,) index of the gesture that points up, right and left, -1 where it is missing.
    """

    mirrors: torch.Tensor
    turnable: torch.Tensor
    aims: torch.Tensor

    @classmethod
    def of(cls, gestures: tuple[GestureLabel, ...]) -> "Meaning":
        """What is known of these gestures."""
        index = {gesture.name: i for i, gesture in enumerate(gestures)}
        images = [index.get(_MIRROR_IMAGE.get(g.name, ""), -1) for g in gestures]
        free = [gesture.name in _DIRECTION_FREE for gesture in gestures]
        aims = [index.get(name, -1) for name in _AIMS]
        return cls(torch.tensor(images), torch.tensor(free), torch.tensor(aims))


def augment(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    how: Augmentation,
    meaning: Meaning,
    generator: torch.Generator,
    skeleton: Skeleton,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Changed copies of (N, K, D) keypoints as seen on the screen, and their (N,) labels."""
    if how.jitter:
        keypoints = _jittered(keypoints, how.jitter, skeleton, generator)
    keypoints = _moved(keypoints, _warps(len(labels), how, generator))
    keypoints = _turned(keypoints, meaning.turnable[labels], how.turn, generator)
    if skeleton == HAND_21:
        keypoints, labels = _aimed(keypoints, labels, how.aim, meaning.aims, generator)
    if skeleton.is_body:
        keypoints = _from_behind(keypoints, how.behind, skeleton, generator)
    keypoints = _without_some_keypoints(keypoints, how.dropout, skeleton, generator)
    return _mirrored(keypoints, labels, how.mirror, meaning.mirrors, skeleton, generator)


def _jittered(
    keypoints: torch.Tensor, jitter: float, skeleton: Skeleton, generator: torch.Generator
) -> Any:
    if skeleton.parts:  # each hand by its own length, also where the other is missing or far away
        hands = keypoints.split([part.size for part in skeleton.parts], 1)
        both = zip(hands, skeleton.parts, strict=True)
        return torch.cat([_jittered(hand, jitter, part, generator) for hand, part in both], 1)
    from_root = keypoints - keypoints[:, [*skeleton.root]].mean(1, keepdim=True)
    length = from_root.nan_to_num().norm(dim=2).amax(1)[:, None, None]
    return keypoints + torch.randn(keypoints.shape, generator=generator) * length * jitter


def _moved(keypoints: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Times (N, 2, 2) matrices in x and y."""
    if keypoints.shape[2] == 3:
        by = torch.nn.functional.pad(by, (0, 1, 0, 1))
        by[:, 2, 2] = 1
    return torch.einsum("nij,nkj->nki", by, keypoints)


def _warps(n: int, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """(N, 2, 2) rotation after stretch and shear."""
    angle = (torch.rand(n, generator=generator) * 2 - 1) * math.radians(how.rotation_deg)
    width = torch.exp(torch.randn(n, generator=generator) * how.stretch)
    shear = torch.randn(n, generator=generator) * how.shear
    zero, one = torch.zeros(n), torch.ones(n)
    change = torch.stack([torch.stack([width, shear], 1), torch.stack([zero, one], 1)], 1)
    return _rotations(angle) @ change


def _rotations(angle: torch.Tensor) -> torch.Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)


def _turned(
    keypoints: torch.Tensor, turnable: torch.Tensor, share: float, generator: torch.Generator
) -> torch.Tensor:
    n = len(keypoints)
    chosen = (torch.rand(n, generator=generator) < share) & turnable
    angle = torch.where(chosen, torch.rand(n, generator=generator) * 2 * math.pi, torch.zeros(n))
    return _moved(keypoints, _rotations(angle))


def _aimed(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    share: float,
    aims: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    n = len(labels)
    way = torch.randint(len(_AIMS), (n,), generator=generator)
    middle, reach = torch.deg2rad(torch.tensor(list(_AIMS.values())))[way].unbind(1)
    wanted = middle + (torch.rand(n, generator=generator) * 2 - 1) * reach
    finger = keypoints[:, _TIP] - keypoints[:, _KNUCKLE]
    by = wanted - torch.atan2(finger[:, 0], -finger[:, 1])
    chosen = (torch.rand(n, generator=generator) < share) & torch.isin(labels, aims)
    chosen &= (aims[way] >= 0) & by.isfinite()
    turned = _moved(keypoints, _rotations(by.where(chosen, torch.zeros(n))))
    return turned, torch.where(chosen, aims[way], labels)


def _from_behind(
    keypoints: torch.Tensor, share: float, skeleton: Skeleton, generator: torch.Generator
) -> torch.Tensor:
    chosen = torch.rand(len(keypoints), generator=generator) < share
    return torch.where(chosen[:, None, None], keypoints[:, skeleton.mirrored], keypoints)


def _without_some_keypoints(
    keypoints: torch.Tensor, dropout: float, skeleton: Skeleton, generator: torch.Generator
) -> torch.Tensor:
    n, joints, _ = keypoints.shape
    chosen = torch.rand(n, 1, generator=generator) < 1 / 3
    missing = (torch.rand(n, joints, generator=generator) < dropout) & chosen
    missing[:, [*skeleton.root]] = False
    return keypoints.masked_fill(missing[..., None], float("nan"))


def _mirrored(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    share: float,
    mirrors: torch.Tensor,
    skeleton: Skeleton,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    image = mirrors[labels]
    chosen = (torch.rand(len(labels), generator=generator) < share) & (image >= 0)
    flip = torch.where(chosen, -1.0, 1.0)
    ones = [torch.ones_like(flip)] * (keypoints.shape[2] - 1)
    sides = torch.stack([flip, *ones], 1)[:, None]
    if skeleton.mirror_pairs:  # a mirrored left arm is a right one
        swapped = keypoints[:, skeleton.mirrored]
        keypoints = torch.where(chosen[:, None, None], swapped, keypoints)
    return keypoints * sides, torch.where(chosen, image, labels)
