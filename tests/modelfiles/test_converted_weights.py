"""Weights of every source come out alike: Caffe's names, OIHW, float32, whole, of the right net."""

import json

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles import converted_weights
from core.modelfiles.catalogue import expected_shapes
from core.modelfiles.converted_weights import import_weights, load_weights, path_of, verify
from tests.modelfiles.conftest import as_pickle, made_arrays


def test_a_caffemodel_comes_through_whole(hand_file, scratch):
    folder = scratch / "caffe"
    record = import_weights("cpm.openpose_hand", hand_file, folder)
    assert record["parameters"] == 36_832_324
    assert record["source_sha256"] == sha256_of(hand_file)
    loaded, made = load_weights("cpm.openpose_hand", folder), made_arrays("cpm.openpose_hand")
    assert set(loaded) == set(made)
    assert all(np.array_equal(loaded[n], made[n]) for n in made)
    assert all(array.dtype == "f4" for array in loaded.values())


def test_a_three_stage_net_takes_the_first_stages_of_six(hand_file, scratch):
    record = import_weights("cpm.seed_hand", hand_file, scratch / "three")
    assert record["parameters"] == 24_316_162
    made = made_arrays("cpm.openpose_hand")
    loaded = load_weights("cpm.seed_hand", scratch / "three")
    assert all(np.array_equal(loaded[n], made[n]) for n in loaded)


def test_a_pickle_of_the_body_net_is_turned_to_caffes_layout(scratch):
    made, file = made_arrays("cpm.body"), scratch / "cpm_body.pkl"
    file.write_bytes(as_pickle(made))
    assert import_weights("cpm.body", file, scratch / "body")["parameters"] == 29_852_058
    loaded = load_weights("cpm.body", scratch / "body")
    assert all(np.array_equal(loaded[n], made[n]) for n in made)


def test_a_pytorch_ports_file_fits_without_its_modules(scratch):
    made, file = made_arrays("cpm.seed_hand"), scratch / "hand_pose_model.pth"
    torch.save({f"model1_0.{n}": torch.from_numpy(a) for n, a in made.items()}, file)
    import_weights("cpm.seed_hand", file, scratch / "port")
    loaded = load_weights("cpm.seed_hand", scratch / "port")
    assert all(np.array_equal(loaded[n], made[n]) for n in made)
    file.unlink()


def test_an_altered_file_does_not_verify(hand_file, scratch):
    folder = scratch / "altered"
    import_weights("cpm.seed_hand", hand_file, folder)
    assert verify("cpm.seed_hand", folder)["name"] == "cpm.seed_hand"
    with path_of("cpm.seed_hand", folder).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01\x02")
    with pytest.raises(WeightsError, match="altered"):
        verify("cpm.seed_hand", folder)
    with pytest.raises(WeightsError, match="altered"):
        load_weights("cpm.seed_hand", folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.pop("conv4_3.bias"), "“conv4_3.bias” is missing"),
        (lambda a: a.update({"fc8.weight": np.ones((1, 1, 1, 1)), "fc8.bias": np.ones(1)}), "fc8"),
        (lambda a: a.update({"conv1_1.weight": np.ones((64, 3, 5, 5))}), "conv1_1.weight is"),
        (lambda a: a.update({"conv1_1.bias": np.full(64, np.nan)}), "no numbers"),
    ],
)
def test_another_nets_arrays_are_refused(change, said):
    shapes = expected_shapes("cpm.seed_hand")
    arrays = {n: np.broadcast_to(np.float32(0), shape) for n, shape in shapes.items()}
    change(arrays)
    with pytest.raises(WeightsError, match=said):
        converted_weights._checked("cpm.seed_hand", arrays, "a file")


@pytest.mark.parametrize("made", ["model.ckpt.index", "model.ckpt.meta", "checkpoint"])
def test_a_tensorflow_checkpoint_is_told_the_name_of_the_pickle(tmp_path, made):
    (tmp_path / made).write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"TensorFlow.*cpm_hand\.pkl"):
        import_weights("cpm.seed_hand", tmp_path / made, tmp_path / "weights")


def test_a_checkpoint_named_without_its_suffixes_is_known(tmp_path):
    (tmp_path / "cpm_hand.index").write_bytes(b"x")
    with pytest.raises(WeightsError, match="TensorFlow"):
        import_weights("cpm.seed_hand", tmp_path / "cpm_hand", tmp_path / "weights")


def test_what_can_not_be_imported_is_named(tmp_path, small_file):
    other = tmp_path / "net.zip"
    other.write_bytes(b"PK")
    empty = tmp_path / "empty.pkl"
    empty.touch()
    for name, file, said in (
        ("cpm.face", small_file, "there are: cpm.openpose_hand"),
        ("cpm.body", tmp_path / "absent.pkl", "is missing"),
        ("cpm.body", empty, "is empty"),
        ("cpm.body", other, "unknown kind"),
        ("cpm.body", small_file, "other weights than cpm.body's"),
    ):
        with pytest.raises(WeightsError, match=said):
            import_weights(name, file, tmp_path / "weights")


def test_absent_weights_name_the_commands_that_bring_them(tmp_path):
    with pytest.raises(WeightsError, match=r"weights fetch cpm\.body"):
        verify("cpm.body", tmp_path)


def test_a_record_that_is_no_json_is_told(tmp_path):
    path_of("cpm.body", tmp_path).write_bytes(b"x")
    path_of("cpm.body", tmp_path).with_suffix(".json").write_text("{")
    with pytest.raises(WeightsError, match="no JSON"):
        verify("cpm.body", tmp_path)
    path_of("cpm.body", tmp_path).with_suffix(".json").write_text(json.dumps([]))
    with pytest.raises(WeightsError, match="altered"):
        verify("cpm.body", tmp_path)


@pytest.mark.parametrize(
    ("file", "name", "limit"),
    [
        ("huge.onnx", "rtmpose.onnx_256x192", "150 MB"),
        *((f"huge.{kind}", "cpm.body", "1,024 MB") for kind in ("safetensors", "pth", "pkl")),
    ],
)
def test_a_file_of_gigabytes_is_refused_unread(tmp_path, file, name, limit):
    path = tmp_path / file
    with path.open("wb") as huge:
        huge.truncate(5 * 2**30)  # sparse: it takes no room
    with pytest.raises(WeightsError, match=f"{file} is 5,120 MB, the limit is {limit}"):
        import_weights(name, path, tmp_path / "weights")
