"""The net of moving gestures, from windows of keypoints to probabilities, and how it is fitted to
randomly changed windows: as another camera, person or moment would give them.

Convention: N windows, T frames, K keypoints, F features of a frame, W channels, C gestures. The
convolutions are causal. Everything random comes from one seed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import pad

from core.errors import TrainingError
from core.gestures.classifier.augmentation import rotate_clockwise
from core.gestures.classifier.fitting import AveragedAdamW, TrainOptions
from core.gestures.classifier.nets import apply_dropout, init_weights
from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.motion.motion_features import MotionFeatures
from core.training.background import Stop
from core.words import words

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


_WIDTH = 64
DILATIONS = (1, 1, 2, 4)  # of convolutions over three frames: the last sees 17
_EPOCHS, _EPOCHS_OF_MANY, _MANY = 12, 24, 2000  # windows
_MEASURED = 4096  # windows drawn to standardise the features
_STEPS, _BATCH, _RATE, _DECAY = 64, 128, 3e-3, 1e-2  # steps per epoch
_WARM_UP = 0.1  # fraction of all steps until the learning rate is at its highest


class MotionNet(nn.Module):
    """Features, their standardisation, temporal convolutions (Bai et al. 2018: causal, dilated,
    with shortcuts), and a linear layer on their mean and maximum over time; `forward` is saved."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, features: MotionFeatures, classes: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features.count))
        self.register_buffer("spread", torch.ones(features.count))
        sizes = (features.count, *[_WIDTH] * len(DILATIONS))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 3, dilation=step)
            for a, b, step in zip(sizes, sizes[1:], DILATIONS, strict=False)
        )
        self.last = nn.Linear(2 * _WIDTH, classes)

    @classmethod
    def create_random(
        cls, features: MotionFeatures, classes: int, x: torch.Tensor, generator: torch.Generator
    ) -> "MotionNet":
        """Create a random net that standardises its input by these (N, T, F) features."""
        net = cls(features, classes)
        net.mean = x.mean((0, 1))
        net.spread = x.std((0, 1), correction=0) + 0.05
        init_weights((*net.convolutions, net.last), generator)
        return net

    def logits(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Compute (N, C) logits of (N, T, F) features; dropout is on if a generator is given."""
        x = ((x - self.mean) / self.spread).transpose(1, 2)
        for number, (layer, step) in enumerate(zip(self.convolutions, DILATIONS, strict=True)):
            new = apply_dropout(torch.relu(layer(pad(x, (2 * step, 0)))), generator)
            x = x + new if number else new
        pooled = torch.cat([x.mean(2), x.amax(2)], 1)
        return self.last(apply_dropout(pooled, generator))

    def forward(self, keypoints: torch.Tensor, mirrored_view: torch.Tensor) -> torch.Tensor:
        """Compute (N, C) probabilities of (N, T, K, D) windows."""
        return torch.softmax(self.logits(self.features(keypoints, mirrored_view, torch)), 1)


def fit_motion_net(
    data: GestureData,
    options: TrainOptions,
    epochs: int | None = None,
    log: Callable[..., None] = lambda **_: None,
    stop: Stop | None = None,
) -> MotionNet:
    """Fit a net on all windows for a fixed number of epochs, or until stopped; log every epoch and
    return the averaged net. Raise TrainingError if the loss isn't finite."""
    torch.set_num_threads(1)  # as in `fit_mlp`
    epochs, stop = epochs or choose_epochs(data, options), stop or Stop()
    generator = torch.Generator().manual_seed(options.seed)
    features, labels = data.motion_features, torch.from_numpy(data.labels.astype(np.int64))
    seen = torch.from_numpy(np.asarray(features.flip_mirrored(data.keypoints, data.mirrored_view)))
    weights = torch.from_numpy(compute_sampling_weights(data))
    some = torch.multinomial(weights, _MEASURED, replacement=True, generator=generator)
    x = features(seen[some], torch.zeros(len(some), dtype=torch.bool), torch)
    net = MotionNet.create_random(features, len(data.gestures), x, generator)
    optimizer = AveragedAdamW(net, _RATE, _DECAY)
    symmetries = MotionSymmetries.from_gestures(data.gestures)
    for epoch in range(1, epochs + 1):
        loss_sum, correct = 0.0, 0
        for step in range(_STEPS):
            stop.check()
            done = ((epoch - 1) * _STEPS + step) / (epochs * _STEPS)
            rows = torch.multinomial(weights, _BATCH, replacement=True, generator=generator)
            points, y = augment_windows(
                seen[rows], labels[rows], MotionAugmentation(), symmetries, features, generator
            )
            unmirrored = torch.zeros(len(rows), dtype=torch.bool)
            logits = net.logits(features(points, unmirrored, torch), generator)
            loss = torch.nn.functional.cross_entropy(
                logits, y, label_smoothing=options.label_smoothing
            )
            optimizer.step(loss, _compute_rate_factor(done))
            loss_sum += float(loss.detach())
            correct += int((logits.argmax(1) == y).sum())
        record = {"loss": loss_sum / _STEPS, "accuracy": correct / (_STEPS * _BATCH)}
        if not np.isfinite(record["loss"]):
            raise TrainingError(
                words(
                    "the loss became {loss} in epoch {epoch}: stopped",
                    loss=record["loss"],
                    epoch=epoch,
                )
            )
        log(event="epoch", epoch=epoch, epochs=epochs, **record)
        if stop.is_set():
            break
    return optimizer.copy_average()


def choose_epochs(data: GestureData, options: TrainOptions) -> int:
    """Return the epochs in the options; if unset, more for many windows."""
    return options.epochs or (_EPOCHS_OF_MANY if len(data) > _MANY else _EPOCHS)


def _compute_rate_factor(done: float) -> float:
    """Return the learning rate's factor at a progress of 0..1: warm-up, cosine decay to 0."""
    if done < _WARM_UP:
        return (done + 0.01) / (_WARM_UP + 0.01)
    return 0.5 * (1 + float(np.cos(np.pi * (done - _WARM_UP) / (1 - _WARM_UP))))


def compute_sampling_weights(data: GestureData) -> NDArray[np.float64]:
    """Return the (N,) sampling weight of each window in training.

    Many windows of one person add little, so a gesture is weighted by the square root of its mean
    number of windows per person, and its persons equally. The number of persons has no effect,
    because it says nothing about who performs the gesture next.
    """
    gestures = len(data.gestures)
    _, group = np.unique(data.persons, return_inverse=True)
    cells, cell, counts = np.unique(
        group * gestures + data.labels, return_inverse=True, return_counts=True
    )
    persons = np.maximum(np.bincount(cells % gestures, minlength=gestures), 1)
    mean = np.bincount(data.labels, minlength=gestures) / persons
    return np.asarray((np.sqrt(mean) / persons)[data.labels] / counts[cell], np.float64)
