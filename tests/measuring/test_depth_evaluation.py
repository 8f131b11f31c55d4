"""Errors of hands in depth: published figures from the published files, and cases by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.depth.io.joint_files import write_joints
from core.errors import MediaError, TableError
from core.measuring.depth_evaluation import evaluate_depth

PUBLISHED = {  # mean mm, and % of frames within 10 to 50 mm
    "JVCI18_NYU_REN_9x6x6": (12.694, (11.39, 45.88, 70.15, 82.60, 89.91)),
    "NEUCOM18_NYU_Pose_REN": (11.811, (17.18, 48.69, 69.30, 79.77, 85.64)),
    "CVPR19_NYU_CrossInfoNet": (10.078, (14.93, 63.65, 82.90, 89.18, 93.08)),
}
CROSSINFONET_JOINTS = (
    *(12.496, 8.417, 12.334, 7.871, 12.806, 8.148, 13.959),
    *(9.707, 11.491, 8.798, 8.707, 9.223, 10.283, 6.859),
)


def evaluate_on_nyu(shared_data: Path, name: str, split: int | None = None) -> dict:
    folder = shared_data / "depth"
    predictions = folder / "predictions" / f"{name}.txt"
    return evaluate_depth(folder / "nyu_test_label.txt", predictions, "nyu", split)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_figures_of_a_net_are_reproduced(shared_data, name) -> None:
    found, (mean, shares) = evaluate_on_nyu(shared_data, name), PUBLISHED[name]
    assert found["n"] == 8252 and round(found["mean_mm"], 3) == mean
    within = [round(100 * found["success"][str(mm)], 2) for mm in (10, 20, 30, 40, 50)]
    assert within == list(shares)


def test_crossinfonets_figures_by_keypoint_and_person_are_reproduced(shared_data) -> None:
    found = evaluate_on_nyu(shared_data, "CVPR19_NYU_CrossInfoNet", split=2440)
    assert [round(value, 3) for value in found["per_joint_mm"]] == list(CROSSINFONET_JOINTS)
    first, rest = found["parts"]
    assert (first["frames"], first["n"]) == ([0, 2439], 2440)
    assert (rest["frames"], rest["n"]) == ([2440, 8251], 5812)
    assert (round(first["mean_mm"], 3), round(rest["mean_mm"], 3)) == (5.730, 11.904)


def pair(folder: Path, truth: np.ndarray, found: np.ndarray) -> tuple[Path, Path]:
    write_joints(folder / "truth.txt", np.asarray(truth, float))
    write_joints(folder / "found.txt", np.asarray(found, float))
    return folder / "truth.txt", folder / "found.txt"


def test_errors_are_distances_in_space_by_the_cameras_focal_lengths(tmp_path) -> None:
    # on the axis of MSRA's camera (f 241.42 px) at 482.84 mm a pixel is 2 mm
    truth = [[[160, 120, 482.84], [160, 120, 482.84]], [[160, 120, 482.84], [160, 120, 482.84]]]
    found = [[[163, 124, 482.84], [160, 120, 502.84]], [[160, 120, 482.84], [160, 120, 482.84]]]
    said = evaluate_depth(*pair(tmp_path, truth, found), "msra")
    assert said["n"] == 2 and said["mean_mm"] == pytest.approx((10 + 20) / 4)
    assert said["per_joint_mm"] == pytest.approx([5, 10])
    assert said["success"]["10"] == said["success"]["20"] - 0.5 == 0.5
    assert list(said["success"]) == ["10", "20", "30", "40", "50", "60", "70", "80"]


ONE = np.full((3, 14, 3), 500.0)
WRONG = {
    "fewer keypoints": (ONE, ONE[:, :13], "found.txt has 13 keypoints, truth.txt has 14"),
    "fewer frames": (ONE, ONE[:2], "found.txt has 2 frames, truth.txt has 3"),
    "a depth of 0": (ONE * [1, 1, 0], ONE, "truth.txt: line 1 has a depth of 0 mm at keypoint 1"),
}


@pytest.mark.parametrize(("truth", "found", "said"), WRONG.values(), ids=WRONG)
def test_files_that_do_not_belong_together_are_errors(tmp_path, truth, found, said) -> None:
    with pytest.raises(TableError, match=said):
        evaluate_depth(*pair(tmp_path, truth, found), "nyu")


def test_a_split_outside_the_frames_and_an_unknown_camera_are_errors(tmp_path) -> None:
    files = pair(tmp_path, ONE, ONE)
    for split in (0, 3, -1):
        with pytest.raises(TableError, match=f"3 frames can't be split at {split}"):
            evaluate_depth(*files, "nyu", split)
    with pytest.raises(MediaError, match="no depth camera “kinect”"):
        evaluate_depth(*files, "kinect")


def test_the_command_prints_the_same_as_json_and_as_text(tmp_path) -> None:
    found = ONE.copy()
    found[0, 0, 2] += 42  # on no axis: more than 42 mm
    truth, predictions = pair(tmp_path, ONE, found)
    command = ["evaluate-depth", "--truth", str(truth), "--predictions", str(predictions)]
    done = CliRunner().invoke(app, [*command, "--camera", "nyu", "--json"])
    assert json.loads(done.stdout) == evaluate_depth(truth, predictions, "nyu")
    assert set(json.loads(done.stdout)) == {"n", "mean_mm", "per_joint_mm", "success"}
    text = CliRunner().invoke(app, [*command, "--camera", "nyu", "--split", "1"]).stdout
    assert text.startswith("3 frames, mean error 1.") and "frames 1 to 2: 0.000 mm" in text
    assert "40 mm 66.67 %" in text and "80 mm 100.00 %" in text
    assert CliRunner().invoke(app, [*command, "--camera", "kinect"]).exit_code == 2
