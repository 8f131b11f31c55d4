"""Both hands as one pose: found in a real video, each on its side."""

import numpy as np
import pytest

from core.estimators import create_estimator
from core.estimators.both_hands import pair_hands
from core.media.videos import read_video
from core.pose.types import LEFT, RIGHT, Pose

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(0, 100, (21, 2)).astype(np.float32)


def a_hand(x, side=None, score=0.9):
    points = POINTS + np.float32([x, 0])
    return Pose(points, np.full(21, score, np.float32), score, side)


BOTH = [a_hand(0, LEFT), a_hand(300, RIGHT)]


def wrist_shifts(pose):
    """How far the left and the right hand's wrist are from that of `POINTS`, along x."""
    left, right = pose.keypoints[0, 0] - POINTS[0, 0], pose.keypoints[21, 0] - POINTS[0, 0]
    return [None if np.isnan(x) else round(float(x)) for x in (left, right)]


def test_both_hands_of_a_video_are_one_pose(weights_folder, shared_data):
    frames = [*read_video(shared_data / "hand_videos" / "two_palms.mp4", fps=5)]
    with (
        create_estimator("mediapipe-both-hands", weights_folder) as together,
        create_estimator("mediapipe-hands", weights_folder, num_poses=2) as alone,
    ):
        pairs = [(together.estimate(frame), alone.estimate(frame)) for frame in frames]
    assert max(len(apart.poses) for _, apart in pairs) == 2
    for both, apart in pairs:
        assert len(both.poses) == bool(apart.poses)
        assert (both.skeleton, both.estimator) == ("hands_42", "mediapipe-both-hands")
        sides = {hand.handedness: hand for hand in apart.poses}
        if len(sides) == 2:
            [pose] = both.poses
            np.testing.assert_array_equal(pose.keypoints[:21], sides[LEFT].keypoints)
            np.testing.assert_array_equal(pose.keypoints[21:], sides[RIGHT].keypoints)
            assert pose.score == max(hand.score for hand in apart.poses)


@pytest.mark.parametrize(
    ("last", "hands", "expected"),
    [
        # a new hand has the side that its estimator gives
        ([], [a_hand(0, RIGHT)], [None, 0]),
        ([], [a_hand(0, LEFT)], [0, None]),
        ([], [a_hand(0, RIGHT), a_hand(300, LEFT)], [300, 0]),
        ([], [a_hand(0, LEFT, 0.6), a_hand(300, LEFT, 0.9)], [300, 0]),  # by score
        ([], [a_hand(0, RIGHT, 0.6), a_hand(300, RIGHT, 0.9)], [0, 300]),
        # a tracked one keeps its side whatever its handedness
        (BOTH, [a_hand(5, RIGHT, 0.6), a_hand(304, RIGHT, 0.9)], [5, 304]),
        (BOTH, [a_hand(304, LEFT, 0.6)], [None, 304]),
        # but for a confident handedness where the other side is free
        ([a_hand(0, LEFT, 0.6)], [a_hand(2, RIGHT, 0.99)], [None, 2]),
        # the two most confident of several count
        ([], [a_hand(0, LEFT, 0.5), a_hand(200, LEFT, 0.9), a_hand(400, RIGHT, 0.8)], [200, 400]),
        ([], [a_hand(0, None, 0.5), a_hand(200, None, 0.9), a_hand(400, None, 0.8)], [200, 400]),
    ],
)
def test_each_hand_gets_its_side(last, hands, expected):
    known = pair_hands(last).keypoints if last else None
    assert wrist_shifts(pair_hands(hands, known)) == expected
