"""Random changes of windows for training: as another camera, person or moment would give them.
N windows, T frames, K keypoints, D axes."""

import math
from dataclasses import dataclass

import torch

from core.gestures.classifier.augmentation import rotate_clockwise
from core.gestures.labels import GestureLabel
from core.gestures.motion.motion_features import MotionFeatures

# The gesture that a motion's mirror image shows, the gesture that its quarter turn clockwise shows,
# and gestures that mean the same at any rotation. A gesture that is not listed keeps its direction.
_MIRROR_IMAGE = {
    "swipe_left": "swipe_right",
    "swipe_right": "swipe_left",
    "clockwise": "counter_clockwise",
    "counter_clockwise": "clockwise",
    **{name: name for name in ("swipe_up", "swipe_down", "still", "move", "wave", "none")},
}
_QUARTER_TURN = {
    "swipe_up": "swipe_right",
    "swipe_right": "swipe_down",
    "swipe_down": "swipe_left",
    "swipe_left": "swipe_up",
}
_ROTATABLE = ("clockwise", "counter_clockwise", "still", "move")


@dataclass(frozen=True)
class MotionAugmentation:
    """How strongly windows are augmented in training."""

    fraction: float = 0.5  # that is mirrored, and rotated, where the result's gesture is known
    rotation_deg: float = 14.0  # largest rotation in either direction
    scale: float = 0.4  # largest change of the log of the size
    stretch: float = 0.2  # largest change of the log of each axis
    speed: float = 0.3  # largest change of the log of the speed
    shift: float = 1.5  # largest shift in time, frames
    jitter: float = 0.002  # largest standard deviation of a keypoint's noise, in pose sizes


@dataclass(frozen=True)
class MotionSymmetries:
    """(C,) index of each gesture's mirror image and of its quarter turn, -1 if there is none, and
    whether it means the same at any rotation."""

    mirrors: torch.Tensor
    quarters: torch.Tensor
    rotatable: torch.Tensor

    @classmethod
    def from_gestures(cls, gestures: tuple[GestureLabel, ...]) -> "MotionSymmetries":
        """Look up by name which gestures are mirror images or quarter turns of each other (−1 if
        there is none), or rotatable."""
        index = {gesture.name: i for i, gesture in enumerate(gestures)}
        images = [index.get(_MIRROR_IMAGE.get(g.name, ""), -1) for g in gestures]
        turns = _QUARTER_TURN if {*_QUARTER_TURN} <= {*index} else {}
        quarters = [index.get(turns.get(g.name, ""), -1) for g in gestures]
        rotatable = [gesture.name in _ROTATABLE for gesture in gestures]
        return cls(torch.tensor(images), torch.tensor(quarters), torch.tensor(rotatable))


def augment_windows(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    options: MotionAugmentation,
    symmetries: MotionSymmetries,
    features: MotionFeatures,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return copies of (N, T, K, D) windows, as seen on the screen, with random speed, mirroring,
    rotation, size and jitter, and their (N,) labels, updated if mirroring or rotation makes another
    gesture."""

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator)

    n = len(labels)
    keypoints = _warp_time(keypoints, options, draw(n, 1), draw(n, 1))
    image = symmetries.mirrors[labels]
    mirrored = (draw(n) < options.fraction) & (image >= 0)
    keypoints = features.flip_mirrored(keypoints, mirrored, torch)
    labels = labels.where(~mirrored, image)
    angle = (2 * draw(n) - 1) * math.radians(options.rotation_deg)
    free = symmetries.rotatable[labels] & (draw(n) < options.fraction)
    angle = torch.where(free, draw(n) * 2 * math.pi, angle)
    quarters = (draw(n) * 4).long() * (draw(n) < options.fraction)
    quarters = quarters * (symmetries.quarters[labels] >= 0)
    angle = angle + quarters * math.pi / 2
    for turn in range(1, 4):
        labels = torch.where(quarters >= turn, symmetries.quarters[labels], labels)
    keypoints = rotate_clockwise(keypoints, angle)
    size = torch.exp((2 * draw(n, 1, 1, 1) - 1) * options.scale)
    axes = torch.exp((2 * draw(n, 1, 1, keypoints.shape[3]) - 1) * options.stretch)
    noise = torch.randn(keypoints.shape, generator=generator) * options.jitter * draw(n, 1, 1, 1)
    return keypoints * size * axes + noise * _measure_noise_unit(keypoints), labels


def _measure_noise_unit(keypoints: torch.Tensor) -> torch.Tensor:
    """Return the (N, 1, 1, 1) size of the pose in the first frame; 1 for a single keypoint."""
    if keypoints.shape[2] == 1:
        return torch.ones(len(keypoints), 1, 1, 1)
    first = keypoints[:, 0]
    return (first - first[:, :1]).nan_to_num().norm(dim=2).amax(1)[:, None, None, None]


def _warp_time(
    keypoints: torch.Tensor, options: MotionAugmentation, speed: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    """Change each window's speed and shift it in time, by (N, 1) random numbers from 0 to 1."""
    frames = keypoints.shape[1]
    middle = (frames - 1) / 2
    at = (torch.arange(frames)[None] - middle) * torch.exp((2 * speed - 1) * options.speed)
    at = (at + middle + (2 * shift - 1) * options.shift).clamp(0, frames - 1)
    before = at.floor().long().clamp(max=frames - 2)
    fraction = (at - before)[..., None, None]
    rows = torch.arange(len(keypoints))[:, None]
    return keypoints[rows, before] * (1 - fraction) + keypoints[rows, before + 1] * fraction
