"""Joint angles, by hand."""

import numpy as np
import pytest

from core.errors import SkeletonError
from core.pose.skeletons.angles import ANGLES, joint_angles, pose_angles
from core.pose.skeletons.table import BODY_33, COCO_17, LSP_14
from core.pose.types import Pose

# in the picture's plane: the left arm straight out to the side, the right one bent by a right angle
STANDING = {
    **{"left_shoulder": (10, 0, 0), "left_elbow": (40, 0, 0), "left_wrist": (70, 0, 0)},
    **{"right_shoulder": (-10, 0, 0), "right_elbow": (-10, 30, 0), "right_wrist": (-40, 30, 0)},
    **{"left_hip": (10, 50, 0), "left_knee": (10, 90, 0), "left_ankle": (10, 130, 0)},
    # sitting: the thigh points at the camera
    **{"right_hip": (-10, 50, 0), "right_knee": (-10, 50, -40), "right_ankle": (-10, 90, -40)},
}
EXPECTED = {"left_elbow": 180, "left_shoulder": 90, "left_hip": 180, "left_knee": 180}
EXPECTED |= {"right_elbow": 90, "right_shoulder": 0, "right_hip": 90, "right_knee": 90}


def points(skeleton, axes=3, **changed):
    found = np.zeros((skeleton.size, axes), np.float32)
    for name, point in (STANDING | changed).items():
        found[skeleton.index(name)] = point[:axes]
    return found


@pytest.mark.parametrize("skeleton", [BODY_33, COCO_17, LSP_14], ids=lambda one: one.name)
def test_the_angles_of_a_made_up_body_are_those_worked_out_by_hand(skeleton):
    angles = dict(zip(ANGLES, joint_angles(points(skeleton), skeleton).tolist(), strict=True))
    assert angles == pytest.approx(EXPECTED, abs=0.03)


def test_turned_moved_and_larger_a_body_keeps_its_angles():
    body, other = points(BODY_33), points(BODY_33)
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])
    other = (2.5 * body @ turn + [3, -7, 11]).astype(np.float32)
    np.testing.assert_allclose(
        joint_angles(np.stack([body, other]), BODY_33),
        [joint_angles(body, BODY_33)] * 2,
        atol=0.05,
    )


def test_a_missing_or_coinciding_keypoint_leaves_its_angles_unknown_and_no_others():
    body = points(BODY_33, left_elbow=(np.nan, np.nan, np.nan), right_wrist=(-10, 30, 0))
    unknown = {name for name, a in zip(ANGLES, joint_angles(body, BODY_33), strict=True) if a != a}
    assert unknown == {"left_elbow", "left_shoulder", "right_elbow"}


def test_hidden_keypoints_count_as_missing_and_metres_go_before_pixels():
    visibility = np.ones(33, np.float32)
    visibility[BODY_33.index("right_ankle")] = 0.4
    flat, deep = points(BODY_33, axes=2), points(BODY_33)
    scores = np.ones(33, np.float32)
    seen = pose_angles(Pose(flat, scores, world=deep, visibility=visibility), BODY_33)
    assert seen["right_hip"] == pytest.approx(90) and np.isnan(seen["right_knee"])
    in_picture = pose_angles(Pose(flat, scores), BODY_33)
    assert np.isnan(in_picture["right_hip"])  # seen from the front, the knee covers the hip


def test_keypoints_of_another_skeleton_are_refused():
    with pytest.raises(SkeletonError, match="17 keypoints, body_33 has 33"):
        joint_angles(points(COCO_17), BODY_33)
