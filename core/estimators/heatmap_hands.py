"""Hands by a heatmap net (core/nets/cpm.py): crop, maps of every stage, keypoints.

Where the crop comes from: MediaPipe's keypoints in the same frame; or the net's own keypoints in
the frame before (the self-tracker), which MediaPipe helps only while no hand is followed; or the
same from the picture's middle on and without MediaPipe, as the CPM demos do
(core/pose/tracking.py).
"""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.heatmap_net import HeatmapNet
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.steadied import Steadied
from core.pose.boxes import Square, square_around
from core.pose.crops import cut_square
from core.pose.heatmaps import heatmap_keypoints
from core.pose.skeletons.table import HAND_21
from core.pose.tracking import first_region, next_region
from core.pose.types import Estimate, Frame, Heatmaps, Picture, Pose

CROPS = ("mediapipe", "self", "centre")
_FACTOR = 1.5  # side of the square in units of the hand's longer side, as the net was measured
_LOST = 0.2  # mean peak of the keypoints below which the self-tracker has lost the hand
_FOLLOW = 0.6  # how fast the followed square moves to where the keypoints are now


@dataclass(frozen=True)
class _Followed:
    region: Square
    handedness: str | None


class HeatmapHands(Estimator):
    """21 keypoints of a hand by a heatmap net, with the maps of all its stages.

    Args:
        weights_folder: where MediaPipe's prepared models lie.
        net_folder: the net's.
        num_poses: 1 or 2; the self-tracker follows one.
        crop: "mediapipe", "self" or "centre"; pictures that stand alone are always MediaPipe's.
        kalman: filter the keypoints of a stream, as the CPM hand demo does.
        isolated: of MediaPipe, as `MediapipeTask` has it.

    Raises:
        WeightsError: net or models are not there, or altered.
        EstimatorError: no such way to crop, or the net finds no hand's keypoints.
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
        self._net = HeatmapNet(net_folder)
        self._net.check_skeleton(HAND_21.name)
        self.name, self.stages = self._net.name, self._net.stages
        self.skeleton = self._net.skeleton
        self.version = self._net.metadata.sha256[:12]
        self._hands = MediapipeHands(weights_folder, num_poses=num_poses, isolated=isolated)
        self._crop = crop
        self._steadied = Steadied(self.skeleton) if kalman else None
        self._followed: _Followed | None = None
        self._closed = False
        self._lock = threading.Lock()

    def estimate(self, frame: Frame) -> Estimate:
        """The hands in the next frame, most confident first.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            if self._crop == "centre":
                hands = self._from_the_middle(frame)
            else:
                found = self._follow(frame.rgb, self._followed) if self._followed else None
                hands = [found] if found else self._detected(frame)
            hands = self._steadied(hands, frame.time_s) if self._steadied else hands
        return self._said(hands, frame.size_hw, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The hands in a picture that stands alone.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            seen = self._hands.estimate_still(rgb, num_poses=num_poses, mirrored_view=mirrored_view)
            hands = [self._read(rgb, pose) for pose in seen.poses]
        return self._said(hands, seen.size_hw, 0.0, mirrored_view)

    def _detected(self, frame: Frame) -> list[tuple[Pose, Heatmaps]]:
        """The hands where MediaPipe sees them; the self-tracker follows the first from here."""
        seen = self._hands.estimate(frame)
        hands = [self._read(frame.rgb, pose) for pose in seen.poses]
        if self._crop == "self" and hands:
            first = hands[0][0]
            self._followed = _Followed(square_around(first.keypoints, _FACTOR), first.handedness)
            return hands[:1]
        return hands

    def close(self) -> None:
        """Free what it holds; waits for a running call."""
        with self._lock:
            self._followed = None  # the next call asks MediaPipe, which says that it is closed
            self._closed = True
            self._hands.close()

    def _read(self, rgb: Picture, seen: Pose) -> tuple[Pose, Heatmaps]:
        """What the net says where MediaPipe saw a hand; handedness is MediaPipe's."""
        return self._inferred(rgb, square_around(seen.keypoints, _FACTOR), seen.handedness)

    def _inferred(
        self, rgb: Picture, region: Square, handedness: str | None
    ) -> tuple[Pose, Heatmaps]:
        crop = cut_square(rgb, region, self._net.input_hw[0])
        heatmaps = Heatmaps(self._net.heatmaps(crop[None])[0], region.to_box(), crop)
        keypoints, values = heatmap_keypoints(heatmaps)
        scores = np.clip(values, 0, 1)
        return Pose(keypoints, scores, float(scores.mean()), handedness), heatmaps

    def _follow(self, rgb: Picture, last: _Followed) -> tuple[Pose, Heatmaps] | None:
        """The hand of the frame before, where it is now; None when it is lost."""
        pose, heatmaps = self._inferred(rgb, last.region, last.handedness)
        if pose.score < _LOST:
            self._followed = None
            return None
        now = square_around(pose.keypoints, _FACTOR)
        moved = (old + _FOLLOW * (new - old) for old, new in zip(last.region, now, strict=True))
        self._followed = _Followed(Square(*moved), last.handedness)
        return pose, heatmaps

    def _from_the_middle(self, frame: Frame) -> list[tuple[Pose, Heatmaps]]:
        """The hand where the demos' tracker looks; whose hand it is, nobody says."""
        if self._closed:
            raise EstimatorError("this estimator is closed: create a new one")
        last = self._followed
        region = last.region if last else first_region(frame.size_hw)
        found = self._inferred(frame.rgb, region, None)
        pose, _ = found
        following = next_region(region, pose.keypoints, pose.scores)
        self._followed = _Followed(following, None) if following else None
        return [found] if following else []

    def _said(
        self,
        hands: list[tuple[Pose, Heatmaps]],
        size_hw: tuple[int, int],
        time_s: float,
        mirrored_view: bool,
    ) -> Estimate:
        ranked = sorted(hands, key=lambda hand: -hand[0].score)
        poses, heatmaps = tuple(p for p, _ in ranked), tuple(b for _, b in ranked)
        return Estimate(poses, size_hw, self.name, time_s, mirrored_view, heatmaps, self.skeleton)
