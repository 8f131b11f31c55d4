"""The shipped model of arm poses on a drawn figure: the screen's left and right, half bodies."""

from dataclasses import replace

import numpy as np
import pytest

from core.gestures.modelfile.card import format_card
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.pose.skeletons.table import BODY_33, LSP_14
from core.pose.types import Estimate, Pose
from core.reading.reading import predict_hands

SIZE_HW = (480, 640)
DOWN, OUT, OBLIQUE, UP = (0, 0), (90, 90), (135, 135), (180, 180)  # angles of an arm


@pytest.fixture(scope="module")
def arms() -> GestureModel:
    return GestureModel.load(Paths.arms)


def figure(left: tuple[float, float], right: tuple[float, float]) -> np.ndarray:
    """(14, 2) somebody who faces the camera, 100 px from shoulders to hips, by the angles of the
    arms at the screen's left and right: the person's right arm is at the screen's left."""
    body = np.full((14, 2), np.nan, np.float32)
    for side, way, angles in (("right", -1, left), ("left", 1, right)):
        body[LSP_14.index(f"{side}_shoulder")] = at = np.array([300 + way * 35, 100.0])
        body[LSP_14.index(f"{side}_hip")] = [300 + way * 22, 200]
        for joint, angle in zip(("elbow", "wrist"), np.radians(angles), strict=True):
            at = at + 50 * np.array([way * np.sin(angle), np.cos(angle)])
            body[LSP_14.index(f"{side}_{joint}")] = at
    body[LSP_14.index("neck")], body[LSP_14.index("head_top")] = (300, 95), (300, 40)
    return body


def seen(left, right, *, mirrored: bool = False, legs: bool = True) -> Estimate:
    """The figure as BlazePose would give it, its knees and ankles below its hips."""
    drawn, points = figure(left, right), np.full((33, 2), 300, np.float32)
    visibility = np.zeros(33, np.float32)
    there = {name: drawn[LSP_14.index(name)] for name in LSP_14.joints if name in BODY_33.joints}
    there["nose"] = np.float32([300, 60])
    for side in ("left", "right"):
        for joint, below in (("knee", 70), ("ankle", 140)):
            there[f"{side}_{joint}"] = there[f"{side}_hip"] + np.float32([0, below])
    for name, point in there.items():
        points[BODY_33.index(name)] = point
        visibility[BODY_33.index(name)] = legs or not name.endswith(("hip", "knee", "ankle"))
    pose = Pose(points, np.ones(33, np.float32), visibility=visibility)
    return Estimate((pose,), SIZE_HW, "mediapipe-pose", 0.0, mirrored, skeleton="body_33")


@pytest.mark.parametrize("legs", [True, False], ids=["whole", "half"])
@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (OUT, OUT, "t_pose"),
        (OBLIQUE, OBLIQUE, "y_pose"),
        (UP, UP, "hands_up"),
        (OUT, DOWN, "left_arm_out"),
        (DOWN, OUT, "right_arm_out"),
        (DOWN, DOWN, None),
    ],
)
def test_a_drawn_figure_is_read_whole_and_half(arms, left, right, said, legs):
    [answer] = predict_hands(arms, seen(left, right, legs=legs))
    assert (answer.gesture.name if answer.gesture else None) == said
    assert not answer.half  # it was trained on half bodies, too


def test_before_a_mirror_left_is_the_screens_left(arms):
    """In the picture the arm at its left is out; the mirrored screen shows it at the right."""
    [answer] = predict_hands(arms, seen(OUT, DOWN, mirrored=True))
    assert answer.gesture is not None and answer.gesture.name == "right_arm_out"


def test_a_model_of_whole_bodies_says_that_it_sees_half_of_one(arms):
    whole = replace(arms, metadata=arms.metadata | {"coverage": {"hips": 1.0, "legs": 0.97}})
    assert predict_hands(whole, seen(OUT, OUT, legs=False))[0].half
    assert not predict_hands(whole, seen(OUT, OUT))[0].half


def test_the_card_that_ships_is_the_model_s_and_speaks_of_bodies(arms):
    card = (Paths.arms / "CARD.md").read_text(encoding="utf-8")
    notes = card[card.index("## How it was made") :]
    assert card == format_card(arms.metadata, arms.gestures, notes=notes)
    assert "made\\-up bodies" in card and "made\\-up hands" not in card
    assert "Leeds Sports Pose Extended (14149), COCO 2017 (1026)" in card
