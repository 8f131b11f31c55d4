"""The command line as others script it: JSON, exit codes, one line on stderr."""

import json
import shutil
import subprocess
import sys

import pytest

from core.errors import MediaError, ModelError, MudraError
from core.media.pictures import read_picture
from tests.cli.conftest import invoke, said, told

pytestmark = pytest.mark.usefixtures("home", "weights_folder")


def test_import_train_evaluate_predict(shared_data):
    table = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    added = said("import", table, "--project", "demo", "--map", "Pointer=point_up")
    assert added["added"] == 4450 and added["new_gestures"] == []
    trained = said("train", "--project", "demo", "--epochs", 3, "--seed", 7)
    assert {"model", "seconds", "split", "accuracy", "interval", "per_gesture"} <= set(trained)
    low, high = trained["interval"]
    assert 0.7 < low <= trained["accuracy"] <= high <= 1 and trained["split"] == "tail"
    for model in (trained["model"], trained["run"]):
        arguments = ("--model", model, "--data", table, "--map", "Pointer=point_up")
        found = said("evaluate", *arguments)
        assert found["n"] == 4450 and found["accuracy"] > 0.9
    photo = sorted((shared_data / "hand_images" / "didi" / "open_palm").iterdir())[0]
    seen = said("predict", "-i", photo, "--model", trained["model"])
    assert seen["frames"][0]["hands"][0]["gesture"] == "open_palm"


@pytest.mark.slow
def test_a_baseline_is_compared_and_not_saved(shared_data):
    table = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    said("import", table, "--project", "demo")
    trained = said("train", "--project", "demo", "--classifier", "knn")
    assert trained["model"] is None and trained["accuracy"] > 0.8


def test_the_starter_is_the_default_model(shared_data, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[:2]:
        shutil.copy(path, photos)
    frames = said("predict", "-i", photos, "-o", tmp_path / "seen")["frames"]
    assert [f["hands"][0]["gesture"] for f in frames] == ["ok", "ok"]
    assert len(list((tmp_path / "seen").iterdir())) == 2
    assert {"source", "frame", "time_s", "hands"} == set(frames[0])
    hand = frames[0]["hands"][0]
    seen = {"gesture", "likeliest", "probability", "rejection", "rejected"}
    assert seen | {"handedness", "score", "keypoints"} == set(hand)


def test_predict_finds_a_body_s_keypoints_and_says_which_are_seen(shared_data):
    photo = shared_data / "samples" / "coco" / "000000000785.jpg"
    arguments = ("predict", "-i", photo, "--model", "none", "--estimator", "mediapipe-pose")
    assert told(*arguments).strip() == "000000000785.jpg 0: a person"
    [frame] = said(*arguments)["frames"]
    [person] = frame["hands"]
    assert frame["skeleton"] == "body_33"
    assert len(person["keypoints"]) == len(person["visibility"]) == 33


@pytest.mark.parametrize(
    "arguments",
    [("import", "gone", "--project", "p", "--json"), ("predict", "-i", "gone.jpg")],
)
def test_an_error_is_one_line_and_exit_code_1(root, arguments):
    command = [sys.executable, "-m", "core", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "gone.csv", "--project", "p"),
        ("train", "--project", "nobody's"),
        ("evaluate", "--model", "starter", "--data", "gone"),
        ("evaluate", "--model", "nowhere", "--data", "."),
        ("predict", "-i", "gone.jpg", "--model", "data"),
        ("extract", "gone", "-o", "a.csv"),
    ],
)
def test_what_is_not_there_is_an_error_and_nothing_on_stdout(arguments):
    done = invoke(*arguments)
    assert isinstance(done.exception, MudraError) and done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("train",),
        ("import", "x.csv"),
        ("import", "x.csv", "--project", "p", "--layout", "xml"),
        ("import", "x.csv", "--project", "p", "--map", "1:ok"),
        ("train", "--project", "p", "--epochs", "0"),
        ("train", "--project", "p", "--classifier", "svm"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    done = invoke(*arguments)
    assert done.exit_code == 2 and done.stdout == "" and done.stderr


def test_unmapped_folders_are_warned_about_on_stderr(shared_data, tmp_path):
    folder = tmp_path / "photos" / "Stein"
    folder.mkdir(parents=True)
    shutil.copy(sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[0], folder)
    done = invoke("evaluate", "--model", "starter", "--data", folder.parent, "--json")
    assert json.loads(done.stdout)["unknown_folders"] == ["Stein"] and "Stein" in done.stderr


def test_help_is_there_at_once():
    code = "import sys, core.cli; sys.exit(any(m in sys.modules for m in ('torch', 'mediapipe')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_predict_writes_a_net_s_heatmaps_beside_the_picture(shared_data, tmp_path):
    photo = sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[0]
    arguments = ("predict", "-i", photo, "--estimator", "cpm.hand_light")
    found = said(*arguments, "--model", "none", "--maps", "hm", "-o", tmp_path / "a.png")
    (hand,) = found["frames"][0]["hands"]
    assert hand["gesture"] is None and len(hand["keypoints"]) == 21
    # 6 by 4 tiles of 160 pixels, one of them the picture
    assert read_picture(tmp_path / "a.png").shape == (640, 960, 3)
    with pytest.raises(ModelError, match=r"trained on mediapipe-hands .* cpm\.hand_light"):
        told(*arguments, "--model", "starter")
    with pytest.raises(MediaError, match="single, multi, hm"):
        told(*arguments, "--model", "none", "--maps", "all")
