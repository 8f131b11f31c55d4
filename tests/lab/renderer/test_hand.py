"""The procedural hand bends as hands do, and is as large as they are."""

import numpy as np
import pytest

from core.lab.renderer.hand import (
    HandShape,
    build_hand_solids,
    collect_keypoints,
    compute_finger_chains,
    sample_hand_shape,
)

STRAIGHT = np.zeros((1, 5, 4))
THUMB, INDEX, MIDDLE, LITTLE = 0, 1, 2, 4


def bent(finger: int, joint: int, degrees: float) -> np.ndarray:
    angles = STRAIGHT.copy()
    angles[0, finger, joint] = np.radians(degrees)
    return compute_finger_chains(HandShape(), angles)[0, finger]


@pytest.mark.parametrize(
    ("joint", "degrees", "knuckle", "tip_mm"),
    [
        (0, 0, 0, (0, 44.6 + 26.3 + 17.4 + 2, 0)),
        (0, 90, 0, (0, 0, -90.3)),
        (2, 90, 1, (0, 0, -45.7)),
        (3, 90, 2, (0, 0, -19.4)),
    ],
    ids=["straight", "first", "second", "third"],
)
def test_a_bent_joint_turns_what_is_beyond_it_into_the_palm(
    joint, degrees, knuckle, tip_mm
) -> None:
    chain, straight = bent(MIDDLE, joint, degrees), bent(MIDDLE, joint, 0)
    assert chain[: knuckle + 1] == pytest.approx(straight[: knuckle + 1])
    assert chain[3] - chain[knuckle] == pytest.approx(tip_mm, abs=1e-9)


def test_spread_fingers_part_from_the_middle_finger() -> None:
    angles = STRAIGHT.copy()
    angles[0, 1:, 1] = np.radians(10)
    apart = (
        compute_finger_chains(HandShape(), angles)[0, :, 3, 0]
        - compute_finger_chains(HandShape(), STRAIGHT)[0, :, 3, 0]
    )
    assert apart[INDEX] < -10
    assert apart[LITTLE] > 10


def test_the_thumb_lies_at_the_index_fingers_side_and_goes_out_and_before_the_palm() -> None:
    beside = bent(THUMB, 0, 0)
    out, before = bent(THUMB, 0, 60), bent(THUMB, 1, 45)
    assert beside[0, 0] < 0
    assert out[1, 0] - beside[1, 0] == pytest.approx(-46.2 * np.sin(np.radians(60)))
    assert before[1, 2] - beside[1, 2] == pytest.approx(-46.2 * np.sin(np.radians(45)))


def test_a_bent_thumb_comes_over_the_palm() -> None:
    angles = np.repeat(STRAIGHT, 2, axis=0)
    angles[:, THUMB] = np.radians([[30, 40, 0, 0], [30, 40, 50, 60]])
    open_tip, tip = compute_finger_chains(HandShape(), angles)[:, THUMB, 3]
    assert tip[0] > open_tip[0] + 20
    assert tip[2] < -25


def test_no_bone_changes_its_length_whatever_the_pose() -> None:
    rng = np.random.default_rng(1)
    shape = sample_hand_shape(rng)
    chains = compute_finger_chains(shape, rng.uniform(-0.3, 1.5, (40, 5, 4)))
    lengths = np.linalg.norm(np.diff(chains, axis=2), axis=-1)
    expected = shape.bones_mm + np.array([0, 0, 2.0]) * shape.size
    assert np.allclose(lengths, expected)


def test_hands_are_as_long_as_peoples_and_differ() -> None:
    """From the wrist to the middle finger's tip: NYU's two persons have about 180 and 215 mm."""
    shapes = [sample_hand_shape(np.random.default_rng(seed)) for seed in range(300)]
    tips = [collect_keypoints(s, compute_finger_chains(s, STRAIGHT)[0])[12] for s in shapes]
    lengths = np.linalg.norm(tips, axis=1)
    assert 140 < lengths.min() < 165
    assert 205 < lengths.max() < 240
    assert np.median(lengths) == pytest.approx(185, abs=5)


def test_the_marks_of_wrist_and_palm_are_as_far_apart_as_in_nyus_labels() -> None:
    """Wrist to wrist 35.3 mm and wrist to palm 81.3 mm in the labels of its first person."""
    wrist_1, wrist_2, palm = collect_keypoints(
        HandShape(), compute_finger_chains(HandShape(), STRAIGHT)[0]
    )[21:]
    across = np.linalg.norm(wrist_2 - wrist_1)
    for wrist in (wrist_1, wrist_2):
        assert np.linalg.norm(palm - wrist) / across == pytest.approx(81.3 / 35.3, rel=0.03)


def test_every_joint_lies_in_flesh() -> None:
    shape = sample_hand_shape(np.random.default_rng(4))
    chains = compute_finger_chains(shape, STRAIGHT + 0.3)[0]
    solids = build_hand_solids(shape, chains, (0.0, 0.0))
    ends = solids.centres[solids.cones]
    share = np.linspace(0, 1, 50)[:, None, None]
    along = ends[:, 0] + share * (ends[:, 1] - ends[:, 0])
    radii = solids.radii[solids.cones]
    thick = radii[:, 0] + share[..., 0] * (radii[:, 1] - radii[:, 0])
    for joint in collect_keypoints(shape, chains):
        assert (np.linalg.norm(along - joint, axis=-1) < thick).any()


def test_a_bent_wrist_leaves_the_hand_and_moves_the_forearm() -> None:
    shape, chains = HandShape(), compute_finger_chains(HandShape(), STRAIGHT)[0]
    straight, folded = (
        build_hand_solids(shape, chains, angles) for angles in ((0.0, 0.0), (np.pi / 2, 0.0))
    )
    moved = np.flatnonzero(np.abs(straight.centres - folded.centres).max(1) > 1)
    assert len(moved) == 2  # the forearm's end
    assert folded.centres[moved].mean(0) == pytest.approx([0, 0, -255], abs=1e-6)
