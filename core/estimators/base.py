"""The contract of every estimator."""

from typing import Protocol, Self

from core.pose.types import Estimate, Frame, Picture


class Estimator(Protocol):
    """Finds poses in the frames of one stream and in stills; a context manager. Once it is closed,
    every call raises EstimatorError."""

    name: str
    version: str
    skeleton: str  # the name of its keypoints' skeleton, see `core.pose.skeletons.table`
    stages: int = 0  # how many heatmaps of each keypoint its net makes
    attends: tuple[str, ...] = ()  # the names of its net's attention maps
    nets: tuple[str, ...] = ()  # the nets whose folders its option `net_folders` takes
    max_people: int = 1  # that can be found in a picture, where it finds bodies
    can_isolate: bool = False  # whether it has the option `isolated`, to run in a worker process

    def estimate(self, frame: Frame) -> Estimate:
        """Find the poses in the next frame of a stream."""

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the poses in a single picture."""

    def close(self) -> None:
        """Free all resources, from any thread, also while another is inside a call."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
