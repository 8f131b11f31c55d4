"""Features of hands in space keep how a hand is turned, and nothing of position, scale or unit; its
own shape is the same however it is turned, and of either hand."""

import numpy as np
import pytest

from core.errors import SkeletonError
from core.gestures.features import get_feature_set
from core.lab.renderer.render import render_hand

features = get_feature_set("hand_21", 3)
DIRECTIONS = slice(0, 60)  # of the 20 bones
OWN = slice(60, 120)  # the 20 keypoints in the hand's own frame
AXES = slice(120, 126)
LENGTHS = slice(126, None)
SEEN = np.array([False])


@pytest.fixture(scope="module")
def hands() -> np.ndarray:
    """(12, 21, 3) rendered hands, mm."""
    return np.array([render_hand(2, i).joints_mm("hand_21") for i in range(12)], np.float32)


def of(keypoints: np.ndarray, mirrored: bool = False) -> np.ndarray:
    return features(keypoints.astype(np.float32), np.full(len(keypoints), mirrored))


def turned(keypoints: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The hands turned about their wrists, and the turn."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    return keypoints @ turn, turn


def test_a_flat_hand_by_hand():
    """Its palm to the camera, fingers up, 100 long, the thumb's side at the right."""
    hand = np.zeros((1, 21, 3))
    for finger, x in enumerate((40, 20, 0, -10, -20)):
        hand[0, 1 + 4 * finger : 5 + 4 * finger, 0] = x
        hand[0, 1 + 4 * finger : 5 + 4 * finger, 1] = [-50, -60, -70, -80]
    hand[0, 12] = [0, -100, -1]  # a little bent to the camera
    found = of(hand)[0]
    reach = np.hypot(100, 1)
    np.testing.assert_allclose(found[AXES][:3], [1, 0, 0], atol=0.25)  # across, to the thumb's side
    along = np.array([-10 / 4, -50, 0])  # the mean of four knuckles
    np.testing.assert_allclose(found[AXES][3:], along / np.linalg.norm(along), atol=1e-4)
    own = found[OWN].reshape(20, 3)
    assert own[11, 2] == pytest.approx(1 / reach, abs=1e-4)  # inwards is where the tips bend to
    np.testing.assert_allclose(np.linalg.norm(own[11]), 1, atol=1e-5)  # the farthest: length 1


def test_a_turn_is_kept_as_a_turn_of_the_bones_and_of_the_palm_s_axes(hands):
    after, turn = turned(hands)
    before, found = of(hands), of(after)
    for part in (DIRECTIONS, AXES):
        wanted = before[:, part].reshape(len(hands), -1, 3) @ turn
        np.testing.assert_allclose(found[:, part].reshape(wanted.shape), wanted, atol=1e-3)
    assert np.abs(found[:, DIRECTIONS] - before[:, DIRECTIONS]).max() > 0.5


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("other_hand", [False, True])
def test_a_hand_s_own_shape_is_the_same_however_it_is_turned_and_of_either_hand(
    hands, seed, other_hand
):
    after, _ = turned(hands * ([-1, 1, 1] if other_hand else [1, 1, 1]), seed)
    for part in (OWN, LENGTHS):
        np.testing.assert_allclose(of(after)[:, part], of(hands)[:, part], atol=1e-3)


def test_a_mirrored_view_means_what_the_viewer_saw(hands):
    np.testing.assert_allclose(of(hands * [-1, 1, 1], True), of(hands), atol=1e-5)


def test_keypoints_of_a_picture_and_bodies_are_refused():
    with pytest.raises(SkeletonError, match=r"made of \(N, 21, 3\).*x and y and z"):
        features(np.zeros((1, 21, 2), np.float32), SEEN)
    with pytest.raises(SkeletonError, match="“body_33” in space"):
        get_feature_set("body_33", 3)
