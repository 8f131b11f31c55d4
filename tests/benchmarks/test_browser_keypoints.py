"""How far the browser's keypoints are from the server's, by hand."""

import numpy as np

from benchmarks.browser_keypoints import compare


def told(points):
    hands = [{"keypoints": points.tolist()}] if points is not None else []
    return {"hands": hands, "spent": [90, 20, 30], "by": "CPU"}


def test_distances_are_shares_of_the_hand_s_larger_side_and_lone_hands_are_counted():
    hand = np.zeros((21, 2))
    hand[20] = 100, 50
    away = hand + np.array((3, 4))  # 5 px of 100
    found = compare([hand, hand, None, None], [told(away), told(None), told(hand), told(None)])
    assert found["median % of the hand"] == found["95 % of keypoints within %"] == 5
    assert (found["pictures"], found["both found a hand"]) == (4, 1)
    assert (found["server alone"], found["browser alone"]) == (1, 1)
    assert found["pictures with a mean above 1 %"] == 1
    assert (found["by"], found["browser's ms a look, median"]) == (["CPU"], 25)
