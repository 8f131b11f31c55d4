"""Pinch and grab by hand: distances in palm lengths, the same of every size, place and turn."""

import numpy as np
import pytest

from core.lab.renderer.render import render_hand
from core.pose.grips import GRAB, GRIP_LIMITS, PINCH, GripDetector, measure_grips
from core.pose.skeletons.table import BODY_33, HAND_21, ICVL_16, NYU_14

# A palm of length 8 that points up, away from which the fingers are bent
HAND = np.full((21, 3), np.nan)
HAND[0] = 0
HAND[[5, 9, 13, 17]] = [(3, -8, 0), (1, -8, 0), (-1, -8, 0), (-3, -8, 0)]
HAND[4] = [2, -7, -4]


def hand(thumb_to_index, tips_off=10.0):
    """Its index finger's tip so far from the thumb's, in palm lengths, the little finger's so far
    from the palm's middle, and the other two half as far."""
    made = HAND.copy()
    made[8] = made[4] + [0, 0, -8 * thumb_to_index]
    made[20] = [0, -4, -8 * tips_off]
    made[[12, 16]] = [0, -4, -4 * tips_off]
    return made


def test_distances_are_in_palm_lengths():
    (pinch, at), (grab, palm) = (
        measure_grips(hand(0.5, 1.25), HAND_21)[key] for key in (PINCH, GRAB)
    )
    assert (pinch, grab) == (pytest.approx(0.5), pytest.approx(1.25))
    np.testing.assert_allclose(at, [2, -7, -6])
    np.testing.assert_allclose(palm, [0, -4, 0])


def test_neither_size_nor_place_nor_turn_counts():
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    held = 9.1 * hand(0.4, 0.9) @ turn + [100, -200, 700]
    for key, (distance, _) in measure_grips(hand(0.4, 0.9), HAND_21).items():
        assert measure_grips(held, HAND_21)[key][0] == pytest.approx(distance)


@pytest.mark.parametrize("name", [PINCH, GRAB])
def test_a_grip_begins_at_one_distance_and_ends_at_a_larger_one(name):
    closes, opens = GRIP_LIMITS[name].closes, GRIP_LIMITS[name].opens
    between, grips, on = (closes + opens) / 2, GripDetector(), []
    for distance in (between, closes - 0.01, between, opens + 0.01, between):
        keypoints = hand(distance) if name == PINCH else hand(0.2, distance)
        on.append(grips(keypoints, HAND_21)[name].on)
    assert on == [False, True, True, False, False]


def test_the_thumb_of_a_fist_does_not_pinch():
    found = GripDetector()(hand(0.1, 0.5), HAND_21)
    assert found[GRAB].on and found[PINCH].distance == pytest.approx(0.1) and not found[PINCH].on


def test_a_missing_fingertip_ends_a_pinch():
    grips, lost = GripDetector(), hand(0.1)
    assert grips(lost, HAND_21)[PINCH].on
    lost[8] = np.nan
    assert not grips(lost, HAND_21)[PINCH].on
    assert np.isnan(grips(lost, HAND_21)[PINCH].distance)
    assert grips(np.zeros((33, 3)), BODY_33) == {}  # a body has none


def test_the_skeletons_of_depth_give_much_the_same_distances():
    """On 80 rendered hands, of which each skeleton has its own keypoints."""
    rendered = [render_hand(0, number) for number in range(80)]

    def distances(skeleton):
        grips = [measure_grips(r.joints_mm(skeleton.name), skeleton).values() for r in rendered]
        return np.array([[distance for distance, _ in hand] for hand in grips])

    assert np.ptp(distances(HAND_21), 0).min() > 0.5  # the hands are open and closed
    for skeleton in (NYU_14, ICVL_16):
        np.testing.assert_allclose(distances(skeleton), distances(HAND_21), atol=0.08)
