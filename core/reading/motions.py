"""Recognise gestures that move in a stream: those that each hand or body completes, and the path of
its fingertip.

Times are seconds on the frames' clock.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import MotionEvent, MotionStream, NearMiss
from core.pose.boxes import has_same_aspect, rescale_keypoints
from core.pose.drawing.poses import draw_path
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Floats, Picture

FORGET_S = 0.5  # a hand out of view for longer is a new hand
_TRAIL_S = 1.0  # length of the drawn path


@dataclass(frozen=True)
class Motion:
    """A completed gesture that moves.

    Attributes:
        hand: which one made it, see `HandReading.hand`.
        number: of the gesture, from 1, after the still ones.
    """

    event: MotionEvent
    hand: str
    number: int


class _MotionTrack:
    """Motion stream of one hand, and the recent path of its traced keypoint."""

    def __init__(self, model: GestureModel) -> None:
        self.stream, self.name, self.seen_s = MotionStream(model), "", 0.0
        self.path: deque[tuple[float, Floats]] = deque()


class MotionReader:
    """Recognises the moving gestures of a stream's hands; idle if the model has none.

    Attributes:
        made: gestures completed by the last frame.
        missed: a movement completed by the last frame that was nearly a gesture.
    """

    def __init__(self) -> None:
        self.made: tuple[Motion, ...] = ()
        self.missed: NearMiss | None = None
        self._model: GestureModel | None = None
        self._tracks: dict[int, _MotionTrack] = {}
        # that keypoints are rescaled to: the first picture's, until the aspect ratio changes
        self._size_hw: tuple[int, int] | None = None

    def read(
        self, estimate: Estimate, model: GestureModel | None, names: Mapping[int, str]
    ) -> None:
        """Read the next frame: add completed moving gestures to `made` and store a near miss in
        `missed`. Raise ModelError if the model wasn't trained on these keypoints.

        Args:
            model: of still gestures, perhaps with one of moving gestures; or of moving ones only.
            names: of the poses in their order, by track number.
        """
        self.missed = None
        moving = model.motions if model is not None else None
        if moving is not self._model:
            self._model, self._tracks = moving, {}
        if model is None or moving is None:
            self.made = ()
            return
        moving.check_estimator(estimate.estimator, estimate.skeleton)
        still_count = 0 if model is moving else len(model.gestures)
        now_s = estimate.time_s
        events = self._step_visible(estimate, moving, names) + self._step_missing(now_s, names)
        order = [gesture.name for gesture in moving.gestures]
        self.made = tuple(
            Motion(event, name, still_count + order.index(event.gesture.name) + 1)
            for name, event in events
        )
        for track in self._tracks.values():
            while track.path and now_s - track.path[0][0] > _TRAIL_S:
                track.path.popleft()

    def _step_visible(
        self, estimate: Estimate, model: GestureModel, names: Mapping[int, str]
    ) -> list[tuple[str, MotionEvent]]:
        """Advance the motion streams of visible hands; return (hand, event) for gestures made."""
        events, traced = [], skeleton_named(estimate.skeleton).traced
        if self._size_hw is None or not has_same_aspect(self._size_hw, estimate.size_hw):
            self._size_hw = estimate.size_hw
        size_hw = self._size_hw
        for (number, name), pose in zip(names.items(), estimate.poses, strict=True):
            track = self._tracks.get(number) or _MotionTrack(model)
            self._tracks[number], track.name = track, name
            keypoints = rescale_keypoints(pose.keypoints, estimate.size_hw, size_hw)
            pose = replace(pose, keypoints=keypoints)
            points = pose.world if model.axes == 3 else pose.without_hidden().keypoints
            track.seen_s = estimate.time_s
            track.path.append((estimate.time_s, pose.keypoints[traced]))
            if event := track.stream.step(estimate.time_s, points, estimate.mirrored_view):
                events.append((name, event))
            self.missed = track.stream.near_miss or self.missed
        return events

    def _step_missing(
        self, now_s: float, names: Mapping[int, str]
    ) -> list[tuple[str, MotionEvent]]:
        """Advance the motion streams of hands that left the view, as swipes often do; return (hand,
        event) for completed gestures. Streams end after FORGET_S."""
        events = []
        for number in [number for number in self._tracks if number not in names]:
            track = self._tracks[number]
            is_lost = now_s - track.seen_s > FORGET_S
            if event := track.stream.close() if is_lost else track.stream.step(now_s, None):
                events.append((track.name, event))
            self.missed = track.stream.near_miss or self.missed
            if is_lost:
                del self._tracks[number]
        return events

    def take_results(self) -> tuple[tuple[Motion, ...], NearMiss | None]:
        """Return `made` and `missed`, and clear both."""
        results = self.made, self.missed
        self.made, self.missed = (), None
        return results

    def draw_paths(self, mirrored: Picture) -> Picture:
        """Draw each hand's path on the mirrored picture of the last frame."""
        for track in self._tracks.values():
            points = np.array([point for _, point in track.path]).reshape(-1, 2)
            size_hw = mirrored.shape[:2]
            points = rescale_keypoints(points, self._size_hw or size_hw, size_hw)
            points[:, 0] = mirrored.shape[1] - 1 - points[:, 0]
            mirrored = draw_path(mirrored, points)
        return mirrored
