"""Detect moving gestures in a live stream: frames in, events out.

Each frame classifies everything that has moved since the last pause, as a whole: a part of a circle
is a swipe. Movement that follows a gesture without a pause belongs to its end or to the way back,
and gives no event. A gesture becomes an event once the hand rests or is gone.

Convention: K keypoints, D axes; times in seconds, rising; NaN where a keypoint is missing.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.gestures.labels import NONE, GestureLabel
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.motion_features import get_motion_features
from core.gestures.motion.windows import (
    SPEED_SPAN_S,
    compute_median_step_s,
    find_moving_frames,
    is_gap,
    measure_pose_size,
    measure_speed,
    resample_evenly,
)
from core.pose.types import Floats

_WINDOWS_S = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
SETTLED_S = 0.2  # after its last movement a gesture is over
_PAUSE_S = 0.4  # a shorter pause after a gesture does not end its movement
_MIN_FRAMES = 4  # of a window
# A movement is too slow for a gesture that lasts over 3.4 s and over 1.25 times its longest example
_USUAL_S, _SLOWER, _MAX_S = 3.4, 1.25, 10.0
_STEPS = 60  # between frames, whose median is the usual step
_MIN_NEAR_PROBABILITY = 0.5  # of a gesture that a near miss is reported for
_MIN_NEAR_REACH = 0.25  # pose sizes; a smaller movement was hardly intended
SLOW, UNLIKE, UNSURE = "slow", "unlike", "unsure"


@dataclass(frozen=True)
class MotionEvent:
    """A completed gesture; times are by the frames' clock, confidence is 0 to 1."""

    gesture: GestureLabel
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class NearMiss:
    """A finished movement that was no gesture, and why: SLOW: longer than any example may last;
    UNLIKE: smaller or otherwise different; UNSURE: it may be another gesture."""

    gesture: GestureLabel  # the most probable one
    end_s: float
    why: str


class _Frame(NamedTuple):
    time_s: float
    keypoints: Floats
    speed: float


class MotionStream:
    """Detects the moving gestures of one hand or body in a stream of frames, by a model that was
    trained on clips cut to their moving part; raises ModelError for one of still gestures.

    Attributes:
        near_miss: the movement that ended with the last frame and was no gesture.
    """

    def __init__(self, model: GestureModel) -> None:
        if model.steps is None:
            raise ModelError(
                f"{model.path} knows still gestures; choose a model of gestures that move"
            )
        self._model, self._steps = model, model.steps
        longest_s = model.about.longest_s or (0.0,) * len(model.gestures)
        self._longest_s = (_SLOWER * np.array(longest_s)).clip(_USUAL_S, _MAX_S)
        self._kept_s = self._longest_s.max() + 0.5
        self._none = [i for i, g in enumerate(model.gestures) if g.name == NONE.name]
        self._frames: deque[_Frame] = deque()
        self._steps_s: deque[float] = deque(maxlen=_STEPS)
        self._lost_s = 0.0  # since the hand was last seen, as `is_gap` counts it
        self._last_s = -np.inf
        self._candidate: MotionEvent | None = None  # its movement may still go on
        self._last: MotionEvent | None = None
        self._near: NearMiss | None = None
        self._missed_s = -np.inf  # end of the last near miss
        self.near_miss: NearMiss | None = None

    def step(
        self, time_s: float, keypoints: Floats | None, mirrored_view: bool = False
    ) -> MotionEvent | None:
        """Process a frame's (K, D) keypoints (None or all NaN if no hand is visible), and return
        the gesture that has just been recognised, if any. Frames must be in chronological order."""
        self.near_miss = None
        if time_s <= self._last_s:
            return None
        ended = self.close() if self._update_lost(time_s) else None
        self._last_s = time_s
        if keypoints is not None and np.isfinite(keypoints).all(-1).any():
            self._add_frame(time_s, np.asarray(keypoints, np.float32))
            self._update_candidate(mirrored_view)
        return ended or self._pop_settled(time_s)

    def close(self) -> MotionEvent | None:
        """End the current movement, and return the recognised gesture, if any."""
        event = self._pop_settled(np.inf)
        self._frames.clear()
        self._last = self._near = None
        return event

    def _update_lost(self, time_s: float) -> bool:
        """Update the time without a hand; return whether it is long enough to end the movement."""
        if not self._frames:
            return False
        self._steps_s.append(time_s - self._last_s)
        usual = compute_median_step_s(np.array(self._steps_s))
        self._lost_s += min(self._steps_s[-1], usual)
        return bool(is_gap(time_s - self._frames[-1].time_s, self._lost_s, usual))

    def _add_frame(self, time_s: float, keypoints: Floats) -> None:
        """Append a frame with its speed, and remove frames older than the longest window."""
        recent = [frame for frame in self._frames if frame.time_s >= time_s - SPEED_SPAN_S - 1e-9]
        previous = recent[0] if recent else self._frames[-1] if self._frames else None
        speed = 0.0
        if previous is not None:
            hands, dt_s = self._model.skeleton.number, time_s - previous.time_s
            size = measure_pose_size(keypoints[None], hands)
            speed = measure_speed(keypoints, previous.keypoints, dt_s, size, hands)
        self._frames.append(_Frame(time_s, keypoints, speed))
        self._lost_s = 0.0
        while time_s - self._frames[0].time_s > self._kept_s:
            self._frames.popleft()

    def _update_candidate(self, mirrored_view: bool) -> None:
        """Classify the movement since the last pause as a candidate event or a near miss."""
        if (part := self._find_movement()) is None:
            return
        frames = list(self._frames)[part]
        times = np.array([frame.time_s for frame in frames])
        # a gap would have ended these frames
        points = np.stack([frame.keypoints for frame in frames])
        window = resample_evenly(points, times, self._steps)[None]
        start_s, end_s = float(times[0]), float(times[-1])
        [found], [rejection] = self._model.predict(window, np.full(1, mirrored_view))
        probabilities = found * (rejection <= self._model.rejects_above)
        probabilities[self._none] = 0
        probabilities[end_s - start_s > self._longest_s] = 0
        best = int(probabilities.argmax())
        self._candidate = self._near = None
        if probabilities[best] >= self._model.about.threshold:
            gesture, confidence = self._model.gestures[best], float(probabilities[best])
            self._candidate = MotionEvent(gesture, start_s, end_s, confidence)
        else:
            self._near = self._find_near_miss((start_s, end_s), window, found, float(rejection))

    def _find_near_miss(
        self, span: tuple[float, float], window: Floats, probabilities: Floats, rejection: float
    ) -> NearMiss | None:
        """Return the gesture that a movement nearly matched, and why it was rejected; None if it
        resembles no gesture, is too small, or follows another gesture directly."""
        gesture, (start_s, end_s) = int(probabilities.argmax()), span
        probability = probabilities[gesture]
        if end_s <= self._missed_s or gesture in self._none or probability < _MIN_NEAR_PROBABILITY:
            return None
        if self._last and _is_one_movement(self._last.end_s, start_s):
            return None
        features = get_motion_features(self._model.skeleton.name, self._model.axes)
        if features.measure_reach(window)[0] < _MIN_NEAR_REACH:
            return None
        slow = end_s - start_s > self._longest_s[gesture]
        why = SLOW if slow else UNLIKE if rejection > self._model.rejects_above else UNSURE
        return NearMiss(self._model.gestures[gesture], end_s, why)

    def _find_movement(self) -> slice | None:
        """Return the frames that moved since the last pause and the last event, in the longest
        window that ends now; None if too few frames moved."""
        times = np.array([frame.time_s for frame in self._frames])
        speeds = np.array([frame.speed for frame in self._frames])
        for begin in reversed(self._list_window_starts(times)):
            moves = find_moving_frames(speeds[begin + 1 :])
            still_s = np.diff(times[begin + 1 + moves]) * (np.diff(moves) > 1)
            pauses = np.flatnonzero(still_s > SETTLED_S + 1e-9)
            moves = moves[pauses[-1] + 1 :] if len(pauses) else moves
            if len(moves) and moves[-1] + 2 - moves[0] >= _MIN_FRAMES:
                return slice(begin + int(moves[0]), begin + int(moves[-1]) + 2)
        return None

    def _list_window_starts(self, times: NDArray[np.float64]) -> list[int]:
        """Return the first frames of the windows that end now and start after the last event,
        shortest window first; the last window starts right after that event, for slow gestures."""
        first = int(np.searchsorted(times, self._last.end_s)) if self._last else 0
        fitting = [s for s in _WINDOWS_S if times[-1] - s >= times[0] - 1e-9]
        begins = [int(np.searchsorted(times, times[-1] - s - 1e-9)) for s in fitting]
        begins = [begin for begin in begins if begin >= first]
        slow = begins and times[-1] - times[first] > _WINDOWS_S[-1]
        return [*begins, first] if slow else begins

    def _pop_settled(self, now_s: float) -> MotionEvent | None:
        """Return the candidate event, and set `near_miss`, once the movement is over."""
        if (near := self._near) and now_s - near.end_s >= SETTLED_S - 1e-9:
            self.near_miss, self._near, self._missed_s = near, None, near.end_s
        one, last = self._candidate, self._last
        if one is None or now_s - one.end_s < SETTLED_S - 1e-9:
            return None
        self._candidate, self._last = None, one
        return None if last and _is_one_movement(last.end_s, one.start_s) else one


def _is_one_movement(end_s: float, start_s: float) -> bool:
    """Return whether a movement starts so soon after a gesture that it is the same movement."""
    return start_s - end_s < _PAUSE_S - 1e-9
