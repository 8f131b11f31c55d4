"""Models as files on the command line: written, proved, taken in, used by their name."""

import hashlib
import json
import shutil

import pytest

from core.errors import ArchiveError, ModelError
from tests.cli.conftest import invoke, said, told

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def file(tmp_path):
    out = tmp_path / "a.gesture"
    told("export", "--model", "starter", "-o", out)
    return out


def test_export_verify_import_and_use(file, tmp_path, weights_folder, shared_data):
    proof = said("verify", file)
    assert proof["ok"] is True and proof["worst_difference"] <= 1e-5
    assert len(proof["differences"]) == 16 and len(proof["members"]) == 6
    assert proof["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert proof["sha256"] in told("verify", file)
    taken = said("import-model", file, "--project", "Theirs", "--use")
    assert taken["sha256"] == proof["sha256"]
    table = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    accuracies = {
        said("evaluate", "--model", model, "--data", table)["accuracy"]
        for model in ("starter", file, taken["run"])
    }
    assert len(accuracies) == 1
    photo = sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[0]
    seen = said("predict", "-i", photo, "--model", file)
    assert seen["frames"][0]["hands"][0]["gesture"] == "ok"
    again = said("export", "--model", taken["run"], "-o", tmp_path / "b.gesture", "--no-names")
    assert again["members"]["model.onnx"] == proof["members"]["model.onnx"]


def test_verify_of_a_spoilt_file_fails_in_words_and_in_json(file):
    file.write_bytes(file.read_bytes()[:-99])
    with pytest.raises(ArchiveError, match="isn't a zip"):
        told("verify", file)
    done = invoke("verify", file, "--json")
    assert done.exit_code == 1
    proof = json.loads(done.stdout)
    assert proof["ok"] is False and "isn't a zip" in proof["error"]


def test_a_model_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelError, match="train one"):
        told("export", "--model", "nowhere", "-o", tmp_path / "a.gesture")


def test_gestures_that_move_go_along_with_still_ones(trained_both, home, tmp_path):
    shutil.copytree(trained_both, home, dirs_exist_ok=True)
    name = max(path.name for path in (home / "runs").iterdir())
    file = tmp_path / "both.gesture"
    assert "gestures that move: swipe_left, swipe_right" in told(
        "export", "--model", name, "-o", file
    )
    assert "\ngestures: thumbs_up, fist, open_palm\n" in told("verify", file)
    proof = said("verify", file)
    assert proof["motions"]["gestures"] == ["swipe_left", "swipe_right"]
    taken = said("import-model", file, "--project", "Theirs", "--use")
    again = tmp_path / "again.gesture"
    model = said("export", "--model", taken["run"], "-o", again)
    assert model["motions"]["gestures"] == ["swipe_left", "swipe_right"]
