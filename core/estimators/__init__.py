"""Frame → Estimate.

For others: `create_estimator(name, weights_folder)`, the table `ESTIMATORS`, the contract
`Estimator`.
"""

from pathlib import Path
from typing import Any

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.both_hands import BothHands
from core.estimators.heatmap_bodies import HeatmapBodies
from core.estimators.heatmap_hands import HeatmapHands
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.mediapipe_pose import MediapipePose
from core.modelfiles.model_folder import HeatmapMetadata, read_net_metadata
from core.pose.skeletons.table import SKELETONS


def _by_net(weights_folder: Path, *, net_folder: Path, **options: Any) -> Estimator:
    """Hands or bodies, as the net finds them."""
    skeleton = SKELETONS.get(read_net_metadata(net_folder, HeatmapMetadata).skeleton)
    made = HeatmapBodies if skeleton and skeleton.is_body else HeatmapHands
    return made(weights_folder, net_folder=net_folder, **options)


ESTIMATORS: dict[str, Any] = {
    "mediapipe-hands": MediapipeHands,
    "mediapipe-both-hands": BothHands,
    "mediapipe-pose": MediapipePose,
    "heatmap-net": _by_net,
}


def create_estimator(name: str, weights_folder: Path, **options: Any) -> Estimator:
    """The named estimator, ready to work; a heatmap net wants its `net_folder`, too.

    Raises:
        EstimatorError: no such estimator.
        WeightsError: its models are not prepared.
    """
    if name not in ESTIMATORS:
        raise EstimatorError(f"no estimator “{name}”, there are: {', '.join(ESTIMATORS)}")
    made: Estimator = ESTIMATORS[name](weights_folder, **options)
    return made
