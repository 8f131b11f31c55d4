"""The rule that names arm poses, on a figure drawn by hand; turned arms keep what was seen."""

import numpy as np
import pytest

from core.gestures.labels import ARM_POSES
from core.pose.skeletons import BODY_33, LSP_14, convert
from core.recipes.arm_poses import (
    UNCLEAR,
    People,
    angles_of,
    label_of,
    screen_arms,
    truth_of_lspet,
    turned,
    view_of,
)
from tests.recipes.conftest import AT, DOWN, OBLIQUE, OUT, UP, figure


def name_of(person: np.ndarray) -> str:
    label = label_of(person)
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
    assert name_of(figure(left, right)) == said


def test_left_is_the_screens_whichever_way_somebody_faces():
    facing = figure(OUT, DOWN)
    away = facing.copy()  # seen from behind, the person's left arm is at the screen's left
    for joint in ("shoulder", "elbow", "wrist", "hip"):
        sides = [AT(f"left_{joint}"), AT(f"right_{joint}")]
        away[sides] = away[sides[::-1]]
    mirrored = facing * np.float32([-1, 1]) + np.float32([600, 0])
    assert [name_of(one) for one in (facing, away, mirrored)] == [
        "left_arm_out",
        "left_arm_out",
        "right_arm_out",
    ]
    np.testing.assert_allclose(angles_of(screen_arms(away)), [[90, 90], [0, 0]], atol=1e-4)


def test_somebody_upside_down_is_turned_upright_with_the_picture():
    middle = np.float32([300, 240])
    fallen = 2 * middle - figure(UP, UP)  # a handstand
    assert name_of(fallen) == "unclear"
    view, upright = view_of(np.zeros((480, 640, 3), np.uint8), fallen, 256)
    assert view.shape == (256, 256, 3) and name_of(upright) == "hands_up"
    x, y = (np.nanmin(upright, 0) + np.nanmax(upright, 0)) / 2
    assert abs(x - 127.5) < 1e-3 and abs(y - 127.5) < 1e-3
    np.testing.assert_allclose(
        (np.nanmax(upright, 0) - np.nanmin(upright, 0)).max(), 128, atol=1e-3
    )


def test_arms_as_seen_turn_with_the_true_ones_and_stay_as_far_off():
    truth = figure((20, 10), DOWN)
    seen = np.full((33, 2), np.nan, np.float32)
    for joint in ("shoulder", "elbow", "wrist", "hip"):
        for side in ("left", "right"):
            seen[BODY_33.index(f"{side}_{joint}")] = truth[AT(f"{side}_{joint}")]
    wrist = BODY_33.index("left_wrist")
    seen[wrist] += [6, -4]
    people = People(truth[None], seen[None], np.array(["a.jpg"]), np.array([0]))
    made, labels = turned(people, np.random.default_rng(0))
    assert {*labels.tolist()} == set(range(len(ARM_POSES)))
    assert [label_of(person) for person in made.truth] == labels.tolist()
    lsp = convert(made.seen, BODY_33, LSP_14)
    off = np.linalg.norm(lsp[:, AT("left_wrist")] - made.truth[:, AT("left_wrist")], axis=1)
    there = np.isfinite(off)  # crossed arms may hide a wrist
    np.testing.assert_allclose(off[there], np.hypot(6, 4), rtol=1e-3)
    np.testing.assert_allclose(
        lsp[:, AT("right_elbow")], made.truth[:, AT("right_elbow")], atol=1e-3
    )


def test_real_people_are_read_with_what_is_not_labelled_missing(shared_data):
    path, people = next(iter(truth_of_lspet(shared_data / "body" / "lspet")))
    assert path.is_file() and people.shape == (1, 14, 2)
    # the first row of joints.csv
    np.testing.assert_allclose(people[0, AT("right_wrist")], [11.0, 124.1])
    np.testing.assert_allclose(people[0, AT("head_top")], [84.1, 72.8])
