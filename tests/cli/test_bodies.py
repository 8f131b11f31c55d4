"""The main job with bodies by command: a project made, filled, trained, and read on others."""

import json
import shutil

import pandas as pd
import pytest

from core.errors import ModelError
from tests.cli.conftest import invoke, said

PEOPLE = {
    "t_pose": ("im00360", "im01992", "im04842", "im04553", "im02615"),
    "hands_up": ("im02178", "im01361", "im04924", "im03293", "im00924"),
}


@pytest.mark.usefixtures("home", "weights_folder")
def test_poses_are_imported_trained_and_read_on_another_persons_picture(shared_data, tmp_path):
    images = shared_data / "body" / "lspet" / "images"
    for pose, names in PEOPLE.items():
        (tmp_path / "photos" / pose).mkdir(parents=True)
        for name in names:
            shutil.copy(images / f"{name}.jpg", tmp_path / "photos" / pose)
    made = said("project", "create", "Arms", "--bodies")
    assert made["skeleton"] == "body_33" and "arms_crossed" in made["gestures"]
    came = said("import", tmp_path / "photos", "--project", "arms")
    assert came["added"] == 10 and came["new_gestures"] == []
    trained = said("train", "--project", "arms")
    predict = ("predict", "-i", images / "im03319.jpg", "--model")
    found = said(*predict, trained["run"])
    [body] = found["frames"][0]["hands"]
    assert body["likeliest"] == "t_pose" and len(body["keypoints"]) == 33
    with pytest.raises(ModelError, match="knows hand_21 keypoints"):
        said(*predict, "starter", "--estimator", "mediapipe-pose")


def test_a_table_that_does_not_say_what_is_hidden_is_measured_with_a_warning(shared_data, tmp_path):
    """21 of 141 rows were read rightly while what lies outside of the picture counted as seen."""
    rows = pd.read_csv(shared_data / "moving" / "pose_arms_xy_relative.csv")
    rows = rows.rename(columns={"label": "gesture"})
    rows[rows.gesture.str.endswith("out")].to_csv(tmp_path / "arms.csv", index=False)
    done = invoke("evaluate", "--model", "arms", "--data", tmp_path / "arms.csv", "--json")
    assert round(141 * json.loads(done.stdout)["accuracy"]) == 106
    assert "does not say which keypoints are hidden (columns v0" in done.stderr
