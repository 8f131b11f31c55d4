"""What features of windows keep and what they remove, for every skeleton."""

import numpy as np
import pytest
import torch

from core.errors import SkeletonError
from core.gestures.motion.motion_features import (
    MOTION_FEATURES,
    MotionFeatures,
    get_motion_features,
)
from core.pose.skeletons.table import HAND_21

every = pytest.mark.parametrize(
    "features", MOTION_FEATURES.values(), ids=lambda f: f"{f.skeleton.name}-{f.axes}"
)
SEEN = np.zeros(3, bool)


def windows(features: MotionFeatures) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = rng.normal(0, 1, (3, 1, features.skeleton.size, features.axes))
    way = rng.normal(0, 1, (3, 16, 1, features.axes)).cumsum(1)
    return (shape + way).astype(np.float32)


@every
def test_they_are_as_many_as_they_say_and_finite_whatever_comes_by_torch_too(features):
    points = windows(features)
    points[0, 3:9, -1] = np.nan
    points[1] = np.nan
    found = features(points, SEEN)
    assert found.shape == (3, 16, features.count) and np.isfinite(found).all()
    by_torch = features(torch.from_numpy(points), torch.from_numpy(SEEN), torch).numpy()
    np.testing.assert_allclose(by_torch, found, atol=1e-4)


@every
def test_position_says_nothing_and_size_only_of_a_single_keypoint(features):
    points = windows(features)
    np.testing.assert_allclose(features(points + 5, SEEN), features(points, SEEN), atol=2e-3)
    if features.skeleton.size > 1:
        np.testing.assert_allclose(features(points * 7, SEEN), features(points, SEEN), atol=2e-3)


def test_a_mirrored_view_turns_a_swipe_round():
    features = get_motion_features("fingertip_1")
    right = np.zeros((1, 16, 1, 2), np.float32)
    right[0, :, 0, 0] = np.linspace(0, 1, 16)
    seen = features(-right, np.array([False]))
    np.testing.assert_allclose(features(right, np.array([True])), seen, atol=1e-6)
    assert not np.allclose(features(right, np.array([False])), seen, atol=0.5)


def test_the_path_and_the_shape_are_both_kept():
    """One hand on two ways, and two hands on one way, are four different things."""
    features = get_motion_features("hand_21")
    rng = np.random.default_rng(0)
    shapes = rng.normal(0, 1, (2, 1, 21, 2))
    ways = np.zeros((2, 16, 1, 2))
    ways[0, :, 0, 0], ways[1, :, 0, 1] = np.linspace(0, 3, 16), np.linspace(0, 3, 16)
    clips = [shape + way for shape in shapes for way in ways]
    found = features(np.array(clips, np.float32), np.zeros(4, bool)).reshape(4, -1)
    apart = np.linalg.norm(found[:, None] - found[None], axis=2) + 99 * np.eye(4)
    assert apart.min() > 1


def test_keypoints_of_another_skeleton_and_single_frames_are_refused():
    features = get_motion_features(HAND_21.name)
    with pytest.raises(SkeletonError, match="21"):
        features(np.zeros((1, 16, 33, 2), np.float32), np.zeros(1, bool))
    with pytest.raises(SkeletonError, match="moving"):
        features(np.zeros((1, 21, 2), np.float32), np.zeros(1, bool))
    with pytest.raises(SkeletonError, match="no features"):
        get_motion_features("nothing_9")
