"""Gestures of both hands by the commands: pictures with two hands in, a model and answers out."""

import json

import cv2
import numpy as np
import pytest

from core.pose.finders import BOTH_HANDS
from tests.cli.conftest import invoke, said, told
from tests.support.hands_together import both_hands
from tests.support.predict_py import answers, unpack

pytestmark = pytest.mark.usefixtures("weights_folder", "home")
# the photos of the one and the other hand
GESTURES = {"open_hands": ("open_palm", "open_palm"), "mixed": ("fist", "open_palm")}
LEARNED, ASKED = range(10), range(12, 16)


@pytest.fixture(scope="module")
def pictures(shared_data, tmp_path_factory):
    """Pictures with two real hands each, to learn from and others, in a folder a gesture."""
    folder = tmp_path_factory.mktemp("pairs")
    photos_of = shared_data / "hand_images" / "hagrid_crops"
    for gesture, names in GESTURES.items():
        photos = [sorted((photos_of / name).iterdir()) for name in names]
        for number in (*LEARNED, *ASKED):
            right, left = (cv2.imread(str(paths[number])) for paths in photos)
            own = folder / ("learned" if number in LEARNED else "asked") / gesture
            own.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(own / f"{number}.png"), both_hands(right, left))
    return folder


def test_pictures_of_both_hands_are_imported_trained_and_read(
    pictures, tmp_path, monkeypatch, weights_folder
):
    monkeypatch.chdir(tmp_path)
    made = said("project", "create", "Pairs", "--both-hands")
    assert made["skeleton"] == "hands_42" and "heart_hands" in made["gestures"]
    came = said("import", pictures / "learned", "--project", "Pairs")
    assert came["added"] >= 18
    run = said("train", "--project", "Pairs")["run"]
    right = []
    for gesture in GESTURES:
        for path in sorted((pictures / "asked" / gesture).iterdir()):
            [frame] = said("predict", "-i", path, "--model", run)["frames"]
            assert frame["skeleton"] == "hands_42"
            found = [pair["gesture"] for pair in frame["hands"]]
            assert all(np.array(pair["keypoints"]).shape == (42, 2) for pair in frame["hands"])
            right.append(found == [gesture])
    assert_told_alike_elsewhere(run, path, frame, tmp_path, weights_folder)
    assert sum(right) >= 6  # in one, MediaPipe finds no hand
    assert_taken_in_by_a_project_of_pairs(tmp_path / "pairs.gesture", path)


def assert_told_alike_elsewhere(run, picture, frame, folder, weights_folder):
    """The exported file's own program answers as Mudra did, from keypoints and from a picture."""
    said("export", "--model", run, "-o", folder / "pairs.gesture")
    there = unpack(folder / "pairs.gesture", folder / "there")
    (there / "hand_landmarker.task").symlink_to(weights_folder / "hand_landmarker_full.task")
    [pair] = frame["hands"]
    (folder / "keypoints.json").write_text(json.dumps([pair["keypoints"]]))
    for what in (folder / "keypoints.json", picture):
        [answer] = answers(there, what)
        assert answer["gesture"] == pair["gesture"]
        assert answer["probability"] == pytest.approx(pair["probability"], abs=0.01)


def assert_taken_in_by_a_project_of_pairs(file, picture):
    """Its project is made for both hands, and what is said to people speaks of pairs."""
    said("import-model", file, "--project", "Theirs")
    made = told("samples", "balance", "--project", "Theirs")
    assert "heart_hands" in made and " left" not in made
    assert "a pair of hands" in told(
        "predict", "-i", picture, "--model", "none", "--estimator", BOTH_HANDS
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--both-hands", "--bodies"], "choose one of --bodies, --both-hands"),
        (["--both-hands", "--in-space"], "leave out --in-space"),
        (["--bodies", "--in-space"], "leave out --in-space"),
    ],
)
def test_kinds_that_exclude_each_other_are_refused(options, words):
    done = invoke("project", "create", "P", *options)
    assert done.exit_code == 2 and words in done.output
