"""Models as files on the command line: written, proved, taken in, used by their name."""

import hashlib
import json
import shutil

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import ArchiveError, ModelError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run(arguments) → what stands on stdout."""
    monkeypatch.setenv("MUDRA_WORKSPACE", str(tmp_path / "workspace"))

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(app, list(map(str, arguments)))
        if done.exception:
            raise done.exception
        return done.stdout

    return run


@pytest.fixture
def file(run, tmp_path):
    out = tmp_path / "a.gesture"
    run("export", "--model", "starter", "-o", out)
    return out


def test_export_verify_import_and_use(run, file, tmp_path, shared_data):
    said = json.loads(run("verify", file, "--json"))
    assert said["ok"] is True and said["worst_difference"] <= 1e-5
    assert len(said["differences"]) == 16 and len(said["members"]) == 6
    assert said["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert said["sha256"] in run("verify", file)
    taken = json.loads(run("import-model", file, "--project", "Theirs", "--use", "--json"))
    assert taken["sha256"] == said["sha256"]
    table = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    accuracies = {
        json.loads(run("evaluate", "--model", model, "--data", table, "--json"))["accuracy"]
        for model in ("starter", file, taken["run"])
    }
    assert len(accuracies) == 1
    again = json.loads(
        run("export", "--model", taken["run"], "-o", tmp_path / "b.gesture", "--no-names", "--json")
    )
    assert again["members"]["model.onnx"] == said["members"]["model.onnx"]


def test_predict_takes_a_bundle(run, file, weights_folder, shared_data):
    photo = sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[0]
    said = json.loads(run("predict", "-i", photo, "--model", file, "--json"))
    assert said["frames"][0]["hands"][0]["gesture"] == "ok"


def test_verify_of_a_spoilt_file_fails_in_words_and_in_json(run, file):
    file.write_bytes(file.read_bytes()[:-99])
    with pytest.raises(ArchiveError, match="isn't a zip"):
        run("verify", file)
    done = CliRunner().invoke(app, ["verify", str(file), "--json"])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["ok"] is False and "isn't a zip" in said["error"]


def test_a_model_that_is_not_there_is_said(run, tmp_path):
    with pytest.raises(ModelError, match="train one"):
        run("export", "--model", "nowhere", "-o", tmp_path / "a.gesture")


def test_gestures_that_move_go_along_with_still_ones(run, trained_both, tmp_path):
    shutil.copytree(trained_both, tmp_path / "workspace")
    name = max(path.name for path in (tmp_path / "workspace" / "runs").iterdir())
    file = tmp_path / "both.gesture"
    assert "gestures that move: swipe_left, swipe_right" in run(
        "export", "--model", name, "-o", file
    )
    assert "\ngestures: thumbs_up, fist, open_palm\n" in run("verify", file)
    said = json.loads(run("verify", file, "--json"))
    assert said["motions"]["gestures"] == ["swipe_left", "swipe_right"]
    taken = json.loads(run("import-model", file, "--project", "Theirs", "--use", "--json"))
    again = tmp_path / "again.gesture"
    model = json.loads(run("export", "--model", taken["run"], "-o", again, "--json"))
    assert model["motions"]["gestures"] == ["swipe_left", "swipe_right"]
