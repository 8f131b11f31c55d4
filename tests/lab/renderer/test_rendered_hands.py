"""Hands that are rendered while a net trains: without end, the same again for the same seed."""

import itertools

import numpy as np
import pytest

from core.errors import SkeletonError
from core.lab.renderer.rendered_hands import HELD_OUT, SENSORS, RenderedHands
from core.pose.skeletons.table import COCO_17, HAND_21, NYU_14

HW = (96, 96)


@pytest.fixture(scope="module")
def hands() -> RenderedHands:
    return RenderedHands(HAND_21, held_out=8)


def drawn(hands: RenderedHands, seed: int, count: int) -> list:
    return list(itertools.islice(hands.samples(hands.rows(""), HW, seed), count))


def test_samples_of_a_seed_are_the_same_again_and_another_seed_gives_others(hands) -> None:
    one, again, other = drawn(hands, 3, 4), drawn(hands, 3, 4), drawn(hands, 4, 4)
    for (crop, keypoints, weight), (crop_2, keypoints_2, _) in zip(one, again, strict=True):
        assert np.array_equal(crop, crop_2)
        assert np.array_equal(keypoints, keypoints_2)
        assert crop.shape == (96, 96, 1)
        assert crop.dtype == keypoints.dtype == np.float32
        assert keypoints.shape == (21, 5)
        assert weight == 1.0
    assert not any(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))


def test_keypoints_lie_in_the_cube_and_most_where_the_crop_shows_a_hand(hands) -> None:
    inside, on_hand = [], []
    for crop, keypoints, _ in drawn(hands, 6, 25):
        inside.append((np.abs(keypoints[:, :3]) <= 1).all(1))
        x, y = np.round(keypoints[:, 3:]).astype(int).T
        seen = (x >= 0) & (y >= 0) & (x < 96) & (y < 96)
        on_hand.append(crop[y[seen], x[seen], 0] <= keypoints[seen, 2] + 0.1)
    assert np.mean(inside) > 0.98
    assert np.mean(np.concatenate(on_hand)) > 0.9


def test_what_measures_is_never_learned_from_and_does_not_change(hands) -> None:
    assert hands.held_out_sets == [HELD_OUT]
    cameras = {hand.cube.camera.fx for hand in hands.hands}
    assert cameras == {sensor.camera.fx for sensor in SENSORS}
    rows = hands.rows(HELD_OUT)
    assert len(rows) == 8
    assert hands.load_evaluation_sample(0, HW)[2] == pytest.approx(100 / 125)  # tenths of a metre
    measured = [hands.load_evaluation_sample(int(row), HW)[1] for row in rows]
    again = RenderedHands(HAND_21, held_out=8)
    for row, keypoints in zip(rows, measured, strict=True):
        assert np.array_equal(again.load_evaluation_sample(int(row), HW)[1], keypoints)
    units = [keypoints[:, :3] - keypoints[:1, :3] for keypoints in measured]
    for _, keypoints, _ in drawn(hands, 7, 12):
        assert not any(np.allclose(keypoints[:, :3] - keypoints[:1, :3], unit) for unit in units)


def test_other_skeletons_of_hands_can_be_learned_and_bodies_can_not() -> None:
    nyu = RenderedHands(NYU_14, held_out=1)
    assert drawn(nyu, 1, 1)[0][1].shape == (14, 5)
    with pytest.raises(SkeletonError, match="coco_17"):
        RenderedHands(COCO_17, held_out=1)
