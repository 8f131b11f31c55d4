"""Hands made of two: the fingers that were taken are the donor's, the rest stays."""

import numpy as np

from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.gestures.openset.outliers import (
    MIN_DISTANCE,
    centre_and_fill,
    describe_shape,
    find_nearest_distances,
    make_outliers,
    recombine_fingers,
)
from core.lab.starter_data import read_recorders
from tests.gestures.conftest import make_data


def a_hand(tips: float = 1.0) -> np.ndarray:
    """A flat hand, palm up: five straight fingers of length `tips`."""
    joints = [[0.0, 0.0]]
    for x in (2.0, 1.0, 0.0, -1.0, -2.0):
        joints += [[x, -4.0 - part * tips] for part in range(4)]
    return np.array([joints], np.float32)


def turned(hands: np.ndarray, degrees: float, size: float = 1.0) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (size * hands @ turn.T).astype(np.float32)


def test_one_or_two_fingers_are_the_donor_s_however_it_is_held():
    hands = np.repeat(a_hand(), 200, 0)
    donors = turned(np.repeat(a_hand(tips=0.5), 200, 0), 70, 3.0) + 50
    made = recombine_fingers(hands, donors, np.random.default_rng(0))
    length = np.linalg.norm(made[:, 4::4] - made[:, 1::4], axis=2).round(4)
    assert set(np.unique(length)) == {1.5, 3.0}  # three keypoints of the donor's 0.5, or of 1.0
    assert set((length == 1.5).sum(1)) == {1, 2}
    np.testing.assert_allclose(
        made[:, [0, 1, 5, 9, 13, 17]], hands[:, [0, 1, 5, 9, 13, 17]], atol=1e-5
    )


def test_a_mirrored_donor_gives_the_same_finger():
    hands, donors = np.repeat(a_hand(), 50, 0), np.repeat(a_hand(tips=0.5), 50, 0)
    ways = [
        recombine_fingers(hands, d, np.random.default_rng(1)) for d in (donors, donors * [-1, 1])
    ]
    np.testing.assert_allclose(*ways, atol=1e-5)


def test_the_shape_knows_neither_place_nor_size_nor_direction_nor_side():
    plain = describe_shape(a_hand(0.7))
    for other in (turned(a_hand(0.7), 100, 4.0) + 30, a_hand(0.7) * np.float32([-1, 1])):
        np.testing.assert_allclose(describe_shape(other.astype(np.float32)), plain, atol=1e-5)


def test_the_nearest_by_hand():
    rows, bank = np.float32([[0, 0], [3, 4]]), np.float32([[0, 1], [3, 2]])
    np.testing.assert_allclose(find_nearest_distances(rows, bank), [1, 2], atol=1e-5)


def test_missing_keypoints_lie_at_the_wrist_and_a_mirrored_view_is_flipped():
    data = make_data(persons=1, gestures=2, each=2)
    data.keypoints[0, 5] = np.nan
    data.mirrored_view[1] = True
    found = centre_and_fill(data)
    assert found[0, 5].tolist() == [0, 0]
    np.testing.assert_allclose(found[1, :, 0], data.keypoints[1, 0, 0] - data.keypoints[1, :, 0])


def test_one_gesture_gives_no_unknown_hands_and_none_alone_neither():
    data = make_data(persons=1, gestures=2)
    alone = data.take(data.labels == 0)
    assert len(make_outliers(alone, 50, np.random.default_rng(0))) == 0


def test_synthetic_outliers_of_real_ones_look_like_none_of_the_gestures(shared_data):
    data = read_recorders(shared_data / "hand_keypoints" / "gestures.csv")
    few = data.take(np.arange(0, len(data), 40))
    made = make_outliers(few, 300, np.random.default_rng(0))
    assert len(made) == 300 and np.isfinite(made).all()
    assert NONE in DEFAULT_GESTURES and not (few.labels == DEFAULT_GESTURES.index(NONE)).any()
    assert (
        find_nearest_distances(describe_shape(made), describe_shape(centre_and_fill(few))).min()
        > 0.5 * MIN_DISTANCE
    )
