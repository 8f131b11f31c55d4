"""Learn moving gestures: templates for few samples, a net for many. If both are possible, the
better one on an inner part of the training samples is chosen."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.nets import run_net
from core.gestures.data import GestureData
from core.gestures.evaluation.validation import split_motions
from core.gestures.labels import NONE
from core.gestures.motion.motion_net import MotionNet, choose_epochs, fit_motion_net
from core.gestures.motion.templates import Templates
from core.training.background import Stop

NET, TEMPLATES = "net", "templates"
_MAX_SAMPLES_WITH_TEMPLATES = 600  # who records more also records other movements as `none`
_MIN_SAMPLES_FOR_NET = 8  # of the median gesture
_MAX_COMPARED = 2000  # samples that net and templates are compared on: templates are slow
_NET_BATCH, _TEMPLATES_BATCH = 1024, 256  # windows that are predicted at once

Matcher = MotionNet | Templates


def choose_matcher(
    training: GestureData,
    options: TrainOptions,
    epochs: int | None = None,
    stop: Stop | None = None,
) -> tuple[str, dict[str, float]]:
    """Choose NET or TEMPLATES by their accuracy on an inner split of the training samples, and
    return the kind and both accuracies. If the samples are too few for a net, return TEMPLATES and
    {}; if they can't be split, NET and {}."""
    counts = np.bincount(training.labels, minlength=len(training.gestures))
    if np.median(counts[counts > 0]) < _MIN_SAMPLES_FOR_NET:
        return TEMPLATES, {}
    try:
        inner = split_motions(training, options.seed)
    except TrainingError:
        return NET, {}
    known = training.take(inner.train)
    rows = np.random.default_rng(options.seed).permutation(inner.validation)[:_MAX_COMPARED]
    rest, epochs = training.take(np.sort(rows)), epochs or choose_epochs(known, options)
    compared = {}
    for kind in (NET, TEMPLATES):
        predicted = predict_motions(fit_matcher(kind, known, options, epochs, stop), rest)
        compared[kind] = float((predicted.argmax(1) == rest.labels).mean())
    return max(compared, key=lambda kind: compared[kind]), compared


def fit_rejecting_templates(
    matcher: Matcher, data: GestureData, options: TrainOptions
) -> Templates | None:
    """Return templates that reject unknown movements; None if there are many samples."""
    if len(data) > _MAX_SAMPLES_WITH_TEMPLATES:
        return None
    if isinstance(matcher, Templates):
        return matcher
    # the net has not learned from parts of `none`, so it doesn't know what is similar to them alone
    return fit_templates(data, options.seed, parts=False)


def fit_matcher(
    kind: str,
    data: GestureData,
    options: TrainOptions,
    epochs: int,
    stop: Stop | None = None,
    log: Callable[..., None] = lambda **_: None,
) -> Matcher:
    """Fit a matcher of the kind NET or TEMPLATES on these samples."""
    if kind == TEMPLATES:
        return fit_templates(data, options.seed)
    return fit_motion_net(data, options, epochs, log, stop)


def fit_templates(data: GestureData, seed: int = 0, *, parts: bool = True) -> Templates:
    """Fit templates on these samples; with `parts`, parts of `none` become more examples of it."""
    names = [gesture.name for gesture in data.gestures]
    none = names.index(NONE.name) if parts and NONE.name in names else None
    keypoints, mirrored, labels = data.keypoints, data.mirrored_view, data.labels
    return Templates.fit(data.motion_features, keypoints, mirrored, labels, len(names), seed, none)


def predict_motions(matcher: Matcher, data: GestureData) -> NDArray[np.float32]:
    """Return the matcher's (N, C) probabilities for the windows."""
    if isinstance(matcher, MotionNet):
        return np.concatenate([run_net(matcher, part)[0] for part in data.batches(_NET_BATCH)])
    parts = data.batches(_TEMPLATES_BATCH)
    return np.concatenate([matcher.probabilities(p.keypoints, p.mirrored_view) for p in parts])
