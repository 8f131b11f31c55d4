"""The array names of every publisher become our nets', and nothing else changes."""

import re

import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.catalogue import expected_shapes, rename_published_arrays

MICROSOFT, POSE = "pose_resnet50.microsoft_256x192", "pose_resnet50.mmpose_256x192"
VIT, CLASSIFIER = "vitpose_small.classic", ("fc.weight", "fc.bias")


def as_mmpose(arrays, head):
    """mmpose's names of a pose_resnet's arrays; 1.x has "head", 0.x "keypoint_head"."""
    is_head = ("deconv_layers", "final_layer")
    return {f"{head if n.startswith(is_head) else 'backbone'}.{n}": a for n, a in arrays.items()}


VITPOSE_NAMES = {  # ours → transformers'
    r"^layers": "backbone.encoder.layer",
    r"^patches": "backbone.embeddings.patch_embeddings.projection",
    r"^norm": "backbone.layernorm",
    r"attention\.(query|key|value)": r"attention.attention.\1",
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
}
MMPOSE_NAMES = {  # ours → mmpose's
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
}


def rename(name, rules):
    for ours, theirs in rules.items():
        name = re.sub(ours, theirs, name)
    return name


def as_mmpose_vitpose(arrays):
    return {rename(n, MMPOSE_NAMES): a for n, a in arrays.items()}


def as_transformers(arrays):
    """transformers' names of a ViTPose's arrays; a class token's position before the others."""
    renamed = {}
    for name, array in arrays.items():
        if name == "places":
            token = np.full_like(array[:, :1], 0.25)
            positions = np.concatenate([token, array - 0.25], axis=1)
            renamed["backbone.embeddings.position_embeddings"] = positions
        elif ".qkv." in name:
            for part, third in zip(("query", "key", "value"), np.split(array, 3), strict=True):
                renamed[rename(name.replace("qkv", part), VITPOSE_NAMES)] = third
        else:
            renamed[rename(name, VITPOSE_NAMES)] = array
    return renamed


def add_batch_counts(arrays):
    """Add what batch normalisation counts."""
    counted = {n: a for n, a in arrays.items() if n.endswith("running_mean")}
    counts = {n.replace("running_mean", "num_batches_tracked"): np.array(7) for n in counted}
    return arrays | counts


def constant_arrays(name):
    """Each array has another number, the same everywhere in it; takes no memory."""
    shapes = expected_shapes(name)
    return {n: np.broadcast_to(np.float32(i), shape) for i, (n, shape) in enumerate(shapes.items())}


@pytest.mark.parametrize(
    ("name", "publish"),
    [
        (MICROSOFT, lambda arrays: arrays),
        # of several GPUs
        (MICROSOFT, lambda arrays: {f"module.{n}": a for n, a in arrays.items()}),
        (POSE, lambda arrays: as_mmpose(arrays, "head")),
        (POSE, lambda arrays: as_mmpose(arrays, "keypoint_head")),
        ("resnet18.imagenet", lambda arrays: dict.fromkeys(CLASSIFIER, np.ones(9)) | arrays),
        (VIT, as_mmpose_vitpose),
        ("vitpose_base.simple", as_mmpose_vitpose),
    ],
)
def test_every_publisher_s_names_become_ours(name, publish):
    made = constant_arrays(name)
    found = rename_published_arrays(name, "a file", publish(add_batch_counts(made)))
    assert all(found[n] is made[n] for n in made) and len(found) == len(made)


@pytest.mark.parametrize("name", [VIT, "vitpose_small.simple"])
def test_transformers_names_become_ours_with_queries_keys_and_values_joined(name):
    made = {n: np.asarray(a) for n, a in constant_arrays(name).items()}
    for n, array in made.items():
        if "qkv" in n:  # three different parts
            parts = np.repeat([0.1, 0.2, 0.3], len(array) // 3)
            made[n] = array + parts.reshape(-1, *[1] * (array.ndim - 1))
    found = rename_published_arrays(name, "a file", as_transformers(add_batch_counts(made)))
    assert set(found) == set(made)
    for n in made:
        np.testing.assert_array_equal(found[n], made[n], err_msg=n)


def test_a_query_without_its_key_is_an_error():
    theirs = as_transformers({n: np.asarray(a) for n, a in constant_arrays(VIT).items()})
    del theirs["backbone.encoder.layer.3.attention.attention.key.bias"]
    with pytest.raises(WeightsError, match=r"layers\.3\.attention\.query\.bias.*lacks its key"):
        rename_published_arrays(VIT, "a file", theirs)


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        (POSE, ("backbone.conv1.weight", "module.backbone.conv1.weight")),
        ("cpm.body", ("model1_0.conv1.weight", "model1_1.conv1.weight")),
    ],
)
def test_two_arrays_of_one_name_are_an_error(name, pair):
    with pytest.raises(WeightsError, match=r"two arrays are named “conv1\.weight”"):
        rename_published_arrays(name, "a file", dict.fromkeys(pair, np.ones(1)))


@pytest.mark.parametrize("prefix", ["", "model1_0.", "module.model2."])
def test_a_ports_module_before_a_layer_is_dropped(prefix):
    made = constant_arrays("cpm.seed_hand")
    theirs = {prefix + n: a for n, a in made.items()}
    assert list(rename_published_arrays("cpm.seed_hand", "a file", theirs)) == list(made)
