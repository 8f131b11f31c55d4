"""One MLP fitted to samples, epoch by epoch. Convention: N samples, C gestures, F features;
everything random comes from one seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.augmentation import Augmentation, Meaning, augment
from core.gestures.classifier.averaged_adamw import AveragedAdamW
from core.gestures.classifier.nets import GestureNet
from core.gestures.data import GestureData
from core.training.background import ReplacedError, Stop
from core.training.runs import describe_error

_AT_ONCE = 8192  # samples whose features are made together
_MIN_STEPS = 16  # an epoch of a handful of samples still moves the weights
# left-out recorders were recognised no better after more, of 19,484 samples as of 60 to 160
# (docs/accuracy.md)
_ENOUGH_STEPS, _LEAST_EPOCHS, _MOST_EPOCHS = 768, 8, 20


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    Attributes:
        classifier: "mlp", or a baseline: "knn", "logreg", "forest".
        seed: decides the split, the start and every draw.
        epochs: how many; None: 8 to 20, the fewer the more samples there are, since their epochs
            have more steps. Held-out samples never decide it.
        hidden: width of the first hidden layer, the second is half as wide.
        augmentation: mirroring, turning of 👌 👊 ✋, and aiming of ☝ 👉 👈 lift the accuracy on
            unseen recorders; rotation, shear, stretch, jitter and dropout did not, so they are
            off (docs/accuracy.md).
    """

    classifier: str = "mlp"
    seed: int = 0
    epochs: int | None = None
    hidden: int = 256
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(mirror=0.5, turn=0.5, aim=0.25, behind=0.25)
    )


class BrokenOffError(TrainingError):
    """A fit that went wrong after its first epoch, with the net of the last epoch before."""

    def __init__(self, reason: Exception, net: GestureNet, epochs: int) -> None:
        super().__init__(describe_error(reason))
        self.net, self.epochs = net, epochs


def fit_all(
    data: GestureData, options: TrainOptions, epochs: int, stop: Stop | None = None
) -> GestureNet:
    """Fit on every sample for exactly so many epochs, fewer when it is stopped."""
    exactly = replace(options, epochs=epochs)
    net, _ = fit_mlp(data, None, exactly, lambda **_: None, stop or Stop())
    return net


def fit_mlp(
    data: GestureData,
    validation: GestureData | None,
    options: TrainOptions,
    log: Callable[..., None],
    stop: Stop,
    each_epoch: Callable[[GestureNet], None] = lambda net: None,
) -> tuple[GestureNet, int]:
    """Fit for a number of epochs that is fixed beforehand, and log every epoch.

    The weights that are measured and kept are a moving average of the trained ones: smoother, so
    that stopping anywhere is safe.

    Args:
        validation: measured after every epoch, for the curve; it decides nothing.
        each_epoch: given the net after every epoch.

    Returns:
        The net of the last epoch and how many epochs it learned, fewer when it was stopped.

    Raises:
        BrokenOffError: an epoch after the first failed.
    """
    torch.set_num_threads(1)  # steps this small are four times slower when threads share them
    fit = _Fit(data, options)
    epochs = options.epochs or fit.enough_epochs
    net, done = fit.optimizer.copy_average(), 0
    for epoch in range(1, epochs + 1):
        try:
            fitted, record = _one_epoch(fit, validation, epoch, stop)
            log(event="epoch", epoch=epoch, epochs=epochs, **record)
        except ReplacedError:
            raise
        except Exception as error:
            if validation is None or done == 0:
                raise
            raise BrokenOffError(error, net, done) from error
        net, done = fitted, epoch
        each_epoch(net)
        if stop.is_set():
            break
    return net, done


def _one_epoch(
    fit: "_Fit", validation: GestureData | None, epoch: int, stop: Stop
) -> tuple[GestureNet, dict[str, float]]:
    """The averaged net after one more epoch, and its figures."""
    record = fit.epoch(stop)
    if not np.isfinite(record["loss"]):
        raise TrainingError(f"the loss became {record['loss']} in epoch {epoch}: stopped")
    net = fit.optimizer.copy_average()
    if validation is not None:
        record |= _measured(net, validation)
    return net, record


class _Fit:
    """The state of one fit: net, optimizer, random generator, and the samples as they look on the
    screen."""

    def __init__(self, data: GestureData, options: TrainOptions) -> None:
        self.options = options
        self.generator = torch.Generator().manual_seed(options.seed)
        self.keypoints = as_seen(data)
        self.labels = torch.from_numpy(data.labels.astype(np.int64))
        self.meaning = Meaning.of(data.gestures)
        plain = _plain_features(data)
        self.net = GestureNet.fresh(data, plain, options.hidden, self.generator)
        self.optimizer = AveragedAdamW(self.net, options.learning_rate, options.weight_decay)
        n, size = len(self.labels), options.batch_size
        self.rounds = max(1, -(-_MIN_STEPS * min(size, n) // n))  # over the samples, an epoch
        enough = _ENOUGH_STEPS // (self.rounds * -(-n // size))
        self.enough_epochs = min(max(_LEAST_EPOCHS, enough), _MOST_EPOCHS)

    def epoch(self, stop: Stop) -> dict[str, float]:
        """One pass over the samples, or some, each changed anew; mean loss and accuracy in
        training."""
        n = len(self.labels)
        loss_sum, right = torch.zeros(()), torch.zeros(())
        for _ in range(self.rounds):
            order = torch.randperm(n, generator=self.generator)
            keypoints, labels = augment(
                self.keypoints[order],
                self.labels[order],
                self.options.augmentation,
                self.meaning,
                self.generator,
                self.net.features.skeleton,
            )
            for x, y in self._batches(keypoints, labels):
                stop.check()
                loss, correct = self._step(x, y)
                loss_sum, right = loss_sum + loss * len(y), right + correct
        seen = n * self.rounds
        return {"loss": float(loss_sum) / seen, "accuracy": float(right) / seen}

    def _batches(
        self, keypoints: torch.Tensor, labels: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Features and labels, a batch at once. Features are made of some thousands at a time:
        quick, and 100,000 samples need no more memory than a few."""
        size = self.options.batch_size
        rows = max(size, _AT_ONCE // size * size)
        for some, theirs in zip(keypoints.split(rows), labels.split(rows), strict=True):
            unmirrored = torch.zeros(len(some), dtype=torch.bool)
            inputs = self.net.features(some, unmirrored, torch)
            yield from zip(inputs.split(size), theirs.split(size), strict=True)

    def _step(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.net.logits(x, self.generator)
        loss = torch.nn.functional.cross_entropy(
            logits, y, label_smoothing=self.options.label_smoothing
        )
        self.optimizer.step(loss)
        return loss.detach(), (logits.argmax(1) == y).sum()


def _plain_features(data: GestureData) -> NDArray[np.float32]:
    """(N, F) features, made of some thousands at a time."""
    parts = [slice(begin, begin + _AT_ONCE) for begin in range(0, max(1, len(data)), _AT_ONCE)]
    features = data.feature_set
    return np.concatenate([features(data.keypoints[p], data.mirrored_view[p]) for p in parts])


def as_seen(data: GestureData) -> torch.Tensor:
    """(N, K, D) keypoints as the viewer saw them: augmentation and its mirror labels then speak
    of the screen's directions."""
    seen = data.feature_set.as_seen(data.keypoints, data.mirrored_view)
    return torch.from_numpy(np.ascontiguousarray(seen, np.float32))


def net_probabilities(net: GestureNet, data: GestureData) -> NDArray[np.float32]:
    """(N, C) probabilities of the net for the samples."""
    with torch.no_grad():
        out = net(torch.from_numpy(data.keypoints), torch.from_numpy(data.mirrored_view))
    return np.asarray(out.numpy(), np.float32)


def _measured(net: GestureNet, data: GestureData) -> dict[str, float]:
    probabilities = net_probabilities(net, data)
    of_truth = probabilities[np.arange(len(data)), data.labels]
    return {
        "val_loss": float(-np.log(np.maximum(of_truth, 1e-7)).mean()),
        "val_accuracy": float((probabilities.argmax(1) == data.labels).mean()),
    }
