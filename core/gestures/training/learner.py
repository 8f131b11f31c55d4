"""Learning gestures from keypoints, live: an MLP in torch.

Convention: N samples, C gestures, F features. Everything random comes from one seed.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.data import GestureData
from core.gestures.evaluation.baselines import fit_baseline
from core.gestures.evaluation.predictions import validated
from core.gestures.evaluation.validation import Split, split_by_groups
from core.gestures.features import feature_set
from core.gestures.training.adamw import AdamW
from core.gestures.training.augmentation import Augmentation, Meaning, augment
from core.gestures.training.export import GestureNet, OpenSetNet, save_model
from core.gestures.training.rejection import fit_rejection, measure_rejection
from core.learning.averaging import moving_average
from core.learning.background import RunThread
from core.learning.runs import DONE, FAILED, STOPPED, Run, error_text

_AT_ONCE = 8192  # samples whose features are made together


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    Attributes:
        classifier: "mlp", or a baseline: "knn", "logreg", "forest".
        seed: decides the split, the start and every draw.
        epochs: at most so many; fewer when the validation no longer improves.
        patience: epochs without improvement after which training ends.
        hidden: width of the first hidden layer, the second is half as wide.
        augmentation: mirroring, turning of 👌 👊 ✋, and aiming of ☝ 👉 👈 lift the accuracy on
            unseen recorders; rotation, shear, stretch, jitter and dropout did not, so they are
            off (docs/accuracy.md).
    """

    classifier: str = "mlp"
    seed: int = 0
    epochs: int = 40
    patience: int = 12
    hidden: int = 256
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(mirror=0.5, turn=0.5, aim=0.25)
    )


@dataclass(frozen=True)
class TrainResult:
    """What a training gave; `figures` are the validation's, never the refitted model's.

    Attributes:
        model: the run's folder with the model; None for a baseline.
        figures: as `validation.figures` gives them.
    """

    model: Path | None
    seconds: float
    split: str
    figures: dict[str, Any]

    @property
    def accuracy(self) -> float:
        """Share of the validation's samples that were correct."""
        return float(self.figures["accuracy"])


def train(
    data: GestureData,
    run: Run,
    options: TrainOptions | None = None,
    *,
    stop: threading.Event | None = None,
) -> TrainResult:
    """Train on the groups' split, measure, refit on everything, save into the run's folder.

    Raises:
        TrainingError: unknown classifier, data that can't be trained on, a full disk; or a loss
            of NaN, after which the best epoch so far is measured and saved all the same.
    """
    options = options or TrainOptions()
    stop = stop or threading.Event()
    begun = time.monotonic()
    try:
        data = without_empty_gestures(data)
        split = split_by_groups(data, options.seed)
        trainer = _train_mlp if options.classifier == "mlp" else _train_baseline
        left = trainer(data, split, run, options, stop)
        result = TrainResult(
            left.model, round(time.monotonic() - begun, 3), split.kind, left.figures
        )
        run.log(
            event="result",
            seconds=result.seconds,
            split=split.kind,
            figures=left.figures,
            gestures=[asdict(g) for g in data.gestures],
        )
        if left.trouble:
            raise TrainingError(f"{left.trouble}; the best epoch before is kept")
    except Exception as error:
        run.log(event="end", status=FAILED, message=error_text(error))
        raise
    run.log(event="end", status=STOPPED if left.stopped else DONE)
    return result


def start_training(data: GestureData, run: Run, options: TrainOptions | None = None) -> RunThread:
    """Begin a training in a thread of its own; stopped, it keeps the best epoch so far."""
    return RunThread(run, lambda stop: train(data, run, options, stop=stop))


def without_empty_gestures(data: GestureData) -> GestureData:
    """The same samples, classes without any left out."""
    present = np.unique(data.labels)
    if len(present) == len(data.gestures):
        return data
    renumbered = np.searchsorted(present, data.labels)
    kept = tuple(data.gestures[i] for i in present)
    return GestureData(
        data.keypoints,
        data.mirrored_view,
        renumbered,
        kept,
        data.persons,
        data.sessions,
        data.recordings,
        data.estimator,
        data.sample_ids,
        data.skeleton,
    )


@dataclass(frozen=True)
class _Left:
    """What a classifier's training left: the model's folder (None: a baseline), the figures, what
    broke it off ("": nothing), and whether it was stopped before it was whole."""

    model: Path | None
    figures: dict[str, Any]
    trouble: str = ""
    stopped: bool = False


# ---------------------------------------------------------------------------------------- the MLP


class BrokenOffError(TrainingError):
    """A fit that went wrong after its first epoch, with the best net until then."""

    def __init__(self, reason: Exception, net: GestureNet, best_epoch: int) -> None:
        super().__init__(error_text(reason))
        self.net, self.best_epoch = net, best_epoch


def _train_mlp(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: threading.Event
) -> _Left:
    validation, trouble = data.take(split.validation), ""
    try:
        net, best_epoch = fit_mlp(data.take(split.train), validation, options, run.log, stop)
    except BrokenOffError as broken:
        net, best_epoch, trouble = broken.net, broken.best_epoch, str(broken)
    measured = validated(run.path, validation, net_probabilities(net, validation), split.kind)
    open_set = fit_rejection(net, data.take(split.train), options.augmentation, options.seed)
    rejection = measure_rejection(open_set, validation, split.kind).to_json()
    refitted = None if trouble else _refit(data, options, best_epoch, run, stop)
    measured = measured | {"rejection": rejection}
    about = {
        "split": split.kind,
        "optimistic": split.optimistic,
        "figures": measured,
        "rejection": rejection,
        "refitted_on_all": refitted is not None,
        "best_epoch": best_epoch,
        "options": asdict(options),
    }
    save_model(refitted or open_set, data, run.path, about)
    return _Left(run.path, measured, trouble, stopped=refitted is None and not trouble)


def _refit(
    data: GestureData, options: TrainOptions, epochs: int, run: Run, stop: threading.Event
) -> OpenSetNet | None:
    """A model of all samples, for as many epochs as were best; None when it was stopped."""
    if stop.is_set():
        return None
    run.log(event="refit", epochs=epochs)
    net = fit_all(data, options, epochs, stop)
    open_set = fit_rejection(net, data, options.augmentation, options.seed, stop)
    return None if stop.is_set() else open_set


def fit_all(
    data: GestureData, options: TrainOptions, epochs: int, stop: threading.Event | None = None
) -> GestureNet:
    """Fit on every sample for exactly so many epochs, fewer when it is stopped."""
    exactly = replace(options, epochs=epochs, patience=epochs)
    net, _ = fit_mlp(data, None, exactly, lambda **_: None, stop or threading.Event())
    return net


def fit_mlp(
    data: GestureData,
    validation: GestureData | None,
    options: TrainOptions,
    log: Callable[..., None],
    stop: threading.Event,
) -> tuple[GestureNet, int]:
    """Fit, log every epoch, and give back the net of the best epoch and its number (from 1).

    Without validation the last epoch is the best. The weights that are measured and kept are a
    moving average of the trained ones: smoother, so that stopping anywhere is safe.
    """
    torch.set_num_threads(1)  # steps this small are four times slower when threads share them
    fit = _Fit(data, options)
    best, best_epoch, best_rank = fit.averaged_net(), 0, (float("-inf"), float("-inf"))
    for epoch in range(1, options.epochs + 1):
        try:
            net, record = _one_epoch(fit, validation, epoch)
            log(event="epoch", epoch=epoch, epochs=options.epochs, **record)
        except Exception as error:
            if validation is None or best_epoch == 0:
                raise
            raise BrokenOffError(error, best, best_epoch) from error
        rank = (record.get("val_accuracy", 0.0), -record.get("val_loss", 0.0))
        if rank > best_rank or validation is None:
            best, best_epoch, best_rank = net, epoch, rank
        if stop.is_set() or epoch - best_epoch >= options.patience:
            break
    return best, best_epoch


def _one_epoch(
    fit: "_Fit", validation: GestureData | None, epoch: int
) -> tuple[GestureNet, dict[str, float]]:
    """The averaged net after one more epoch, and its figures."""
    record = fit.epoch()
    if not np.isfinite(record["loss"]):
        raise TrainingError(f"the loss became {record['loss']} in epoch {epoch}: stopped")
    net = fit.averaged_net()
    if validation is not None:
        record |= _measured(net, validation)
    return net, record


class _Fit:
    """The state of one fit: net, its average, optimizer, random generator, and the samples as
    they look on the screen."""

    MIN_STEPS = 16  # an epoch of a handful of samples still moves the weights

    def __init__(self, data: GestureData, options: TrainOptions) -> None:
        self.options = options
        self.generator = torch.Generator().manual_seed(options.seed)
        self.keypoints = as_seen(data)
        self.labels = torch.from_numpy(data.labels.astype(np.int64))
        self.meaning = Meaning.of(data.gestures)
        plain = _plain_features(data)
        self.net = GestureNet.fresh(data, plain, options.hidden, self.generator)
        self.average = moving_average(self.net, 0.98)
        self.optimizer = AdamW(
            list(self.net.parameters()), options.learning_rate, options.weight_decay
        )

    def epoch(self) -> dict[str, float]:
        """One pass over the samples, each changed anew; mean loss and accuracy in training."""
        n, size = len(self.labels), self.options.batch_size
        rounds = max(1, -(-self.MIN_STEPS * min(size, n) // n))
        loss_sum, right, seen = 0.0, 0, 0
        for _ in range(rounds):
            order = torch.randperm(n, generator=self.generator)
            keypoints, labels = augment(
                self.keypoints[order],
                self.labels[order],
                self.options.augmentation,
                self.meaning,
                self.generator,
                self.net.features.skeleton,
            )
            for x, y in self._batches(keypoints, labels, size):
                loss, correct = self._step(x, y)
                loss_sum, right, seen = loss_sum + loss * len(y), right + correct, seen + len(y)
        return {"loss": loss_sum / seen, "accuracy": right / seen}

    def _batches(
        self, keypoints: torch.Tensor, labels: torch.Tensor, size: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Features and labels, `size` at once. Features are made of some thousands at a time:
        quick, and 100,000 samples need no more memory than a few."""
        rows = max(size, _AT_ONCE // size * size)
        for some, theirs in zip(keypoints.split(rows), labels.split(rows), strict=True):
            unmirrored = torch.zeros(len(some), dtype=torch.bool)
            inputs = self.net.features(some, unmirrored, torch)
            yield from zip(inputs.split(size), theirs.split(size), strict=True)

    def _step(self, x: torch.Tensor, y: torch.Tensor) -> tuple[float, int]:
        logits = self.net.logits(x, self.generator)
        loss = torch.nn.functional.cross_entropy(
            logits, y, label_smoothing=self.options.label_smoothing
        )
        self.net.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.net)
        return float(loss.detach()), int((logits.argmax(1) == y).sum())

    def averaged_net(self) -> GestureNet:
        """A net of its own with the averaged weights."""
        return self.net.copy_with(self.average.module.state_dict())


def _plain_features(data: GestureData) -> NDArray[np.float32]:
    """(N, F) features, made of some thousands at a time."""
    parts = [slice(begin, begin + _AT_ONCE) for begin in range(0, max(1, len(data)), _AT_ONCE)]
    features = feature_set(data.skeleton)
    return np.concatenate([features(data.keypoints[p], data.mirrored_view[p]) for p in parts])


def as_seen(data: GestureData) -> torch.Tensor:
    """(N, K, 2) keypoints as the viewer saw them: augmentation and its mirror labels then speak
    of the screen's directions."""
    seen = feature_set(data.skeleton).as_seen(data.keypoints, data.mirrored_view)
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


# -------------------------------------------------------------------------------------- baselines


def _train_baseline(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: threading.Event
) -> _Left:
    predict = fit_baseline(options.classifier, data.take(split.train), options.seed)
    validation = data.take(split.validation)
    return _Left(None, validated(run.path, validation, predict(validation), split.kind))
