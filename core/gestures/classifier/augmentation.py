"""Random changes of samples for training: as another camera, person or detector would give them.
3-D keypoints are changed in the picture plane; their depths stay."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from core.gestures.features import FeatureSet
from core.gestures.labels import GestureLabel
from core.pose.skeletons.hands import BASES, TIPS
from core.pose.skeletons.table import HAND_21, Skeleton

# The gesture that a gesture's mirror image shows. One that is not listed may mean a direction, so
# it is never mirrored.
_MIRROR_IMAGE = {
    name: name
    for name in ("thumbs_up", "thumbs_down", "point_up", "ok", "fist", "open_palm", "none")
} | {"point_right": "point_left", "point_left": "point_right"}
_MIRROR_IMAGE |= {
    name: name for name in ("t_pose", "y_pose", "hands_up", "arms_crossed", "hands_on_hips")
} | {"left_arm_out": "right_arm_out", "right_arm_out": "left_arm_out"}

# Where the index finger points, in degrees clockwise from up: middle and half width of the range
# that 18 recorders showed. The palm's direction has no meaning.
_AIMS = {"point_up": (0.0, 40.0), "point_right": (80.0, 30.0), "point_left": (-80.0, 30.0)}
_KNUCKLE, _TIP = BASES[1], TIPS[1]

_ROTATABLE = ("ok", "fist", "open_palm")  # mean the same at any rotation


@dataclass(frozen=True)
class Augmentation:
    """How strongly training samples are augmented. Standard deviations are of normal distributions;
    fractions are of the samples to which the augmentation applies."""

    rotation_deg: float = 0.0  # largest rotation in either direction
    stretch: float = 0.0  # standard deviation of the log of width to height
    shear: float = 0.0  # standard deviation of the sideways shift per unit of height
    jitter: float = 0.0  # standard deviation of keypoints, in lengths of the pose, of a pair's hand
    dropout: float = 0.0  # probability that a non-root keypoint is missing, in a third of samples
    mirror: float = 0.0  # fraction that is mirrored, where the mirror image's name is known
    turn: float = 0.0  # fraction of direction-free gestures that is rotated by any angle
    aim: float = 0.0  # fraction of pointing hands that is rotated to point elsewhere and relabelled
    behind: float = 0.0  # fraction of bodies that is seen from behind: left and right are swapped


@dataclass(frozen=True)
class Symmetries:
    """What mirroring and rotation do to the labels of C gestures; an index of -1 means none."""

    mirrors: torch.Tensor  # (C,) index of each gesture's mirror image
    rotatable: torch.Tensor  # (C,) bool, whether it means the same at any rotation
    aims: torch.Tensor  # (3,) index of the gestures that point up, right and left

    @classmethod
    def from_gestures(cls, gestures: tuple[GestureLabel, ...]) -> "Symmetries":
        """Look up by name which gestures mirror each other, and which are rotatable or pointing."""
        index = {gesture.name: i for i, gesture in enumerate(gestures)}
        images = [index.get(_MIRROR_IMAGE.get(g.name, ""), -1) for g in gestures]
        rotatable = [gesture.name in _ROTATABLE for gesture in gestures]
        aims = [index.get(name, -1) for name in _AIMS]
        return cls(torch.tensor(images), torch.tensor(rotatable), torch.tensor(aims))


def augment(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    options: Augmentation,
    symmetries: Symmetries,
    generator: torch.Generator,
    features: FeatureSet,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return randomly augmented copies of (N, K, D) keypoints, as seen on the screen, and their
    (N,) labels. Jitter, stretch, rotation, dropout and mirroring are applied; the label is updated
    if mirroring or aiming makes another gesture."""

    def choose(fraction: float) -> torch.Tensor:
        return torch.rand(len(labels), generator=generator) < fraction

    skeleton = features.skeleton
    if options.jitter:
        keypoints = _add_jitter(keypoints, options.jitter, skeleton, generator)
    keypoints = _apply_matrices(keypoints, _draw_warps(len(labels), options, generator))
    turned = choose(options.turn) & symmetries.rotatable[labels]
    angle = torch.rand(len(labels), generator=generator) * 2 * math.pi
    keypoints = rotate_clockwise(keypoints, angle * turned)
    if skeleton == HAND_21:
        keypoints, labels = _aim_some(keypoints, labels, options.aim, symmetries.aims, generator)
    if skeleton.is_body:
        behind = choose(options.behind)[:, None, None]
        keypoints = keypoints[:, skeleton.mirror_order].where(behind, keypoints)
    keypoints = _drop_keypoints(keypoints, options.dropout, skeleton, generator)
    image = symmetries.mirrors[labels]
    mirrored = choose(options.mirror) & (image >= 0)
    return features.flip_mirrored(keypoints, mirrored, torch), image.where(mirrored, labels)


def _add_jitter(
    keypoints: torch.Tensor, jitter: float, skeleton: Skeleton, generator: torch.Generator
) -> Any:
    """Add Gaussian noise to keypoints, relative to the pose's length (in pairs, each hand's)."""
    if skeleton.parts:
        hands = keypoints.split([part.size for part in skeleton.parts], 1)
        pairs = zip(hands, skeleton.parts, strict=True)
        return torch.cat([_add_jitter(hand, jitter, part, generator) for hand, part in pairs], 1)
    from_root = keypoints - keypoints[:, [*skeleton.root]].mean(1, keepdim=True)
    length = from_root.nan_to_num().norm(dim=2).amax(1)[:, None, None]
    return keypoints + torch.randn(keypoints.shape, generator=generator) * length * jitter


def _apply_matrices(keypoints: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Multiply x and y of (N, …, D) keypoints by (N, 2, 2) matrices."""
    if keypoints.shape[-1] == 3:
        matrices = torch.nn.functional.pad(matrices, (0, 1, 0, 1))
        matrices[:, 2, 2] = 1
    return torch.einsum("nij,n...j->n...i", matrices, keypoints)


def rotate_clockwise(keypoints: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Rotate each sample's (…, D) keypoints by its (N,) angle, radians, clockwise on the screen."""
    return _apply_matrices(keypoints, _make_rotations(angle))


def _draw_warps(n: int, options: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Draw (N, 2, 2) random matrices of a slight stretch, shear and rotation."""
    angle = (torch.rand(n, generator=generator) * 2 - 1) * math.radians(options.rotation_deg)
    width = torch.exp(torch.randn(n, generator=generator) * options.stretch)
    shear = torch.randn(n, generator=generator) * options.shear
    zero, one = torch.zeros(n), torch.ones(n)
    change = torch.stack([torch.stack([width, shear], 1), torch.stack([zero, one], 1)], 1)
    return _make_rotations(angle) @ change


def _make_rotations(angle: torch.Tensor) -> torch.Tensor:
    """Return (N, 2, 2) rotation matrices of (N,) angles, radians clockwise on the screen."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)


def _aim_some(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    fraction: float,
    aims: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotate a random fraction of the pointing hands until the index finger points up, right or
    left, and label them as the gesture of that direction."""
    n = len(labels)
    aim = torch.randint(len(_AIMS), (n,), generator=generator)
    middle, reach = torch.deg2rad(torch.tensor(list(_AIMS.values())))[aim].unbind(1)
    wanted = middle + (torch.rand(n, generator=generator) * 2 - 1) * reach
    finger = keypoints[:, _TIP] - keypoints[:, _KNUCKLE]
    angle = wanted - torch.atan2(finger[:, 0], -finger[:, 1])
    chosen = (torch.rand(n, generator=generator) < fraction) & torch.isin(labels, aims)
    chosen &= (aims[aim] >= 0) & angle.isfinite()
    rotated = rotate_clockwise(keypoints, angle.where(chosen, torch.zeros(n)))
    return rotated, aims[aim].where(chosen, labels)


def _drop_keypoints(
    keypoints: torch.Tensor, dropout: float, skeleton: Skeleton, generator: torch.Generator
) -> torch.Tensor:
    """Set random keypoints, except the root, to NaN in a random third of the samples."""
    n, size, _ = keypoints.shape
    chosen = torch.rand(n, 1, generator=generator) < 1 / 3
    missing = (torch.rand(n, size, generator=generator) < dropout) & chosen
    missing[:, [*skeleton.root]] = False
    return keypoints.masked_fill(missing[..., None], float("nan"))
