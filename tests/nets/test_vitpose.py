"""ViTPose computes what its paper says, held against the formulas written out in numpy."""

import numpy as np
import pytest
import torch
from scipy.special import erf

from core.nets import build_net
from core.nets.vitpose import ViTPose

HW = (32, 48)  # 2 x 3 patches


def light(head: str) -> ViTPose:
    torch.manual_seed(0)
    net = build_net(f"vitpose_small.{head}", joints=3, input_hw=HW).eval()
    assert isinstance(net, ViTPose)
    torch.nn.init.normal_(net.final_layer.weight, std=0.05)
    return net


def normed(x: np.ndarray, norm: dict[str, np.ndarray]) -> np.ndarray:
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-6) * norm["weight"] + norm["bias"]


def linear(x: np.ndarray, layer: dict[str, np.ndarray]) -> np.ndarray:
    return x @ layer["weight"].T + layer["bias"]


def part(state: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")}


def attended(x: np.ndarray, qkv: np.ndarray) -> np.ndarray:
    """Each of 12 heads on its own 32 channels."""
    said = np.zeros_like(x)
    for head in range(12):
        q, k, v = (qkv[:, 384 * i + 32 * head : 384 * i + 32 * (head + 1)] for i in range(3))
        weight = np.exp(q @ k.T / np.sqrt(32))
        said[:, 32 * head : 32 * (head + 1)] = weight / weight.sum(1, keepdims=True) @ v
    return said


def features(net: ViTPose, picture: np.ndarray) -> np.ndarray:
    """(2, 3, C) by the formulas; a patch begins two pixels before its place."""
    state = {name: value.double().numpy() for name, value in net.state_dict().items()}
    wide = np.pad(picture, ((0, 0), (2, 2), (2, 2)))
    x = np.stack(
        [
            np.einsum("chw,ochw->o", wide[:, i : i + 16, j : j + 16], state["patches.weight"])
            for i in (0, 16)
            for j in (0, 16, 32)
        ]
    )
    x = x + state["patches.bias"] + state["places"][0]
    for i in range(12):
        y = normed(x, part(state, f"layers.{i}.norm1"))
        y = attended(y, linear(y, part(state, f"layers.{i}.attention.qkv")))
        x = x + linear(y, part(state, f"layers.{i}.attention.out"))
        y = linear(normed(x, part(state, f"layers.{i}.norm2")), part(state, f"layers.{i}.widen"))
        y = y * (1 + erf(y / np.sqrt(2))) / 2
        x = x + linear(y, part(state, f"layers.{i}.narrow"))
    return normed(x, part(state, "norm")).reshape(2, 3, -1)


@pytest.mark.parametrize("head", ["simple", "classic"])
def test_it_says_what_the_formulas_say(head: str) -> None:
    net, picture = light(head), np.random.default_rng(0).standard_normal((3, *HW)).astype("f4")
    x = torch.from_numpy(features(net, picture).transpose(2, 0, 1)[None]).float()
    with torch.no_grad():
        if head == "classic":
            wanted = net.final_layer(net.deconv_layers(x))
        else:  # rectified, then four times as large between the cells
            large = torch.nn.Upsample(scale_factor=4, mode="bilinear")(x.clamp(min=0))
            wanted = net.final_layer(large)
        found = net(torch.from_numpy(picture)[None])[:, 0]
    assert tuple(found.shape) == (1, 3, 8, 12)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_at_another_size_the_places_are_interpolated() -> None:
    net = light("simple")
    with torch.no_grad():
        net.places[:] = torch.linspace(0, 1, 6)[None, :, None]
        assert tuple(net(torch.zeros(1, 3, 64, 96)).shape) == (1, 1, 3, 16, 24)
        places = net._resize_position_embedding(4, 6)[0, :, 0].reshape(4, 6)
    assert bool((places.diff(dim=0) > 0).all()) and bool((places.diff(dim=1) > 0).all())
