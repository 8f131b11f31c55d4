"""Gestures that move, in a camera's stream: what each hand or body has made, and the way of its
fingertip.

Times are seconds on the frames' clock.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import MotionEvent, MotionStream, NearMiss
from core.pose.boxes import resized, same_shape
from core.pose.drawing.poses import draw_way
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Floats, Picture, Pose

FORGET_S = 0.5  # a hand away for so long begins anew
TRAIL_S = 1.0  # of its fingertip's way is drawn


@dataclass(frozen=True)
class Motion:
    """A gesture that was made.

    Attributes:
        hand: which one made it, as its reading is called.
        number: of the gesture, from 1: those that are held still come first.
    """

    event: MotionEvent
    hand: str
    number: int


class _Track:
    """One hand's stream and the way of its traced keypoint."""

    def __init__(self, model: GestureModel) -> None:
        self.stream, self.name, self.seen_s = MotionStream(model), "", 0.0
        self.way: deque[tuple[float, Floats]] = deque()

    def see(self, time_s: float, pose: Pose, traced: int) -> None:
        """Remember where the keypoint is."""
        self.seen_s = time_s
        self.way.append((time_s, pose.keypoints[traced]))

    def forget(self, now_s: float) -> None:
        """What is too long ago to be drawn."""
        while self.way and now_s - self.way[0][0] > TRAIL_S:
            self.way.popleft()


class Motions:
    """Follows the hands of one stream's estimates; empty as long as the model knows no gesture that
    moves.

    Attributes:
        made: what the last frame settled.
        missed: the last movement that it showed to be none, though near to a gesture.
    """

    def __init__(self) -> None:
        self.made: tuple[Motion, ...] = ()
        self.missed: NearMiss | None = None
        self._model: GestureModel | None = None
        self._tracks: dict[int, _Track] = {}
        self._size_hw: tuple[int, int] | None = None

    def __call__(
        self, estimate: Estimate, model: GestureModel | None, names: Mapping[int, str]
    ) -> None:
        """Take the next frame.

        Args:
            model: of still gestures with one of moving ones beside it, or of these alone.
            names: of the poses, in their order, by their numbers.

        Raises:
            ModelError: the model of moving gestures can't be used.
        """
        self.missed = None
        moving = model.motions if model is not None else None
        if moving is not self._model:
            self._model, self._tracks = moving, {}
        if model is None or moving is None:
            self.made = ()
            return
        moving.check_estimator(estimate.estimator, estimate.skeleton)
        still = 0 if model is moving else len(model.gestures)
        now_s = estimate.time_s
        made = self._seen(estimate, moving, names) + self._unseen(now_s, names)
        order = [gesture.name for gesture in moving.gestures]
        self.made = tuple(
            Motion(event, name, still + order.index(event.gesture.name) + 1) for name, event in made
        )
        for track in self._tracks.values():
            track.forget(now_s)

    def _seen(
        self, estimate: Estimate, model: GestureModel, names: Mapping[int, str]
    ) -> list[tuple[str, MotionEvent]]:
        made, traced = [], skeleton_named(estimate.skeleton).traced
        size_hw = self._size_of(estimate)
        for (number, name), pose in zip(names.items(), estimate.poses, strict=True):
            track = self._tracks.get(number) or _Track(model)
            self._tracks[number], track.name = track, name
            if estimate.size_hw != size_hw:
                pose = replace(pose, keypoints=resized(pose.keypoints, estimate.size_hw, size_hw))
            points = pose.world if model.axes == 3 else pose.without_hidden().keypoints
            track.see(estimate.time_s, pose, traced)
            if event := track.stream.step(estimate.time_s, points, estimate.mirrored_view):
                made.append((name, event))
            self.missed = track.stream.missed or self.missed
        return made

    def _size_of(self, estimate: Estimate) -> tuple[int, int]:
        """The size that all pictures are thought to have: a browser short of time sends smaller
        ones from one frame to the next."""
        if self._size_hw is None or not same_shape(self._size_hw, estimate.size_hw):
            self._size_hw = estimate.size_hw
        return self._size_hw

    def _unseen(self, now_s: float, names: Mapping[int, str]) -> list[tuple[str, MotionEvent]]:
        """Hands that are not there now: a swipe often ends outside the picture."""
        made = []
        for number in [number for number in self._tracks if number not in names]:
            track = self._tracks[number]
            gone = now_s - track.seen_s > FORGET_S
            if event := track.stream.close() if gone else track.stream.step(now_s, None):
                made.append((track.name, event))
            self.missed = track.stream.missed or self.missed
            if gone:
                del self._tracks[number]
        return made

    def take(self) -> tuple[tuple[Motion, ...], NearMiss | None]:
        """What was made and what was missed, once."""
        taken = self.made, self.missed
        self.made, self.missed = (), None
        return taken

    def draw(self, mirrored: Picture) -> Picture:
        """The mirrored picture of the last frame with the ways on it."""
        for track in self._tracks.values():
            points = np.array([place for _, place in track.way]).reshape(-1, 2)
            points = resized(points, self._size_hw or mirrored.shape[:2], mirrored.shape[:2])
            points[:, 0] = mirrored.shape[1] - 1 - points[:, 0]
            mirrored = draw_way(mirrored, points)
        return mirrored
