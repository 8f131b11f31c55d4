"""MoveNet: its output decoded by hand, people on real pictures, and people who are followed."""

import json

import numpy as np
import pytest

from core.errors import EstimatorError, WeightsError
from core.estimators.movenet_bodies import (
    MAX_PEOPLE,
    MIN_SCORE,
    PeopleNet,
    decode_people,
    fit_picture,
    pad_picture,
)
from core.measuring.body_evaluation import measure_bodies
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Frame
from core.reading.keypoint_sources import MOVENET, KeypointSource, available_nets


@pytest.fixture(scope="module")
def estimator():
    with KeypointSource(MOVENET).open(Paths.find(), num_poses=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def skier(shared_data):
    return read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")


def test_a_picture_is_fitted_and_padded_to_multiples_of_32():
    fitted = fit_picture(np.full((100, 300, 3), 7, np.uint8), 384)
    assert fitted.shape == (128, 384, 3)
    tall = pad_picture(fit_picture(np.full((900, 100, 3), 7, np.uint8), 384))
    assert tall.shape == (1, 384, 64, 3)  # 43 columns, and black
    assert (tall[0, :, :43] == 7).all() and not tall[0, :, 43:].any()
    assert fit_picture(np.zeros((1, 4000, 3), np.uint8), 384).shape == (1, 384, 3)


def test_boxes_are_decoded_to_picture_pixels_most_certain_first():
    rows = np.zeros((2, 56), np.float32)
    rows[0, 51:] = [0.25, 0.125, 0.5, 1, 0.1]
    rows[1, 51:] = [0, 0, 0.75, 0.5, 0.9]
    # 480 x 640 shrunk to 288 x 384, nothing padded: a fraction of 1 is 480 rows, 640 columns
    first, second = decode_people(rows, (288, 384), (480, 640))
    assert first.score == pytest.approx(0.9)
    assert second.box == pytest.approx((79.5, 119.5, 639.5, 239.5))
    # 300 x 640 shrunk to 180 x 384, padded to 192 rows: 1 is 192 · 300/180 = 320 rows
    first, _ = decode_people(rows, (180, 384), (300, 640))
    assert first.box == pytest.approx((-0.5, -0.5, 319.5, 239.5))


def test_a_skier_is_found_with_keypoints_where_coco_has_them(estimator, skier, shared_data):
    found = estimator.estimate_still(skier)
    [pose] = found.poses
    [heatmaps] = found.heatmaps
    assert heatmaps.maps.shape == (1, 18, 64, 64) and found.skeleton == "coco_17"
    assert pose.score > 0.4
    data = shared_data / "samples" / "coco" / "test_coco.json"
    people = json.loads(data.read_text())["annotations"]
    [person] = [one for one in people if one["image_id"] == 785]
    marks = np.reshape(person["keypoints"], (17, 3))
    away_px = np.linalg.norm(pose.keypoints - marks[:, :2], axis=1)[marks[:, 2] > 0]
    assert np.median(away_px) < 6 and away_px.max() < 30  # she is 290 pixels tall


def test_two_people_are_followed_and_one_is_taken_where_one_is_wanted(estimator, skier):
    near = skier[:, 200:620]
    two = np.hstack([near, near])
    seen = [estimator.estimate(Frame(two, time_s=t)) for t in (0.0, 0.1, 0.2)]
    assert [len(one.poses) for one in seen] == [2, 2, 2]
    assert [one.tracking.detected for one in seen] == [True, False, False]
    first, last = (sorted(pose.keypoints[0, 0] for pose in one.poses) for one in seen[1:])
    np.testing.assert_allclose(first, last, atol=5)  # both noses stay
    assert len(estimator.estimate_still(two, num_poses=1).poses) == 1
    boxes = estimator.detect_still_boxes(two)
    assert len(boxes) == 2 and all(box.height > 150 for box in boxes)


def test_six_people_at_most_are_looked_for(estimator, skier):
    for count in (-1, MAX_PEOPLE + 1):
        with pytest.raises(EstimatorError, match=f"between 1 and 6, got {count}"):
            estimator.estimate_still(skier, num_poses=count)
    with pytest.raises(EstimatorError, match="between 1 and 6, got 7"):
        KeypointSource(MOVENET).open(Paths.find(), num_poses=7)


def test_a_net_for_heatmaps_is_no_net_of_people():
    with pytest.raises(WeightsError, match="is a net for pictures, not pictures of people"):
        PeopleNet(Paths.find().net("movenet.thunder"))
    assert {"movenet.thunder"} <= available_nets(Paths.find(), "coco_17").keys() - {MOVENET}


@pytest.mark.parametrize("shape", [(2, 2), (1, 700), (700, 1), (33, 47)])
def test_tiny_and_long_pictures_have_nobody(estimator, shape):
    assert estimator.estimate_still(np.full((*shape, 3), 90, np.uint8)).poses == ()


def test_several_of_four_pictures_persons_are_found(shared_data):
    data = shared_data / "samples" / "coco" / "test_coco.json"
    found = measure_bodies(Paths.find(), MOVENET, data, None, whole=True)
    assert found["n"] == 12 and found["found"] >= 8
    assert found["coco"]["AP50"] > 0.6  # BlazePose: .337
    assert 0 < MIN_SCORE < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "whole", "expected"),
    [("movenet.thunder", False, (0.428, 0.598)), (MOVENET, True, (0.409, 0.521))],
)
def test_coco_s_figures_are_those_of_the_documentation(shared_data, name, whole, expected):
    folder = shared_data / "coco" / "mini"
    data = folder / "annotations" / "person_keypoints_val2017.json"
    found = measure_bodies(Paths.find(), name, data, folder / "val2017", whole=whole)
    figures = found["coco"]["AP"], found["coco"]["AP50"]
    assert figures == pytest.approx(expected, abs=0.02)
