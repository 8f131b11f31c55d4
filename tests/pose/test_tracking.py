"""The self-tracker's squares, computed by hand, and which pose is which from frame to frame."""

import time
from dataclasses import replace

import numpy as np
import pytest

from core.pose.boxes import Square
from core.pose.skeletons.table import BODY_33, COCO_17, LSP_14
from core.pose.tracking import PoseTracker, centre_square, drop_duplicate_bodies, next_square
from core.pose.types import Pose

SURE = np.full(3, 0.5, np.float32)


def joints(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


def test_it_starts_in_the_pictures_middle() -> None:
    assert centre_square((480, 640)) == (136.0, 56.0, 368.0)
    assert centre_square((200, 300)) == (50.0, 0.0, 200.0)  # no larger than the picture


def test_it_moves_round_the_mean_and_its_side_by_a_fifth() -> None:
    # 120 wide, 200 high: wanted 400, of 300 a fifth of the way is 320
    hand = joints((100, 100), (220, 160), (160, 300))
    x0, y0, side = next_square(Square(0, 0, 300), hand, SURE)
    assert side == pytest.approx(320)
    # pixels 0.5 to 319.5 round the mean: centre of the first + 159.5
    assert (x0 + 159.5, y0 + 159.5) == pytest.approx((160, 560 / 3), abs=1e-4)


@pytest.mark.parametrize(
    ("hand", "side"),
    [
        (((100, 100), (300, 100), (200, 250)), 400),
        (((50, 50), (60, 60), (55, 70)), 192),  # a small hand counts as 96 pixels
    ],
)
def test_a_still_hand_is_reached_to_a_hundredth_in_twenty_frames(hand, side) -> None:
    region = centre_square((480, 640))
    for _ in range(25):
        region = next_square(region, joints(*hand), SURE)
    assert region[2] == pytest.approx(side, rel=0.01)


def test_missing_keypoints_neither_move_nor_hold_it() -> None:
    hand = joints((100, 100), (np.nan, np.nan), (200, 300))
    x0, y0, side = next_square(Square(0, 0, 400), hand, np.array([0.6, 0.9, 0.6], np.float32))
    assert (x0 + (side - 1) / 2, y0 + (side - 1) / 2) == pytest.approx((150, 200))
    # lost when the peaks sum to less than one
    assert next_square(Square(0, 0, 400), hand, np.array([0.49, 0.9, 0.5], np.float32)) is None
    assert next_square(Square(0, 0, 400), hand, np.array([0.51, 0.9, 0.5], np.float32)) is not None
    assert next_square(Square(0, 0, 400), np.full((3, 2), np.nan, np.float32), SURE) is None


def pose(x: float, side: str | None = None, size: float = 100.0) -> Pose:
    """Three keypoints of a hand that begins at x."""
    hand = joints((x, 50), (x + 0.4 * size, 50 + size), (x + 0.8 * size, 70))
    return Pose(hand, SURE, 0.9, side)


def test_poses_keep_their_numbers_whatever_their_order_and_handedness() -> None:
    tracks = PoseTracker()
    a, b, c = tracks([pose(0), pose(300), pose(600)], 0.0)
    assert len({a, b, c}) == 3
    assert tracks([pose(610), pose(20), pose(290)], 0.1) == [c, a, b]
    assert tracks([pose(280, "Left"), pose(620, "Left"), pose(30, "Right")], 0.2) == [b, c, a]
    assert tracks([pose(280, "Right")], 0.3) == [b]  # its handedness was misjudged for once


def test_hands_that_cross_are_told_apart_by_their_side() -> None:
    tracks = PoseTracker()
    a, b = tracks([pose(0), pose(100)], 0.0)
    assert tracks([pose(95), pose(195)], 0.1) == [a, b]  # one by one, the first would be b
    tracks = PoseTracker()
    left, right = tracks([pose(0, "Left"), pose(60, "Right")], 0.0)
    assert tracks([pose(40, "Left"), pose(20, "Right")], 0.1) == [left, right]


def test_a_pose_that_is_new_far_off_or_back_too_late_gets_another_number() -> None:
    tracks = PoseTracker(forget_s=0.5)
    (a,) = tracks([pose(0)], 0.0)
    assert tracks([pose(40), pose(10)], 0.1) == [a + 1, a]
    assert tracks([], 0.2) == []
    assert tracks([pose(10)], 0.5) == [a]  # away for a moment
    assert tracks([pose(10)], 1.0) == [a + 2]
    assert tracks([pose(300)], 1.1) == [a + 3]  # no hand is so quick


def test_who_comes_may_be_given_the_lowest_number_that_is_free() -> None:
    tracks = PoseTracker(forget_s=0.5, reuse=True)
    assert tracks([pose(0), pose(300), pose(600)], 0.0) == [1, 2, 3]
    assert tracks([pose(600)], 0.4) == [3]
    assert tracks([pose(0), pose(600), pose(300)], 0.7) == [1, 3, 2]  # forgotten, and free
    assert tracks([pose(900), pose(600)], 0.8) == [4, 3]  # 1 and 2 may still come back


def test_missing_keypoints_are_left_out_and_a_pose_without_any_is_new() -> None:
    tracks = PoseTracker()
    gone = Pose(np.full((3, 2), np.nan, np.float32), np.zeros(3, np.float32))
    partly = pose(8)
    partly.keypoints[1] = np.nan
    a, b = tracks([pose(0), gone], 0.0)
    assert tracks([partly, gone], 0.1) == [a, b + 1]
    other = Pose(np.zeros((5, 2), np.float32), np.ones(5, np.float32))
    assert tracks([other], 0.2) == [b + 2]  # of another skeleton


def standing(x: float, y: float = 20.0, height: float = 170.0) -> Pose:
    """A body of COCO's 17 keypoints, 0.3 as wide as high, round x."""
    across = [0, 0.02, -0.02, 0.04, -0.04, 0.12, -0.12, 0.15, -0.15, 0.15, -0.15]
    across += [0.08, -0.08, 0.08, -0.08, 0.08, -0.08]
    down = [0.05, 0.03, 0.03, 0.05, 0.05, 0.2, 0.2, 0.38, 0.38, 0.52, 0.52, 0.5, 0.5, 0.75, 0.75]
    keypoints = np.stack([x + height * np.array(across), y + height * np.array([*down, 1, 1])], 1)
    return Pose(keypoints.astype(np.float32), np.ones(17, np.float32))


def numbers(tracks: PoseTracker, time_s: float, *xs: float) -> list[int]:
    return tracks([standing(x) for x in xs], time_s, COCO_17.name)


def test_two_people_who_cross_keep_their_numbers_where_each_stands_as_the_other_stood() -> None:
    # 30 px a frame towards each other: between 0.2 s and 0.3 s they change places to the pixel
    tracks = PoseTracker()
    a, b = numbers(tracks, 0.0, 0, 150)
    for frame in range(1, 6):
        there = {a: 30 * frame, b: 150 - 30 * frame}
        order = [a, b] if frame % 2 else [b, a]
        assert numbers(tracks, frame / 10, *(there[n] for n in order)) == order


def test_twelve_hands_close_together_are_told_apart_within_a_frame() -> None:
    tracks, xs = PoseTracker(), range(0, 96, 8)  # each within twice its size of every other
    first = tracks([pose(x) for x in xs], 0.0)
    start = time.perf_counter()
    assert tracks([pose(x + 3) for x in reversed(xs)], 0.1) == first[::-1]
    assert time.perf_counter() - start < 1


def test_of_two_people_who_cross_one_may_be_hidden_for_a_frame() -> None:
    tracks = PoseTracker()
    a, b = numbers(tracks, 0.0, 0, 150)
    assert numbers(tracks, 0.1, 30, 120) == [a, b]
    assert numbers(tracks, 0.2, 60) == [a]  # before the other
    assert numbers(tracks, 0.3, 60, 90) == [b, a]
    for tenth in (4, 5, 6, 7):
        assert numbers(tracks, tenth / 10, 60) == [b]
    assert numbers(tracks, 0.8, 60, 90) == [b, a + 2]  # away for 0.5 s


def test_a_body_that_is_nowhere_like_one_before_is_new_beyond_half_its_size() -> None:
    # keypoints from 0.03 to 1 of 200 px down: 194 px, half of which is 97
    for moved, is_new in ((90, False), (104, True)):
        tracks = PoseTracker()
        (a,) = tracks([standing(100, height=200)], 0.0, COCO_17.name)
        (n,) = tracks([standing(100 + moved, height=200)], 0.1, COCO_17.name)
        assert (n != a) == is_new


def test_likeness_counts_what_both_frames_have_in_every_skeleton_of_bodies() -> None:
    tracks = PoseTracker()
    one, other = standing(0), standing(60)
    a, b = tracks([one, other], 0.0, COCO_17.name)
    other.keypoints[11:] = np.nan  # the legs are hidden now
    assert tracks([other, one], 0.1, COCO_17.name) == [b, a]
    for skeleton in (BODY_33, LSP_14):
        tracks, rng = PoseTracker(), np.random.default_rng(0)
        body = rng.uniform(0, 200, (skeleton.size, 2)).astype(np.float32)
        two = [Pose(body + dx, np.ones(skeleton.size, np.float32)) for dx in (0, 40)]
        a, b = tracks(two, 0.0, skeleton.name)
        assert tracks(two[::-1], 0.1, skeleton.name) == [b, a]


def test_a_pair_of_hands_is_the_same_whichever_of_them_is_seen() -> None:
    left = np.full((42, 2), np.nan, np.float32)
    right = left.copy()
    left[:21], right[21:] = 50, 600
    poses = [Pose(points, np.ones(42, np.float32)) for points in (left, right)]
    tracks = PoseTracker(reuse=True)
    assert [tracks([pose], n / 10, "hands_42") for n, pose in enumerate(poses)] == [[1], [1]]
    assert tracks([], 0.2, "hands_42") == [] and tracks(poses[:1], 0.3, "hands_42") == [1]


def test_of_bodies_in_one_place_the_most_confident_stays() -> None:
    places = {0: 0.5, 4: 0.8, 60: 0.6, 400: 0.9}
    poses = [replace(standing(x), score=score) for x, score in places.items()]
    assert drop_duplicate_bodies(poses, COCO_17.name) == [3, 1, 2]
    assert drop_duplicate_bodies(poses[:1], COCO_17.name) == [0]
    assert drop_duplicate_bodies([], "") == []
