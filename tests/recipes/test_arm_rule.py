"""The rule that names arm poses, on a figure drawn by hand."""

import numpy as np
import pytest

from core.gestures.labels import ARM_POSES
from core.recipes.arm_rule import UNCLEAR, angles_of, label_of, screen_arms, taught_label_of
from tests.recipes.conftest import AT, DOWN, OBLIQUE, OUT, UP, figure


def name_of(label: int) -> str:
    return "unclear" if label == UNCLEAR else ARM_POSES[label].name


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (OUT, OUT, "t_pose"),
        ((70, 110), (85, 65), "t_pose"),
        (OBLIQUE, OBLIQUE, "y_pose"),
        (UP, UP, "hands_up"),
        ((200, 170), UP, "hands_up"),
        (OUT, DOWN, "left_arm_out"),
        ((15, -10), OUT, "right_arm_out"),
        ((45, -40), (45, -40), "hands_on_hips"),
        ((0, -100), (0, -100), "arms_crossed"),
        (DOWN, DOWN, "none"),
        (UP, DOWN, "none"),
        ((45, 45), (45, 45), "unclear"),  # neither hanging nor out
        ((110, 115), (112, 112), "unclear"),  # T or Y
    ],
)
def test_the_rule_by_hand(left, right, said):
    assert name_of(label_of(figure(left, right))) == said


@pytest.mark.parametrize(
    ("degrees", "ruled", "taught"),
    [
        (90, "t_pose", "t_pose"),
        (61, "t_pose", "t_pose"),
        (54, "unclear", "t_pose"),
        (50, "unclear", "unclear"),  # T, or either arm out
        (47, "unclear", "none"),
        (36, "unclear", "none"),
        (34, "none", "none"),
        (112, "unclear", "unclear"),  # T or Y
    ],
)
def test_what_is_between_a_pose_and_none_is_parted_in_the_middle_to_be_taught(
    degrees, ruled, taught
):
    both = figure((degrees, degrees), (degrees, degrees))
    assert (name_of(label_of(both)), name_of(taught_label_of(both))) == (ruled, taught)


def test_left_is_the_screens_whichever_way_somebody_faces():
    facing = figure(OUT, DOWN)
    away = facing.copy()  # seen from behind, the person's left arm is at the screen's left
    for joint in ("shoulder", "elbow", "wrist", "hip"):
        sides = [AT(f"left_{joint}"), AT(f"right_{joint}")]
        away[sides] = away[sides[::-1]]
    mirrored = facing * np.float32([-1, 1]) + np.float32([600, 0])
    assert [name_of(label_of(one)) for one in (facing, away, mirrored)] == [
        "left_arm_out",
        "left_arm_out",
        "right_arm_out",
    ]
    np.testing.assert_allclose(angles_of(screen_arms(away)), [[90, 90], [0, 0]], atol=1e-4)
