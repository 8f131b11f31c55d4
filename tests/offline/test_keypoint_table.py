"""Keypoints as rows and as JSON."""

import json

import numpy as np
import pytest

from core.offline.keypoint_table import list_columns, to_json, to_rows, to_table
from core.pose.skeletons.angles import ANGLES
from core.pose.skeletons.table import BODY_33, HAND_21
from core.pose.types import Estimate, Frame, Pose

FRAME = Frame(np.zeros((30, 40, 3), np.uint8), 1.25, 7, "walk.mp4")


def body(shift=0.0, **more):
    points = np.arange(66, dtype=np.float32).reshape(33, 2) + np.float32(shift)
    visibility = np.linspace(0.6, 1, 33).astype(np.float32)
    return Pose(points, np.ones(33, np.float32), 0.8, visibility=visibility, **more)


def rows(*poses, **more):
    return to_rows(FRAME, Estimate(poses, (30, 40), "test", skeleton="body_33"), **more)


def test_a_body_has_its_pixels_visibility_metres_and_angles():
    world = np.arange(99, dtype=np.float32).reshape(33, 3) / 100
    table = to_table(rows(body(world=world)), BODY_33)
    assert list(table) == list_columns(BODY_33)
    [row] = table.to_dict("records")
    assert (row["source"], row["frame"], row["time_s"], row["person"]) == ("walk.mp4", 7, 1.25, 0)
    assert (row["width"], row["height"], row["estimator"]) == (40, 30, "test")
    assert (row["x5"], row["y5"]) == (10, 11) and row["wz32"] == pytest.approx(0.98)
    assert row["v0"] == pytest.approx(0.6) and row["v32"] == 1
    assert row["left_elbow"] == 180  # these keypoints lie on a line


def test_what_is_unknown_is_empty():
    [row] = to_table(rows(body()), BODY_33).to_dict("records")
    assert np.isnan(row["wx0"]) and row["x0"] == 0


def test_persons_keep_the_numbers_that_they_are_given():
    assert list(to_table(rows(body(), body(1), numbers=[4, 2]), BODY_33)["person"]) == [4, 2]


def test_a_hand_has_the_columns_that_tables_of_hands_always_had():
    names = list_columns(HAND_21)
    assert names[:10] == [
        *("source", "gesture", "frame", "time_s", "hand", "handedness"),
        *("score", "width", "height", "estimator"),
    ]
    assert names[10:13] == ["skeleton", "x0", "y0"] and names[-1] == "wz20" and len(names) == 116
    hand = Pose(np.ones((21, 2), np.float32), np.ones(21, np.float32), handedness="Left")
    [row] = to_table(to_rows(FRAME, Estimate((hand,), (30, 40), "test"), gesture="ok"), HAND_21)[
        ["gesture", "hand", "handedness", "x20"]
    ].to_dict("records")
    assert row == {"gesture": "ok", "hand": 0, "handedness": "Left", "x20": 1}


def test_without_rows_the_columns_are_there():
    table = to_table([], BODY_33)
    assert list(table) == list_columns(BODY_33) and table.empty
    assert json.loads(to_json(table, BODY_33))["frames"] == []


def test_the_json_says_the_same_as_the_table():
    points = body()
    points.keypoints[3] = np.nan
    later = Frame(FRAME.rgb, 1.5, 8, "walk.mp4")
    estimate = Estimate((body(0.125),), (30, 40), "test", skeleton="body_33")
    table = to_table([*rows(points, body(1)), *to_rows(later, estimate)], BODY_33)
    document = json.loads(to_json(table, BODY_33))
    assert document["skeleton"] == "body_33" and document["joints"][0] == "nose"
    first, second = document["frames"]
    assert (first["frame"], first["time_s"]) == (7, 1.25)
    assert [person["person"] for person in first["persons"]] == [0, 1]
    one = first["persons"][0]
    assert one["keypoints"][3] == [None, None] and one["keypoints"][4] == [8, 9]
    assert one["world"][0] == [None, None, None] and one["visibility"][0] == 0.6
    assert [*one["angles"]] == [*ANGLES] and one["angles"]["left_elbow"] == 180
    assert second["persons"][0]["keypoints"][0] == [0.125, 1.125]
