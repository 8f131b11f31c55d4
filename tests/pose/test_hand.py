"""The palm's frame by hand: a palm that points up, then turned, mirrored and of other sizes."""

import numpy as np
import pytest
import torch

from core.pose.hand import BASES, KNUCKLES, TIPS, WRIST, palm_frame, palm_length, unit
from core.pose.skeletons import HAND_21

# A palm 8 long and 6 wide that points up, its index side at the right, and a thumb beside it.
UPRIGHT = np.zeros((1, 21, 2))
UPRIGHT[0, KNUCKLES, 0], UPRIGHT[0, KNUCKLES, 1] = [3, 1, -1, -3], -8
UPRIGHT[0, 4] = [5, -2]


def turned(hands: np.ndarray, degrees: float) -> np.ndarray:
    """Clockwise on the screen, where y points down."""
    a = np.radians(degrees)
    return hands @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])


def test_the_named_joints_are_the_skeleton_s():
    ends = [HAND_21.joints[joint].rsplit("_", 1) for joint in TIPS]
    assert HAND_21.joints[WRIST] == "wrist" and {part for _, part in ends} == {"tip"}
    starts = [HAND_21.joints[joint].rsplit("_", 1)[0] for joint in BASES]
    assert starts == [finger for finger, _ in ends] and BASES[1:] == KNUCKLES


def test_the_frame_of_an_upright_palm_by_hand():
    frame = palm_frame(UPRIGHT)
    np.testing.assert_allclose(frame.heading, [[0, -1]], atol=1e-6)
    np.testing.assert_allclose(frame.own[0, [5, 17, 4]], [[3, 8], [-3, 8], [5, 2]], atol=1e-6)
    assert not frame.flipped[0] and palm_length(UPRIGHT) == 8


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, 271])
@pytest.mark.parametrize("other_hand", [False, True])
def test_the_frame_is_the_same_however_a_hand_is_held(degrees, other_hand):
    held = turned(UPRIGHT * ([-1, 1] if other_hand else [1, 1]), degrees)
    frame, a = palm_frame(held), np.radians(degrees)
    np.testing.assert_allclose(frame.own, palm_frame(UPRIGHT).own, atol=1e-6)
    np.testing.assert_allclose(frame.heading, [[np.sin(a), -np.cos(a)]], atol=1e-6)
    assert frame.flipped.tolist() == [other_hand]
    np.testing.assert_allclose(palm_length(3 * held), [24])


def test_numpy_and_torch_agree_and_a_hand_without_extent_has_no_heading():
    hands = np.random.default_rng(0).normal(0, 1, (16, 21, 2))
    hands[:, WRIST], hands[3] = 0, 0
    found = palm_frame(torch.from_numpy(hands), torch)
    for part, wanted in zip(found, palm_frame(hands), strict=True):
        np.testing.assert_allclose(part.numpy(), wanted, atol=1e-12)
    assert not found.heading[3].any() and not unit(np.zeros((2, 2))).any()
