"""Clips of any rate become windows; what is lost for a moment is bridged, what is lost longer ends
a window. By hand."""

import numpy as np
import pytest

from core.gestures.motion.windows import clip_to_window, find_longest_part, measure_window_s

NAN = np.nan


def way(*x: float) -> np.ndarray:
    """A single keypoint's clip, moving along x alone."""
    return np.array([[[value, 0.0 if np.isfinite(value) else NAN]] for value in x], np.float32)


def test_a_clip_of_ten_frames_a_second_gives_what_thirty_give():
    slow, fast = np.arange(0, 1.01, 0.1), np.arange(0, 1.01, 1 / 30)
    found = [clip_to_window(way(*(3 * t)), t, 7) for t in (slow, fast)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    np.testing.assert_allclose(found[0][:, 0, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3], atol=1e-5)


def test_frames_count_by_their_time_not_by_their_number():
    found = clip_to_window(way(0, 1, 2, 6), np.array([0.0, 0.05, 0.1, 0.2]), 5)
    np.testing.assert_allclose(found[:, 0, 0], [0, 1, 2, 4, 6], atol=1e-5)


def test_a_moment_without_the_hand_is_bridged_and_a_longer_one_ends_the_window():
    times = np.arange(12) / 20
    short = way(0, 1, 2, NAN, NAN, NAN, 6, 7, 8, 9, 10, 11)  # lost from 0.10 to 0.30 s
    np.testing.assert_allclose(clip_to_window(short, times, 12)[:, 0, 0], np.arange(12), atol=1e-5)
    long = way(0, 1, 2, NAN, NAN, NAN, NAN, 7, 8, 9, 10, 11)
    assert find_longest_part(long, times) == slice(7, 12)
    np.testing.assert_allclose(
        clip_to_window(long, times, 5)[:, 0, 0], [7, 8, 9, 10, 11], atol=1e-5
    )
    assert (measure_window_s(short, times), measure_window_s(long, times)) == pytest.approx(
        (11 / 20, 4 / 20)
    )
    assert measure_window_s(way(0, 1, 2, 3)) == pytest.approx(0.1)  # 30 a second


def test_frames_that_were_never_read_are_bridged_for_half_a_second():
    times = np.r_[0, 0.05, 0.1, 0.6, 0.65, 0.7]
    assert find_longest_part(way(0, 1, 2, 12, 13, 14), times) == slice(0, 6)
    np.testing.assert_allclose(
        clip_to_window(way(0, 1, 2, 12, 13, 14), times, 15)[:, 0, 0], np.arange(15), atol=1e-5
    )
    times[3:] += 0.01
    assert find_longest_part(way(0, 1, 2, 12, 13), times[:5]) == slice(0, 3)
    # nobody is seen at 0.15 and, after 0.25 s in which nothing was read, at 0.4
    times = np.r_[0, 0.05, 0.1, 0.15, 0.4, 0.45, 0.5]
    assert find_longest_part(way(0, 1, 2, NAN, NAN, 9, 10), times) == slice(0, 7)


def test_few_frames_a_second_are_no_gap_and_a_single_one_without_the_hand_is_bridged():
    times = np.arange(4) * 0.5
    assert find_longest_part(way(0, 1, 2, 3), times) == slice(0, 4)
    times = np.arange(9) / 7
    assert find_longest_part(way(0, 1, 2, NAN, 4, 5, 6, 7, 8), times) == slice(0, 9)
    assert find_longest_part(way(0, 1, 2, NAN, NAN, 5, 6, 7, 8), times) == slice(5, 9)
    # for how long it was gone at three frames a second, nobody knows
    assert find_longest_part(way(0, 1, NAN, 3, 4, 5), np.arange(6) / 3) == slice(3, 6)


def test_a_keypoint_that_was_never_seen_stays_missing_and_another_is_filled():
    clip = np.zeros((5, 2, 2), np.float32)
    clip[:, 1] = NAN
    clip[:, 0, 0] = [0, 3, 6, NAN, 12]
    found = clip_to_window(clip, None, 3)
    assert np.isnan(found[:, 1]).all() and found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], [[0, 0], [6, 0], [12, 0]], atol=1e-5)


def test_a_clip_in_which_nothing_is_seen_and_one_of_a_single_frame_are_windows_too():
    assert np.isnan(clip_to_window(way(NAN, NAN, NAN), None, 4)).all()
    np.testing.assert_array_equal(clip_to_window(way(5), None, 3)[:, 0, 0], [5, 5, 5])
