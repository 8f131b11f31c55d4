"""A person's two hands as one pose: what MediaPipe finds, the left hand's keypoints before the
right one's."""

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

    Args:
        weights_folder: where the prepared models lie.
        num_poses: of one person alone, whatever is asked for.
        isolated: as `MediapipeTask` has it.

    Raises:
        WeightsError: the model is not prepared.
    """

    name = BOTH_HANDS
    skeleton = HANDS_42.name
    can_isolate = True

    def __init__(self, weights_folder: Path, *, num_poses: int = 1, isolated: bool = True) -> None:
        self._hands = MediapipeHands(weights_folder, num_poses=2, isolated=isolated)
        self.version, self.num_poses = self._hands.version, 1
        self._pairing = Pairing()

    def estimate(self, frame: Frame) -> Estimate:
        """Both hands in the next frame as one pose; each keeps its side as long as it is followed.

        Raises:
            EstimatorError: closed.
        """
        return self._together(self._hands.estimate(frame), self._pairing)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Both hands in a picture that stands alone.

        Raises:
            EstimatorError: closed.
        """
        hands = self._hands.estimate_still(rgb, num_poses=2, mirrored_view=mirrored_view)
        return self._together(hands, Pairing())

    def close(self) -> None:
        """Give back what it holds."""
        self._hands.close()

    def _together(self, hands: Estimate, pairing: "Pairing") -> Estimate:
        poses = pairing(hands.poses)
        return replace(hands, poses=poses, estimator=self.name, skeleton=self.skeleton)


class Pairing:
    """Makes pairs of a stream's hands; remembers where both were in the frame before."""

    def __init__(self) -> None:
        self._last: Floats | None = None

    def __call__(self, hands: Sequence[Pose]) -> tuple[Pose, ...]:
        """The next frame's hands as one pose, none where none is seen."""
        poses = (paired(hands, self._last),) if hands else ()
        self._last = poses[0].keypoints if poses else None
        return poses

    def forget(self) -> None:
        """What comes is another stream."""
        self._last = None


def paired(hands: Sequence[Pose], last: Floats | None = None) -> Pose:
    """One or two hands as one pose of 42 keypoints, as sure as the surer one.

    A hand goes where it was in the frame before, of which `last` are the (42, 2) keypoints; one
    that was not there goes by the side that its finder names, and two of the same side by the
    surer one's.
    """
    hands = sorted(hands, key=lambda hand: -hand.score)[:2]
    places = min(
        permutations(range(2), len(hands)),
        key=lambda at: sum(_cost(hand, place, last) for hand, place in zip(hands, at, strict=True)),
    )
    keypoints = np.full((HANDS_42.size, 2), np.nan, np.float32)
    scores = np.zeros(HANDS_42.size, np.float32)
    for hand, place in zip(hands, places, strict=True):
        part = slice(place * HAND_21.size, (place + 1) * HAND_21.size)
        keypoints[part], scores[part] = hand.keypoints, hand.scores
    return Pose(keypoints, scores, hands[0].score)


def _cost(hand: Pose, place: int, last: Floats | None) -> float:
    """Of having a hand there: how far it went since, or 1 where it would be new; and what its
    finder says against it."""
    other_side = hand.handedness not in (None, _SIDES[place])
    return _way(hand.keypoints, last, place) + hand.score * other_side


def _way(keypoints: Floats, last: Floats | None, place: int) -> float:
    """In sizes of the hand; no more than 1."""
    if last is None:
        return 1.0
    before = last[place * HAND_21.size : (place + 1) * HAND_21.size]
    way = float(np.linalg.norm(keypoints - before, axis=1).mean())
    size = float(np.ptp(keypoints, axis=0).max())
    return min(way / max(size, 1.0), 1.0) if np.isfinite(way) else 1.0
