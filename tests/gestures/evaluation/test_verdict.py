"""The verdict on a training, by confusion matrices that are judged by hand: a row per gesture."""

import pandas as pd
import pytest

from core.gestures.evaluation.intervals import wilson_interval
from core.gestures.evaluation.validation import find_wrong_samples
from core.gestures.evaluation.verdict import (
    Count,
    Outcome,
    Reason,
    Step,
    judge_training,
)
from core.gestures.labels import GestureLabel

FIST, POINT, OK, NONE = (
    GestureLabel("fist", "👊"),
    GestureLabel("point_up", "☝️"),
    GestureLabel("ok", "👌"),
    GestureLabel("none", "🚫"),
)


def result(confusion, *, split="burst", independent=None, labels=(FIST, POINT, OK), **more):
    """The result record of a training whose held-out samples count as so many independent ones,
    without a number for as many as they are."""
    n = sum(map(sum, confusion))
    correct = sum(row[i] for i, row in enumerate(confusion))
    counted = n if independent is None else independent
    figures = {
        "n": n,
        "accuracy": correct / n,
        "interval": wilson_interval(counted * correct / n, counted),
        "effective_n": counted,
        "confusion": confusion,
    }
    gestures = [{"name": label.name, "emoji": label.emoji} for label in labels[: len(confusion)]]
    return {"figures": figures, "split": split, "gestures": gestures} | more


@pytest.mark.parametrize(
    ("confusion", "options", "outcome", "reason"),
    [
        # all of 20: Wilson's low end is 20 / 23.84 = 0.84
        ([[10, 0], [0, 10]], {}, Outcome.WORKS, Reason.NONE),
        # all of 40 frames that count as 8: 8 / 11.84 = 0.68 is below 0.7; as 10: 0.72
        ([[20, 0], [0, 20]], {"independent": 8}, Outcome.TOO_FEW, Reason.FEW_SAMPLES),
        ([[20, 0], [0, 20]], {"independent": 10}, Outcome.WORKS, Reason.NONE),
        # 5 of 10 that count as 2
        ([[5, 0], [5, 0]], {"independent": 2}, Outcome.TOO_FEW, Reason.FEW_SAMPLES),
        # the same that stand alone: 5 fists too many
        ([[5, 0], [5, 0]], {}, Outcome.MIXED, Reason.NONE),
        # 96 % of 200 right, but 8 of 60 fists are taken for ☝: 13 %
        ([[52, 8], [0, 140]], {}, Outcome.MIXED, Reason.NONE),
        # 96 % right, and the 8 are 6 % of theirs
        ([[132, 8], [0, 60]], {}, Outcome.WORKS, Reason.NONE),
        # two wrong are no habit, though one in ten
        ([[18, 2], [0, 20]], {}, Outcome.WORKS, Reason.NONE),
        # 20 of 24 right, wrong each time in another way: neither good nor a mix-up of two
        ([[6, 2, 0], [0, 8, 0], [2, 0, 6]], {}, Outcome.TOO_FEW, Reason.FEW_SAMPLES),
        # one recording of each gesture: the held-out ends of it are nearly what was learned
        ([[20, 0], [0, 20]], {"split": "tail"}, Outcome.TOO_FEW, Reason.SAME_RECORDINGS),
        ([[17, 3], [0, 20]], {"split": "tail"}, Outcome.MIXED, Reason.NONE),  # even so
        # 4 of 14 right: the hand left at the end
        (
            [[4, 3], [7, 0]],
            {"split": "tail", "independent": 2},
            Outcome.TOO_FEW,
            Reason.ENDS_DIFFER,
        ),
        ([[4, 3], [7, 0]], {"split": "tail"}, Outcome.MIXED, Reason.ENDS_DIFFER),
        ([[0, 0], [0, 0]], {}, Outcome.TOO_FEW, Reason.FEW_SAMPLES),
    ],
)
def test_the_verdict_by_hand(confusion, options, outcome, reason):
    given = result(confusion, **options) if any(map(sum, confusion)) else _empty(confusion)
    verdict = judge_training(given)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    correct = sum(row[i] for i, row in enumerate(confusion))
    assert verdict.held_out == Count(correct, sum(map(sum, confusion)))


def _empty(confusion):
    figures = {"n": 0, "accuracy": 0.0, "interval": [0.0, 1.0], "confusion": confusion}
    gestures = [{"name": "fist", "emoji": ""}, {"name": "ok", "emoji": ""}]
    return {"figures": figures, "split": "person", "gestures": gestures}


def test_the_two_gestures_that_are_mixed_up_most_are_named_in_both_directions():
    # 👊 and 👌: 4 + 5 = 9, ☝ for 👊: 6
    verdict = judge_training(result([[10, 0, 4], [6, 14, 0], [5, 0, 15]]))
    assert verdict.outcome is Outcome.MIXED and verdict.mixed == (FIST, OK)


def test_nothing_is_named_where_all_is_right_or_too_little_was_tested():
    assert judge_training(result([[10, 0], [0, 10]])).mixed is None
    assert judge_training(result([[5, 0], [5, 0]], independent=2)).mixed is None


def test_the_gesture_with_the_fewest_held_out_samples_is_to_be_recorded():
    assert judge_training(result([[9, 0, 0], [0, 2, 1], [0, 0, 8]])).fewest == POINT


def test_an_old_training_without_independent_samples_counts_them_all():
    given = result([[10, 0], [0, 10]])
    del given["figures"]["effective_n"]
    assert judge_training(given).outcome is Outcome.WORKS


def test_a_missing_none_is_told_but_not_of_movements():
    assert judge_training(result([[10, 0], [0, 10]])).lacks_none
    assert not judge_training(result([[10, 0], [0, 10]], labels=(FIST, NONE))).lacks_none
    assert not judge_training(result([[10, 0], [0, 10]], matcher="templates")).lacks_none


def test_the_worse_of_still_and_moving_gestures_counts_and_both_are_counted():
    swipe, circle = GestureLabel("swipe", "👋"), GestureLabel("circle", "⭕")
    moving = result([[1, 0], [1, 0]], split="tail", independent=1, labels=(swipe, circle))
    verdict = judge_training(result([[10, 0], [0, 10]], motions=moving))
    assert (verdict.outcome, verdict.reason) == (Outcome.TOO_FEW, Reason.ENDS_DIFFER)
    assert (verdict.held_out, verdict.motions) == (Count(20, 20), Count(1, 2))
    mixed = judge_training(result([[5, 5], [0, 10]], motions=moving))
    assert mixed.outcome is Outcome.MIXED and mixed.mixed == (FIST, POINT)


WORKS = [[10, 0], [0, 10]]
MIXED = [[5, 5], [0, 10]]


@pytest.mark.parametrize(
    ("given", "first", "has_wrong", "tries_here", "step"),
    [
        (result(MIXED), False, True, False, Step.LOOK),
        (result(MIXED), True, True, True, Step.LOOK),
        (result(MIXED), False, False, True, Step.RECORD),  # they were deleted since
        (result([[4, 3], [7, 0]], split="tail", independent=2), True, True, True, Step.LOOK),
        (result([[5, 0], [5, 0]], independent=2), False, True, True, Step.RECORD),
        # the first training is tried, though its test was too easy
        (result(WORKS, split="tail"), True, False, False, Step.TRY),
        (result(WORKS, split="tail"), True, False, True, Step.RECORD_NONE),
        (result(WORKS, split="tail"), False, False, True, Step.RECORD),
        (result(WORKS), False, False, False, Step.TRY),
        (result(WORKS), False, False, True, Step.RECORD_NONE),
        (result(WORKS, labels=(FIST, NONE)), False, False, True, Step.TRY),
    ],
)
def test_the_one_next_step(given, first, has_wrong, tries_here, step):
    verdict = judge_training(given)
    assert verdict.choose_step(first=first, has_wrong=has_wrong, tries_here=tries_here) is step


def test_the_last_step_is_the_page_s_own():
    verdict = judge_training(result(WORKS, labels=(FIST, NONE)))
    options = {"first": False, "has_wrong": False, "tries_here": True}
    assert verdict.choose_step(**options, last=Step.EXPORT) is Step.EXPORT


def test_wrong_samples_come_with_the_mixed_pair_first_then_the_most_confident():
    rows = [
        (1, "fist", "fist", 0.9),
        (2, "ok", "fist", 0.95),
        (3, "fist", "point_up", 0.5),
        (4, "point_up", "fist", 0.7),
    ]
    table = pd.DataFrame(rows, columns=["sample_id", "target", "predicted", "probability"])
    wrong = find_wrong_samples(table, ("fist", "point_up"))
    assert wrong == [(4, "point_up", "fist"), (3, "fist", "point_up"), (2, "ok", "fist")]
    assert [sample for sample, _, _ in find_wrong_samples(table)] == [2, 4, 3]
    assert find_wrong_samples(table[:1]) == []
