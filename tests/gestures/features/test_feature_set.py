"""Features keep direction, and nothing of position, scale, unit or library."""

import numpy as np
import pytest
import torch

from core.errors import SkeletonError
from core.gestures.features import FEATURE_SETS, get_feature_set
from core.pose.skeletons.table import BODY_33, COCO_17, convert_keypoints

features = get_feature_set("hand_21")

# An index finger pointing to the right, wrist at (0, 0), in pixels; the other fingers folded.
_POINT_RIGHT = (
    "0 0  10 -15 25 -25 35 -22 42 -18  45 -12 70 -13 85 -13 100 -13  46 0 60 2 50 6 40 5 "
    "44 10 56 12 47 15 38 14  40 20 50 22 43 24 36 22"
)
POINT_RIGHT = np.array(_POINT_RIGHT.split(), np.float32).reshape(21, 2)
SEEN = np.array([False])


def of(keypoints: np.ndarray, mirrored: bool = False) -> np.ndarray:
    return features(keypoints[None].astype(np.float32), np.array([mirrored]))[0]


def test_the_farthest_keypoint_lies_at_distance_one_and_the_first_coordinates_are_hand_computed():
    reach = np.hypot(100, 13)
    expected = POINT_RIGHT[1:].reshape(-1) / reach
    np.testing.assert_allclose(of(POINT_RIGHT)[:40], expected, atol=1e-6)


def test_direction_is_kept_and_a_mirrored_view_means_what_the_viewer_saw():
    left = POINT_RIGHT * np.array([-1, 1])
    before = left.copy()
    assert np.abs(of(left) - of(POINT_RIGHT)).max() > 0.5
    np.testing.assert_allclose(of(left, mirrored=True), of(POINT_RIGHT), atol=1e-6)
    np.testing.assert_array_equal(left, before)


# ------------------------------------------------------------------------------ other skeletons


@pytest.fixture
def bodies() -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 400, (6, 17, 2)).astype(np.float32)


every = pytest.mark.parametrize(
    "of_it", FEATURE_SETS.values(), ids=lambda f: f"{f.skeleton.name}-{f.axes}"
)


@every
@pytest.mark.parametrize("scale", [0.2, 20.0])
def test_position_and_scale_change_nothing(of_it, scale):
    rng = np.random.default_rng(1)
    poses = rng.normal(0, 50, (6, of_it.skeleton.size, of_it.axes)).astype(np.float32)
    moved = (poses * scale + rng.uniform(-500, 500, of_it.axes)).astype(np.float32)
    unmirrored = np.zeros(6, bool)
    np.testing.assert_allclose(of_it(moved, unmirrored), of_it(poses, unmirrored), atol=2e-3)


@every
def test_whatever_comes_in_as_many_finite_numbers_come_out_as_declared_by_torch_too(of_it):
    shape = (6, of_it.skeleton.size, of_it.axes)
    poses = np.random.default_rng(1).normal(0, 50, shape).astype(np.float32)
    poses[2, 3], poses[3], poses[4] = np.nan, np.nan, 7.0
    mirrored = np.arange(6) % 2 == 0
    found = of_it(poses, mirrored)
    assert found.shape == (6, of_it.count) and np.isfinite(found).all()
    by_torch = of_it(torch.from_numpy(poses), torch.from_numpy(mirrored), torch).numpy()
    assert by_torch.dtype == found.dtype == np.float32
    np.testing.assert_allclose(by_torch, found, atol=1e-4)


def standing() -> np.ndarray:
    """(1, 17, 2) a body 40 px wide at the shoulders, its left wrist stretched out, y down."""
    body = np.full((1, 17, 2), np.nan, np.float32)
    at = COCO_17.index
    body[0, at("nose")] = [80, 30]
    for side, way in (("left", 1), ("right", -1)):
        for joint, x, y in (("shoulder", 20, 50), ("hip", 20, 108), ("knee", 20, 148)):
            body[0, at(f"{side}_{joint}")] = [80 + way * x, y]
        body[0, at(f"{side}_ankle")] = [80 + way * 20, 188]
        body[0, at(f"{side}_elbow")] = [80 + way * 50, 50]
        body[0, at(f"{side}_wrist")] = [80 + way * 80, 90]
    return body


def without(body: np.ndarray, *joints: str) -> np.ndarray:
    rest = body.copy()
    for joint in joints:
        rest[0, [i for i, name in enumerate(COCO_17.joints) if name.endswith(joint)]] = np.nan
    return rest


def test_a_body_is_measured_from_its_shoulders_middle_in_shoulder_widths():
    found = get_feature_set("coco_17")(standing(), SEEN)[0]
    # pairs in the order shoulder, elbow, wrist; each left x y, right x y
    np.testing.assert_allclose(found[:4], [0.5, 0, -0.5, 0], atol=1e-5)
    np.testing.assert_allclose(found[8:12], [2, 1, -2, 1], atol=1e-5)


def test_a_body_without_legs_is_read_as_one_that_stands():
    """Half a body in front of a webcam: only what is said of the legs' bones falls silent."""
    of_bodies = get_feature_set("coco_17")
    whole = of_bodies(standing(), SEEN)[0]
    half = of_bodies(without(standing(), "hip", "knee", "ankle"), SEEN)[0]
    places = 2 * 2 * 6 + 2
    np.testing.assert_allclose(half[:places], whole[:places], atol=1e-5)
    silent = np.flatnonzero(np.abs(half - whole) > 1e-3) - places
    arms, legs = range(0, 8), range(8, 20)  # directions: elbow and wrist, then hip, knee, ankle
    assert {*silent.tolist()} >= {*legs[1::2]} and not {*silent.tolist()} & {*arms}


def test_a_hidden_wrist_lies_at_its_elbow_and_its_forearm_has_no_direction():
    found = get_feature_set("coco_17")(without(standing(), "wrist"), SEEN)[0]
    np.testing.assert_allclose(found[8:12], found[4:8], atol=1e-6)
    places = 2 * 2 * 6 + 2
    np.testing.assert_allclose(found[places + 4 : places + 8], 0, atol=1e-6)


def test_of_a_body_from_the_side_the_one_shoulder_that_is_seen_is_the_root():
    side = without(standing(), "right_shoulder")
    found = get_feature_set("coco_17")(side, SEEN)[0]
    np.testing.assert_allclose(found[:4], 0, atol=1e-6)
    assert np.isfinite(get_feature_set("coco_17").centre_on_root(side)).all()


def test_a_body_seen_mirrored_is_the_one_whose_left_and_right_change_places(bodies):
    """Who raises the left arm before a mirror sees an arm at the left of the screen go up."""
    of_bodies = get_feature_set("coco_17")
    seen = bodies[:, COCO_17.mirror_order] * [-1, 1]
    mirrored = of_bodies(bodies, np.ones(6, bool))
    np.testing.assert_allclose(mirrored, of_bodies(seen.astype(np.float32), np.zeros(6, bool)))
    assert np.abs(mirrored - of_bodies(bodies, np.zeros(6, bool))).max() > 0.5


def test_keypoints_of_another_skeleton_are_refused_in_words(bodies):
    with pytest.raises(SkeletonError, match="have 17 keypoints, hand_21 has 21"):
        features(bodies, np.zeros(6, bool))
    with pytest.raises(SkeletonError, match=r"\(6, 2, 17, 2\)"):
        get_feature_set("coco_17")(np.stack([bodies, bodies], 1), np.zeros(6, bool))
    with pytest.raises(SkeletonError, match="no features are known for “face_68”"):
        get_feature_set("face_68")


def test_two_skeletons_of_one_body_have_the_same_features():
    body = np.random.default_rng(5).uniform(0, 300, (1, 33, 2)).astype(np.float32)
    as_coco = convert_keypoints(body, BODY_33, COCO_17)
    long, short = get_feature_set("body_33"), get_feature_set("coco_17")
    assert long.count == short.count
    np.testing.assert_allclose(long(body, SEEN), short(as_coco, SEEN), atol=1e-6)
