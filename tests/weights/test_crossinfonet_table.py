"""A TensorFlow checkpoint's tensors become CrossInfoNet's arrays, each in its own place."""

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.estimators.depth_net import DepthNet
from core.learning.published_nets import make_usable, published_depth_net
from core.weights.crossinfonet_table import DEPTH, crossinfonet_arrays, crossinfonet_shapes
from core.weights.published import import_weights, load_weights

# Some of TensorFlow's names and shapes, written by hand after the published code's scopes
THEIRS = {
    "conv1/weights": ("stem.kernel.weight", (5, 5, 1, 32), (32, 1, 5, 5)),
    "nn1/block1/unit_1/bottleneck_v1/shortcut/weights": (
        "trunk.0.0.shortcut.kernel.weight",
        (1, 1, 32, 64),
        (64, 32, 1, 1),
    ),
    "nn3/block3/unit_6/bottleneck_v1/conv2/weights": (
        "trunk.2.5.conv2.kernel.weight",
        (3, 3, 64, 64),
        (64, 64, 3, 3),
    ),
    "nn4/block4/unit_3/bottleneck_v1/conv3/BatchNorm/gamma": (
        "trunk.3.2.conv3.norm.weight",
        (256,),
        (256,),
    ),
    "lateral/res2/BatchNorm/beta": ("lateral.0.norm.bias", (256,), (256,)),
    "lateral/res5/weights": ("lateral.3.kernel.weight", (1, 1, 256, 256), (256, 256, 1, 1)),
    "merge/res4/BatchNorm/moving_mean": ("merge.2.norm.running_mean", (256,), (256,)),
    "end_fing_bottleneck/shortcut/BatchNorm/moving_variance": (
        "fingers.refine.shortcut.norm.running_var",
        (256,),
        (256,),
    ),
    "palm_bottleneck/conv1/weights": (
        "palm.take.conv1.kernel.weight",
        (1, 1, 256, 128),
        (128, 256, 1, 1),
    ),
    "Conv_1/weights": ("palm.last_maps.kernel.weight", (3, 3, 256, 9), (9, 256, 3, 3)),
    "Conv_4/weights": ("guidance_maps.kernel.weight", (3, 3, 256, 14), (14, 256, 3, 3)),
    "fully_connected/weights": ("fingers.first.kernel.weight", (9216, 1024), (1024, 9216)),
    "fully_connected_2/weights": ("fingers.last.kernel.weight", (1024, 15), (15, 1024)),
    "fully_connected_5/weights": ("palm.last.kernel.weight", (1024, 27), (27, 1024)),
    "fully_connected_6/weights": ("hand.kernel.weight", (2048, 42), (42, 2048)),
}


@pytest.mark.parametrize("theirs", THEIRS)
def test_a_tensor_comes_to_its_place_in_the_net_s_shape(theirs: str) -> None:
    ours, shape, turned = THEIRS[theirs]
    array = np.broadcast_to(np.float32(0), shape)
    found = crossinfonet_arrays("a file", {theirs: array})
    assert list(found) == [ours] and found[ours].shape == turned
    assert crossinfonet_shapes("nyu")[ours] == turned


def test_a_kernel_keeps_its_places_and_a_flattened_map_its_cells() -> None:
    kernel = np.arange(5 * 5 * 1 * 32).reshape(5, 5, 1, 32)
    found = crossinfonet_arrays("a file", {"conv1/weights": kernel})["stem.kernel.weight"]
    assert found[7, 0, 1, 3] == kernel[1, 3, 0, 7]
    # TensorFlow flattens row, column, channel; here it is channel, row, column
    dense = np.arange(9216 * 2).reshape(9216, 2)
    (found,) = crossinfonet_arrays("a file", {"fully_connected_3/weights": dense}).values()
    row, column, channel = 4, 2, 200
    assert found[1, channel * 36 + row * 6 + column] == dense[(row * 6 + column) * 256 + channel, 1]


def test_what_a_training_left_beside_the_weights_is_left_out() -> None:
    left = ("Variable", "Variable_1", "beta1_power", "conv1/weights/Adam", "conv1/weights/Adam_1")
    assert crossinfonet_arrays("a file", dict.fromkeys(left, np.ones(1))) == {}


def as_tensorflow(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The names and axes of a checkpoint, found by asking which of theirs becomes ours."""
    layers = [
        "conv1",
        *(
            f"nn{p}/block{p}/unit_{u}/bottleneck_v1/{layer}"
            for p, units in enumerate((3, 4, 6, 3), 1)
            for u in range(1, units + 1)
            for layer in ("conv1", "conv2", "conv3", "shortcut")
        ),
        *(f"lateral/res{n}" for n in range(2, 6)),
        *(f"merge/res{n}" for n in range(2, 5)),
        *(
            f"{block}_bottleneck/{layer}"
            for block in ("palm", "fing", "end_palm", "end_fing", "htmap")
            for layer in ("conv1", "conv2", "conv3", "shortcut")
        ),
        *("Conv", "Conv_1", "Conv_2", "Conv_3", "Conv_4", "fully_connected"),
        *(f"fully_connected_{n}" for n in range(1, 7)),
    ]
    parts = ("weights", *(f"BatchNorm/{p}" for p in ("gamma", "beta", "moving_mean")))
    theirs = {}
    for name in (f"{la}/{p}" for la in layers for p in (*parts, "BatchNorm/moving_variance")):
        (ours,) = crossinfonet_arrays("a file", {name: np.ones((1, 1))})
        if ours in arrays:
            theirs[name] = in_their_axes(ours, arrays[ours])
    return theirs


def in_their_axes(ours: str, array: np.ndarray) -> np.ndarray:
    if ours.endswith(".first.kernel.weight"):
        return array.reshape(len(array), -1, 36).transpose(2, 1, 0).reshape(-1, len(array))
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def made(tag: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {}
    for name, shape in crossinfonet_shapes(tag).items():
        spread = 1 / max(1, np.prod(shape[1:])) ** 0.5
        arrays[name] = rng.standard_normal(shape, np.float32) * np.float32(spread)
        if name.endswith("running_var"):
            arrays[name] = np.abs(arrays[name]) + np.float32(0.5)
    return arrays


def test_a_checkpoint_s_tensors_are_imported_whole_and_the_net_says_a_hand(tmp_path) -> None:
    arrays, file = made("nyu"), tmp_path / "crossInfoNet_NYU.npz"
    theirs = as_tensorflow(arrays)
    assert len(theirs) == len(arrays)
    np.savez(file, **theirs, Variable=np.int64(7), beta1_power=np.float32(0.1))
    record = import_weights("crossinfonet.nyu", file, tmp_path / "weights")
    assert record["arrays"] == len(arrays)
    loaded = load_weights("crossinfonet.nyu", tmp_path / "weights")
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    net = published_depth_net("crossinfonet.nyu", tmp_path / "weights")
    with torch.no_grad():
        said = net(torch.zeros(1, 1, 96, 96))
    assert said.shape == (1, 14, 3) and bool(said.isfinite().all())


@pytest.mark.slow  # the light net's graph is written by tests/cli/test_depth_nets.py
def test_imported_weights_become_a_net_to_use(tmp_path) -> None:
    np.savez(tmp_path / "a.npz", **as_tensorflow(made("icvl")))
    import_weights("crossinfonet.icvl", tmp_path / "a.npz", tmp_path / "weights")
    folder = make_usable("crossinfonet.icvl", tmp_path / "weights", tmp_path / "nets")
    assert folder is not None
    crops = np.random.default_rng(0).uniform(-1, 1, (3, 96, 96)).astype(np.float32)
    net = DepthNet(folder)
    assert (net.skeleton, net.joints) == ("icvl_16", 16)
    with torch.no_grad():
        torch_net = published_depth_net("crossinfonet.icvl", tmp_path / "weights")
        expected = torch_net(torch.from_numpy(crops)[:, None]).numpy()
    np.testing.assert_allclose(net.keypoints(crops), expected, atol=1e-3)


def test_a_checkpoint_itself_is_told_how_its_tensors_are_written(tmp_path) -> None:
    (tmp_path / "crossInfoNet_NYU.ckpt.index").write_bytes(b"x")
    for name in ("crossInfoNet_NYU.ckpt.index", "crossInfoNet_NYU.ckpt"):
        with pytest.raises(WeightsError, match=r"TensorFlow checkpoint.*\.npz.*load_checkpoint"):
            import_weights("crossinfonet.nyu", tmp_path / name, tmp_path / "weights")


def test_another_net_s_arrays_are_refused_by_name(tmp_path) -> None:
    np.savez(tmp_path / "other.npz", **{"conv1/weights": np.ones((7, 7, 3, 64), "f4")})
    with pytest.raises(WeightsError, match=r"other weights than crossinfonet\.msra's"):
        import_weights("crossinfonet.msra", tmp_path / "other.npz", tmp_path / "weights")


@pytest.mark.parametrize("name", DEPTH)
def test_every_source_names_its_licence_and_how_its_file_is_made(name) -> None:
    (source,) = DEPTH[name].sources
    assert source.licence and "numpy.savez" in source.where
    assert DEPTH[name].fed == "depth, −1 to 1 in the hand's cube"
