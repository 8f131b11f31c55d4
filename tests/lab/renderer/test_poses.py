"""Drawn hands keep to what joints can do, and are held as people hold them."""

import numpy as np

from core.depth.cameras import get_camera
from core.depth.io.joint_files import read_joints
from core.lab.renderer.hand import HandShape, collect_keypoints, compute_finger_chains
from core.lab.renderer.poses import (
    LIMITS_DEG,
    WRIST_LIMITS_DEG,
    measure_overlap,
    sample_finger_angles,
    sample_wrist_angles,
)
from core.lab.renderer.render import keypoint_weights

SHAPE = HandShape()
ANGLES = np.stack([sample_finger_angles(np.random.default_rng([7, i]), SHAPE) for i in range(400)])
JOINTS = np.stack(
    [collect_keypoints(SHAPE, chain) for chain in compute_finger_chains(SHAPE, ANGLES)]
)


def test_no_angle_of_fingers_or_wrists_leaves_its_limits() -> None:
    arms = np.array([sample_wrist_angles(np.random.default_rng(i)) for i in range(500)])
    for angles, limits in ((ANGLES, LIMITS_DEG), (arms, WRIST_LIMITS_DEG)):
        degrees = np.degrees(angles)
        assert (degrees >= limits[..., 0] - 1e-9).all()
        assert (degrees <= limits[..., 1] + 1e-9).all()
    assert (np.degrees(arms).std(0) > (10, 5)).all()


def test_the_third_joint_follows_the_second() -> None:
    second, third = np.degrees(ANGLES[:, 1:, 2]), np.degrees(ANGLES[:, 1:, 3])
    assert np.corrcoef(second.ravel(), third.ravel())[0, 1] > 0.9


def test_a_finger_in_another_is_found_and_an_open_hand_has_none() -> None:
    spread, crossed = np.zeros((1, 5, 4)), np.zeros((1, 5, 4))
    spread[0, 0] = np.radians([50, 20, 0, 0])
    crossed[0, 1:3, 1] = np.radians([-15, -8])  # index and middle finger towards each other
    assert measure_overlap(SHAPE, compute_finger_chains(SHAPE, spread))[0] < 3
    assert measure_overlap(SHAPE, compute_finger_chains(SHAPE, crossed))[0] > 8


def test_drawn_hands_have_hardly_a_finger_in_another() -> None:
    assert np.mean(measure_overlap(SHAPE, compute_finger_chains(SHAPE, ANGLES)) < 5) > 0.95


def test_open_hands_fists_and_pointing_fingers_all_occur() -> None:
    closed = np.degrees(ANGLES[:, 1:, 2]) > 60
    assert np.mean(~closed.any(1)) > 0.2
    assert np.mean(closed.all(1)) > 0.04
    assert np.mean(closed.sum(1) == 3) > 0.05


def test_fingertips_are_as_far_from_the_palm_as_in_nyus_test_set(shared_data) -> None:
    """Tip by tip, in units of the palm's distance to the wrist: our medians are among the real
    ones, and our hands open and close as far as theirs."""
    nyu = get_camera("nyu").to_mm(read_joints(shared_data / "depth" / "nyu_test_label.txt"))
    ours = keypoint_weights("nyu_14") @ JOINTS
    for tip in (0, 2, 4, 6, 8):
        real, made = (
            np.linalg.norm(hands[:, tip] - hands[:, 13], axis=1)
            / np.linalg.norm(hands[:, 12] - hands[:, 13], axis=1)
            for hands in (nyu, ours)
        )
        assert np.percentile(real, 5) < np.median(made) < np.percentile(real, 95)
        assert np.percentile(made, 2) < np.percentile(real, 5)
        assert np.percentile(made, 98) > np.percentile(real, 75)
