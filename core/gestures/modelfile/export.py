"""Save gesture models: ONNX graphs from keypoints to probabilities, with their metadata."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from core.errors import ModelError
from core.files import write_whole
from core.gestures.classifier.augmentation import Symmetries
from core.gestures.classifier.nets import GestureNet, OpenSetNet, run_net
from core.gestures.data import GestureData
from core.gestures.modelfile.drift import measure_coverage, reference_statistics
from core.gestures.modelfile.gesture_model import (
    METADATA,
    MODEL,
    MOVING,
    ONNX_SHA256,
    OUTPUTS,
    PRELIMINARY,
    GestureModel,
)
from core.gestures.modelfile.graph import Array, Graph
from core.gestures.modelfile.metadata import dataset_statistics
from core.gestures.motion.motion_learner import Matcher, predict_motions
from core.gestures.motion.motion_net import DILATIONS, MotionNet
from core.gestures.motion.templates import Templates
from core.pose.skeletons.table import skeleton_named

_TOLERANCE = 1e-4  # largest difference between torch and the saved graph
_MAX_CHECKED = 64  # samples that both are compared on
_TEMPLATE_REJECTION = {
    "score": "distance to the nearest example, or too short a way",
    "threshold": 1.0,
}


def save_model(net: OpenSetNet, data: GestureData, folder: Path, metadata: dict[str, Any]) -> None:
    """Write a net's model.onnx and metadata.json, with statistics of its training samples, into a
    folder. Raise ModelError if the saved graph's outputs differ from the net's."""
    about_data = {
        "usual": _compute_reference_statistics(data),
        "coverage": measure_coverage(data.keypoints, skeleton_named(data.skeleton)),
    }
    metadata = _count_samples(data) | about_data | metadata
    _save_checked(net_to_onnx(net), data, folder, metadata, partial(run_net, net))


def save_preliminary(net: GestureNet, data: GestureData, folder: Path) -> None:
    """Write an unmeasured net as the folder's preliminary model, for use during training."""
    _save_checked(net_to_onnx(net), data, folder, {PRELIMINARY: True}, partial(run_net, net))


def save_motion_model(
    matcher: Matcher,
    data: GestureData,
    folder: Path,
    metadata: dict[str, Any],
    templates: Templates | None = None,
) -> None:
    """Write the model.onnx and metadata.json of a matcher of moving gestures into a folder. Raise
    ModelError if the saved graph's outputs differ from the matcher's.

    Args:
        templates: reject windows unlike all of their examples; None: reject nothing.
    """
    steps = data.keypoints.shape[1]
    motion = {"kind": MOVING, "steps": steps, "longest_s": _find_longest_s(data)}
    rejection = {} if templates is None else {"rejection": _TEMPLATE_REJECTION}
    graph = matcher_to_onnx(matcher, steps, templates)
    metadata = motion | _count_samples(data) | metadata | rejection
    _save_checked(graph, data, folder, metadata, lambda some: [predict_motions(matcher, some)])


def _save_checked(
    graph: bytes,
    data: GestureData,
    folder: Path,
    metadata: dict[str, Any],
    predict: Callable[[GestureData], list[NDArray[np.float32]]],
) -> None:
    """Write model.onnx and metadata.json; raise ModelError if the saved graph's outputs for some of
    the samples differ from those of `predict`."""
    _write_files(graph, data, folder, metadata)
    some = data.take(slice(_MAX_CHECKED))
    found = GestureModel.load(folder).predict(some.keypoints, some.mirrored_view)
    for values, wanted in zip(found, predict(some), strict=False):
        off = float(np.abs(values - wanted).max())
        if not off <= _TOLERANCE:
            raise ModelError(
                f"the saved model answers {off:.2g} off, at most {_TOLERANCE} is allowed"
            )


def _write_files(graph: bytes, data: GestureData, folder: Path, metadata: dict[str, Any]) -> None:
    """Write model.onnx, then metadata.json with the graph's sha256, each atomically."""
    metadata = {
        "format": "mudra-gesture-model",
        "feature_version": (data.motion_features if data.is_moving else data.feature_set).version,
        "gestures": [asdict(gesture) for gesture in data.gestures],
        "skeleton": data.skeleton,
        "axes": data.keypoints.shape[-1],
        "estimator": data.estimator,
        "estimators": data.estimators,
        "threshold": 0.6,
        ONNX_SHA256: hashlib.sha256(graph).hexdigest(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **metadata,
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MODEL, graph)
    write_whole(folder / METADATA, json.dumps(metadata, ensure_ascii=False, indent=1).encode())


def _find_longest_s(data: GestureData) -> list[float]:
    """Return the duration of each gesture's longest example; 0 if unknown."""
    seconds = data.seconds if len(data.seconds) else np.zeros(len(data))
    own = [seconds[data.labels == c] for c in range(len(data.gestures))]
    return [round(float(one.max()), 3) if len(one) else 0.0 for one in own]


def _count_samples(data: GestureData) -> dict[str, Any]:
    """Return the metadata that count and identify the training samples: statistics and sha256."""
    return {
        "samples": len(data),
        "persons": len(data.known_persons),
        "data_sha256": hash_data(data),
        "census": dataset_statistics(data),
    }


def _compute_reference_statistics(data: GestureData) -> dict[str, Any]:
    """Compute `reference_statistics`, without angles of gestures that may be rotated and sides of
    gestures that may be mirrored."""
    symmetries, names = Symmetries.from_gestures(data.gestures), [g.name for g in data.gestures]
    rotated = {n for n, rotatable in zip(names, symmetries.rotatable, strict=True) if rotatable}
    mirrored = {n for n, image in zip(names, symmetries.mirrors, strict=True) if image >= 0}
    return reference_statistics(data, rotated=rotated, mirrored=mirrored)


def hash_data(data: GestureData) -> str:
    """Compute the sha256 of all training inputs: keypoints, labels, gesture names and groups."""
    digest = hashlib.sha256()
    for array in (data.keypoints, data.mirrored_view, data.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([g.name for g in data.gestures]).encode())
    for groups in (data.persons, data.sessions, data.recordings):
        digest.update("\n".join(map(str, groups)).encode())
    return digest.hexdigest()


def net_to_onnx(net: GestureNet | OpenSetNet) -> bytes:
    """Convert a net to ONNX bytes; a `GestureNet` has no rejection output."""
    graph = Graph()
    gestures = net.net if isinstance(net, OpenSetNet) else net
    features = gestures.features
    keypoints = graph.input("keypoints", np.float32, features.skeleton.size, features.axes)
    mirrored_view = graph.input("mirrored_view", bool)
    x = features(keypoints, mirrored_view, graph)
    mean = graph.constant(gestures.mean, "net.mean")
    spread = graph.constant(gestures.spread, "net.spread")
    x = (x - mean) / spread
    logits = _add_layers(graph, "net", gestures.layers, x)
    outputs = [graph.node("Softmax", logits, like=logits.like, axis=1)]
    if isinstance(net, OpenSetNet):
        log_odds = _add_layers(graph, "head", net.head.layers, x)
        outputs.append(_add_rejection(graph, logits, log_odds, net.head.none))
    return graph.to_bytes(dict(zip(OUTPUTS, outputs, strict=False)))


def _add_layers(graph: Graph, name: str, layers: nn.ModuleList, x: Array) -> Array:
    """Add linear layers to the graph, with a ReLU after all but the last."""
    for number, layer in enumerate(layers):
        w, b = _add_weights(graph, layer, f"{name}.layers.{number}")
        x = graph.node("Gemm", x, w, b, like=x.like @ w.like.T, transB=1)
        x = x if number == len(layers) - 1 else graph.node("Relu", x, like=x.like)
    return x


def _add_weights(graph: Graph, layer: nn.Module, name: str) -> list[Array]:
    return [graph.constant(v.detach(), f"{name}.{key}") for key, v in layer.named_parameters()]


def _add_rejection(graph: Graph, logits: Array, log_odds: Array, none: int | None) -> Array:
    """Add the operators of `RejectionHead.forward` to the graph; return the rejection score."""
    odds = log_odds[:, 0]
    if none is not None:
        others = logits[:, [i for i in range(logits.shape[1]) if i != none]]
        axis = graph.constant(np.array([1]))
        spread = graph.node("ReduceLogSumExp", others, axis, like=odds.like, keepdims=0)
        odds = (odds + (logits[:, none] - spread)) / 2
    return graph.node("Sigmoid", odds, like=odds.like)


def matcher_to_onnx(matcher: Matcher, steps: int, templates: Templates | None = None) -> bytes:
    """Convert a matcher to ONNX bytes for `steps` frames, with rejection if templates are given."""
    graph, features = Graph(), matcher.features
    keypoints = graph.input("keypoints", np.float32, steps, features.skeleton.size, features.axes)
    mirrored_view = graph.input("mirrored_view", bool)
    seen = features.flip_mirrored(keypoints, mirrored_view, graph)
    x = features.compute(seen, graph)
    if isinstance(matcher, MotionNet):
        logits = _add_motion_net(graph, matcher, x)
    else:
        logits = matcher.logits(x, graph)
    outputs = [graph.node("Softmax", logits, like=logits.like, axis=1)]
    if templates is not None:
        short = templates.score_short(seen, outputs[0], graph)
        scores = graph.stack([templates.score_distance(x, graph), short], -1)
        outputs.append(graph.amax(scores, 1))
    return graph.to_bytes(dict(zip(OUTPUTS, outputs, strict=False)))


def _add_motion_net(graph: Graph, net: MotionNet, x: Array) -> Array:
    """Add the operators of `MotionNet.logits` to the graph; return the logits."""
    x = (x - graph.constant(net.mean)) / graph.constant(net.spread)
    x = graph.node("Transpose", x, like=x.like.transpose(0, 2, 1), perm=[0, 2, 1])
    for number, (layer, step) in enumerate(zip(net.convolutions, DILATIONS, strict=True)):
        w, b = _add_weights(graph, layer, f"net.convolutions.{number}")
        like = np.zeros((len(x.like), w.shape[0], x.shape[2]), np.float32)
        new = graph.node("Conv", x, w, b, like=like, dilations=[step], pads=[2 * step, 0])
        new = graph.node("Relu", new, like=like)
        x = x + new if number else new
    pooled = graph.concatenate([graph.mean(x, 2), graph.amax(x, 2)], 1)
    w, b = _add_weights(graph, net.last, "net.last")
    return graph.node("Gemm", pooled, w, b, like=pooled.like @ w.like.T, transB=1)
