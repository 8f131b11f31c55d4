"""The CPM demos' tracker on a real video: from the picture's middle on, without MediaPipe."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from core.errors import EstimatorError
from core.estimators.heatmap_hands import HeatmapHands
from core.estimators.mediapipe_hands import MediapipeHands
from core.media.videos import read_video
from core.paths import Paths
from core.pose.types import Pose
from tests.conftest import lacking


@pytest.fixture
def net(weights_folder: Path):
    folder = Paths.find().net("cpm.hand_light")
    if not (folder / "model.onnx").is_file():
        lacking(f"no net in {folder}", "train it with `train-net`")
    with HeatmapHands(weights_folder, net_folder=folder, crop="centre") as hands:
        yield hands


def off(one: Pose, there: Pose) -> float:
    """Median distance of the keypoints in units of the hand's longer side."""
    apart = np.linalg.norm(one.keypoints - there.keypoints, axis=1)
    return float(np.median(apart) / np.ptp(there.keypoints, axis=0).max())


def test_a_hand_is_found_from_the_middle_on_and_followed(net, weights_folder, shared_data):
    frames = list(islice(read_video(shared_data / "hand_videos" / "palm_fist.mp4"), 40))
    followed = [net.estimate(frame).poses[0] for frame in frames]
    with MediapipeHands(weights_folder) as teacher:
        detected = [teacher.estimate(frame).poses for frame in frames]
    apart = [off(one, two[0]) for one, two in zip(followed, detected, strict=True) if two]
    assert len(apart) >= 30
    assert np.median(apart[10:]) < 0.1
    assert followed[0].handedness is None  # nobody says whose hand it is


def test_after_close_it_says_so(net, shared_data):
    frame = next(iter(read_video(shared_data / "hand_videos" / "palm_fist.mp4")))
    net.estimate(frame)
    net.close()
    with pytest.raises(EstimatorError, match="closed"):
        net.estimate(frame)
