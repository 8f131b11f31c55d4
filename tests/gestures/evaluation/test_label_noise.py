"""Doubt on hand-made neighbours, and on real hands with labels made wrong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from core.gestures.evaluation.label_noise import (
    draw_references,
    score_by_model,
    score_by_neighbours,
)
from core.gestures.features import get_feature_set


def line(*paths):
    return np.array(paths, np.float32)[:, None]


def ints(*values):
    return np.array(values, np.int64)


def test_neighbours_of_the_same_recording_say_nothing():
    # 5 at 0 from two recordings of gesture 1, and one recording of gesture 2 wrongly called 1
    features = line(0, 0.1, 0.2, 0.3, 9, 9.1, 9.2, 9.3)
    labels = ints(1, 1, 1, 1, 1, 1, 2, 2)
    recordings = ints(10, 10, 11, 11, 12, 12, 13, 14)
    found = score_by_neighbours(features, labels, recordings)
    # sample 4 sees 2, 2 of recordings 13 and 14 and the four of 10 and 11: 2 of 6 differ
    assert found.score.tolist() == pytest.approx([2 / 6] * 6 + [6 / 7] * 2)
    assert found.other.tolist() == [1, 1, 1, 1, 1, 1, 1, 1]


def test_the_fifteen_nearest_vote():
    features = line(*np.linspace(0, 0.1, 16), *np.linspace(5, 5.1, 16), 5.05)
    labels = np.repeat([1, 2, 1], [16, 16, 1])
    found = score_by_neighbours(features, labels, np.arange(33))
    assert found.score[-1] == 1 and found.other[-1] == 2
    assert found.score[:16].max() == 0
    assert found.score[16:32] == pytest.approx([1 / 15] * 16, abs=1 / 15 + 1e-6)


def test_a_gesture_s_only_recording_counts_for_itself():
    features = line(0, 0.1, 0.2, 5, 5.1, 5.2)
    found = score_by_neighbours(features, ints(1, 1, 1, 2, 2, 2), ints(1, 1, 1, 2, 2, 2))
    # each sees the two of its own recording and the three others
    assert found.score.tolist() == pytest.approx([3 / 5] * 6)


def test_a_single_sample_is_not_known():
    found = score_by_neighbours(line(1), ints(3), ints(1))
    assert np.isnan(found.score).all() and found.other.tolist() == [3]
    assert score_by_neighbours(np.empty((0, 4), np.float32), ints(), ints()).score.shape == (0,)


def test_a_long_recording_gives_few_references():
    recordings = np.repeat([1, 2, 3], [1000, 5, 20])
    rows = draw_references(np.ones(1025, np.int64), recordings, np.random.default_rng(0))
    assert np.bincount(recordings[rows])[1:].tolist() == [15, 5, 15]
    ones = np.ones(40_000, np.int64)
    many = draw_references(ones, np.arange(40_000) // 2, np.random.default_rng(0))
    assert len(many) == 8000


def test_the_model_s_label_noise_score_is_what_it_gives_to_others():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5]], np.float32)
    found = score_by_model(probabilities, ints(0, 1, -1))
    assert found.score[:2] == pytest.approx([0.1, 0.9]) and np.isnan(found.score[2])
    assert found.other.tolist() == [0, 0, -1]


def test_labels_made_wrong_on_real_hands_are_found(shared_data):
    table = pd.read_csv(shared_data / "hand_keypoints" / "gestures.csv")
    table = table.groupby(["source_repo", "gesture"], group_keys=False).head(40)
    keypoints = table[[f"{axis}{j}" for j in range(21) for axis in "xy"]].to_numpy(np.float32)
    names, labels = np.unique(table["gesture"], return_inverse=True)
    _, recorders = np.unique(table["source_repo"], return_inverse=True)
    rng = np.random.default_rng(0)
    wrong = rng.random(len(labels)) < 0.03
    other = (labels + rng.integers(1, len(names), len(labels))) % len(names)
    noisy = np.where(wrong, other, labels)
    hands = get_feature_set("hand_21")(keypoints.reshape(-1, 21, 2), np.zeros(len(labels), bool))
    recordings = recorders * len(names) + labels
    found = score_by_neighbours(hands, noisy.astype(np.int64), recordings)
    assert average_precision_score(wrong, found.score) > 0.7
    assert (found.other[wrong] == labels[wrong]).mean() > 0.9
