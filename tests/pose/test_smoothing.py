"""One-euro filter, Kalman filter and label hysteresis."""

import math

import cv2
import numpy as np
import pytest

from core.pose.smoothing import KalmanFilter, LabelHysteresis, OneEuro


def test_one_step_follows_the_formula():
    smooth = OneEuro(min_cutoff=1.0, beta=0.0)
    assert smooth(np.zeros(1, np.float32), 0.0) == 0  # the first comes back as it is
    turn = 2 * math.pi * 1.0 * 0.1
    assert smooth(np.ones(1, np.float32), 0.1)[0] == pytest.approx(turn / (turn + 1))


def test_a_still_trembling_hand_is_calmed():
    noise = np.random.default_rng(0).normal(0, 1, (60, 21, 2)).astype(np.float32)
    smooth = OneEuro()
    out = np.stack([smooth(100 + n, i / 15) for i, n in enumerate(noise)])
    assert out[10:].std() < 0.6 * noise.std()


def test_a_quick_hand_lags_less_than_without_speed():
    def lag(beta):
        smooth = OneEuro(beta=beta)
        path = np.arange(30, dtype=np.float32) * 20  # 300 pixels a second at 15 fps
        return path[-1] - [smooth(path[i : i + 1], i / 15)[0] for i in range(30)][-1]

    assert lag(0.03) < 0.5 * lag(0.0)


def test_a_keypoint_that_comes_back_is_taken_as_it_is():
    smooth = OneEuro()
    for i, value in enumerate((5.0, np.nan, 9.0)):
        out = smooth(np.array([value, 1.0], np.float32), i / 15)
    assert out.tolist() == [9.0, 1.0]


def test_a_label_is_said_once_it_has_lasted_and_a_single_wrong_frame_changes_nothing():
    hold = LabelHysteresis(enter=0.6, leave=0.4, hold_s=0.2)
    assert [hold("ok", 0.9, t) for t in (0.0, 0.1, 0.2)] == [None, None, "ok"]
    assert hold("fist", 0.99, 0.4) == "ok"
    assert hold("ok", 0.9, 0.5) == "ok"
    assert hold("fist", 0.99, 0.65) == "ok"
    with pytest.raises(ValueError, match="leave"):
        LabelHysteresis(enter=0.5, leave=0.6)


def test_between_leave_and_enter_the_said_label_stays_but_no_new_one_comes():
    hold = LabelHysteresis(enter=0.6, leave=0.4, hold_s=0.0)
    assert hold("ok", 0.5, 0.0) is None
    assert hold("ok", 0.7, 0.1) == "ok"
    assert hold("ok", 0.5, 0.2) == "ok"
    assert hold("ok", 0.3, 0.3) is None


def opencvs_filters(walk: np.ndarray) -> np.ndarray:
    """What OpenCV's filter, set as in the CPM demos, says of each keypoint; (T, J, 2)."""
    said = np.zeros_like(walk)
    for joint in range(walk.shape[1]):
        one = cv2.KalmanFilter(4, 2)
        one.transitionMatrix = np.eye(4, dtype=np.float32) + np.eye(4, k=2, dtype=np.float32)
        one.measurementMatrix = np.eye(2, 4, dtype=np.float32)
        one.measurementNoiseCov = np.eye(2, dtype=np.float32)
        one.processNoiseCov = 0.03 * np.eye(4, dtype=np.float32)
        one.statePre = np.array([[*walk[0, joint], 0, 0]], np.float32).T
        for step, place in enumerate(walk[:, joint]):
            one.correct(place[:, None])
            said[step, joint] = one.predict()[:2, 0]
    return said


def test_the_kalman_filter_is_opencvs_with_the_demos_settings() -> None:
    walk = np.random.default_rng(1).normal(0, 3, (40, 5, 2)).cumsum(axis=0).astype(np.float32)
    smooth = KalmanFilter()
    ours = np.stack([smooth(place) for place in 200 + walk])
    assert ours == pytest.approx(opencvs_filters(200 + walk), abs=2e-3)


def test_the_kalman_filter_starts_at_the_keypoint_and_keeps_up_with_a_steady_one() -> None:
    smooth = KalmanFilter()
    steady = [np.array([[10.0 + 4 * step, 7.0]], np.float32) for step in range(80)]
    said = [smooth(place) for place in steady]
    assert said[0].tolist() == [[10, 7]]
    assert said[-2] == pytest.approx(steady[-1], abs=0.1)  # the next frame's place


def test_a_keypoint_that_comes_back_starts_anew() -> None:
    smooth, gone = KalmanFilter(), np.full((1, 2), np.nan, np.float32)
    for step in range(5):
        smooth(np.array([[50.0 * step, 0]], np.float32))
    assert np.isnan(smooth(gone)).all()
    assert smooth(np.array([[3.0, 4]], np.float32)).tolist() == [[3, 4]]
    assert smooth(np.array([[3.0, 4], [5, 6]], np.float32)).tolist() == [[3, 4], [5, 6]]
