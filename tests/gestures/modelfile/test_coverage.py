"""A model that was trained on whole bodies notices that it sees half of one."""

import numpy as np
import pytest

from core.errors import ModelError
from core.gestures.modelfile.drift import find_half_bodies, measure_coverage
from core.gestures.modelfile.metadata import ModelMetadata
from core.pose.skeletons.table import BODY_33, COCO_17, HAND_21

KNEES = BODY_33.index("left_knee")


def people(n: int, without_legs: int) -> np.ndarray:
    points = np.random.default_rng(0).uniform(0, 300, (n, 33, 2)).astype(np.float32)
    points[:without_legs, KNEES:] = np.nan
    return points


def test_the_share_of_samples_that_show_hips_and_legs_by_hand():
    assert measure_coverage(people(10, 3), BODY_33) == {"hips": 1.0, "legs": 0.7}
    assert measure_coverage(np.zeros((4, 21, 2), np.float32), HAND_21) == {}


def test_half_a_body_is_noticed_by_who_learned_whole_ones_alone():
    some = people(2, 1)
    assert find_half_bodies(some, BODY_33, measure_coverage(people(10, 1), BODY_33)).tolist() == [
        True,
        False,
    ]
    assert find_half_bodies(some, BODY_33, measure_coverage(people(10, 5), BODY_33)).tolist() == [
        False,
        False,
    ]


def test_one_leg_behind_the_other_is_no_half_body():
    one = people(1, 0)
    one[0, [BODY_33.index("left_knee"), BODY_33.index("left_ankle")]] = np.nan
    assert not find_half_bodies(one, BODY_33, {"hips": 1.0, "legs": 1.0})[0]


def test_of_a_model_that_says_nothing_nothing_is_known():
    points = np.full((1, 17, 2), np.nan, np.float32)
    assert not find_half_bodies(points, COCO_17, {})[0]
    assert not find_half_bodies(np.full((1, 21, 2), np.nan), HAND_21, {"legs": 1.0})[0]


@pytest.mark.parametrize("learned", [[], {"legs": "all"}, {"legs": 2}, {"legs": None}])
def test_malformed_coverage_is_refused(learned):
    with pytest.raises(ModelError, match="metadata can't be used: 'coverage"):
        ModelMetadata.parse({"estimator": "x", "coverage": learned})
