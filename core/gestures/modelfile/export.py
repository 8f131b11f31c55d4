"""A gesture net's files: one ONNX graph from keypoints to probabilities, and its metadata."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.errors import ModelError
from core.files import write_whole
from core.gestures.classifier.augmentation import Meaning
from core.gestures.classifier.nets import GestureNet, OpenSetNet
from core.gestures.data import GestureData
from core.gestures.modelfile.coverage import coverage
from core.gestures.modelfile.drift import reference_statistics
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
from core.gestures.modelfile.motion_graph import motion_onnx
from core.gestures.motion.motion_learner import Matcher, probabilities
from core.gestures.motion.templates import Templates
from core.pose.skeletons.table import skeleton_named

_TOLERANCE = 1e-4  # largest difference between torch and the saved graph


Net = GestureNet | OpenSetNet


def save_model(net: OpenSetNet, data: GestureData, folder: Path, about: dict[str, Any]) -> None:
    """Write model.onnx and metadata.json, and check that the saved graph answers as the net does.

    Raises:
        ModelError: it does not.
    """
    known = {
        "usual": _reference_statistics(data),
        "coverage": coverage(data.keypoints, skeleton_named(data.skeleton)),
    }
    _save(net, data, folder, _counted(data) | known | about)


_UNLIKE = {"score": "distance to the nearest example, or too short a way", "threshold": 1.0}


def save_motion_model(
    matcher: Matcher,
    data: GestureData,
    folder: Path,
    about: dict[str, Any],
    examples: Templates | None = None,
) -> None:
    """As `save_model`, of a matcher of gestures that move; what is unlike all examples, where these
    are given, is turned away.

    Raises:
        ModelError: the saved graph answers otherwise than the matcher does.
    """
    steps = data.keypoints.shape[1]
    content = motion_onnx(matcher, steps, examples)
    about = about if examples is None else about | {"rejection": _UNLIKE}
    motion = {"kind": MOVING, "steps": steps, "feature_version": data.motion_features.version}
    motion["longest_s"] = _longest_s(data)
    _write(content, data, folder, motion | _counted(data) | about)
    some = data.take(np.arange(min(64, len(data))))
    answer = GestureModel.load(folder).predict_proba(some.keypoints, some.mirrored_view)
    _check_near(answer, probabilities(matcher, some))


def _longest_s(data: GestureData) -> list[float]:
    """Of each gesture's examples; 0 where it has none, or nobody knows."""
    seconds = data.seconds if len(data.seconds) else np.zeros(len(data))
    own = [seconds[data.labels == c] for c in range(len(data.gestures))]
    return [round(float(one.max()), 3) if len(one) else 0.0 for one in own]


def _counted(data: GestureData) -> dict[str, Any]:
    return {
        "samples": len(data),
        "persons": len(data.known_persons),
        "data_sha256": data_hash(data),
        "census": dataset_statistics(data),
    }


def save_preliminary(net: GestureNet, data: GestureData, folder: Path) -> None:
    """As `save_model`, of a net that answers until the training is done: nothing was measured.

    Raises:
        ModelError: the saved graph answers otherwise than the net does.
    """
    _save(net, data, folder, {PRELIMINARY: True})


def _save(net: Net, data: GestureData, folder: Path, about: dict[str, Any]) -> None:
    features = {"feature_version": data.feature_set.version}
    _write(to_onnx(net), data, folder, features | about)
    _check_same(net, GestureModel.load(folder), data.take(np.arange(min(64, len(data)))))


def _write(content: bytes, data: GestureData, folder: Path, about: dict[str, Any]) -> None:
    """Both files, each whole or not at all; `ONNX_SHA256` says to readers whether they belong
    together."""
    metadata = {
        "format": "mudra-gesture-model",
        "gestures": [asdict(gesture) for gesture in data.gestures],
        "skeleton": data.skeleton,
        "axes": data.keypoints.shape[-1],
        "estimator": data.estimator,
        "estimators": data.estimators,
        "threshold": 0.6,
        ONNX_SHA256: hashlib.sha256(content).hexdigest(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
    }
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MODEL, content)
    write_whole(folder / METADATA, text.encode())


def _reference_statistics(data: GestureData) -> dict[str, Any]:
    """How hands were held; the turns and sides that augmentation adds say nothing."""
    meaning, names = Meaning.of(data.gestures), np.array([g.name for g in data.gestures])
    turned, mirrored = names[meaning.turnable.numpy()], names[meaning.mirrors.numpy() >= 0]
    return reference_statistics(data, turned=set(turned.tolist()), mirrored=set(mirrored.tolist()))


def to_onnx(net: Net) -> bytes:
    """The net as an ONNX file's bytes, batch size free; a gesture net alone rejects nothing."""
    graph = Graph()
    gestures = net.net if isinstance(net, OpenSetNet) else net
    features = gestures.features
    keypoints = graph.input("keypoints", np.float32, features.skeleton.size, features.axes)
    mirrored_view = graph.input("mirrored_view", bool)
    x = features(keypoints, mirrored_view, graph)
    mean, spread = (
        graph.constant(gestures.mean, "net.mean"),
        graph.constant(gestures.spread, "net.spread"),
    )
    x = (x - mean) / spread
    logits = _layers(graph, "net", gestures.layers, x)
    answers = [graph.node("Softmax", logits, like=logits.like, axis=1)]
    if isinstance(net, OpenSetNet):
        own = _layers(graph, "head", net.head.layers, x)
        answers.append(_rejection(graph, logits, own, net.head.none))
    return graph.to_bytes(dict(zip(OUTPUTS, answers, strict=False)))


def _layers(graph: Graph, part: str, layers: nn.ModuleList, x: Array) -> Array:
    """A part's layers, each but the last with a ReLU."""
    for number, layer in enumerate(layers):
        w, b = (
            graph.constant(value.detach(), f"{part}.layers.{number}.{name}")
            for name, value in layer.named_parameters()
        )
        x = graph.node("Gemm", x, w, b, like=x.like @ w.like.T, transB=1)
        x = x if number == len(layers) - 1 else graph.node("Relu", x, like=x.like)
    return x


def _rejection(graph: Graph, logits: Array, own: Array, none: int | None) -> Array:
    """As `RejectionHead.forward` has it."""
    odds = own[:, 0]
    if none is not None:
        others = logits[:, [i for i in range(logits.shape[1]) if i != none]]
        axis = graph.constant(np.array([1]))
        spread = graph.node("ReduceLogSumExp", others, axis, like=odds.like, keepdims=0)
        odds = (odds + (logits[:, none] - spread)) / 2
    return graph.node("Sigmoid", odds, like=odds.like)


def data_hash(data: GestureData) -> str:
    """sha256 over everything that training reads."""
    digest = hashlib.sha256()
    for array in (data.keypoints, data.mirrored_view, data.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([g.name for g in data.gestures]).encode())
    for groups in (data.persons, data.sessions, data.recordings):
        digest.update("\n".join(map(str, groups)).encode())
    return digest.hexdigest()


def _check_same(net: Net, saved: GestureModel, data: GestureData) -> None:
    answers = saved.predict(data.keypoints, data.mirrored_view)
    with torch.no_grad():
        wanted = net(torch.from_numpy(data.keypoints), torch.from_numpy(data.mirrored_view))
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    pairs = zip(answers, wanted, strict=False)  # a gesture net alone rejects nothing
    for answer, right in pairs:
        _check_near(answer, right.numpy())


def _check_near(answer: Any, wanted: Any) -> None:
    off = float(np.abs(answer - wanted).max())
    if not off <= _TOLERANCE:
        raise ModelError(f"the saved model answers {off:.2g} off, at most {_TOLERANCE} is allowed")
