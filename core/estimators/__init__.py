"""Frame → Estimate.

For others: `create_estimator(name, weights_folder)`, the table `ESTIMATORS`, the contract
`Estimator`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from core.errors import EstimatorError
from core.estimators.heatmap_net import BeliefHands
from core.estimators.mediapipe_hands import MediapipeHands
from core.pose.types import Estimate, Frame, Picture


class Estimator(Protocol):
    """What every estimator does. One belongs to one stream; `close()` may come from any thread."""

    name: str
    version: str

    def estimate(self, frame: Frame) -> Estimate:
        """The poses in the next frame of a stream."""

    def estimate_still(
        self, rgb: Picture, *, num_hands: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The poses in one picture that stands alone."""

    def close(self) -> None:
        """Give back what it holds, safe while another thread is inside a call; calls after it
        raise EstimatorError."""

    def __enter__(self) -> "Estimator": ...

    def __exit__(self, *_: object) -> None: ...


ESTIMATORS: dict[str, Callable[..., Estimator]] = {
    "mediapipe-hands": MediapipeHands,
    "belief-net": BeliefHands,
}


def create_estimator(name: str, weights_folder: Path, **options: Any) -> Estimator:
    """The named estimator, ready to work; a belief-map net wants its `net_folder`, too.

    Raises:
        EstimatorError: no such estimator.
        WeightsError: its models are not prepared.
    """
    if name not in ESTIMATORS:
        raise EstimatorError(f"no estimator “{name}”, there are: {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name](weights_folder, **options)
