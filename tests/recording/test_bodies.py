"""Bodies become samples by what is seen of them: real keypoints of people doing sports."""

import gzip

import numpy as np
import pandas as pd
import pytest

from core.pose.skeletons.table import BODY_33
from core.pose.types import Estimate, Frame, Pose
from core.recording.samples import CUT_OFF, make_sample, select_main_pose, select_valid_pose

SIZE = (480, 640)
LEGS = [i for i, name in enumerate(BODY_33.joints) if i >= BODY_33.index("left_knee")]


@pytest.fixture(scope="module")
def person(shared_data) -> np.ndarray:
    """(33, 2) BlazePose's keypoints of a real person, whole, within a picture of 640 × 480."""
    with gzip.open(shared_data / "moving/pose_mp33.csv.gz", "rt") as file:
        table = pd.read_csv(file)
    row = table[(table.units == "norm") & (table.label == "tree")].iloc[0]
    points = np.array([[row[f"x{i}"], row[f"y{i}"]] for i in range(33)], np.float32)
    points -= points.min(0)
    return points / points.max() * 400 + [200, 40]


def body(points: np.ndarray, hidden: list[int] = [], **more: float) -> Pose:  # noqa: B006
    visibility = np.ones(33, np.float32)
    visibility[hidden] = 0.2
    return Pose(points.astype(np.float32), np.ones(33, np.float32), visibility=visibility, **more)


def seen(*poses: Pose) -> Estimate:
    return Estimate(poses, SIZE, "mediapipe-pose", skeleton="body_33")


def test_what_is_hidden_is_missing_in_the_sample_and_stays_in_the_drawing(person):
    pose = body(person, LEGS)
    frame = Frame(np.zeros((*SIZE, 3), np.uint8))
    sample = make_sample(frame, pose, seen(pose))
    assert np.isnan(sample.pose[LEGS]).all() and np.isfinite(sample.pose[:25]).all()
    assert sample.scores[0, LEGS].tolist() == [0] * len(LEGS)
    assert sample.visibility is not None and sample.visibility[0, LEGS].max() < 0.5
    assert np.isfinite(pose.keypoints).all()
    # the crop is of what is seen: without its legs a person is less high
    whole = make_sample(frame, body(person), seen(body(person)))
    assert sample.region[2] < whole.region[2]


def test_half_a_body_is_a_sample_and_one_without_shoulders_is_cut_off(person):
    assert isinstance(select_valid_pose(seen(body(person, LEGS, score=0.45)), None), Pose)
    shoulders = [BODY_33.index("left_shoulder"), BODY_33.index("right_shoulder")]
    assert select_valid_pose(seen(body(person, shoulders)), None) == CUT_OFF
    assert select_valid_pose(seen(), None) == "no body"
    assert select_valid_pose(seen(body(person, score=0.1)), None) == "low score"


def test_of_several_people_the_largest_is_recorded_and_of_equals_the_one_in_the_middle(person):
    near, far = body(person), body(person * 0.4 + 150, score=0.99)
    assert select_main_pose(seen(far, near)) is near
    middle = person - person.mean(0) + [320, 240]
    left, centre = body(middle * 0.5 + [-100, 100]), body(middle * 0.5 + [160, 100])
    assert select_main_pose(seen(left, centre)) is centre
