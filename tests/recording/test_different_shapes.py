"""Which samples of a hold look different, and where its tail ends; counted by hand."""

import numpy as np
import pytest

from core.recording.different_shapes import MIN_SAMPLES, count_kept, find_minority, normalise_shapes

SQUARE = np.array([(0, 0), (100, 0), (100, 100), (0, 100)], np.float32)
LINE = np.array([(0, 0), (100, 0), (100, 10), (0, 10)], np.float32)


def shapes(*poses):
    """The poses, each at another place and of another size."""
    return [pose * (1 + 0.1 * i) + (30 * i, 7 * i) for i, pose in enumerate(poses)]


def test_position_and_size_do_not_count_and_direction_does():
    moved, turned = normalise_shapes(np.stack([3 * LINE + 500, LINE[:, ::-1]]))
    np.testing.assert_allclose(moved, normalise_shapes(LINE[None])[0], atol=1e-6)
    assert turned[1].tolist() == pytest.approx([-0.05, 0.5])


def test_the_few_of_another_shape_are_found():
    assert find_minority(shapes(*[SQUARE] * 10, LINE, SQUARE, LINE)) == [10, 12]


def test_a_hand_that_trembles_is_not_different():
    rng = np.random.default_rng(0)
    assert find_minority([SQUARE + rng.normal(0, 3, (4, 2)) for _ in range(30)]) == []


def test_half_and_half_has_no_minority_and_few_samples_no_usual_shape():
    assert find_minority(shapes(*[SQUARE, LINE] * 10)) == []
    assert find_minority(shapes(*[SQUARE] * (MIN_SAMPLES - 2), LINE)) == []


def test_hidden_keypoints_and_poses_of_two_kinds_do_no_harm():
    hidden = SQUARE.copy()
    hidden[0] = np.nan
    assert find_minority([*[SQUARE] * 10, hidden, LINE]) == [11]
    assert find_minority([*[SQUARE] * 10, np.zeros((2, 2), np.float32)]) == []


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        ([SQUARE, SQUARE, SQUARE], 3),
        ([SQUARE, LINE, LINE], 1),
        ([SQUARE, LINE, None], 1),
        ([LINE, None, SQUARE], 3),  # it came back
        ([None, None], 0),
        ([], 0),
    ],
)
def test_a_tail_is_kept_up_to_the_last_frame_in_the_pose(tail, kept):
    assert count_kept(shapes(*[SQUARE] * 10), tail) == kept


def test_of_a_short_hold_only_a_missing_hand_is_away():
    assert count_kept([SQUARE], [SQUARE, LINE]) == 2
    assert count_kept([SQUARE], [SQUARE, None]) == 1
    assert count_kept([], [None, None]) == 2
