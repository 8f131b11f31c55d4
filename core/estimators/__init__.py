"""Estimators turn a Frame into an Estimate: of MediaPipe, MoveNet and heatmap nets."""

from pathlib import Path
from typing import Any

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.both_hands import BothHands
from core.estimators.heatmap_bodies import HeatmapBodies
from core.estimators.heatmap_hands import HeatmapHands
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.mediapipe_pose import MediapipePose
from core.estimators.movenet_bodies import NAME as MOVENET
from core.estimators.movenet_bodies import MovenetBodies
from core.modelfiles.model_folder import HeatmapMetadata, read_net_metadata
from core.pose.skeletons.table import SKELETONS


def _create_heatmap_estimator(
    weights_folder: Path, *, net_folder: Path, **options: Any
) -> Estimator:
    """Create the heatmap estimator for bodies or for hands, depending on the net's skeleton."""
    skeleton = SKELETONS.get(read_net_metadata(net_folder, HeatmapMetadata).skeleton)
    kind = HeatmapBodies if skeleton and skeleton.is_body else HeatmapHands
    return kind(weights_folder, net_folder=net_folder, **options)


ESTIMATORS: dict[str, Any] = {
    "mediapipe-hands": MediapipeHands,
    "mediapipe-both-hands": BothHands,
    "mediapipe-pose": MediapipePose,
    MOVENET: MovenetBodies,
    "heatmap-net": _create_heatmap_estimator,
}


def create_estimator(name: str, weights_folder: Path, **options: Any) -> Estimator:
    """Create the named estimator; "heatmap-net" also requires the option `net_folder`, one
    with `nets` `net_folders`. Raise
    EstimatorError for an unknown name, WeightsError if its models aren't installed."""
    if name not in ESTIMATORS:
        raise EstimatorError(f"no estimator “{name}”, there are: {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name](weights_folder, **options)
