"""Train gestures while the user waits: measure on held-out samples, then fit on all; save as soon
as the net is usable, and again at the end.
"""

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import sklearn.model_selection  # noqa: F401 - otherwise loaded only by the split

from core.errors import TrainingError
from core.gestures.classifier.fitting import (
    InterruptedFitError,
    TrainOptions,
    fit_all,
    fit_mlp,
    predict_samples,
)
from core.gestures.classifier.nets import GestureNet, OpenSetNet
from core.gestures.data import GestureData
from core.gestures.evaluation.comparison import fit_baseline
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import (
    Split,
    save_predictions,
    split_by_groups,
    split_motions,
)
from core.gestures.modelfile.export import save_model, save_motion_model, save_preliminary
from core.gestures.modelfile.gesture_model import MOTIONS
from core.gestures.motion.motion_learner import (
    choose_matcher,
    fit_matcher,
    fit_rejecting_templates,
    predict_motions,
)
from core.gestures.motion.motion_net import choose_epochs
from core.gestures.openset.rejection import fit_rejection, measure_rejection
from core.training.background import ReplacedError, Stop
from core.training.runs import DONE, FAILED, REPLACED, STOPPED, Run, describe_error
from core.words import words

_PRELIMINARY_AFTER_S = 1.5  # of fitting, the net so far is saved for use


@dataclass(frozen=True)
class TrainResult:
    """The result of a training run."""

    model: Path | None  # the folder of the model; None for a baseline
    figures: dict[str, Any]  # of the held-out samples, see `compute_figures`; not of the refit
    protocol: Protocol
    failure: str = ""  # why fitting ended early; the last good epoch was saved
    stopped: bool = False  # by the user, before the model was fitted on all samples
    matcher: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def accuracy(self) -> float:
        """The accuracy on the held-out samples."""
        return float(self.figures["accuracy"])

    def to_json(self, data: GestureData) -> dict[str, Any]:
        """Convert to the result values that are written to a run's log."""
        gestures = [asdict(gesture) for gesture in data.gestures]
        found = {"figures": self.figures, "gestures": gestures}
        return found | self.protocol.to_dict() | self.matcher


def train(
    data: GestureData,
    run: Run,
    options: TrainOptions | None = None,
    *,
    clips: GestureData | None = None,
    stop: Stop | None = None,
) -> TrainResult:
    """Train on one part of the samples, measure on the held-out part, refit on all, save the model
    into the run's folder, and log the result and the end. If the loss becomes NaN, measure and save
    the last good epoch, then raise TrainingError; also for an unknown classifier, bad data or a
    full disk. Raise ReplacedError if a newer training run replaces this one; a preliminary model
    may remain.

    Args:
        clips: moving gestures of the same project, if `data` are still gestures: their model is
            saved in a folder inside the run's.
    """
    options, stop = options or TrainOptions(), stop or Stop()
    started = time.monotonic()
    try:
        stop.check()
        data = data.drop_empty_gestures()
        result = _train_classifier(data, run, options, stop)
        beside = {} if clips is None else {MOTIONS: _train_inner_motions(clips, run, options, stop)}
        result = replace(result, seconds=round(time.monotonic() - started, 3))
        run.log(event="result", seconds=result.seconds, **result.to_json(data), **beside)
        if result.failure:
            raise TrainingError(
                words("{failure}; the last good epoch was saved", failure=result.failure)
            )
    except ReplacedError:
        run.log(event="end", status=REPLACED)
        raise
    except Exception as error:
        run.log(event="end", status=FAILED, message=describe_error(error))
        raise
    run.log(event="end", status=STOPPED if result.stopped else DONE)
    return result


def _train_classifier(
    data: GestureData, run: Run, options: TrainOptions, stop: Stop
) -> TrainResult:
    """Split the samples, and train the chosen classifier: an MLP, a baseline (measured but not
    saved), or a matcher of moving gestures."""
    if data.is_moving and options.classifier != "mlp":
        raise TrainingError(
            f"“{options.classifier}” only classifies still gestures, and these move: "
            "train without choosing a classifier"
        )
    if data.is_moving:
        return _train_motions(data, run, options, stop)
    split = split_by_groups(data, options.seed)
    if options.classifier == "mlp":
        return _train_mlp(data, split, run, options, stop)
    predict = fit_baseline(options.classifier, data.take(split.train), options.seed)
    validation = data.take(split.validation)
    figures = save_predictions(run.path, validation, predict(validation), split.kind)
    return TrainResult(None, figures, Protocol(split.kind))


def _train_inner_motions(
    clips: GestureData, run: Run, options: TrainOptions, stop: Stop
) -> dict[str, Any]:
    """Train the model of moving gestures in a folder inside the run's; return its result."""
    inner = Run(run.path / MOTIONS)
    inner.path.mkdir(exist_ok=True)
    clips = clips.drop_empty_gestures()
    return _train_motions(clips, inner, options, stop).to_json(clips)


class _PreliminarySaver:
    """Saves an unmeasured net without rejection, so that it can be used during training."""

    def __init__(self, data: GestureData, run: Run) -> None:
        self._data, self._run = data, run
        self._started = time.monotonic()
        self._saved: GestureNet | None = None

    def save_when_due(self, net: GestureNet) -> None:
        """Save the net if none was saved yet and _PRELIMINARY_AFTER_S have passed."""
        if self._saved is None and time.monotonic() - self._started >= _PRELIMINARY_AFTER_S:
            self.save(net)

    def save(self, net: GestureNet) -> None:
        """Save a net as the preliminary model, unless already saved, and log that it is usable."""
        if net is not self._saved:
            save_preliminary(net, self._data, self._run.path)
            self._run.log(event="usable")
            self._saved = net


def _train_mlp(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> TrainResult:
    """Fit the MLP and its rejection head, measure them on held-out samples, refit on all samples
    unless stopped or failed, and save."""
    training, validation, failure = data.take(split.train), data.take(split.validation), ""
    saver = _PreliminarySaver(data, run)
    try:
        net, epochs = fit_mlp(training, validation, options, run.log, stop, saver.save_when_due)
    except InterruptedFitError as error:
        net, epochs, failure = error.net, error.epochs, str(error)
    else:
        saver.save(net)
    # who stops a fit saw the curve of the held-out samples; a failure is about the training loss
    chosen_on = Part.TRAINING if failure else Part.HELD_OUT if stop.is_set() else Part.FIXED
    protocol = Protocol(split.kind, {"epochs": chosen_on, "threshold": Part.OTHER_FOLDS})
    predicted = predict_samples(net, validation)
    figures = save_predictions(run.path, validation, predicted, split.kind)
    open_set = fit_rejection(
        net, training, options.augmentation, options.seed, stop, allow_early_stop=False
    )
    rejection = measure_rejection(open_set, validation, split.kind).model_dump()
    refitted = None if failure else _refit_on_all(data, options, epochs, run, stop)
    figures = figures | {"rejection": rejection}
    metadata = {
        "figures": figures,
        "rejection": rejection,
        "refitted_on_all": refitted is not None,
        "epochs": epochs,
        "options": asdict(options),
        **protocol.to_dict(),
    }
    save_model(refitted or open_set, data, run.path, metadata)
    return TrainResult(run.path, figures, protocol, failure, refitted is None and not failure)


def _refit_on_all(
    data: GestureData, options: TrainOptions, epochs: int, run: Run, stop: Stop
) -> OpenSetNet | None:
    """Fit MLP and rejection head on all samples for `epochs` epochs; None if stopped."""
    if stop.is_set():
        return None
    run.log(event="refit", epochs=epochs)
    net = fit_all(data, options, epochs, stop)
    open_set = fit_rejection(net, data, options.augmentation, options.seed, stop)
    return None if stop.is_set() else open_set


def _train_motions(data: GestureData, run: Run, options: TrainOptions, stop: Stop) -> TrainResult:
    """Choose and fit a matcher of moving gestures on the training part, measure it, refit it on all
    samples unless stopped, and save it as the run's model."""
    split = split_motions(data, options.seed)
    training, validation = data.take(split.train), data.take(split.validation)
    kind, compared = choose_matcher(training, options, stop=stop)
    run.log(event="chosen", matcher=kind, **compared)
    epochs = choose_epochs(training, options)
    matcher = fit_matcher(kind, training, options, epochs, stop, run.log)
    predicted = predict_motions(matcher, validation)
    figures = save_predictions(run.path, validation, predicted, split.kind)
    if not stop.is_set():
        run.log(event="refit", epochs=epochs)
        refitted = fit_matcher(kind, data, options, epochs, stop)
        if not stop.is_set():
            matcher, training = refitted, data
    stopped, choice = stop.is_set(), {"matcher": kind, "compared": compared}
    chosen_on = Part.TRAINING if compared else Part.FIXED
    protocol = Protocol(split.kind, {"epochs": Part.FIXED, "matcher": chosen_on})
    metadata = {
        "figures": figures,
        "refitted_on_all": not stopped,
        "epochs": epochs,
        "options": asdict(options),
        **protocol.to_dict(),
        **choice,
    }
    templates = fit_rejecting_templates(matcher, training, options)
    save_motion_model(matcher, data, run.path, metadata, templates)
    return TrainResult(run.path, figures, protocol, stopped=stopped, matcher=choice)
