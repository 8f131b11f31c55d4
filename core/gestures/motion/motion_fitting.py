"""One net of moving gestures fitted to windows. Convention: N windows, C gestures; everything
random comes from one seed.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.averaged_adamw import AveragedAdamW
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.data import GestureData
from core.gestures.motion.motion_augmentation import (
    MotionAugmentation,
    MotionMeaning,
    augment_motion,
)
from core.gestures.motion.motion_net import MotionNet
from core.training.background import Stop

_EPOCHS, _EPOCHS_OF_MANY, _MANY = 12, 24, 2000  # windows
_STEPS, _BATCH, _RATE, _DECAY = 64, 128, 3e-3, 1e-2  # steps of an epoch
_WARM = 0.1  # of all steps, until the learning rate is at its highest
_AT_ONCE = 1024


def fit_motion(
    data: GestureData,
    options: TrainOptions,
    epochs: int | None = None,
    log: Callable[..., None] = lambda **_: None,
    stop: Stop | None = None,
) -> MotionNet:
    """Fit on every window for so many epochs, fewer when it is stopped."""
    torch.set_num_threads(1)  # as `fitting` has it
    epochs, stop = epochs or usual_epochs(data, options), stop or Stop()
    generator = torch.Generator().manual_seed(options.seed)
    features, labels = data.motion_features, torch.from_numpy(data.labels.astype(np.int64))
    seen = torch.from_numpy(np.asarray(features.as_seen(data.keypoints, data.mirrored_view)))
    weights = torch.from_numpy(draw_weights(data))
    some = torch.multinomial(weights, 4 * _AT_ONCE, replacement=True, generator=generator)
    x = features(seen[some], torch.zeros(len(some), dtype=torch.bool), torch)
    net = MotionNet.fresh(features, len(data.gestures), x, generator)
    optimizer = AveragedAdamW(net, _RATE, _DECAY)
    meaning, how = MotionMeaning.of(data.gestures), MotionAugmentation()
    for epoch in range(1, epochs + 1):
        loss_sum, right = 0.0, 0
        for step in range(_STEPS):
            stop.check()
            done = ((epoch - 1) * _STEPS + step) / (epochs * _STEPS)
            optimizer.set_rate(_RATE * _schedule(done))
            rows = torch.multinomial(weights, _BATCH, replacement=True, generator=generator)
            points, y = augment_motion(seen[rows], labels[rows], how, meaning, features, generator)
            unmirrored = torch.zeros(len(rows), dtype=torch.bool)
            logits = net.logits(features(points, unmirrored, torch), generator)
            loss = torch.nn.functional.cross_entropy(
                logits, y, label_smoothing=options.label_smoothing
            )
            optimizer.step(loss)
            loss_sum += float(loss.detach())
            right += int((logits.argmax(1) == y).sum())
        record = {"loss": loss_sum / _STEPS, "accuracy": right / (_STEPS * _BATCH)}
        if not np.isfinite(record["loss"]):
            raise TrainingError(f"the loss became {record['loss']} in epoch {epoch}: stopped")
        log(event="epoch", epoch=epoch, epochs=epochs, **record)
        if stop.is_set():
            break
    return optimizer.copy_average()


def usual_epochs(data: GestureData, options: TrainOptions) -> int:
    """Those that are wanted, else more where there are many windows."""
    return options.epochs or (_EPOCHS_OF_MANY if len(data) > _MANY else _EPOCHS)


def _schedule(done: float) -> float:
    """The learning rate's share: up in a line, then down to nothing along half a cosine."""
    if done < _WARM:
        return (done + 0.01) / (_WARM + 0.01)
    return 0.5 * (1 + float(np.cos(np.pi * (done - _WARM) / (1 - _WARM))))


def draw_weights(data: GestureData) -> NDArray[np.float64]:
    """(N,) how often each window is drawn.

    Many windows of one person say little more than few, so a gesture is drawn in proportion to the
    square root of its mean number of windows per person, and each of its people equally often.
    How many people recorded a gesture does not count: it says nothing about who performs it next.
    """
    gestures = len(data.gestures)
    _, group = np.unique(data.persons, return_inverse=True)
    cells, cell, counts = np.unique(
        group * gestures + data.labels, return_inverse=True, return_counts=True
    )
    persons = np.maximum(np.bincount(cells % gestures, minlength=gestures), 1)
    usual = np.bincount(data.labels, minlength=gestures) / persons
    return np.asarray((np.sqrt(usual) / persons)[data.labels] / counts[cell], np.float64)


def motion_probabilities(net: MotionNet, data: GestureData) -> NDArray[np.float32]:
    """(N, C) of the net for the windows, some at once."""
    parts = []
    with torch.no_grad():
        for begin in range(0, len(data), _AT_ONCE):
            rows = slice(begin, begin + _AT_ONCE)
            keypoints = torch.from_numpy(np.ascontiguousarray(data.keypoints[rows]))
            parts.append(net(keypoints, torch.from_numpy(data.mirrored_view[rows])).numpy())
    return np.concatenate(parts) if parts else np.empty((0, len(data.gestures)), np.float32)
