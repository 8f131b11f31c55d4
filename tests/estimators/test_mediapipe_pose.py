"""The pose landmarker on real pictures with annotated keypoints: found, in the right place."""

import json

import cv2
import numpy as np
import pytest

from core.errors import EstimatorError
from core.estimators import create_estimator
from core.media.pictures import read_picture
from core.pose.blazepose_roi import estimate_alignment
from core.pose.skeletons.table import BODY_33, COCO_17, convert_keypoints
from core.pose.types import Frame

SKIER = "000000000785.jpg"  # one person, seen whole, 640x425


@pytest.fixture(scope="module")
def bodies(weights_folder):
    with create_estimator("mediapipe-pose", weights_folder, masks=True) as estimator:
        yield estimator


@pytest.fixture(scope="module")
def skier(shared_data):
    return read_picture(shared_data / "samples" / "coco" / SKIER)


@pytest.fixture(scope="module")
def annotation(shared_data):
    coco = json.loads((shared_data / "samples" / "coco" / "test_coco.json").read_text())
    return next(one for one in coco["annotations"] if one["image_id"] == int(SKIER[:-4]))


@pytest.fixture(scope="module")
def found(bodies, skier):
    return bodies.estimate_still(skier)


def test_its_keypoints_lie_where_people_marked_them(found, annotation):
    target = np.array(annotation["keypoints"]).reshape(-1, 3)
    (pose,) = found.poses
    off = np.linalg.norm(
        convert_keypoints(pose.keypoints, BODY_33, COCO_17) - target[:, :2], axis=1
    )
    torso = np.linalg.norm(target[5, :2] - target[12, :2])  # left shoulder to right hip
    assert (target[:, 2] > 0).all()
    assert np.median(off) < 0.1 * torso and (off < 0.3 * torso).all()


def test_a_score_is_the_mean_of_what_is_seen(found):
    (pose,) = found.poses
    assert (pose.scores > 0.9).all() and ((pose.visibility >= 0) & (pose.visibility <= 1)).all()
    assert pose.score == pytest.approx(pose.visibility.mean())


def test_the_world_s_metres_begin_between_the_hips(found):
    world = found.poses[0].world
    hips = world[[BODY_33.index("left_hip"), BODY_33.index("right_hip")]]
    np.testing.assert_allclose(hips.mean(axis=0), 0, atol=0.02)
    shin = world[BODY_33.index("left_knee")] - world[BODY_33.index("left_ankle")]
    assert 0.25 < np.linalg.norm(shin) < 0.55


def test_the_mask_covers_the_person_that_people_outlined(found, annotation):
    (mask,) = found.masks
    target = np.zeros((425, 640), np.uint8)
    for outline in annotation["segmentation"]:
        points = np.round(np.array(outline).reshape(-1, 2)).astype(np.int32)
        cv2.fillPoly(target, [points], 1)
    said, outlined = mask > 0.5, target > 0
    assert mask.dtype == np.float32 and mask.min() >= 0 and mask.max() <= 1
    assert (said & outlined).sum() / (said | outlined).sum() > 0.7


def test_a_picture_is_read_with_the_tracker_s_square_in_the_end(found):
    assert not found.tracking.detected
    (square,) = found.tracking.followed
    own = estimate_alignment(found.poses[0].keypoints).region
    assert np.hypot(square.x - own.x, square.y - own.y) < 0.05 * own.side


def test_in_a_stream_the_detector_runs_until_somebody_is_followed(weights_folder, skier):
    empty = np.full_like(skier, 90)
    with create_estimator("mediapipe-pose", weights_folder) as estimator:
        frames = [estimator.estimate(Frame(rgb, i)) for i, rgb in enumerate([empty, skier, skier])]
    assert frames[2].masks == ()  # they come on demand alone
    assert [bool(one.poses) for one in frames] == [False, True, True]
    assert [one.tracking.detected for one in frames] == [True, True, False]
    assert [len(one.tracking.followed) for one in frames] == [0, 0, 1]


def test_the_mirrored_picture_has_left_and_right_exchanged(found, bodies, skier):
    (pose,) = found.poses
    (other,) = bodies.estimate_still(np.ascontiguousarray(skier[:, ::-1])).poses
    back = other.keypoints[BODY_33.mirror_order] * [-1, 1] + [639, 0]
    arms_and_legs = slice(11, 29)
    off = np.linalg.norm(back - pose.keypoints, axis=1)[arms_and_legs]
    assert np.median(off) < 0.03 * np.ptp(pose.keypoints[:, 1])


def test_two_persons_are_found_when_asked_for_each_with_a_mask(bodies, skier):
    near = np.ascontiguousarray(skier[:, 200:620])
    two = np.concatenate([near, near], axis=1)
    assert len(bodies.estimate_still(two).poses) == 1
    both = bodies.estimate_still(two, num_poses=2)
    middles = sorted(float(pose.keypoints[:, 0].mean()) for pose in both.poses)
    assert middles[1] - middles[0] == pytest.approx(420, abs=15)
    assert both.poses[0].score >= both.poses[1].score
    for pose, mask in zip(both.poses, both.masks, strict=True):
        x, y = pose.keypoints[[11, 12, 23, 24]].mean(axis=0).astype(int)  # within the trunk
        assert mask[y, x] > 0.5


@pytest.mark.parametrize("count", [0, 5])
def test_another_number_of_persons_is_refused(bodies, weights_folder, skier, count):
    with pytest.raises(EstimatorError, match=f"between 1 and 4, got {count}"):
        create_estimator("mediapipe-pose", weights_folder, num_poses=count)
    if count:
        with pytest.raises(EstimatorError, match="between 1 and 4"):
            bodies.estimate_still(skier, num_poses=count)
