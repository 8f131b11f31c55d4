"""Detect moving gestures in a stream while it happens: frames in, events out.

Each frame asks the model about everything that has moved since the last pause, as a whole: a part
of a circle is a swipe. Movement that follows a gesture without a real pause is its end or the way
back, and gives no event. A gesture becomes an event once it is over: the hand rests, or is gone.

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
from core.gestures.motion.motion_features import motion_features
from core.gestures.motion.trimming import OVER_S, moving, pose_size, speed
from core.gestures.motion.windows import evenly, is_gap, usual_s
from core.pose.types import Floats

LENGTHS_S = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
SETTLED_S = 0.2  # after its last movement a gesture is over
_PAUSE_S = 0.4  # a shorter one after a gesture does not end its movement
_LEAST_FRAMES = 4  # of a window
# What takes longer than 3.4 s, and a quarter longer than its gesture's longest example, is not it.
_USUAL_S, _SLOWER, _MOST_S = 3.4, 1.25, 10.0
_TRAIL_S = 3.9
_STEPS = 60  # between frames, of which the usual one is taken
_LIKE = 0.5  # so sure of a gesture, what is none comes near to it
_NOTICED = 0.25  # sizes of the pose that a movement reaches at least for somebody to have meant it
SLOW, UNLIKE, UNSURE = "slow", "unlike", "unsure"


@dataclass(frozen=True)
class MotionEvent:
    """A gesture that was made.

    Attributes:
        start_s, end_s: on the frames' clock.
        confidence: 0 to 1.
    """

    gesture: GestureLabel
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class NearMiss:
    """A movement that is over and no gesture.

    Attributes:
        gesture: which it was most like.
        why: it is not that one. SLOW: it took longer than any example may; UNLIKE: it is smaller or
            otherwise unlike the examples; UNSURE: it may be another one.
    """

    gesture: GestureLabel
    end_s: float
    why: str


class _Frame(NamedTuple):
    time_s: float
    keypoints: Floats
    speed: float


class _Candidate(NamedTuple):
    """A gesture that is not settled yet."""

    gesture: int
    start_s: float
    end_s: float
    confidence: float


class MotionStream:
    """The moving gestures of one hand or body in a stream. Causal, without a clock of its own.

    Args:
        model: of moving gestures, trained on clips that were cut to what moves, as recording does.

    Attributes:
        missed: the movement that the last frame showed to be over and no gesture.

    Raises:
        ModelError: the model is of still gestures.
    """

    def __init__(self, model: GestureModel) -> None:
        if model.steps is None:
            raise ModelError(
                f"{model.path} knows still gestures; choose a model of gestures that move"
            )
        self._model, self._steps = model, model.steps
        self._longest_s = (_SLOWER * np.array(model.longest_s)).clip(_USUAL_S, _MOST_S)
        self._kept_s = self._longest_s.max() + 0.5
        self._none = [i for i, g in enumerate(model.gestures) if g.name == NONE.name]
        self._frames: deque[_Frame] = deque()
        self._steps_s: deque[float] = deque(maxlen=_STEPS)
        self._gone_s = 0.0  # since the hand was seen last, as `is_gap` counts it
        self._free_s, self._last_s = -np.inf, -np.inf
        self._candidate: _Candidate | None = None
        self._last: _Candidate | None = None
        self._near: NearMiss | None = None
        self._passed_s = -np.inf  # until when movements are known to be none
        self.missed: NearMiss | None = None

    @property
    def trail(self) -> list[tuple[float, Floats]]:
        """The last times and (D,) places of the traced keypoint, the oldest first."""
        traced, since_s = self._model.skeleton.traced, self._last_s - _TRAIL_S
        return [(f.time_s, f.keypoints[traced]) for f in self._frames if f.time_s >= since_s]

    def step(
        self, time_s: float, keypoints: Floats | None, mirrored_view: bool = False
    ) -> MotionEvent | None:
        """Take a frame; the event that it settles, if any.

        Args:
            time_s: later than the last frame's; one that is not is left out.
            keypoints: (K, D); None or all NaN where nothing is seen.
        """
        self.missed = None
        if time_s <= self._last_s:
            return None
        ended = self.close() if self._lost(time_s) else None
        self._last_s = time_s
        if keypoints is not None and np.isfinite(keypoints).all(-1).any():
            self._take(time_s, np.asarray(keypoints, np.float32))
            self._update_candidate(mirrored_view)
        return ended or self._settled(time_s)

    def close(self) -> MotionEvent | None:
        """Nothing is seen any more: the event that was not settled yet, if any. What comes is
        another movement."""
        event = self._settled(np.inf)
        self._frames.clear()
        self._last = self._near = None
        return event

    def _lost(self, time_s: float) -> bool:
        """Whether nothing was seen for too long until the frame of this time."""
        if not self._frames:
            return False
        self._steps_s.append(time_s - self._last_s)
        usual = usual_s(np.array(self._steps_s))
        self._gone_s += min(self._steps_s[-1], usual)
        return bool(is_gap(time_s - self._frames[-1].time_s, self._gone_s, usual))

    def _take(self, time_s: float, keypoints: Floats) -> None:
        before = [frame for frame in self._frames if frame.time_s >= time_s - OVER_S - 1e-9]
        then = before[0] if before else self._frames[-1] if self._frames else None
        quick = 0.0
        if then is not None:
            spent = time_s - then.time_s
            hands = self._model.skeleton.number
            size = pose_size(keypoints[None], hands)
            quick = speed(keypoints, then.keypoints, spent, size, hands)
        self._frames.append(_Frame(time_s, keypoints, quick))
        self._gone_s = 0.0
        while time_s - self._frames[0].time_s > self._kept_s:
            self._frames.popleft()

    def _update_candidate(self, mirrored_view: bool) -> None:
        """Ask the model about what has moved since the last pause."""
        if (part := self._moving_part()) is None:
            return
        frames = list(self._frames)[part]
        times = np.array([frame.time_s for frame in frames])
        # a gap would have ended these frames
        points = evenly(np.stack([frame.keypoints for frame in frames]), times, self._steps)[None]
        start_s, end_s = float(times[0]), float(times[-1])
        found, rejections = self._model.predict(points, np.full(1, mirrored_view))
        shares = found[0] * (rejections[0] <= self._model.rejects_above)
        shares[self._none] = 0
        shares[end_s - start_s > self._longest_s] = 0
        best = int(shares.argmax())
        self._candidate = self._near = None
        if shares[best] >= self._model.threshold:
            self._candidate = _Candidate(best, start_s, end_s, float(shares[best]))
        else:
            self._near = self._nearest((start_s, end_s), points, found[0], float(rejections[0]))

    def _nearest(
        self, span: tuple[float, float], windows: Floats, shares: Floats, rejection: float
    ) -> NearMiss | None:
        """What the one window is most like, which is no event; None where it is like nothing, or
        hardly a movement, or what follows a gesture."""
        gesture, (start_s, end_s) = int(shares.argmax()), span
        if end_s <= self._passed_s or gesture in self._none or shares[gesture] < _LIKE:
            return None
        if self._last and _is_one_movement(self._last.end_s, start_s):
            return None
        features = motion_features(self._model.skeleton.name, self._model.axes)
        if features.reach(windows)[0] < _NOTICED:
            return None
        slow = end_s - start_s > self._longest_s[gesture]
        why = SLOW if slow else UNLIKE if rejection > self._model.rejects_above else UNSURE
        return NearMiss(self._model.gestures[gesture], end_s, why)

    def _moving_part(self) -> slice | None:
        """The frames that moved since the last pause and after the last event; None where too few
        did. The longest window that ends now and moves decides."""
        times = np.array([frame.time_s for frame in self._frames])
        speeds = np.array([frame.speed for frame in self._frames])
        for begin in reversed(self._begins(times)):
            moves = moving(speeds[begin + 1 :])
            still_s = np.diff(times[begin + 1 + moves]) * (np.diff(moves) > 1)
            pauses = np.flatnonzero(still_s > SETTLED_S + 1e-9)
            moves = moves[pauses[-1] + 1 :] if len(pauses) else moves
            if len(moves) and moves[-1] + 2 - moves[0] >= _LEAST_FRAMES:
                return slice(begin + int(moves[0]), begin + int(moves[-1]) + 2)
        return None

    def _begins(self, times: NDArray[np.float64]) -> list[int]:
        """The first frames of windows that end now and begin after the last event, from short to
        long; where more is between, all of it, too: the end of a slow circle is a swipe."""
        first = int(np.searchsorted(times, self._free_s))
        fitting = [s for s in LENGTHS_S if times[-1] - s >= times[0] - 1e-9]
        begins = [int(np.searchsorted(times, times[-1] - s - 1e-9)) for s in fitting]
        begins = [begin for begin in begins if begin >= first]
        slow = begins and times[-1] - times[first] > LENGTHS_S[-1]
        return [*begins, first] if slow else begins

    def _settled(self, now_s: float) -> MotionEvent | None:
        if (near := self._near) and now_s - near.end_s >= SETTLED_S - 1e-9:
            self.missed, self._near, self._passed_s = near, None, near.end_s
        one, last = self._candidate, self._last
        if one is None or now_s - one.end_s < SETTLED_S - 1e-9:
            return None
        self._candidate, self._free_s, self._last = None, one.end_s, one
        if last and _is_one_movement(last.end_s, one.start_s):
            return None
        return MotionEvent(
            self._model.gestures[one.gesture], one.start_s, one.end_s, one.confidence
        )


def _is_one_movement(end_s: float, start_s: float) -> bool:
    """Whether what starts so soon after a gesture's end still belongs to its movement."""
    return start_s - end_s < _PAUSE_S - 1e-9
