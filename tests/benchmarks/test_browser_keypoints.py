"""How far the browser's keypoints are from the server's, by hand."""

import numpy as np

from benchmarks.browser_keypoints import compare
from core.pose.types import Pose


def pose(points, visibility=None):
    points = points.astype(np.float32)
    return Pose(points, np.ones(len(points), np.float32), visibility=visibility)


def test_distances_are_shares_of_the_hand_s_larger_side_and_lone_hands_are_counted():
    points = np.zeros((21, 2))
    points[20] = 100, 50
    hand, away = pose(points), pose(np.add(points, (3, 4)))  # 5 px of 100
    found = compare([hand, hand, None, None], [away, None, hand, None])
    assert found["median %"] == found["95 % of keypoints within %"] == 5
    assert (found["pictures"], found["found by both"]) == (4, 1)
    assert (found["by the server alone"], found["by the browser alone"]) == (1, 1)
    assert found["pictures with a mean above 1 %"] == 1
    assert "% of keypoints hidden to one alone" not in found


def test_keypoints_that_one_alone_takes_for_hidden_are_counted():
    points = np.arange(66.0).reshape(33, 2)
    seen, hidden = np.ones(33, np.float32), np.ones(33, np.float32)
    seen[0], hidden[:3] = 0.2, 0.4
    found = compare([pose(points, seen)], [pose(points, hidden)])
    assert found["% of keypoints hidden to one alone"] == round(100 * 2 / 33, 3)
