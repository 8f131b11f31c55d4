"""A model that was trained on whole bodies notices that it sees half of one."""

import numpy as np
import pytest

from core.gestures.modelfile.drift import find_half_bodies, measure_coverage
from core.pose.skeletons.table import BODY_33, COCO_17, HAND_21

KNEES = BODY_33.index("left_knee")


def people(n: int, without_legs: int) -> np.ndarray:
    points = np.random.default_rng(0).uniform(0, 300, (n, 33, 2)).astype(np.float32)
    points[:without_legs, KNEES:] = np.nan
    return points


def test_the_share_of_samples_that_show_hips_and_legs_by_hand():
    assert measure_coverage(people(10, 3), BODY_33) == {"hips": 1.0, "legs": 0.7}
    assert measure_coverage(np.zeros((4, 21, 2), np.float32), HAND_21) == {}


@pytest.mark.parametrize(("without_legs", "noticed"), [(1, True), (5, False)])
def test_half_a_body_is_noticed_by_who_learned_whole_ones_alone(without_legs, noticed):
    learned = measure_coverage(people(10, without_legs), BODY_33)
    assert find_half_bodies(people(2, 1), BODY_33, learned).tolist() == [noticed, False]


def test_one_leg_behind_the_other_is_no_half_body():
    one = people(1, 0)
    one[0, [BODY_33.index("left_knee"), BODY_33.index("left_ankle")]] = np.nan
    assert not find_half_bodies(one, BODY_33, {"hips": 1.0, "legs": 1.0})[0]


def test_of_a_model_that_says_nothing_nothing_is_known():
    points = np.full((1, 17, 2), np.nan, np.float32)
    assert not find_half_bodies(points, COCO_17, {})[0]
    assert not find_half_bodies(np.full((1, 21, 2), np.nan), HAND_21, {"legs": 1.0})[0]
