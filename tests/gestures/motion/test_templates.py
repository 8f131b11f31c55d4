"""Warped distances beside the recurrence written out, and examples that name what they are like."""

import numpy as np

from core.gestures.motion.motion_features import get_motion_features
from core.gestures.motion.templates import Templates, cut_parts, measure_dtw


def by_the_recurrence(a: np.ndarray, b: np.ndarray) -> float:
    """Without a band, as the textbook has it."""
    cost = ((a[:, None] - b[None]) ** 2).sum(2)
    best = np.full((len(a) + 1, len(b) + 1), np.inf)
    best[0, 0] = 0
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            ways = best[i - 1, j], best[i, j - 1], best[i - 1, j - 1]
            best[i, j] = cost[i - 1, j - 1] + min(ways)
    return best[-1, -1] / len(a)


def test_warped_distances_are_those_of_the_recurrence():
    rng = np.random.default_rng(0)
    rows, bank = (rng.normal(0, 1, (n, 5, 3)).astype(np.float32) for n in (4, 3))
    wanted = [[by_the_recurrence(row, one) for one in bank] for row in rows]
    np.testing.assert_allclose(measure_dtw(rows, bank), wanted, rtol=1e-4)


def test_a_late_performance_is_the_same_one_late():
    t = np.linspace(0, 1, 16)
    here, late = (np.stack([np.sin(6 * x), np.cos(6 * x)], 1) for x in (t, t**1.3))
    one = here[None].astype(np.float32)
    warped = measure_dtw(late[None].astype(np.float32), one)[0, 0]
    assert warped < ((late - here) ** 2).sum(1).mean() / 5


def test_a_gesture_without_examples_is_never_the_answer():
    features, rng = get_motion_features("fingertip_1"), np.random.default_rng(0)
    clips = rng.normal(0, 1, (6, 16, 1, 2)).astype(np.float32)
    seen = np.zeros(6, bool)
    matcher = Templates.fit(features, clips[:4], seen[:4], np.array([0, 0, 2, 2]), 3)
    found = matcher.probabilities(clips, seen)
    assert np.isfinite(found).all() and (found.argmin(1) == 1).all()


def test_what_tells_gestures_apart_counts_and_what_does_not_hardly_does():
    """Two hand shapes, each on any way; then two ways, each with any hand shape."""
    features, rng = get_motion_features("hand_21"), np.random.default_rng(0)
    shapes = rng.normal(0, 1, (2, 1, 21, 2))
    t = np.linspace(0, 3, 16)
    ways = np.stack([[t, 0 * t], [0 * t, -t]]).transpose(0, 2, 1)[:, :, None]
    shape, way = np.arange(16) % 2, np.arange(16) // 2 % 2
    noise = rng.normal(0, 0.02, (16, 16, 21, 2))
    clips = (shapes[shape] + ways[way] + noise).astype(np.float32)
    seen = np.zeros(16, bool)
    for labels in (shape, way):
        matcher = Templates.fit(features, clips[:8], seen[:8], labels[:8], 2)
        assert (matcher.probabilities(clips[8:], seen[8:]).argmax(1) == labels[8:]).all()


def test_two_examples_of_each_gesture_name_other_performances():
    features, rng = get_motion_features("fingertip_1"), np.random.default_rng(0)
    t = np.linspace(0, 1, 16)
    ways = np.stack([[t, 0 * t], [-t, 0 * t], [np.cos(6 * t), np.sin(6 * t)]]).transpose(0, 2, 1)
    labels = np.tile([0, 1, 2], 12)
    size = rng.uniform(0.1, 0.5, (36, 1, 1))
    clips = (ways[labels] * size + rng.normal(0, 0.005, (36, 16, 2)))[:, :, None].astype(np.float32)
    seen = np.zeros(36, bool)
    matcher = Templates.fit(features, clips[:6], seen[:6], labels[:6], 3)
    found = matcher.probabilities(clips[6:], seen[6:])
    assert (found.argmax(1) == labels[6:]).all()
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_parts_of_what_is_no_gesture_are_none_as_well():
    """A way in waves is none. Without its parts a piece of it is nearer to a straight swipe."""
    features, rng = get_motion_features("fingertip_1"), np.random.default_rng(0)
    t = np.linspace(0, 1, 16)
    swipes = [np.stack([0 * t, size * t], 1) for size in (0.3, 0.4)]
    waves = [np.stack([size * np.sin(10 * t) / 10, size * t], 1) for size in (0.9, 1.0)]
    clips = np.stack([*swipes, *waves])[:, :, None] + rng.normal(0, 0.002, (4, 16, 1, 2))
    clips, seen, labels = clips.astype(np.float32), np.zeros(4, bool), np.array([0, 0, 1, 1])
    asked = cut_parts(clips[2:], np.random.default_rng(7))
    right = []
    for none in (None, 1):
        matcher = Templates.fit(features, clips, seen, labels, 2, none=none)
        assert (matcher.probabilities(clips, seen).argmax(1) == labels).all()
        answers = matcher.probabilities(asked, np.zeros(len(asked), bool)).argmax(1)
        right.append(float((answers == 1).mean()))
    assert right[0] < 0.5 and right[1] == 1.0


def straight(lengths: list[float], skeleton: str, size: float = 1.0) -> np.ndarray:
    """(N, 16, K, 2) of a hand whose farthest keypoint is so far from its root."""
    shape = np.zeros((get_motion_features(skeleton).skeleton.size, 2))
    shape[1:, 1] = size
    ways = np.linspace(-0.5, 0.5, 16)[None, :, None, None] * np.array(lengths)[:, None, None, None]
    return (shape + ways * [1.0, 0.0]).astype(np.float32)


def test_what_reaches_much_less_than_the_shortest_example_is_too_short():
    """Ways of 4 and 3 hands reach 2 and 1.5 from their middle, one of 8 hands 4. Of two examples
    0.72 * 2 / 3 of the shortest counts, of a single one 0.72 / 2."""
    features, labels = get_motion_features("hand_21"), np.array([0, 0, 1])
    clips = straight([4.0, 3.0, 8.0], "hand_21")
    matcher = Templates.fit(features, clips, np.zeros(3, bool), labels, 3)
    np.testing.assert_allclose(matcher.min_reach, [0.72, 1.44, 0.0], atol=1e-3)
    asked = np.concatenate([straight([1.4, 1.5], "hand_21"), straight([4.5], "hand_21", 3.0)])
    np.testing.assert_allclose(features.measure_reach(asked), [0.7, 0.75, 0.75], atol=1e-3)
    answers = np.array([[0.7, 0.1, 0.2]] * 3, np.float32)
    # of the second gesture's 0.1 all, of the first's 0.7 what is shorter; twice that
    np.testing.assert_allclose(matcher.score_short(asked, answers), [1.6, 0.2, 0.2], atol=1e-5)


def test_of_a_single_keypoint_or_a_hand_that_hardly_moves_no_reach_is_told():
    for skeleton, lengths in (("fingertip_1", [4.0, 3.0]), ("hand_21", [0.25, 0.2])):
        clips = straight(lengths, skeleton)
        least = Templates.fit(
            get_motion_features(skeleton), clips, np.zeros(2, bool), np.array([0, 1]), 2
        ).min_reach
        assert least == (0.0, 0.0)


def test_parts_lie_on_the_window_they_are_of_and_are_drawn_by_the_seed():
    line = np.linspace(0, 15, 16)[None, :, None, None] * np.ones((2, 1, 3, 2))
    drawn = [cut_parts(line.astype(np.float32), np.random.default_rng(1)) for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    assert drawn[0].shape == (8, 16, 3, 2)
    lengths = drawn[0][:, -1] - drawn[0][:, 0]
    assert (drawn[0][:, 0] >= 0).all() and (drawn[0][:, -1] <= 15 + 1e-4).all()
    assert (lengths > 0.34 * 15).all() and (lengths < 0.81 * 15).all() and np.ptp(lengths) > 1
