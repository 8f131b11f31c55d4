"""Drawn hands are hands to the landmarker, where they were drawn: pictures that show nobody."""

import numpy as np
import pytest

from benchmarks.drawn_hands import draw_hand
from core.capture.demo import read_demo
from core.estimators import create_estimator
from core.paths import Paths


@pytest.mark.parametrize(("gesture", "number"), [("open_palm", 8), ("thumbs_up", 4)])
def test_mediapipe_finds_a_drawn_hand_where_it_was_drawn(gesture, number, weights_folder):
    keypoints = read_demo(Paths.find().demo).of(gesture)[number] * 300 + [320, 240]
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        (pose,) = estimator.estimate_still(draw_hand(keypoints, (480, 640))).poses
    off = np.linalg.norm(pose.keypoints - keypoints, axis=1) / np.ptp(keypoints, axis=0).max()
    assert np.median(off) < 0.05


def test_a_drawing_is_the_same_each_time_and_of_the_size_asked_for():
    keypoints = read_demo(Paths.find().demo).of("ok")[0] * 120 + [160, 110]
    first, second = (draw_hand(keypoints, (200, 320)) for _ in range(2))
    assert first.shape == (200, 320, 3)
    np.testing.assert_array_equal(first, second)
