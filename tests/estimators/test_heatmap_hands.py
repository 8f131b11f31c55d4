"""Hands by the light CPM that is shipped, on real pictures and a real video."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from core.errors import EstimatorError, WeightsError
from core.estimators import create_estimator
from core.media.videos import read_video
from core.paths import Paths
from core.pose.heatmaps import heatmap_keypoints
from core.pose.types import Frame

NAME = "cpm.hand_light"


def make(weights_folder: Path, **options):
    return create_estimator(
        "heatmap-net", weights_folder, net_folder=Paths.find().net(NAME), **options
    )


@pytest.fixture(scope="module")
def net(weights_folder):
    with make(weights_folder) as estimator:
        yield estimator


def distance(found, wanted):
    """Median distance of the keypoints in units of the hand's longer side."""
    away = np.linalg.norm(found.keypoints - wanted.keypoints, axis=1)
    return float(np.median(away) / np.ptp(wanted.keypoints, axis=0).max())


def test_its_keypoints_are_where_mediapipes_are(net, pointing, weights_folder):
    with create_estimator("mediapipe-hands", weights_folder) as teacher:
        wanted = teacher.estimate_still(pointing).poses[0]
    found = net.estimate_still(pointing).poses[0]
    assert distance(found, wanted) < 0.06
    assert found.handedness == wanted.handedness
    size = np.ptp(wanted.keypoints, axis=0).max()
    assert found.keypoints[8, 1] < found.keypoints[5, 1] - 0.2 * size  # the index points up


def test_an_estimate_has_the_heatmaps_of_every_stage(net, pointing):
    estimate = net.estimate_still(pointing)
    assert estimate.estimator == NAME
    (heatmaps,) = estimate.heatmaps
    assert heatmaps.maps.shape == (3, 22, 32, 32)
    assert heatmaps.crop.shape == (128, 128, 3)
    keypoints, values = heatmap_keypoints(heatmaps)
    assert np.array_equal(keypoints, estimate.poses[0].keypoints)
    assert values.mean() > 0.5
    # later stages are more confident than the first
    assert heatmap_keypoints(heatmaps, 2)[1].mean() > heatmap_keypoints(heatmaps, 0)[1].mean() + 0.1


def test_the_self_tracker_settles_on_a_hand_and_drops_it_when_it_is_gone(weights_folder, pointing):
    with make(weights_folder, crop="self") as net:
        frames = [net.estimate(Frame(pointing, i / 15)) for i in range(11)]
        widths = [frame.heatmaps[0].region.width for frame in frames]
        assert abs(widths[-1] - widths[-2]) < 0.1 * widths[-1]
        assert net.estimate(Frame(np.full_like(pointing, 90), 2.0)).poses == ()
        assert len(net.estimate(Frame(pointing, 3.0)).poses) == 1


@pytest.mark.parametrize(("crop", "first"), [("self", 0), ("centre", 10)])
def test_a_tracked_hand_is_where_mediapipe_finds_it(weights_folder, shared_data, crop, first):
    frames = list(islice(read_video(shared_data / "hand_videos" / "palm_fist.mp4"), 40))
    with (
        make(weights_folder, crop=crop) as net,
        create_estimator("mediapipe-hands", weights_folder) as teacher,
    ):
        tracked = [net.estimate(frame).poses for frame in frames]
        detected = [teacher.estimate(frame).poses for frame in frames]
    pairs = [(a[0], b[0]) for a, b in zip(tracked, detected, strict=True) if a and b]
    assert len(pairs) >= 30
    assert np.median([distance(a, b) for a, b in pairs[first:]]) < 0.1
    assert (pairs[0][0].handedness is None) == (crop == "centre")


def test_an_unknown_crop_and_a_missing_net_are_refused(weights_folder, tmp_path):
    with pytest.raises(EstimatorError, match="no crop “guess”"):
        make(weights_folder, crop="guess")
    with pytest.raises(WeightsError, match="no net in"):
        create_estimator("heatmap-net", weights_folder, net_folder=tmp_path)


def test_two_hands_of_one_handedness_have_separate_filters(weights_folder, pointing):
    two = np.concatenate([pointing, pointing], axis=1)  # two people's right, or left, hands
    jumping = np.roll(two, 6, axis=1)
    steps = []
    with (
        make(weights_folder, num_poses=2) as plain,
        make(weights_folder, num_poses=2, kalman=True) as calm,
    ):
        for i in range(8):
            frame = Frame(jumping if i % 2 else two, i / 15, i)
            raw, filtered = (net.estimate(frame) for net in (plain, calm))
            assert len({pose.handedness for pose in raw.poses}) == 1 and len(raw.poses) == 2
            paths = [
                sorted(float(pose.keypoints[:, 0].mean()) for pose in estimate.poses)
                for estimate in (raw, filtered)
            ]
            assert np.allclose(*paths, atol=0.02 * two.shape[1])
            steps.append(paths)
    raw, filtered = np.abs(np.diff(steps[3:], axis=0)).mean(axis=(0, 2))
    assert filtered < 0.7 * raw
