"""Drawing: on a copy, in the right place, mirrored without mirroring the text."""

import cv2
import numpy as np
import pytest

from core.pose.drawing.poses import (
    draw_estimate,
    draw_path,
    draw_pose,
    emoji_font_path,
    render_emoji,
    render_label,
)
from core.pose.types import Estimate, Pose


@pytest.fixture
def hand() -> Pose:
    xy = np.stack([np.linspace(60, 140, 21), np.linspace(180, 90, 21)], 1).astype(np.float32)
    return Pose(xy, np.ones(21, np.float32))


def grey(height: int = 240, width: int = 320) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def estimate(*poses: Pose) -> Estimate:
    return Estimate(tuple(poses), (240, 320), "mediapipe-hands")


def test_a_white_dot_lies_on_every_keypoint_of_a_copy(hand):
    picture = grey()
    drawn = draw_pose(picture, hand)
    assert (picture == 90).all()
    for x, y in np.round(hand.keypoints).astype(int):
        assert (drawn[y, x] > 200).all()


def test_missing_keypoints_and_their_bones_are_not_drawn(hand):
    hand.keypoints[1:] = np.nan
    drawn = draw_pose(grey(), hand)
    changed = np.argwhere((drawn != 90).any(axis=2))
    assert np.abs(changed - [180, 60]).max() <= 4


def test_mirroring_is_the_mirror_image_of_the_skeleton(hand):
    plain = draw_estimate(grey(), estimate(hand))
    mirrored = draw_estimate(grey(), estimate(hand), mirror=True)
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])
    np.testing.assert_array_equal(draw_estimate(grey(), estimate(), labels=[]), grey())


def test_text_is_never_mirrored(hand):
    plate = render_label("point_up", "", 18)
    drawn = draw_estimate(grey(), estimate(hand), labels=["point_up"], mirror=True)
    away = cv2.matchTemplate(drawn, plate, cv2.TM_SQDIFF)
    assert away.min() < 1


def test_a_label_at_the_picture_s_edge_stays_inside(hand):
    hand.keypoints[:] += np.array([250, -120])
    drawn = draw_estimate(grey(), estimate(hand), labels=["thumbs_up"], emoji=["👍"])
    assert drawn.shape == (240, 320, 3) and (drawn[:30, -60:] != 90).any()
    small = np.zeros((20, 30, 3), np.uint8)  # a plate wider than the picture is cut
    assert draw_estimate(small, estimate(hand), labels=["a very long name"]).shape == small.shape


def test_the_emoji_is_drawn_in_colour_where_there_is_a_font():
    assert render_emoji("", 32) is None
    if emoji_font_path() is None:
        pytest.skip("no colour emoji font on this system")
    sprite = np.array(render_emoji("👍", 32))
    seen = sprite[sprite[..., 3] > 200][:, :3].astype(int)
    assert sprite.shape[0] == 32 and np.ptp(seen, axis=1).max() > 60


def test_a_way_is_drawn_on_a_copy_between_the_points_that_were_seen():
    ground = grey()
    drawn = draw_path(ground, np.array([(20, 50), (np.nan, np.nan), (80, 50)], np.float32))
    assert (ground == 90).all()
    assert (drawn[50, 20:81] != 90).any(axis=1).all() and (drawn[70:] == 90).all()
