"""Features keep direction, and nothing of position, scale, unit or library."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.gestures.features.hand import FEATURE_COUNT, features

# An index finger pointing to the right, wrist at (0, 0), in pixels; the other fingers folded.
POINT_RIGHT = np.array(
    [[0, 0], [10, -15], [25, -25], [35, -22], [42, -18],
     [45, -12], [70, -13], [85, -13], [100, -13],
     [46, 0], [60, 2], [50, 6], [40, 5],
     [44, 10], [56, 12], [47, 15], [38, 14],
     [40, 20], [50, 22], [43, 24], [36, 22]], np.float32,
)  # fmt: skip
SEEN = np.array([False])


def of(keypoints: np.ndarray, mirrored: bool = False) -> np.ndarray:
    return features(keypoints[None].astype(np.float32), np.array([mirrored]))[0]


def test_the_farthest_joint_lies_at_distance_one_and_the_first_coordinates_are_hand_computed():
    reach = np.hypot(100, 13)
    expected = POINT_RIGHT[1:].reshape(-1) / reach
    np.testing.assert_allclose(of(POINT_RIGHT)[:40], expected, atol=1e-6)


@given(scale=st.floats(0.2, 20), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_position_and_scale_change_nothing(scale: float, x: float, y: float):
    moved = POINT_RIGHT * scale + np.array([x, y])
    np.testing.assert_allclose(of(moved), of(POINT_RIGHT), atol=2e-3)


def test_direction_is_kept():
    left = POINT_RIGHT * np.array([-1, 1])
    assert np.abs(of(left) - of(POINT_RIGHT)).max() > 0.5


def test_a_mirrored_view_means_what_the_viewer_saw():
    left = POINT_RIGHT * np.array([-1, 1])
    np.testing.assert_allclose(of(left, mirrored=True), of(POINT_RIGHT), atol=1e-6)


def test_a_picture_twice_as_wide_in_fractions_gives_the_same_in_pixels():
    # The vendor's 0-1 coordinates differ between 640x480 and 1280x480; the pixels do not.
    fractions = POINT_RIGHT / np.array([1280, 480])
    np.testing.assert_allclose(of(fractions * [1280, 480]), of(POINT_RIGHT), atol=1e-4)


def test_numpy_and_torch_agree():
    rng = np.random.default_rng(0)
    hands = rng.normal(0, 50, (32, 21, 2)).astype(np.float32)
    mirrored = rng.random(32) < 0.5
    hands[3, 7] = np.nan
    by_torch = features(torch.from_numpy(hands), torch.from_numpy(mirrored), torch).numpy()
    assert by_torch.shape == (32, FEATURE_COUNT) and by_torch.dtype == np.float32
    np.testing.assert_allclose(by_torch, features(hands, mirrored), atol=1e-5)


@pytest.mark.parametrize("case", ["one joint missing", "all missing", "all in one place"])
def test_whatever_comes_in_finite_numbers_come_out(case: str):
    hand = POINT_RIGHT.copy()
    if case == "one joint missing":
        hand[8] = np.nan
    else:
        hand[:] = np.nan if case == "all missing" else 7.0
    out = of(hand)
    assert out.shape == (FEATURE_COUNT,) and np.isfinite(out).all()


def test_the_arguments_are_left_as_they_were():
    before = POINT_RIGHT.copy()
    of(POINT_RIGHT, mirrored=True)
    np.testing.assert_array_equal(POINT_RIGHT, before)
