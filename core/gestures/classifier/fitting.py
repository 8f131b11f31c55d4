"""One MLP fitted to samples, epoch by epoch. Convention: N samples, C gestures, F features;
everything random comes from one seed.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch._dynamo
from numpy.typing import NDArray
from torch import nn

from core.errors import TrainingError
from core.gestures.classifier.augmentation import Augmentation, Symmetries, augment
from core.gestures.classifier.nets import GestureNet, run_net
from core.gestures.data import GestureData
from core.training.averaging import make_moving_average
from core.training.background import ReplacedError, Stop
from core.training.runs import describe_error
from core.words import words

_MAX_ROWS = 8192  # samples whose features are computed at once
_MIN_STEPS = 16  # of an epoch, however few the samples
# the accuracy on left-out recorders didn't rise after more, with 19,484 samples or with 60 to 160
# (docs/accuracy.md)
_ENOUGH_STEPS, _MIN_EPOCHS, _MAX_EPOCHS = 768, 8, 20
_AVERAGE_DECAY = 0.98  # of the averaged weights per step


@dataclass(frozen=True)
class TrainOptions:
    """How to train."""

    classifier: str = "mlp"  # or a baseline: "knn", "logreg", "forest"
    seed: int = 0  # of the split, the initial weights and everything random
    # None: 8 to 20, fewer for more samples, because their epochs have more steps; never chosen on
    # held-out samples
    epochs: int | None = None
    hidden: int = 256  # width of the first hidden layer; the second is half as wide
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    # these raise the accuracy on unseen recorders; small rotations, shear, stretch, jitter and
    # dropout did not, so they are off (docs/accuracy.md)
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(mirror=0.5, turn=0.5, aim=0.25, behind=0.25)
    )


class AveragedAdamW:
    """torch's AdamW with a moving average of the weights, which can be used after any step."""

    def __init__(self, net: nn.Module, rate: float, weight_decay: float) -> None:
        self._net, self._rate = net, rate
        self._adamw = torch.optim.AdamW(
            net.parameters(), rate, weight_decay=weight_decay, fused=True
        )
        self._average = make_moving_average(net, _AVERAGE_DECAY)

    def step(self, loss: torch.Tensor, rate_factor: float = 1.0) -> None:
        """Backpropagate the loss, update the weights by AdamW with its learning rate multiplied by
        `rate_factor`, and update their moving average."""
        self._adamw.param_groups[0]["lr"] = self._rate * rate_factor
        self._adamw.zero_grad()
        loss.backward()
        self._adamw.step()
        self._average.update_parameters(self._net)

    def copy_average(self) -> Any:
        """Return a new net of the same class with the averaged weights."""
        return deepcopy(self._average.module)


class InterruptedFitError(TrainingError):
    """An error after the first epoch of a fit, with the net of the last good epoch."""

    def __init__(self, reason: Exception, net: GestureNet, epochs: int) -> None:
        super().__init__(describe_error(reason))
        self.net, self.epochs = net, epochs


def fit_all(
    data: GestureData, options: TrainOptions, epochs: int, stop: Stop | None = None
) -> GestureNet:
    """Fit an MLP on all samples, without validation, for `epochs` epochs or until stopped."""
    options = replace(options, epochs=epochs)
    net, _ = fit_mlp(data, None, options, lambda **_: None, stop or Stop())
    return net


def fit_mlp(
    data: GestureData,
    validation: GestureData | None,
    options: TrainOptions,
    log: Callable[..., None],
    stop: Stop,
    each_epoch: Callable[[GestureNet], None] = lambda net: None,
) -> tuple[GestureNet, int]:
    """Fit an MLP for a fixed number of epochs, log every epoch, and call `each_epoch` with its net.
    Return the averaged net of the last epoch and the number of epochs, which is lower if stopped.
    Raise InterruptedFitError if an epoch after the first fails.

    Args:
        validation: measured after every epoch for the training curve; it decides nothing.
    """
    torch.set_num_threads(1)  # steps this small are four times slower when threads share them
    fit = _Fit(data, options)
    epochs = options.epochs or fit.enough_epochs
    net, done = fit.optimizer.copy_average(), 0
    for epoch in range(1, epochs + 1):
        try:
            fitted, record = _fit_epoch(fit, validation, epoch, stop)
            log(event="epoch", epoch=epoch, epochs=epochs, **record)
        except ReplacedError:
            raise
        except Exception as error:
            if validation is None or done == 0:
                raise
            raise InterruptedFitError(error, net, done) from error
        net, done = fitted, epoch
        each_epoch(net)
        if stop.is_set():
            break
    return net, done


def _fit_epoch(
    fit: "_Fit", validation: GestureData | None, epoch: int, stop: Stop
) -> tuple[GestureNet, dict[str, float]]:
    """Fit one more epoch; return the averaged net, and its training and validation losses and
    accuracies. Raise TrainingError if the loss isn't finite."""
    record = fit.run_epoch(stop)
    if not np.isfinite(record["loss"]):
        raise TrainingError(
            words(
                "the loss became {loss} in epoch {epoch}: stopped", loss=record["loss"], epoch=epoch
            )
        )
    net = fit.optimizer.copy_average()
    if validation is not None:
        probabilities = predict_samples(net, validation)
        of_target = probabilities[np.arange(len(validation)), validation.labels]
        record["val_loss"] = float(-np.log(np.maximum(of_target, 1e-7)).mean())
        record["val_accuracy"] = float((probabilities.argmax(1) == validation.labels).mean())
    return net, record


class _Fit:
    """The state of one fit: net, optimizer, random generator, and samples as seen on the screen."""

    def __init__(self, data: GestureData, options: TrainOptions) -> None:
        self.options = options
        self.generator = torch.Generator().manual_seed(options.seed)
        # the labels of augmented samples are about directions on the screen
        seen = data.feature_set.flip_mirrored(data.keypoints, data.mirrored_view)
        self.keypoints = torch.from_numpy(np.ascontiguousarray(seen, np.float32))
        self.labels = torch.from_numpy(data.labels.astype(np.int64))
        self.symmetries = Symmetries.from_gestures(data.gestures)
        features = np.concatenate([part.features() for part in data.batches(_MAX_ROWS)])
        self.net = GestureNet.create_random(data, features, options.hidden, self.generator)
        self.optimizer = AveragedAdamW(self.net, options.learning_rate, options.weight_decay)
        n, size = len(self.labels), options.batch_size
        self.passes = max(1, -(-_MIN_STEPS * min(size, n) // n))  # over the samples per epoch
        enough = _ENOUGH_STEPS // (self.passes * -(-n // size))
        self.enough_epochs = min(max(_MIN_EPOCHS, enough), _MAX_EPOCHS)

    def run_epoch(self, stop: Stop) -> dict[str, float]:
        """Train on every sample, randomly augmented; return the mean training loss and accuracy.
        Raise ReplacedError if a newer training run has started."""
        n = len(self.labels)
        loss_sum, correct_sum = torch.zeros(()), torch.zeros(())
        for _ in range(self.passes):
            order = torch.randperm(n, generator=self.generator)
            keypoints, labels = augment(
                self.keypoints[order],
                self.labels[order],
                self.options.augmentation,
                self.symmetries,
                self.generator,
                self.net.features,
            )
            for x, y in self._iterate_batches(keypoints, labels):
                stop.check()
                loss, correct = self._train_step(x, y)
                loss_sum, correct_sum = loss_sum + loss * len(y), correct_sum + correct
        seen = n * self.passes
        return {"loss": float(loss_sum) / seen, "accuracy": float(correct_sum) / seen}

    def _iterate_batches(
        self, keypoints: torch.Tensor, labels: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches of (B, F) features and labels; features are computed for larger chunks."""
        size = self.options.batch_size
        rows = max(size, _MAX_ROWS // size * size)
        for some, targets in zip(keypoints.split(rows), labels.split(rows), strict=True):
            unmirrored = torch.zeros(len(some), dtype=torch.bool)
            inputs = self.net.features(some, unmirrored, torch)
            yield from zip(inputs.split(size), targets.split(size), strict=True)

    def _train_step(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Update the net by one batch; return the loss and the number of correct samples."""
        logits = self.net.logits(x, self.generator)
        loss = torch.nn.functional.cross_entropy(
            logits, y, label_smoothing=self.options.label_smoothing
        )
        self.optimizer.step(loss)
        return loss.detach(), (logits.argmax(1) == y).sum()


def predict_samples(net: GestureNet, data: GestureData) -> NDArray[np.float32]:
    """Return the net's (N, C) probabilities for the samples."""
    return run_net(net, data)[0]
