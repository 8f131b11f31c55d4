"""What every estimator of the table keeps to, on a real picture that is not square."""

import numpy as np
import pytest

from core.errors import EstimatorError, WeightsError
from core.estimators import ESTIMATORS, create_estimator
from core.paths import Paths
from core.pose.types import Frame

NETS = Paths.shipped_models
MOVENET = "movenet.multipose"
OPTIONS = {
    "heatmap-net": {"net_folder": NETS / "cpm.hand_light"},
    MOVENET: {"net_folders": [NETS / MOVENET, NETS / "movenet.thunder"]},
}

pytestmark = pytest.mark.parametrize("name", ESTIMATORS)


def make(name, weights_folder):
    return create_estimator(name, weights_folder, **OPTIONS.get(name, {}))


def test_an_estimate_says_whose_it_is_and_has_finite_points_in_the_picture(
    name, weights_folder, pointing
):
    with make(name, weights_folder) as estimator:
        still = estimator.estimate_still(pointing, mirrored_view=True, num_poses=1)
        assert still.estimator == estimator.name and estimator.version
        assert still.size_hw == (480, 640) and still.mirrored_view
        moving = estimator.estimate(Frame(pointing, time_s=1.5))
        assert moving.time_s == 1.5 and not moving.mirrored_view
    (pose,) = still.poses
    missing = np.isnan(pose.keypoints).any(axis=1)
    assert (pose.scores[missing] == 0).all()
    assert (pose.scores[~missing] > 0).all() and not missing.all()
    seen = pose.keypoints[~missing]
    if pose.visibility is not None:  # a body's legs go on below the picture
        seen = pose.keypoints[pose.visibility > 0.5]
    assert len(seen) and (seen > -64).all() and (seen < [640 + 64, 480 + 64]).all()


def test_where_nobody_is_seen_there_is_no_pose_and_closed_it_says_so(name, weights_folder):
    grey = np.full((120, 200, 3), 128, np.uint8)
    estimator = make(name, weights_folder)
    nothing = estimator.estimate_still(grey)
    assert nothing.poses == nothing.heatmaps == nothing.masks == ()
    assert nothing.skeleton == estimator.skeleton
    estimator.estimate(Frame(grey))
    estimator.close()
    estimator.close()
    for call in (
        lambda: estimator.estimate(Frame(grey, 1.0)),
        lambda: estimator.estimate_still(grey),
    ):
        with pytest.raises(EstimatorError, match="closed"):
            call()


def test_without_its_models_it_says_how_to_get_them(name, tmp_path):
    if name == MOVENET:  # whose nets ship
        with pytest.raises(WeightsError, match="no net in"):
            create_estimator(name, tmp_path, net_folders=[tmp_path, tmp_path])
        return
    with pytest.raises(WeightsError, match="make setup"):
        make(name, tmp_path)
