"""What is behind a body, and where it was looked for."""

import numpy as np
import pytest

from core.pose.blazepose_roi import estimate_alignment
from core.pose.drawing.bodies import (
    BLUR,
    COLOUR,
    PICTURE,
    Backdrop,
    BodyView,
    draw_body,
    draw_steps,
)
from core.pose.skeletons.table import BODY_33
from core.pose.types import Estimate, Pose, Tracking, TurnedSquare

HW = (60, 100)


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (*HW, 3), np.uint8)


def person(tracking=None):
    """Standing in the left half, which the mask says is hers."""
    points = np.full((33, 2), 25, np.float32)
    points[[BODY_33.index("left_hip"), BODY_33.index("right_hip")]] = (25, 35)
    points[[BODY_33.index("left_shoulder"), BODY_33.index("right_shoulder")]] = (25, 20)
    share = np.zeros(HW, np.float32)
    share[:, :50] = 1
    return Estimate(
        (Pose(points, np.ones(33, np.float32)),),
        HW,
        "test",
        skeleton="body_33",
        masks=(share,),
        tracking=tracking,
    )


ALONE = {"skeleton": False}


def test_the_person_stays_and_a_colour_takes_the_place_of_the_rest(picture):
    before = picture.copy()
    seen = draw_body(picture, person(), BodyView(COLOUR, (1, 2, 3), **ALONE))
    assert np.array_equal(seen[:, :50], picture[:, :50])
    assert (seen[:, 50:] == (1, 2, 3)).all()
    assert np.array_equal(picture, before)
    halved = person()
    halved.masks[0][:] = 0.5
    mixed = draw_body(picture, halved, BodyView(COLOUR, (0, 0, 0), **ALONE))
    np.testing.assert_allclose(mixed, picture / 2, atol=1)
    nobody = Estimate((), HW, "test", skeleton="body_33")  # nothing of the picture is shown
    assert (draw_body(picture, nobody, BodyView(COLOUR, (9, 9, 9))) == 9).all()


def test_a_blurred_background_keeps_its_colours_and_loses_its_edges(picture):
    seen = draw_body(picture, person(), BodyView(BLUR, **ALONE))
    assert np.array_equal(seen[:, :50], picture[:, :50])
    assert seen[:, 52:].std() < 0.2 * picture[:, 52:].std()
    assert abs(seen[:, 52:].mean() - picture[:, 52:].mean()) < 10
    black = np.zeros((*HW, 3), np.uint8)
    black[:, :50] = (255, 0, 0)  # her colours do not shine into the background
    assert (draw_body(black, person(), BodyView(BLUR, **ALONE))[:, 50:] == 0).all()


def test_another_picture_fills_the_background_without_being_squeezed(picture):
    behind = np.zeros((100, 100, 3), np.uint8)  # square: its rows 20 to 80 are seen
    behind[:20], behind[80:], behind[20:80, :, 1] = 255, 255, np.arange(100)
    seen = draw_body(picture, person(), BodyView(PICTURE, behind=Backdrop(behind), **ALONE))
    assert (seen[:, 50:, 0] == 0).all()
    assert np.array_equal(seen[30, 50:, 1], np.arange(50, 100))


def test_in_a_mirror_the_picture_behind_is_seen_as_it_is(picture):
    behind = np.zeros((60, 100, 3), np.uint8)
    behind[..., 1] = np.arange(100)
    view = BodyView(PICTURE, behind=Backdrop(behind), **ALONE)
    seen = draw_body(picture, person(), view, mirror=True)
    assert np.array_equal(seen[30, :50, 1], np.arange(50))
    assert np.array_equal(seen[:, 50:], picture[:, 49::-1])


def test_each_visitor_s_picture_is_made_to_fit_once_for_all_frames(picture):
    """The pictures are changed after the first frame: made to fit again, they would be seen."""
    views = [
        BodyView(PICTURE, behind=Backdrop(np.full((90, 90, 3), shade, np.uint8)), **ALONE)
        for shade in (7, 9)
    ]
    first = [draw_body(picture, person(), view) for view in views]
    for view in views:
        view.behind.picture[:] = 200
    for _ in range(2):  # frame by frame, one visitor's after the other's
        for view, seen in zip(views, first, strict=True):
            assert np.array_equal(draw_body(picture, person(), view), seen)
    wider = np.zeros((60, 120, 3), np.uint8)
    nobody = Estimate((), (60, 120), "test", skeleton="body_33")
    assert (draw_body(wider, nobody, views[0]) == 200).all()  # of another size, made anew


def test_mirrored_it_is_the_mirror_image(picture):
    view = BodyView(COLOUR, steps=True)
    plain, turned = (draw_body(picture, person(), view, mirror=flip) for flip in (False, True))
    assert np.array_equal(turned, plain[:, ::-1])


def test_the_steps_are_drawn_where_they_are_computed():
    black = np.zeros((*HW, 3), np.uint8)
    tracking = Tracking(False, (TurnedSquare(70, 30, 20, 0),))
    estimate = person(tracking=tracking)
    seen = draw_steps(black, estimate)
    alignment = estimate_alignment(estimate.poses[0].keypoints)
    assert alignment.centre == (25, 35) and alignment.radius == 15
    assert seen[35, 25].tolist() == seen[20, 25].tolist() != [0, 0, 0]  # the two points
    assert seen[35, 40].any() and seen[50, 25].any()  # the circle
    for x, y in [(60, 30), (80, 30), (70, 20), (70, 40)]:
        assert seen[y, x].any()  # the square's sides
    assert not seen[30, 70].any()
    alone = draw_steps(black, person(Tracking(True)))  # without a tracker there are no squares
    assert np.array_equal(alone, draw_steps(black, person())) and not alone[30, 60].any()
