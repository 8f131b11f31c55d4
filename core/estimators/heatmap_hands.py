"""Hands by a heatmap net (core/nets/cpm.py): crop, heatmaps of every stage, keypoints."""

from pathlib import Path

import numpy as np

from core.estimators.heatmap_estimator import (
    MIN_TRACKED_SCORE,
    HeatmapEstimator,
    PoseWithHeatmaps,
    sort_by_confidence,
)
from core.estimators.mediapipe_hands import MediapipeHands
from core.pose.boxes import Square, square_around
from core.pose.crops import cut_square
from core.pose.heatmaps import heatmap_keypoints
from core.pose.skeletons.table import HAND_21
from core.pose.tracking import centre_square, next_square
from core.pose.types import Estimate, Frame, Heatmaps, Picture, Pose
from core.words import words

HAND_CROP_FACTOR = 1.5  # side of a crop over the hand's longer side, as nets are measured
_SQUARE_SPEED = 0.6  # fraction of the distance that a tracked square moves to new keypoints


class HeatmapHands(HeatmapEstimator):
    """21 keypoints of a hand, with the heatmaps of all stages.

    Args:
        weights_folder, isolated: see `MediapipeTask`.
        num_poses: 1 or 2; with the crop "self" or "centre" one hand is tracked.
        net_folder, crop, kalman: see `HeatmapEstimator`; single pictures always use MediaPipe.
    """

    def _open(self, weights_folder: Path, num_poses: int, isolated: bool) -> None:
        self._net.check_skeleton(
            self.skeleton == HAND_21.name, words("those of {skeleton}", skeleton=HAND_21.name)
        )
        self._mediapipe = self._hands = MediapipeHands(
            weights_folder, num_poses=num_poses, isolated=isolated
        )
        self._tracked: tuple[Square, str | None] | None = None  # with the hand's side

    def estimate(self, frame: Frame) -> Estimate:
        """Find the hands in the next frame, most confident first, in crops around the tracked hand
        or around the hands that MediaPipe finds."""
        with self._lock:
            self._check_open()
            if self._crop == "centre":
                found = self._track_from_centre(frame)
            else:
                found = self._track_hand(frame.rgb) or self._detect_hands(frame)
            found = sort_by_confidence(self._smooth_poses(found, frame.time_s))
        return self._to_estimate(found, frame.size_hw, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the hands in a single picture, in crops around those that MediaPipe finds, most
        confident first."""
        with self._lock:
            hands = self._hands.estimate_still(rgb, num_poses=num_poses)
            found = sort_by_confidence([self._run_at_hand(rgb, hand) for hand in hands.poses])
        return self._to_estimate(found, hands.size_hw, mirrored_view=mirrored_view)

    def _detect_hands(self, frame: Frame) -> list[PoseWithHeatmaps]:
        """Run the net on crops around MediaPipe's hands; with the crop "self", track the first
        only."""
        hands = self._hands.estimate(frame).poses
        hands = hands[:1] if self._crop == "self" else hands
        found = [self._run_at_hand(frame.rgb, hand) for hand in hands]
        if self._crop == "self" and found:
            pose, _ = found[0]
            self._tracked = square_around(pose.keypoints, HAND_CROP_FACTOR), pose.handedness
        return found

    def _run_at_hand(self, rgb: Picture, hand: Pose) -> PoseWithHeatmaps:
        """Run the net round MediaPipe's keypoints; the handedness is MediaPipe's."""
        return self._run_net(rgb, square_around(hand.keypoints, HAND_CROP_FACTOR), hand.handedness)

    def _run_net(self, rgb: Picture, square: Square, handedness: str | None) -> PoseWithHeatmaps:
        """Run the net on a square of the picture; return the pose, scored by its mean peak value,
        and the heatmaps."""
        crop = cut_square(rgb, square, self._net.input_hw[0])
        heatmaps = Heatmaps(self._net.predict_heatmaps(crop[None])[0], square.to_box(), crop)
        keypoints, values = heatmap_keypoints(heatmaps)
        scores = np.clip(values, 0, 1)
        return Pose(keypoints, scores, float(scores.mean()), handedness), heatmaps

    def _track_hand(self, rgb: Picture) -> list[PoseWithHeatmaps]:
        """Run the net on the tracked hand's square and move the square towards the keypoints; [] if
        no hand is tracked or it is lost."""
        tracked, self._tracked = self._tracked, None
        if tracked is None:
            return []
        square, handedness = tracked
        pose, heatmaps = self._run_net(rgb, square, handedness)
        if pose.score < MIN_TRACKED_SCORE:
            return []
        target = square_around(pose.keypoints, HAND_CROP_FACTOR)
        pairs = zip(square, target, strict=True)
        moved = Square(*(old + _SQUARE_SPEED * (new - old) for old, new in pairs))
        self._tracked = moved, handedness
        return [(pose, heatmaps)]

    def _track_from_centre(self, frame: Frame) -> list[PoseWithHeatmaps]:
        """Track one hand as the CPM demos do, from a square in the picture's centre; [] if it is
        lost. Handedness is unknown."""
        square = self._tracked[0] if self._tracked else centre_square(frame.size_hw)
        pose, heatmaps = self._run_net(frame.rgb, square, None)
        following = next_square(square, pose.keypoints, pose.scores)
        self._tracked = (following, None) if following else None
        return [(pose, heatmaps)] if following else []
