"""Weights of every format are converted to Caffe's names, OIHW, float32, complete, of one net."""

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles import converted_weights
from core.modelfiles.catalogue import expected_shapes
from core.modelfiles.converted_weights import (
    import_weights,
    load_weights,
    locate_converted,
    verify_weights,
)
from tests.modelfiles.conftest import make_arrays, pickle_arrays

HAND, BODY, SEED = "cpm.openpose_hand", "cpm.body", "cpm.seed_hand"


def as_caffemodel(made, scratch, hand_file):
    return hand_file


def as_pickle(made, scratch, hand_file):
    (scratch / "cpm_body.pkl").write_bytes(pickle_arrays(made))
    return scratch / "cpm_body.pkl"


def as_pytorch_port(made, scratch, hand_file):
    arrays = {f"model1_0.{n}": torch.from_numpy(a) for n, a in made.items()}
    torch.save(arrays, scratch / "hand_pose_model.pth")
    return scratch / "hand_pose_model.pth"


@pytest.mark.parametrize(
    ("name", "save", "published", "parameters"),
    [
        (SEED, as_caffemodel, HAND, 24_316_162),  # the first three of its six stages
        (BODY, as_pickle, BODY, 29_852_058),
        (SEED, as_pytorch_port, SEED, 24_316_162),
    ],
)
def test_every_array_of_every_format_is_converted(
    hand_file, scratch, name, save, published, parameters
):
    made = make_arrays(published)
    file, folder = save(made, scratch, hand_file), scratch / f"{name}-{save.__name__}"
    record = import_weights(name, file, folder)
    assert record["parameters"] == parameters and record["source_sha256"] == sha256_of(file)
    loaded = load_weights(name, folder)
    assert set(loaded) == set(expected_shapes(name))
    assert all(np.array_equal(loaded[n], made[n]) and loaded[n].dtype == "f4" for n in loaded)


def test_an_altered_file_does_not_verify(tmp_path):
    name, folder = "resnet18.imagenet", tmp_path / "weights"
    arrays = {n: torch.ones(shape) for n, shape in expected_shapes(name).items()}
    torch.save(arrays, tmp_path / "net.pth")
    import_weights(name, tmp_path / "net.pth", folder)
    assert verify_weights(name, folder)["name"] == name
    with locate_converted(name, folder).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01\x02")
    for read in (verify_weights, load_weights):
        with pytest.raises(WeightsError, match="altered"):
            read(name, folder)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda a: a.pop("conv4_3.bias"), "“conv4_3.bias” is missing"),
        (lambda a: a.update({"fc8.weight": np.ones((1, 1, 1, 1)), "fc8.bias": np.ones(1)}), "fc8"),
        (lambda a: a.update({"conv1_1.weight": np.ones((64, 3, 5, 5))}), "conv1_1.weight is"),
        (lambda a: a.update({"conv1_1.bias": np.full(64, np.nan)}), "NaN or infinite"),
    ],
)
def test_another_nets_arrays_are_refused(tmp_path, change, error):
    shapes = expected_shapes(SEED)
    arrays = {n: np.broadcast_to(np.float32(0), shape) for n, shape in shapes.items()}
    change(arrays)
    with pytest.raises(WeightsError, match=error):
        converted_weights._check_arrays(SEED, arrays, tmp_path)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        *((name, name) for name in ("model.ckpt.index", "model.ckpt.meta", "checkpoint")),
        ("cpm_hand.index", "cpm_hand"),
    ],
)
def test_the_error_for_a_tensorflow_checkpoint_names_the_pickle(tmp_path, written, named):
    (tmp_path / written).write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"TensorFlow.*cpm_hand\.pkl"):
        import_weights(SEED, tmp_path / named, tmp_path / "weights")


def test_what_can_not_be_imported_is_named(tmp_path, small_file):
    other = tmp_path / "net.zip"
    other.write_bytes(b"PK")
    empty = tmp_path / "empty.pkl"
    empty.touch()
    for name, file, error in (
        ("cpm.face", small_file, "there are: cpm.openpose_hand"),
        (BODY, tmp_path / "absent.pkl", "does not exist"),
        (BODY, empty, "is empty"),
        (BODY, other, "unknown format"),
        (BODY, small_file, "other weights than cpm.body's"),
    ):
        with pytest.raises(WeightsError, match=error):
            import_weights(name, file, tmp_path / "weights")


def test_missing_weights_and_damaged_records_are_errors(tmp_path):
    with pytest.raises(WeightsError, match=r"weights fetch cpm\.body"):
        verify_weights(BODY, tmp_path)
    path = locate_converted(BODY, tmp_path)
    path.write_bytes(b"x")
    for record, error in (("{", "not valid JSON"), ("[]", "altered")):
        path.with_suffix(".json").write_text(record)
        with pytest.raises(WeightsError, match=error):
            verify_weights(BODY, tmp_path)


@pytest.mark.parametrize(
    ("file", "name", "limit"),
    [
        ("huge.onnx", "rtmpose.onnx_256x192", "150 MB"),
        *((f"huge.{kind}", BODY, "1,024 MB") for kind in ("safetensors", "pth", "pkl")),
    ],
)
def test_a_file_of_gigabytes_is_refused_unread(tmp_path, file, name, limit):
    path = tmp_path / file
    with path.open("wb") as huge:
        huge.truncate(5 * 2**30)  # sparse: it takes no room
    with pytest.raises(WeightsError, match=f"{file} is 5,120 MB, the limit is {limit}"):
        import_weights(name, path, tmp_path / "weights")
