"""A small net of depth for tests: a hand's keypoints lie round the middle of what its crop shows,
as on a star of five rays; where the crop shows nothing, round the cube's middle."""

from pathlib import Path

import numpy as np

from core.depth.cubes import SIDE
from core.pose.skeletons.table import HAND_21
from tests.support.seeing_net import save_graph

_RAYS, _REACH = 5, 0.08  # keypoints a ray; from one to the next, in half the cube's side
_GRAPH = f"""<ir_version: 9, opset_import: ["": 18]>
massing (float[hands,{SIDE},{SIDE}] crops) => (float[hands,{HAND_21.size},3] keypoints)
<float far = {{1}}, float least = {{1}}, int64[2] axes = {{1, 2}}>
{{
    seen = Less(crops, far)
    mask = Cast <to = 1> (seen)
    count = ReduceSum <keepdims = 1> (mask, axes)
    some = Max(count, least)
    u_held = Mul(mask, x)
    v_held = Mul(mask, y)
    d_held = Mul(mask, crops)
    u_sum = ReduceSum <keepdims = 1> (u_held, axes)
    v_sum = ReduceSum <keepdims = 1> (v_held, axes)
    d_sum = ReduceSum <keepdims = 1> (d_held, axes)
    u = Div(u_sum, some)
    v = Div(v_sum, some)
    d = Div(d_sum, some)
    middle = Concat <axis = 2> (u, v, d)
    keypoints = Add(middle, star)
}}"""


def star() -> np.ndarray:
    """(21, 3) in the cube, round its middle; their mean is 0."""
    angles = np.arange(_RAYS) * 2 * np.pi / _RAYS
    rays = np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)
    steps = _REACH * np.arange(1, 5)[:, None, None] * rays
    return np.concatenate([np.zeros((1, 3)), steps.reshape(-1, 3)]).astype(np.float32)


def save_massing_net(folder: Path) -> None:
    """A net's folder, for `DepthNet`."""
    folder.mkdir(parents=True)
    x = np.tile((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1, (SIDE, 1))
    about = {
        "name": folder.name,
        "input": "depth",
        "input_hw": [SIDE, SIDE],
        "joints": HAND_21.size,
        "skeleton": HAND_21.name,
    }
    save_graph(folder, _GRAPH, {"x": x, "y": np.ascontiguousarray(x.T), "star": star()}, about)
