"""The self-tracker's squares, computed by hand."""

import numpy as np
import pytest

from core.pose.tracking import first_square, next_square

SURE = np.full(3, 0.5, np.float32)


def joints(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


def test_it_starts_in_the_pictures_middle() -> None:
    assert first_square((480, 640)) == (136.0, 56.0, 368.0)
    assert first_square((200, 300)) == (50.0, 0.0, 200.0)  # no larger than the picture


def test_it_moves_round_the_mean_and_its_side_by_a_fifth() -> None:
    # 120 wide, 200 high: wanted 400, of 300 a fifth of the way is 320
    hand = joints((100, 100), (220, 160), (160, 300))
    x0, y0, side = next_square((0, 0, 300), hand, SURE)
    assert side == pytest.approx(320)
    # pixels 0.5 to 319.5 round the mean: centre of the first + 159.5
    assert (x0 + 159.5, y0 + 159.5) == pytest.approx((160, 560 / 3), abs=1e-4)


def test_a_small_hand_counts_as_96_pixels() -> None:
    hand = joints((50, 50), (60, 60), (55, 70))
    square = (0.0, 0.0, 192.0)
    for _ in range(3):
        square = next_square(square, hand, SURE)
    assert square[2] == pytest.approx(192)


def test_a_still_hand_is_reached_to_a_hundredth_in_twenty_frames() -> None:
    hand = joints((100, 100), (300, 100), (200, 250))
    square = first_square((480, 640))
    for _ in range(20):
        square = next_square(square, hand, SURE)
    assert square[2] == pytest.approx(400, rel=0.01)


def test_it_is_lost_when_the_peaks_sum_to_less_than_one() -> None:
    hand = joints((100, 100), (220, 160), (160, 300))
    assert next_square((0, 0, 300), hand, np.full(3, 0.33, np.float32)) is None
    assert next_square((0, 0, 300), hand, np.full(3, 0.34, np.float32)) is not None


def test_missing_joints_neither_move_nor_hold_it() -> None:
    hand = joints((100, 100), (np.nan, np.nan), (200, 300))
    x0, y0, side = next_square((0, 0, 400), hand, np.array([0.6, 0.9, 0.6], np.float32))
    assert (x0 + (side - 1) / 2, y0 + (side - 1) / 2) == pytest.approx((150, 200))
    assert next_square((0, 0, 400), hand, np.array([0.3, 0.9, 0.3], np.float32)) is None
    assert next_square((0, 0, 400), np.full((3, 2), np.nan, np.float32), SURE) is None
