"""Frame → Estimate.

For others: `create_estimator(name, weights_folder)`, the table `ESTIMATORS`, the contract
`Estimator`.
"""

from pathlib import Path
from typing import Any

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.heatmap_net import HeatmapHands
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.mediapipe_pose import MediapipePose

ESTIMATORS: dict[str, type[Any]] = {
    "mediapipe-hands": MediapipeHands,
    "mediapipe-pose": MediapipePose,
    "heatmap-net": HeatmapHands,
}


def create_estimator(name: str, weights_folder: Path, **options: Any) -> Estimator:
    """The named estimator, ready to work; a heatmap net wants its `net_folder`, too.

    Raises:
        EstimatorError: no such estimator.
        WeightsError: its models are not prepared.
    """
    if name not in ESTIMATORS:
        raise EstimatorError(f"no estimator “{name}”, there are: {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name](weights_folder, **options)
