"""The table of published body nets: colours, sources, checks; and a complete file of each kind is
imported and gives the right net."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles.catalogue import BGR_SCALING, BODIES, RGB_SCALING, WEIGHTS, expected_shapes
from core.modelfiles.converted_weights import import_weights, load_weights
from core.modelfiles.fetch import fetch_weights
from core.nets import build_net
from core.training.published_nets import load_published_net, read_backbone, save_published_net


def random_arrays(name):
    """Return random arrays that give a net finite outputs."""
    rng = np.random.default_rng(0)
    arrays = {}
    for array, shape in expected_shapes(name).items():
        if array.endswith("running_var"):
            arrays[array] = rng.uniform(0.5, 2, shape).astype("f4")
        else:
            spread = 1 / max(1, np.prod(shape[1:])) ** 0.5
            arrays[array] = rng.standard_normal(shape, np.float32) * np.float32(spread)
    return arrays


def tensors(arrays, prefix=""):
    return {prefix + name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.mark.parametrize("name", BODIES)
def test_every_entry_has_its_channel_order_licences_and_sources(name):
    entry = BODIES[name]
    assert entry.scalings == ((BGR_SCALING,) if ".microsoft" in name else (RGB_SCALING,))
    for source in entry.sources:
        assert source.licence and (source.urls or source.where)
        assert all(url.startswith("https://") for url in source.urls)
        assert len(source.sha256_start) in (0, 8) and source.sha256_start in source.file
        assert "no sha256 is published" in source.verification


@pytest.mark.parametrize("scaling", [RGB_SCALING, BGR_SCALING])
def test_the_first_channel_that_a_net_expects_is_scaled_by_imagenets_red(scaling):
    assert 124 * scaling.factor[0] + scaling.offset[0] == pytest.approx((124 - 123.675) / 58.395)
    assert 9 * scaling.factor[2] + scaling.offset[2] == pytest.approx((9 - 103.53) / 57.375)


def test_a_backbone_is_fetched_for_a_net_that_is_to_be_trained(tmp_path, serve):
    name, weights = "resnet18.imagenet", tmp_path / "weights"
    arrays = random_arrays(name)
    file = tmp_path / "resnet18-f37072fd.pth"
    classifier = {"fc.weight": torch.ones(1000, 512), "fc.bias": torch.ones(1000)}
    torch.save(tensors(arrays) | classifier, file)
    found = sha256_of(file)
    urls = serve(file).source("good").urls
    source = replace(WEIGHTS[name].sources[0], urls=urls, sha256_start=found[:8])
    record = fetch_weights(name, weights, source=source, accept_hash=found)
    assert record["parameters"] == 11_186_112  # 11,176,512 trainable, 9,600 running statistics
    about, found_arrays = read_backbone("pose_resnet18.both", name, weights)
    assert (about["source"], about["sha256"]) == (file.name, found)
    assert all(np.array_equal(found_arrays[name], array) for name, array in arrays.items())
    assert save_published_net(name, weights, tmp_path / "nets") is None
    with pytest.raises(WeightsError, match="backbone of a pose_resnet18"):
        load_published_net(name, weights)


def test_a_file_of_microsofts_layout_gives_a_net_that_is_fed_blue_first(tmp_path):
    name = "pose_resnet50.microsoft_256x192"
    arrays = random_arrays(name)
    file = tmp_path / "pose_resnet_50_256x192.pth.tar"
    torch.save({"state_dict": tensors(arrays, prefix="module."), "epoch": 140}, file)
    assert import_weights(name, file, tmp_path)["arrays"] == len(arrays)
    file.unlink()
    prepared = load_published_net(name, tmp_path)
    net = build_net("pose_resnet50").eval()
    net.load_state_dict(tensors(arrays), strict=False)
    rgb = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    fed = (rgb[..., ::-1] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        found = prepared(torch.from_numpy(rgb)[None])
        wanted = net(torch.from_numpy(fed.transpose(2, 0, 1)[None].astype("f4")))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


def test_a_safetensors_file_is_read_and_a_broken_one_is_an_error(tmp_path):
    name, file = "vitpose_small.simple", tmp_path / "net.safetensors"
    arrays = {n: np.zeros(shape, "f4") for n, shape in expected_shapes(name).items()}
    arrays["final_layer.bias"] = np.arange(17, dtype="f4")
    save_file(arrays, file)
    import_weights(name, file, tmp_path / "weights")
    loaded = load_weights(name, tmp_path / "weights")
    assert np.array_equal(loaded["final_layer.bias"], np.arange(17))
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="not a complete safetensors file"):
        import_weights(name, file, tmp_path / "weights")
