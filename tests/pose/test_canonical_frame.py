"""A pose's own frame by hand: a palm that points up, then turned, mirrored and of other sizes."""

import numpy as np
import pytest
import torch

from core.pose.canonical_frame import canonical_frame, heading_length, to_unit_length
from core.pose.skeletons.hands import KNUCKLES, WRIST
from core.pose.skeletons.table import COCO_17, HAND_21

# A palm 8 long and 6 wide that points up, its index side at the right, and a thumb beside it.
UPRIGHT = np.zeros((1, 21, 2))
UPRIGHT[0, KNUCKLES, 0], UPRIGHT[0, KNUCKLES, 1] = [3, 1, -1, -3], -8
UPRIGHT[0, 4] = [5, -2]


def turned(hands: np.ndarray, degrees: float) -> np.ndarray:
    """Clockwise on the screen, where y points down."""
    a = np.radians(degrees)
    return hands @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])


def test_the_frame_of_an_upright_palm_by_hand():
    frame = canonical_frame(UPRIGHT, HAND_21)
    np.testing.assert_allclose(frame.heading, [[0, -1]], atol=1e-6)
    np.testing.assert_allclose(frame.own[0, [5, 17, 4]], [[3, 8], [-3, 8], [5, 2]], atol=1e-6)
    assert not frame.flipped[0] and heading_length(UPRIGHT, HAND_21) == 8


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, 271])
@pytest.mark.parametrize("other_hand", [False, True])
def test_the_frame_is_the_same_however_a_hand_is_held(degrees, other_hand):
    held = turned(UPRIGHT * ([-1, 1] if other_hand else [1, 1]), degrees)
    frame, a = canonical_frame(held, HAND_21), np.radians(degrees)
    np.testing.assert_allclose(frame.own, canonical_frame(UPRIGHT, HAND_21).own, atol=1e-6)
    np.testing.assert_allclose(frame.heading, [[np.sin(a), -np.cos(a)]], atol=1e-6)
    assert frame.flipped.tolist() == [other_hand]
    np.testing.assert_allclose(heading_length(3 * held, HAND_21), [24])


def test_numpy_and_torch_agree_and_a_hand_without_extent_has_no_heading():
    hands = np.random.default_rng(0).normal(0, 1, (16, 21, 2))
    hands[:, WRIST], hands[3] = 0, 0
    found = canonical_frame(torch.from_numpy(hands), HAND_21, torch)
    for part, wanted in zip(found, canonical_frame(hands, HAND_21), strict=True):
        np.testing.assert_allclose(part.numpy(), wanted, atol=1e-12)
    assert not found.heading[3].any() and not to_unit_length(np.zeros((2, 2))).any()


def test_a_body_s_left_arm_stays_its_left_arm():
    """Bodies are turned upright, but not mirrored: left and right are told apart."""
    body = np.zeros((1, 17, 2))
    body[0, COCO_17.index("nose")] = [0, -4]
    body[0, COCO_17.index("left_wrist")] = [6, 1]
    frame = canonical_frame(turned(body, 90), COCO_17)
    np.testing.assert_allclose(frame.own[0, COCO_17.index("left_wrist")], [6, -1], atol=1e-6)
    np.testing.assert_allclose(frame.heading, [[1, 0]], atol=1e-6)
    assert not frame.flipped.any()
