"""Learning gestures that move: examples to compare with where there are few, a net where there are
many, and where both can be had, what does better on samples held out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.evaluation.predictions import validated
from core.gestures.evaluation.validation import Split
from core.gestures.labels import NONE
from core.gestures.motion.templates import Templates
from core.gestures.training.fitting import TrainOptions
from core.gestures.training.motion_fitting import fit_motion, motion_probabilities, usual_epochs
from core.gestures.training.motion_net import MotionNet
from core.learning.background import Stop
from core.learning.runs import Run

NET, TEMPLATES = "net", "templates"
_FEW = 600  # samples: who records so few records no other movements
_FOR_A_NET = 8  # samples of the median gesture
_COMPARED = 2000  # held-out samples at most that both are compared on: templates are slow
_AT_ONCE = 256

Matcher = MotionNet | Templates


@dataclass(frozen=True)
class Learned:
    """What a training of moving gestures gave.

    Attributes:
        matcher: learned from all samples, or from those not held out where it was stopped.
        by: NET or TEMPLATES, which did better on the samples held out.
        figures: of the one that was chosen.
        compared: accuracy of each that was tried, on the same held-out samples.
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


def learn_motions(
    data: GestureData, split: Split, run: Run, options: TrainOptions, stop: Stop
) -> Learned:
    """Fit what the samples are enough for, choose on the held-out ones, and fit it again on all."""
    training, validation = data.take(split.train), data.take(split.validation)
    epochs = usual_epochs(training, options)
    tried: dict[str, Matcher] = {TEMPLATES: fit_templates(training, options.seed)}
    if enough_for_a_net(training):
        tried[NET] = fit_motion(training, options, epochs, run.log, stop)
    rows = np.random.default_rng(options.seed).permutation(len(validation))[:_COMPARED]
    judges = validation.take(np.sort(rows))
    answers = {name: probabilities(one, judges) for name, one in tried.items()}
    compared = {name: _accuracy(judges, answer) for name, answer in answers.items()}
    run.log(event="chosen", **compared)
    by = max(compared, key=lambda name: (compared[name], name == NET))
    whole = answers[by] if len(judges) == len(validation) else probabilities(tried[by], validation)
    measured = validated(run.path, validation, whole, split.kind)
    if stop.is_set():
        examples = _examples(tried[by], training, options)
        return Learned(tried[by], by, measured, compared, epochs, False, examples)
    run.log(event="refit", epochs=epochs)
    final = fit_again(by, data, options, epochs, stop)
    examples = _examples(final, data, options)
    return Learned(final, by, measured, compared, epochs, not stop.is_set(), examples)


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
    by: str, data: GestureData, options: TrainOptions, epochs: int, stop: Stop | None = None
) -> Matcher:
    """The chosen kind, on these samples."""
    if by == TEMPLATES:
        return fit_templates(data, options.seed)
    return fit_motion(data, options, epochs, stop=stop)


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
