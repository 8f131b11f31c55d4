"""Learning moving gestures: examples to compare with where there are few, a net where there are
many. Where both are possible, the better one on a part of the training samples is chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.data import GestureData
from core.gestures.evaluation.predictions import validated
from core.gestures.evaluation.protocol import Part
from core.gestures.evaluation.validation import Split, split_motions
from core.gestures.labels import NONE
from core.gestures.motion.motion_fitting import fit_motion, motion_probabilities, usual_epochs
from core.gestures.motion.motion_net import MotionNet
from core.gestures.motion.templates import Templates
from core.training.background import Stop
from core.training.runs import Run

NET, TEMPLATES = "net", "templates"
_FEW = 600  # samples: who records so few records no other movements
_FOR_A_NET = 8  # samples of the median gesture
_COMPARED = 2000  # samples at most that both are compared on: templates are slow
_AT_ONCE = 256

Matcher = MotionNet | Templates


@dataclass(frozen=True)
class Learned:
    """What a training of moving gestures gave.

    Attributes:
        matcher: learned from all samples, or from those not held out where it was stopped.
        by: NET or TEMPLATES, as `choose_matcher` chose without the held-out samples.
        figures: of the held-out samples.
        compared: accuracy of both where the choice was between both, on the inner part.
        examples: of the same samples; None where these are so many that they know other movements,
            too.
    """

    matcher: Matcher
    by: str
    figures: dict[str, Any]
    compared: dict[str, float]
    epochs: int
    refitted: bool
    examples: Templates | None

    @property
    def chosen_on(self) -> Part:
        """The part that the choice between net and templates was made on."""
        return Part.TRAINING if self.compared else Part.FIXED


def learn_motions(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> Learned:
    """Choose and fit on the training part, measure on the held-out one, and fit again on all."""
    training, validation = data.take(split.train), data.take(split.validation)
    by, compared = choose_matcher(training, options, stop=stop)
    run.log(event="chosen", matcher=by, **compared)
    epochs = usual_epochs(training, options)
    matcher = fit_again(by, training, options, epochs, stop, run.log)
    measured = validated(run.path, validation, probabilities(matcher, validation), split.kind)
    if not stop.is_set():
        run.log(event="refit", epochs=epochs)
        again = fit_again(by, data, options, epochs, stop)
        if not stop.is_set():
            matcher, training = again, data
    examples = _examples(matcher, training, options)
    return Learned(matcher, by, measured, compared, epochs, not stop.is_set(), examples)


def choose_matcher(
    training: GestureData,
    options: TrainOptions,
    epochs: int | None = None,
    stop: Stop | None = None,
) -> tuple[str, dict[str, float]]:
    """Choose NET or TEMPLATES on an inner split of the training samples.

    Without a choice, where samples are too few for a net or for an inner split, the accuracies are
    empty: TEMPLATES where they are too few for a net, else NET.
    """
    if not enough_for_a_net(training):
        return TEMPLATES, {}
    try:
        inner = split_motions(training, options.seed)
    except TrainingError:
        return NET, {}
    known, rest = training.take(inner.train), inner.validation
    asked = np.random.default_rng(options.seed).permutation(rest)[:_COMPARED]
    judges, epochs = training.take(np.sort(asked)), epochs or usual_epochs(known, options)
    tried = {by: fit_again(by, known, options, epochs, stop) for by in (NET, TEMPLATES)}
    compared = {by: _accuracy(judges, probabilities(one, judges)) for by, one in tried.items()}
    return max(compared, key=lambda by: compared[by]), compared


def _examples(matcher: Matcher, data: GestureData, options: TrainOptions) -> Templates | None:
    """What other movements are told by."""
    if len(data) > _FEW:
        return None
    if isinstance(matcher, Templates):
        return matcher
    # the net has not learned from parts of `none`: what is like them alone it does not know
    return fit_templates(data, options.seed, parts=False)


def enough_for_a_net(data: GestureData) -> bool:
    """Whether most gestures have the samples that a net needs."""
    counts = np.bincount(data.labels, minlength=len(data.gestures))
    return bool(np.median(counts[counts > 0]) >= _FOR_A_NET)


def fit_again(
    by: str,
    data: GestureData,
    options: TrainOptions,
    epochs: int,
    stop: Stop | None = None,
    log: Callable[..., None] = lambda **_: None,
) -> Matcher:
    """The chosen kind, on these samples."""
    if by == TEMPLATES:
        return fit_templates(data, options.seed)
    return fit_motion(data, options, epochs, log, stop)


def fit_templates(data: GestureData, seed: int = 0, *, parts: bool = True) -> Templates:
    """Examples of each gesture to compare with, and parts of those of `none`."""
    names = [gesture.name for gesture in data.gestures]
    none = names.index(NONE.name) if parts and NONE.name in names else None
    keypoints, mirrored, labels = data.keypoints, data.mirrored_view, data.labels
    return Templates.of(data.motion_features, keypoints, mirrored, labels, len(names), seed, none)


def probabilities(matcher: Matcher, data: GestureData) -> NDArray[np.float32]:
    """(N, C) of the windows."""
    if isinstance(matcher, MotionNet):
        return motion_probabilities(matcher, data)
    starts = range(0, len(data), _AT_ONCE)
    parts = [slice(begin, begin + _AT_ONCE) for begin in starts]
    found = [matcher.probabilities(data.keypoints[p], data.mirrored_view[p]) for p in parts]
    return np.concatenate(found)


def _accuracy(data: GestureData, answers: NDArray[np.float32]) -> float:
    return float((answers.argmax(1) == data.labels).mean())
