"""A matcher of moving gestures as one ONNX graph, from windows of keypoints to probabilities."""

import numpy as np
from torch import nn

from core.gestures.modelfile.gesture_model import OUTPUTS
from core.gestures.modelfile.graph import Array, Graph
from core.gestures.motion.motion_learner import Matcher
from core.gestures.motion.motion_net import DILATIONS, MotionNet
from core.gestures.motion.templates import Templates


def motion_onnx(matcher: Matcher, steps: int, examples: Templates | None = None) -> bytes:
    """The file's bytes, batch size free.

    Args:
        steps: T of the windows.
        examples: what is unlike all of these, or reaches less, is turned away; None: nothing is.
    """
    graph, features = Graph(), matcher.features
    keypoints = graph.input("keypoints", np.float32, steps, features.skeleton.size, features.axes)
    mirrored_view = graph.input("mirrored_view", bool)
    seen = features.as_seen(keypoints, mirrored_view, graph)
    x = features.features_of(seen, graph)
    logits = _net(graph, matcher, x) if isinstance(matcher, MotionNet) else matcher.logits(x, graph)
    answers = [graph.node("Softmax", logits, like=logits.like, axis=1)]
    if examples is not None:
        unlike = examples.unlike(x, graph), examples.too_short(seen, answers[0], graph)
        answers.append(graph.amax(graph.stack(unlike, -1), 1))
    return graph.to_bytes(dict(zip(OUTPUTS, answers, strict=False)))


def _net(graph: Graph, net: MotionNet, x: Array) -> Array:
    """As `MotionNet.logits` has it."""
    x = (x - graph.constant(net.mean)) / graph.constant(net.spread)
    x = graph.node("Transpose", x, like=x.like.transpose(0, 2, 1), perm=[0, 2, 1])
    for number, (layer, step) in enumerate(zip(net.convolutions, DILATIONS, strict=True)):
        w, b = _weights(graph, layer, f"net.convolutions.{number}")
        like = np.zeros((len(x.like), w.shape[0], x.shape[2]), np.float32)
        new = graph.node("Conv", x, w, b, like=like, dilations=[step], pads=[2 * step, 0])
        new = graph.node("Relu", new, like=like)
        x = x + new if number else new
    read = graph.concatenate([graph.mean(x, 2), graph.amax(x, 2)], 1)
    w, b = _weights(graph, net.last, "net.last")
    return graph.node("Gemm", read, w, b, like=read.like @ w.like.T, transB=1)


def _weights(graph: Graph, layer: nn.Module, part: str) -> list[Array]:
    return [graph.constant(v.detach(), f"{part}.{name}") for name, v in layer.named_parameters()]
