"""The names of every publisher's files become our nets' own, and nothing else changes."""

import re

import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.catalogue import expected_shapes, named_as_ours
from core.modelfiles.formats.array_names import cpm_arrays

POSE, VIT = "pose_resnet50.mmpose_256x192", "vitpose_small.classic"


def as_mmpose(arrays, head):
    """mmpose's names of a pose_resnet's arrays; 1.x says head, 0.x keypoint_head."""
    is_head = ("deconv_layers", "final_layer")
    return {f"{head if n.startswith(is_head) else 'backbone'}.{n}": a for n, a in arrays.items()}


def as_transformers(arrays):
    """transformers' names of a ViTPose's arrays; a class token's place before the others."""
    renamed = {}
    for name, array in arrays.items():
        layer = re.sub(r"^layers", "backbone.encoder.layer", name)
        if name == "places":
            token = np.full_like(array[:, :1], 0.25)
            renamed["backbone.embeddings.position_embeddings"] = np.concatenate(
                [token, array - 0.25], axis=1
            )
        elif ".qkv." in name:
            for part, third in zip(("query", "key", "value"), np.split(array, 3), strict=True):
                renamed[layer.replace(".qkv.", f".attention.{part}.")] = third
        else:
            for ours, theirs in {
                r"^patches": "backbone.embeddings.patch_embeddings.projection",
                r"^norm": "backbone.layernorm",
                r"attention\.out": "attention.output.dense",
                r"norm1": "layernorm_before",
                r"norm2": "layernorm_after",
                r"widen": "mlp.fc1",
                r"narrow": "mlp.fc2",
                r"^deconv_layers\.0": "head.deconv1",
                r"^deconv_layers\.1": "head.batchnorm1",
                r"^deconv_layers\.3": "head.deconv2",
                r"^deconv_layers\.4": "head.batchnorm2",
                r"^final_layer": "head.conv",
            }.items():
                layer = re.sub(ours, theirs, layer)
            renamed[layer] = array
    return renamed


def vit_as_mmpose(arrays):
    """mmpose's names of a ViTPose's arrays."""
    renamed = {}
    for name, array in arrays.items():
        for ours, theirs in {
            r"^(deconv_layers|final_layer)": r"head.\1",
            r"^(layers)": r"backbone.\1",
            r"^places": "backbone.pos_embed",
            r"^patches": "backbone.patch_embed.projection",
            r"^norm": "backbone.ln1",
            r"attention\.qkv": "attn.qkv",
            r"attention\.out": "attn.proj",
            r"norm1": "ln1",
            r"norm2": "ln2",
            r"widen": "ffn.layers.0.0",
            r"narrow": "ffn.layers.1",
        }.items():
            name = re.sub(ours, theirs, name)
        renamed[name] = array
    return renamed


def with_counts(arrays):
    """And what batch normalisation counts."""
    counted = {n: a for n, a in arrays.items() if n.endswith("running_mean")}
    counts = {n.replace("running_mean", "num_batches_tracked"): np.array(7) for n in counted}
    return arrays | counts


def light_arrays(name):
    """Other numbers in every array, but not in every place of the large ones."""
    shapes = expected_shapes(name)
    return {n: np.broadcast_to(np.float32(i), shape) for i, (n, shape) in enumerate(shapes.items())}


def test_microsofts_names_are_ours_from_one_gpu_or_several():
    name = "pose_resnet50.microsoft_256x192"
    made = light_arrays(name)
    for before in ("", "module."):
        theirs = {before + n: a for n, a in with_counts(made).items()}
        found = named_as_ours(name, "a file", theirs)
        assert all(found[n] is made[n] for n in made) and len(found) == len(made)


@pytest.mark.parametrize("head", ["head", "keypoint_head"])
def test_mmposes_names_of_both_generations_become_ours(head):
    made = light_arrays(POSE)
    found = named_as_ours(POSE, "a file", as_mmpose(with_counts(made), head))
    assert all(found[n] is made[n] for n in made) and len(found) == len(made)


def test_torchvisions_classifier_is_left_out_of_a_trunk():
    made = light_arrays("resnet18.imagenet")
    classifier = {"fc.weight": np.ones((1000, 512)), "fc.bias": np.ones(1000)}
    found = named_as_ours("resnet18.imagenet", "a file", with_counts(made) | classifier)
    assert set(found) == set(made)


@pytest.mark.parametrize("name", [VIT, "vitpose_small.simple"])
def test_transformers_names_become_ours_with_queries_keys_and_values_as_one(name):
    made = {n: np.asarray(a) for n, a in light_arrays(name).items()}
    for n, array in made.items():
        if "qkv" in n:  # three parts that can be told apart
            made[n] = array + np.repeat([0.1, 0.2, 0.3], len(array) // 3).reshape(
                -1, *[1] * (array.ndim - 1)
            )
    found = named_as_ours(name, "a file", as_transformers(with_counts(made)))
    assert set(found) == set(made)
    for n in made:
        np.testing.assert_array_equal(found[n], made[n], err_msg=n)


@pytest.mark.parametrize("name", [VIT, "vitpose_base.simple"])
def test_mmposes_vitpose_becomes_ours(name):
    made = light_arrays(name)
    found = named_as_ours(name, "a file", vit_as_mmpose(with_counts(made)))
    assert all(np.array_equal(found[n], made[n]) for n in made) and len(found) == len(made)


def test_a_query_without_its_key_is_told():
    theirs = as_transformers({n: np.asarray(a) for n, a in light_arrays(VIT).items()})
    del theirs["backbone.encoder.layer.3.attention.attention.key.bias"]
    with pytest.raises(WeightsError, match=r"layers\.3\.attention\.query\.bias.*lacks its key"):
        named_as_ours(VIT, "a file", theirs)


def test_two_arrays_of_one_name_are_refused():
    both = {"backbone.conv1.weight": np.ones(1), "module.backbone.conv1.weight": np.ones(1)}
    with pytest.raises(WeightsError, match=r"“conv1\.weight” comes twice"):
        named_as_ours(POSE, "a file", both)
    ports = {"model1_0.conv.bias": np.ones(1), "model1_1.conv.bias": np.ones(1)}
    with pytest.raises(WeightsError, match=r"“conv\.bias” comes twice"):
        cpm_arrays("a file", ports)


@pytest.mark.parametrize("before", ["", "model1_0.", "module.model2."])
def test_a_ports_module_before_a_layer_is_left_out(before):
    made = light_arrays("cpm.seed_hand")
    assert list(cpm_arrays("a file", {before + n: a for n, a in made.items()})) == list(made)
