"""A person's two hands as one pose: the left hand's keypoints before the right one's."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np

from core.estimators.base import Estimator
from core.estimators.mediapipe_hands import MediapipeHands
from core.pose.finders import BOTH_HANDS
from core.pose.skeletons.table import HAND_21, HANDS_42
from core.pose.types import LEFT, RIGHT, Estimate, Floats, Frame, Picture, Pose

_SIDES = (LEFT, RIGHT)


class BothHands(Estimator):
    """The 42 keypoints of both hands; those of a hand that is not seen are missing.

    Args: see `MediapipeTask`, but `num_poses` is ignored: there is one pose, of one person.
    """

    name = BOTH_HANDS
    skeleton = HANDS_42.name
    can_isolate = True

    def __init__(self, weights_folder: Path, *, num_poses: int = 1, isolated: bool = True) -> None:
        self._hands = MediapipeHands(weights_folder, num_poses=2, isolated=isolated)
        self.version, self.num_poses = self._hands.version, 1
        self._pairing = HandPairing()

    def estimate(self, frame: Frame) -> Estimate:
        """Find one person's two hands in the next frame as one pose of 42 keypoints, or none; a
        hand keeps its side while it is tracked."""
        return self._pair_estimate(self._hands.estimate(frame), self._pairing)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find one person's two hands in a single picture, as one pose of 42 keypoints or none."""
        hands = self._hands.estimate_still(rgb, num_poses=2, mirrored_view=mirrored_view)
        return self._pair_estimate(hands, HandPairing())

    def close(self) -> None:
        """Free MediaPipe's model."""
        self._hands.close()

    def _pair_estimate(self, hands: Estimate, pairing: "HandPairing") -> Estimate:
        poses = pairing(hands.poses)
        return replace(hands, poses=poses, estimator=self.name, skeleton=self.skeleton)


class HandPairing:
    """Joins each frame's hands into one pose; remembers where both were in the previous frame."""

    def __init__(self) -> None:
        self._previous: Floats | None = None

    def __call__(self, hands: Sequence[Pose]) -> tuple[Pose, ...]:
        """Return the next frame's hands as one pose, or none."""
        poses = (pair_hands(hands, self._previous),) if hands else ()
        self._previous = poses[0].keypoints if poses else None
        return poses

    def reset(self) -> None:
        """Start a new stream."""
        self._previous = None


def pair_hands(hands: Sequence[Pose], previous: Floats | None = None) -> Pose:
    """Join the two most confident hands, or the only one, into a pose of 42 keypoints with the
    higher score.

    A hand keeps the side that it had in the previous frame, of which these are the (42, 2)
    keypoints; a new one has the side that its estimator gives, and of two hands with one side the
    more confident has it.
    """
    hands = sorted(hands, key=lambda hand: -hand.score)[:2]
    sides = min(
        permutations(range(2), len(hands)),
        key=lambda order: sum(
            _compute_cost(hand, side, previous) for hand, side in zip(hands, order, strict=True)
        ),
    )
    keypoints = np.full((HANDS_42.size, 2), np.nan, np.float32)
    scores = np.zeros(HANDS_42.size, np.float32)
    for hand, side in zip(hands, sides, strict=True):
        part = slice(side * HAND_21.size, (side + 1) * HAND_21.size)
        keypoints[part], scores[part] = hand.keypoints, hand.scores
    return Pose(keypoints, scores, hands[0].score)


def _compute_cost(hand: Pose, side: int, previous: Floats | None) -> float:
    """Return the cost of assigning a hand to a side (0 left, 1 right): its movement since the
    previous frame, plus its score if its handedness is the other side."""
    is_other_side = hand.handedness not in (None, _SIDES[side])
    return _measure_movement(hand.keypoints, previous, side) + hand.score * is_other_side


def _measure_movement(keypoints: Floats, previous: Floats | None, side: int) -> float:
    """Return a hand's movement from a side's previous keypoints, divided by its size, at most 1; 1
    if there were none."""
    if previous is None:
        return 1.0
    before = previous[side * HAND_21.size : (side + 1) * HAND_21.size]
    movement_px = float(np.linalg.norm(keypoints - before, axis=1).mean())
    size_px = max(float(np.ptp(keypoints, axis=0).max()), 1.0)
    return min(movement_px / size_px, 1.0) if np.isfinite(movement_px) else 1.0
