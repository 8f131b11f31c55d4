"""BlazePose's alignment: the square from two points, as published and by hand."""

import math

import numpy as np
import pytest

from core.pose.blazepose_roi import Alignment, TrackerSteps, estimate_alignment
from core.pose.skeletons.table import BODY_33, LSP_14
from core.pose.types import TurnedSquare


def test_the_published_points_of_a_picture_give_the_published_square():
    """MediaPipe's own test of its detector, on a picture of 1000 × 667."""
    centre = (0.49192297 * 1000, 0.7013345 * 667)
    top = (0.48453212 * 1000, 0.32265595 * 667)
    region = Alignment(centre, top).region
    assert (region.x, region.y) == centre
    assert region.side / 1000 == pytest.approx(0.63171676, abs=1e-7)
    assert region.side / 667 == pytest.approx(0.94710159, abs=1e-7)
    assert region.rotation == pytest.approx(-0.02925324, abs=1e-8)


@pytest.mark.parametrize(
    ("top", "rotation"),
    [((50, 20), 0), ((90, 60), math.pi / 2), ((10, 60), -math.pi / 2), ((50, 100), math.pi)],
)
def test_a_person_leans_by_where_the_second_point_lies(top, rotation):
    alignment = Alignment((50, 60), top)
    assert alignment.radius == 40 and alignment.rotation == pytest.approx(rotation)
    assert alignment.region.side == 100


def test_the_corners_of_a_square_turn_with_it():
    upright = TurnedSquare(50, 60, 20, 0)
    assert upright.corners.tolist() == [[40, 50], [60, 50], [60, 70], [40, 70]]
    lying = TurnedSquare(50, 60, 20, math.pi / 2)  # the head is to the right
    np.testing.assert_allclose(lying.corners, [[60, 50], [60, 70], [40, 70], [40, 50]], atol=1e-5)


def body(**joints):
    """Every keypoint at (100, 100) but these."""
    points = np.full((BODY_33.size, 2), 100, np.float32)
    for name, point in joints.items():
        points[BODY_33.index(name)] = point
    return points


def standing(shift=0):
    return body(
        left_hip=(110 + shift, 100),
        right_hip=(90 + shift, 100),
        left_shoulder=(110 + shift, 60),
        right_shoulder=(90 + shift, 60),
        left_foot_index=(100, 180),
    )


def test_keypoints_give_the_middle_of_the_hips_and_the_circle_round_all():
    alignment = estimate_alignment(standing())
    assert alignment.centre == (100, 100)
    assert alignment.radius == 80  # to the foot
    assert alignment.top == (100, 20)  # straight above, as the shoulders are


def test_a_missing_keypoint_is_left_out_and_a_missing_hip_leaves_no_alignment():
    points = standing()
    points[BODY_33.index("left_foot_index")] = np.nan
    alignment = estimate_alignment(points)
    assert alignment.radius == pytest.approx(math.hypot(10, 40))  # to a shoulder
    points[BODY_33.index("left_hip")] = np.nan
    assert estimate_alignment(points) is None
    assert estimate_alignment(body()) is None  # hips and shoulders coincide
    other = np.zeros((LSP_14.size, 2), np.float32)  # of another skeleton
    other[LSP_14.index("head_top")] = (0, -50)
    other[[LSP_14.index("left_shoulder"), LSP_14.index("right_shoulder")]] = (0, -30)
    assert estimate_alignment(other, LSP_14).top == (0, -50)


def test_the_detector_runs_while_fewer_are_followed_than_are_looked_for():
    steps = TrackerSteps(2)
    one, other = standing(), standing(shift=20)
    first, second, third, last = (steps.next(found) for found in ([one], [one, other], [other], []))
    assert first.detected and first.followed == ()
    assert second.detected and second.followed == (estimate_alignment(one).region,)
    assert not third.detected  # both were there
    assert third.followed == (estimate_alignment(one).region, estimate_alignment(other).region)
    assert last.detected and last.followed == (estimate_alignment(other).region,)
    assert steps.next([one]).followed == ()  # nobody was there to follow
