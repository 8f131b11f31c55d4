"""Windows as another camera, person or moment would have given them. torch; draws only from the
generator it is given. N windows, T frames, K keypoints, D axes."""

import math
from dataclasses import dataclass

import torch

from core.gestures.labels import GestureLabel
from core.gestures.motion.motion_features import MotionFeatures

# What a motion's mirror image means, what it means a quarter turn clockwise on, and which mean the
# same however they are turned. What is not named here may mean a direction: it is left as it is.
_MIRROR_IMAGE = {
    "swipe_left": "swipe_right",
    "swipe_right": "swipe_left",
    "clockwise": "counter_clockwise",
    "counter_clockwise": "clockwise",
    **{name: name for name in ("swipe_up", "swipe_down", "still", "move", "wave", "none")},
}
_QUARTER_ON = {
    "swipe_up": "swipe_right",
    "swipe_right": "swipe_down",
    "swipe_down": "swipe_left",
    "swipe_left": "swipe_up",
}
_TURNABLE = ("clockwise", "counter_clockwise", "still", "move")


@dataclass(frozen=True)
class MotionAugmentation:
    """How far windows are changed in training.

    Attributes:
        share: of the windows that are mirrored, and of those that are turned, where it is known
            what that means.
        rotation_deg: largest turn either way.
        scale, stretch: largest change of the log of the size, and of each axis beside.
        speed: largest change of the log of the speed.
        shift: most frames that a window begins earlier or later.
        jitter: standard deviation of a keypoint's noise, in the path's unit, at most.
    """

    share: float = 0.5
    rotation_deg: float = 14.0
    scale: float = 0.4
    stretch: float = 0.2
    speed: float = 0.3
    shift: float = 1.5
    jitter: float = 0.002


@dataclass(frozen=True)
class MotionMeaning:
    """For each of C gestures the index of its mirror image and of its quarter turn, -1 where there
    is none among them, and whether it may be turned at will."""

    mirrors: torch.Tensor
    quarters: torch.Tensor
    turnable: torch.Tensor

    @classmethod
    def of(cls, gestures: tuple[GestureLabel, ...]) -> "MotionMeaning":
        """What is known of these gestures."""
        index = {gesture.name: i for i, gesture in enumerate(gestures)}
        images = [index.get(_MIRROR_IMAGE.get(g.name, ""), -1) for g in gestures]
        around = {*_QUARTER_ON} <= {*index}
        quarters = [index.get(_QUARTER_ON.get(g.name, ""), -1) if around else -1 for g in gestures]
        turnable = [gesture.name in _TURNABLE for gesture in gestures]
        return cls(torch.tensor(images), torch.tensor(quarters), torch.tensor(turnable))


def augment_motion(
    keypoints: torch.Tensor,
    labels: torch.Tensor,
    how: MotionAugmentation,
    meaning: MotionMeaning,
    features: MotionFeatures,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Changed copies of (N, T, K, D) windows as seen on the screen, and their (N,) labels."""

    def drawn(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator)

    n = len(labels)
    keypoints = _at_other_times(keypoints, how, drawn(n, 1), drawn(n, 1))
    image = meaning.mirrors[labels]
    mirrored = (drawn(n) < how.share) & (image >= 0)
    keypoints, labels = features.as_seen(keypoints, mirrored, torch), labels.where(~mirrored, image)
    angle = (2 * drawn(n) - 1) * math.radians(how.rotation_deg)
    free = meaning.turnable[labels] & (drawn(n) < how.share)
    angle = torch.where(free, drawn(n) * 2 * math.pi, angle)
    quarters = (drawn(n) * 4).long() * (drawn(n) < how.share) * (meaning.quarters[labels] >= 0)
    angle = angle + quarters * math.pi / 2
    for turn in range(1, 4):
        labels = torch.where(quarters >= turn, meaning.quarters[labels], labels)
    keypoints = _turned(keypoints, angle)
    size = torch.exp((2 * drawn(n, 1, 1, 1) - 1) * how.scale)
    axes = torch.exp((2 * drawn(n, 1, 1, keypoints.shape[3]) - 1) * how.stretch)
    noise = torch.randn(keypoints.shape, generator=generator) * how.jitter * drawn(n, 1, 1, 1)
    return keypoints * size * axes + noise * _unit(keypoints), labels


def _unit(keypoints: torch.Tensor) -> torch.Tensor:
    """(N, 1, 1, 1) what jitter is a share of: the reach of a pose in its first frame, and the unit
    itself where a single keypoint has none."""
    if keypoints.shape[2] == 1:
        return torch.ones(len(keypoints), 1, 1, 1)
    first = keypoints[:, 0]
    return (first - first[:, :1]).nan_to_num().norm(dim=2).amax(1)[:, None, None, None]


def _at_other_times(
    keypoints: torch.Tensor, how: MotionAugmentation, speed: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    frames = keypoints.shape[1]
    middle = (frames - 1) / 2
    at = (torch.arange(frames)[None] - middle) * torch.exp((2 * speed - 1) * how.speed)
    at = (at + middle + (2 * shift - 1) * how.shift).clamp(0, frames - 1)
    before = at.floor().long().clamp(max=frames - 2)
    share = (at - before)[..., None, None]
    rows = torch.arange(len(keypoints))[:, None]
    return keypoints[rows, before] * (1 - share) + keypoints[rows, before + 1] * share


def _turned(keypoints: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Clockwise on the screen, whose y points down."""
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    x, y = keypoints[..., 0], keypoints[..., 1]
    turned = torch.stack([x * cos - y * sin, x * sin + y * cos], 3)
    return torch.cat([turned, keypoints[..., 2:]], 3)
