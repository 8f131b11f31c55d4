"""Learning gestures from keypoints while somebody waits: measured on samples held out, then learned
from all, and saved twice: as soon as it can be used, and when all is done.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.model_selection  # noqa: F401 - which the split loads late

from core.errors import TrainingError
from core.gestures.classifier.fitting import (
    BrokenOffError,
    TrainOptions,
    fit_all,
    fit_mlp,
    net_probabilities,
)
from core.gestures.classifier.nets import GestureNet, OpenSetNet
from core.gestures.data import GestureData
from core.gestures.evaluation.baselines import fit_baseline
from core.gestures.evaluation.predictions import validated
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import Split, split_by_groups, split_motions
from core.gestures.modelfile.export import save_model, save_motion_model, save_preliminary
from core.gestures.modelfile.gesture_model import MOTIONS
from core.gestures.motion.motion_learner import learn_motions
from core.gestures.openset.rejection import fit_rejection, measure_rejection
from core.training.background import ReplacedError, Stop
from core.training.runs import DONE, FAILED, REPLACED, STOPPED, Run, describe_error

_SOON_S = 1.5  # of learning, after which the net so far answers until the final one is there


@dataclass(frozen=True)
class TrainResult:
    """What a training gave; `figures` are the validation's, never the refitted model's.

    Attributes:
        model: the run's folder with the model; None for a baseline.
        figures: as `validation.figures` gives them.
    """

    model: Path | None
    seconds: float
    protocol: Protocol
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
    clips: GestureData | None = None,
    stop: Stop | None = None,
) -> TrainResult:
    """Train on the groups' split, measure, refit on everything, save into the run's folder.

    Args:
        clips: of the project's moving gestures where `data` are of still ones: a model of them is
            trained beside the other, and saved in a folder of its own in the run's.

    Raises:
        TrainingError: unknown classifier, data that can't be trained on, a full disk; or a loss
            of NaN, after which the last epoch before is measured and saved all the same.
        ReplacedError: it was given up for a newer one; it may leave a preliminary model.
    """
    options = options or TrainOptions()
    stop = stop or Stop()
    begun = time.monotonic()
    try:
        stop.check()
        data = without_empty_gestures(data)
        split = (split_motions if data.moving else split_by_groups)(data, options.seed)
        trainer = _trainer_of(data, options)
        left = trainer(data, split, run, options, stop)
        beside = {} if clips is None else {MOTIONS: _train_beside(clips, run, options, stop)}
        seconds = round(time.monotonic() - begun, 3)
        result = TrainResult(left.model, seconds, left.protocol, left.figures)
        run.log(
            event="result",
            seconds=seconds,
            figures=left.figures,
            gestures=[asdict(g) for g in data.gestures],
            **left.protocol.to_dict(),
            **left.chosen,
            **beside,
        )
        if left.trouble:
            raise TrainingError(f"{left.trouble}; the last epoch before is kept")
    except ReplacedError:
        run.log(event="end", status=REPLACED)
        raise
    except Exception as error:
        run.log(event="end", status=FAILED, message=describe_error(error))
        raise
    run.log(event="end", status=STOPPED if left.stopped else DONE)
    return result


def _trainer_of(data: GestureData, options: TrainOptions) -> Callable[..., "_Left"]:
    """What trains on such samples.

    Raises:
        TrainingError: a classifier of still gestures is wanted for those that move.
    """
    if not data.moving:
        return _train_mlp if options.classifier == "mlp" else _train_baseline
    if options.classifier != "mlp":
        raise TrainingError(
            f"“{options.classifier}” was wanted, which knows still gestures alone, and these move: "
            "train without choosing a classifier"
        )
    return _train_motions


def without_empty_gestures(data: GestureData) -> GestureData:
    """The same samples, classes without any left out."""
    present = np.unique(data.labels)
    if len(present) == len(data.gestures):
        return data
    renumbered = np.searchsorted(present, data.labels)
    kept = tuple(data.gestures[i] for i in present)
    return replace(data, labels=renumbered, gestures=kept)


@dataclass(frozen=True)
class _Left:
    """What a classifier's training left: the model's folder (None: a baseline), the figures and how
    they came about, what broke it off ("": nothing), whether it was stopped before it was whole,
    and of moving gestures which kind of model was chosen and beside what."""

    model: Path | None
    figures: dict[str, Any]
    protocol: Protocol
    trouble: str = ""
    stopped: bool = False
    chosen: dict[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------------------------------- the MLP


class _Preliminary:
    """Saves the net so far, so that it can be used while the rest is learned; what it saves is
    whole, but not measured, and rejects nothing."""

    def __init__(self, data: GestureData, run: Run) -> None:
        self._data, self._run = data, run
        self._begun = time.monotonic()
        self._saved: GestureNet | None = None

    def save_soon(self, net: GestureNet) -> None:
        """Save the net if it is the first that has learned for a while."""
        if self._saved is None and time.monotonic() - self._begun >= _SOON_S:
            self.save(net)

    def save(self, net: GestureNet) -> None:
        """Save it, unless it is there."""
        if net is not self._saved:
            save_preliminary(net, self._data, self._run.path)
            self._run.log(event="usable")
            self._saved = net


def _train_mlp(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> _Left:
    training, validation, trouble = data.take(split.train), data.take(split.validation), ""
    early = _Preliminary(data, run)
    try:
        net, epochs = fit_mlp(training, validation, options, run.log, stop, early.save_soon)
    except BrokenOffError as broken:
        net, epochs, trouble = broken.net, broken.epochs, str(broken)
    else:
        early.save(net)
    protocol = _protocol_of_net(split, stopped=stop.is_set(), broken_off=bool(trouble))
    measured = validated(run.path, validation, net_probabilities(net, validation), split.kind)
    open_set = fit_rejection(
        net, training, options.augmentation, options.seed, stop, unless_stopped=False
    )
    rejection = measure_rejection(open_set, validation, split.kind).to_json()
    refitted = None if trouble else _refit(data, options, epochs, run, stop)
    measured = measured | {"rejection": rejection}
    about = {
        "figures": measured,
        "rejection": rejection,
        "refitted_on_all": refitted is not None,
        "epochs": epochs,
        "options": asdict(options),
        **protocol.to_dict(),
    }
    save_model(refitted or open_set, data, run.path, about)
    stopped = refitted is None and not trouble
    return _Left(run.path, measured, protocol, trouble, stopped=stopped)


def _protocol_of_net(split: Split, *, stopped: bool, broken_off: bool) -> Protocol:
    """How a net's figures came about: who stops a fit saw its held-out curve, and what breaks one
    off is the loss in training, or a full disk."""
    on = Part.TRAINING if broken_off else Part.HELD_OUT if stopped else Part.FIXED
    return Protocol(split.kind, {"epochs": on, "threshold": Part.OTHER_FOLDS})


def _refit(
    data: GestureData, options: TrainOptions, epochs: int, run: Run, stop: Stop
) -> OpenSetNet | None:
    """A model of all samples, for as many epochs as the measured one; None when it was stopped."""
    if stop.is_set():
        return None
    run.log(event="refit", epochs=epochs)
    net = fit_all(data, options, epochs, stop)
    open_set = fit_rejection(net, data, options.augmentation, options.seed, stop)
    return None if stop.is_set() else open_set


# ------------------------------------------------------------------------------- moving gestures


def _train_motions(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> _Left:
    learned = learn_motions(data, split, run, options, stop)
    chosen = {"matcher": learned.by, "compared": learned.compared}
    protocol = Protocol(split.kind, {"epochs": Part.FIXED, "matcher": learned.chosen_on})
    about = {
        "figures": learned.figures,
        "refitted_on_all": learned.refitted,
        "epochs": learned.epochs,
        "options": asdict(options),
        **protocol.to_dict(),
        **chosen,
    }
    save_motion_model(learned.matcher, data, run.path, about, learned.examples)
    stopped = not learned.refitted
    return _Left(run.path, learned.figures, protocol, stopped=stopped, chosen=chosen)


def _train_beside(
    clips: GestureData, run: Run, options: TrainOptions, stop: Stop
) -> dict[str, Any]:
    """The model of moving gestures beside that of still ones; what became of it, as a result."""
    own = Run(run.path / MOTIONS)
    own.path.mkdir(exist_ok=True)
    clips = without_empty_gestures(clips)
    split = split_motions(clips, options.seed)
    left = _train_motions(clips, split, own, options, stop)
    gestures = [asdict(gesture) for gesture in clips.gestures]
    return {
        "figures": left.figures,
        "gestures": gestures,
        **left.protocol.to_dict(),
        **left.chosen,
    }


# -------------------------------------------------------------------------------------- baselines


def _train_baseline(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> _Left:
    predict = fit_baseline(options.classifier, data.take(split.train), options.seed)
    validation = data.take(split.validation)
    figures = validated(run.path, validation, predict(validation), split.kind)
    return _Left(None, figures, Protocol(split.kind))
