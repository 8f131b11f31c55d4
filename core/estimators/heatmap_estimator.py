"""What the heatmap estimators of hands and of bodies share: the net, tracking options, results."""

import threading
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.heatmap_net import HeatmapNet
from core.estimators.mediapipe_task import MediapipeTask
from core.pose.smoothing import KalmanFilter
from core.pose.tracking import PoseTracker
from core.pose.types import Estimate, Heatmaps, Pose
from core.words import words

CROPS = ("mediapipe", "self", "centre")
MIN_TRACKED_SCORE = 0.2  # mean score of the keypoints, below which a pose is lost
PoseWithHeatmaps = tuple[Pose, Heatmaps]


class HeatmapEstimator(Estimator):
    """Runs a heatmap net on crops; subclasses find the crops. Raises WeightsError: no net there, or
    its graph was altered; EstimatorError: no such crop, or a net of another skeleton.

    Args:
        weights_folder, num_poses, isolated: see `MediapipeTask`.
        net_folder: the net's.
        crop: where a stream's crops come from: "mediapipe", its keypoints in the same frame;
            "self", the net's own in the previous frame, or MediaPipe's while nothing is tracked;
            "centre", the same without MediaPipe, starting from the picture's centre.
        kalman: filter the keypoints of a stream.
    """

    def __init__(
        self,
        weights_folder: Path,
        *,
        net_folder: Path,
        num_poses: int = 1,
        crop: str = "mediapipe",
        kalman: bool = False,
        isolated: bool = True,
    ) -> None:
        if crop not in CROPS:
            raise EstimatorError(f"no crop “{crop}”, there are: {', '.join(CROPS)}")
        self._net, self._crop = HeatmapNet(net_folder), crop
        self.name, self.stages = self._net.name, self._net.stages
        self.skeleton, self.attends = self._net.skeleton, self._net.attends
        self.version = self._net.metadata.sha256[:12]
        self._smoother = KalmanSmoother(self.skeleton) if kalman else None
        self._mediapipe: MediapipeTask | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._open(weights_folder, num_poses, isolated)

    @abstractmethod
    def _open(self, weights_folder: Path, num_poses: int, isolated: bool) -> None:
        """Check the net's skeleton, and open MediaPipe if crops need it."""

    def close(self) -> None:
        """Free all resources after any running call has finished."""
        with self._lock:
            self._closed = True
            if self._mediapipe is not None:
                self._mediapipe.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EstimatorError(words("this estimator is closed: create a new one"))

    def _smooth_poses(self, found: list[PoseWithHeatmaps], time_s: float) -> list[PoseWithHeatmaps]:
        return self._smoother(found, time_s) if self._smoother else found

    def _to_estimate(
        self,
        found: Sequence[PoseWithHeatmaps],
        size_hw: tuple[int, int],
        time_s: float = 0.0,
        mirrored_view: bool = False,
    ) -> Estimate:
        """Build a picture's estimate from poses with heatmaps, keeping their order."""
        poses, heatmaps = tuple(pose for pose, _ in found), tuple(maps for _, maps in found)
        return Estimate(poses, size_hw, self.name, time_s, mirrored_view, heatmaps, self.skeleton)


def sort_by_confidence(found: Sequence[PoseWithHeatmaps]) -> list[PoseWithHeatmaps]:
    """Return the most confident pose first."""
    return sorted(found, key=lambda one: -one[0].score)


class KalmanSmoother:
    """Filters each tracked pose's keypoints, as the CPM demos do; a pose that was lost starts
    anew."""

    def __init__(self, skeleton: str) -> None:
        self._skeleton, self._tracks = skeleton, PoseTracker()
        self._filters: dict[int, KalmanFilter] = {}

    def __call__(self, found: Sequence[PoseWithHeatmaps], time_s: float) -> list[PoseWithHeatmaps]:
        """Filter the poses of the next frame; their heatmaps stay."""
        tracks = self._tracks([pose for pose, _ in found], time_s, self._skeleton)
        self._filters = {track: self._filters.get(track, KalmanFilter()) for track in tracks}
        return [
            (replace(pose, keypoints=self._filters[track](pose.keypoints)), heatmaps)
            for track, (pose, heatmaps) in zip(tracks, found, strict=True)
        ]
