"""The keypoints that a heatmap net finds in a stream, filtered as the CPM demos do."""

from collections.abc import Sequence
from dataclasses import replace

from core.pose.smoothing import Kalman
from core.pose.tracking import Tracks
from core.pose.types import Heatmaps, Pose


class Steadied:
    """Each pose's keypoints through a filter of its own; one that was away begins anew.

    Args:
        skeleton: the poses', for following them.
    """

    def __init__(self, skeleton: str) -> None:
        self._skeleton, self._tracks = skeleton, Tracks()
        self._filters: dict[int, Kalman] = {}

    def __call__(
        self, found: Sequence[tuple[Pose, Heatmaps]], time_s: float
    ) -> list[tuple[Pose, Heatmaps]]:
        """The poses of the next frame, with the heatmaps that they came with."""
        tracks = self._tracks([pose for pose, _ in found], time_s, self._skeleton)
        self._filters = {track: self._filters.get(track, Kalman()) for track in tracks}
        return [
            (replace(pose, keypoints=self._filters[track](pose.keypoints)), heatmaps)
            for track, (pose, heatmaps) in zip(tracks, found, strict=True)
        ]
