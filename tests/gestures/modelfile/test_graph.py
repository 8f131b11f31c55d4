"""The graph that is written says what the features say, of every skeleton."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from core.gestures.features import FEATURE_SETS
from core.gestures.modelfile.graph import Graph
from core.modelfiles.onnx_session import open_session


def poses(joints: int, axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Five poses as a camera's, one without a keypoint, one without its root, one of no extent."""
    rng = np.random.default_rng(0)
    points = rng.normal(0, 80, (5, joints, axes)) + rng.uniform(100, 600, (5, 1, axes))
    points[1, -1], points[1, 7] = np.nan, np.inf
    points[2, 0] = np.nan
    points[3] = points[3, :1]
    return points.astype(np.float32), np.arange(5) % 2 == 0


@pytest.mark.parametrize(
    "features", FEATURE_SETS.values(), ids=lambda one: f"{one.skeleton.name}-{one.axes}"
)
def test_the_graph_of_a_skeleton_gives_its_features(features):
    joints = features.skeleton.size
    graph = Graph()
    keypoints = graph.input("keypoints", np.float32, joints, features.axes)
    content = graph.to_bytes(
        {"features": features(keypoints, graph.input("mirrored_view", bool), graph)}
    )
    onnx.checker.check_model(onnx.load_model_from_string(content), full_check=True)
    for n in (1, 5):  # another number than the graph was written with
        points, mirrored = poses(joints, features.axes)
        feed = {"keypoints": points[:n], "mirrored_view": mirrored[:n]}
        wanted = features(points[:n], mirrored[:n])
        for found in (
            open_session(content).run(None, feed),
            ReferenceEvaluator(content).run(None, feed),
        ):
            np.testing.assert_allclose(found[0], wanted, atol=1e-5)


def test_nothing_is_written_that_no_output_needs():
    graph = Graph()
    x = graph.input("x", np.float32, 3)
    graph.sqrt(x + 7.0)
    content = graph.to_bytes({"y": x[:, 1:3] * 2.0})
    [(found, *others)] = open_session(content).run(None, {"x": np.float32([[1, 2, 3]])})
    assert found.tolist() == [4, 6] and not others
    graph = onnx.load_model_from_string(content).graph
    assert [node.op_type for node in graph.node] == ["Slice", "Mul", "Identity"]
    assert 7 not in [onnx.numpy_helper.to_array(constant).max() for constant in graph.initializer]


@pytest.mark.parametrize(
    "key",
    [
        (slice(None), 1),
        (Ellipsis, 0),
        (slice(None), None, 2),
        (slice(None), [2, 0, 3]),
        (slice(None), slice(1, 3), 0),
        (Ellipsis, None),
        (slice(None), [1, 0], slice(0, 2)),
    ],
)
def test_every_way_of_indexing_takes_what_numpy_takes(key):
    x = np.arange(2 * 4 * 3, dtype=np.float32).reshape(2, 4, 3)
    graph = Graph()
    content = graph.to_bytes({"y": graph.input("x", np.float32, 4, 3)[key]})
    [found] = open_session(content).run(None, {"x": x})
    np.testing.assert_array_equal(found, x[key])
