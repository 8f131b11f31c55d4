"""The contract of every estimator, which those of Mudra are made from."""

from typing import Protocol, Self

from core.pose.types import Estimate, Frame, Picture


class Estimator(Protocol):
    """What every estimator does. One belongs to one stream; `close()` may come from any thread.

    Whoever inherits it can be used as a context manager. `skeleton` names the keypoints that it
    gives, one of `core.pose.skeletons.table`; `stages` says how many heatmaps of each a net makes,
    0 where none come; `attends` names what it attends to; `can_isolate` says whether it takes
    `isolated`, to look at pictures in a worker or in this process.
    """

    name: str
    version: str
    skeleton: str
    stages: int = 0
    attends: tuple[str, ...] = ()
    can_isolate: bool = False

    def estimate(self, frame: Frame) -> Estimate:
        """The poses in the next frame of a stream."""

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The poses in one picture that stands alone."""

    def close(self) -> None:
        """Give back what it holds, safe while another thread is inside a call; calls after it
        raise EstimatorError."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
