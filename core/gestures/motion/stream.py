"""Gestures that move, found in a stream while it happens: frames in, events out.

At each frame what has moved since the last pause is asked as a whole what it is: a part of a circle
is a swipe. What goes on after a gesture without a real pause is its rest or the way back, not
another one. Where examples are not cut to what moves, no rest tells where a gesture begins: windows
that end with the frame, of several lengths, are asked. The surest answer is a candidate, which
grows there while windows go on saying the same, and gives way to a surer one; once none has come
for a while, or few say it any more, it is an event. What an event was read from is not asked again,
so that a movement gives one event.

Convention: K keypoints, D axes; times in seconds, rising; NaN where a keypoint is missing.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.gestures.labels import NONE, GestureLabel
from core.gestures.model.gesture_model import GestureModel
from core.gestures.motion.motion_features import motion_features
from core.gestures.motion.trimming import OVER_S, moving, pose_size, speed
from core.gestures.motion.windows import evenly, is_gap, usual_s
from core.pose.types import Floats

LENGTHS_S = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
# no rest tells where an untrimmed gesture begins: more lengths do, and its last window ends late
UNTRIMMED_S = (0.35, 0.5, 0.7, 1.0, 1.4, 1.7, 2.0, 2.4, 2.8, 3.4)
SETTLED_S = 0.2  # without a window that says it: the gesture is over
_UNTRIMMED_SETTLED_S = 0.1
_PAUSE_S = 0.4  # a shorter one after a gesture does not end its movement
_SAME_S = 0.25  # where no rest tells it: the same gesture so soon is the same movement
_LEAST_FRAMES = 4  # of a window
# What takes longer than 3.4 s, and a quarter longer than its gesture's longest example, is not it.
_USUAL_S, _SLOWER, _MOST_S = 3.4, 1.25, 10.0
_TRAIL_S = 3.9
_AS_SURE = 0.85  # of what the candidate was, to go on being it
_STEPS = 60  # between frames, of which the usual one is taken
_LIKE = 0.5  # so sure of a gesture, what is none comes near to it
_NOTICED = 0.25  # sizes of the pose that a movement reaches at least for somebody to have meant it
_VOTES = 0.6  # from so sure a window on it has a say in when a gesture began and ended
_BEGAN, _ENDED = 0.4, 0.9  # of the votes' weight comes before its begin, and before its end
_FADED = 0.35  # of the most votes that a frame gave: the gesture is over
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
    """Of spans (start, end) in seconds: the whole one, and those that said it, with how sure they
    were. The most that a frame's windows said together, and whether the last frame's said little
    of that."""

    gesture: int
    start_s: float
    end_s: float
    confidence: float
    votes: tuple[tuple[float, float, float], ...] = ()
    loudest: float = 0.0
    faded: bool = False


class MotionStream:
    """The moving gestures of one hand or body in a stream. Causal, without a clock of its own.

    Args:
        model: of moving gestures.
        threshold: the least confidence of an event; None: the model's own.
        trimmed: the examples that it learned from were cut to what moves, as recording does it:
            so are windows. False: they rest before or after.

    Attributes:
        missed: the movement that the last frame showed to be over and no gesture, where the
            examples are trimmed.

    Raises:
        ModelError: the model is of still gestures.
    """

    def __init__(
        self, model: GestureModel, threshold: float | None = None, *, trimmed: bool = True
    ) -> None:
        if model.steps is None:
            raise ModelError(
                f"{model.path} knows still gestures; choose a model of gestures that move"
            )
        self._model, self._steps, self._trimmed = model, model.steps, trimmed
        self._lengths_s = LENGTHS_S if trimmed else UNTRIMMED_S
        longest_s = (_SLOWER * np.array(model.longest_s)).clip(_USUAL_S, _MOST_S)
        self._longest_s = longest_s if trimmed else np.full_like(longest_s, np.inf)
        self._kept_s = longest_s.max() + 0.5
        self._settled_s = SETTLED_S if trimmed else _UNTRIMMED_SETTLED_S
        self._threshold = model.threshold if threshold is None else threshold
        self._votes = min(_VOTES, self._threshold)
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
            self._weigh(mirrored_view)
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

    def _weigh(self, mirrored_view: bool) -> None:
        """Ask the windows that end now, and keep the better of the candidate and their answer."""
        spans, windows = self._windows()
        if not spans:
            return
        found, rejections = self._model.predict(windows, np.full(len(spans), mirrored_view))
        sure = found * (rejections <= self._model.rejects_above)[:, None]
        sure[:, self._none] = 0
        lasts_s = np.array([end - start for start, end in spans])
        sure[lasts_s[:, None] > self._longest_s] = 0
        row, gesture = np.unravel_index(int(sure.argmax()), sure.shape)
        best = _Candidate(int(gesture), *spans[row], float(sure[row, gesture]))
        if self._trimmed:  # the whole says more than its parts did
            told = best.confidence >= self._threshold
            self._candidate = best if told else None
            self._near = None if told else self._nearest(spans[0], windows, found[0], rejections[0])
            return
        one = self._candidate
        if one is None:
            one = best if best.confidence >= self._threshold else None
        elif best.gesture != one.gesture:
            one = best if best.confidence > one.confidence else one
        elif best.confidence >= _AS_SURE * one.confidence:
            one = one._replace(
                start_s=min(one.start_s, best.start_s),
                end_s=max(one.end_s, best.end_s),
                confidence=max(one.confidence, best.confidence),
            )
        self._candidate = one and self._heard(one, spans, sure[:, one.gesture].tolist())

    def _heard(
        self, one: _Candidate, spans: list[tuple[float, float]], shares: list[float]
    ) -> _Candidate:
        """With what the windows that end now say of it."""
        said = zip(spans, shares, strict=True)
        votes = tuple((*span, share) for span, share in said if share >= self._votes)
        loud = sum(share for *_, share in votes)
        loudest = max(one.loudest, loud)
        return one._replace(
            votes=(*one.votes, *votes), loudest=loudest, faded=loud < _FADED * loudest
        )

    def _nearest(
        self, span: tuple[float, float], windows: Floats, shares: Floats, rejection: float
    ) -> NearMiss | None:
        """What the one window is most like, which is no event; None where it is like nothing, or
        hardly a movement, or what follows a gesture."""
        gesture, (start_s, end_s) = int(shares.argmax()), span
        if end_s <= self._passed_s or gesture in self._none or shares[gesture] < _LIKE:
            return None
        if self._last and self._one_movement(self._last, _Candidate(gesture, *span, 0.0)):
            return None
        features = motion_features(self._model.skeleton.name, self._model.axes)
        if features.reach(windows)[0] < _NOTICED:
            return None
        slow = end_s - start_s > self._longest_s[gesture]
        why = SLOW if slow else UNLIKE if rejection > self._model.rejects_above else UNSURE
        return NearMiss(self._model.gestures[gesture], end_s, why)

    def _windows(self) -> tuple[list[tuple[float, float]], Floats]:
        """(start, end) of the windows that end now and begin after the last event, and the (N, T,
        K, D) windows."""
        times = np.array([frame.time_s for frame in self._frames])
        points = np.stack([frame.keypoints for frame in self._frames])
        begins = self._begins(times)
        parts = self._moved(times, begins) if self._trimmed else [(b, len(times)) for b in begins]
        parts = [(a, b) for a, b in dict.fromkeys(parts) if b - a >= _LEAST_FRAMES]
        spans = [(float(times[a]), float(times[b - 1])) for a, b in parts]
        # a gap would have ended these frames
        shapes = [evenly(points[a:b], times[a:b], self._steps) for a, b in parts]
        return spans, np.stack(shapes) if shapes else np.empty((0, *self._model.shape), np.float32)

    def _begins(self, times: NDArray[np.float64]) -> list[int]:
        """Of the lengths that fit between the last event, or the first frame, and now; where
        examples are trimmed and more is between, all of it, too: the end of a slow circle is a
        swipe."""
        first = int(np.searchsorted(times, self._free_s))
        fitting = [s for s in self._lengths_s if times[-1] - s >= times[0] - 1e-9]
        begins = [int(np.searchsorted(times, times[-1] - s - 1e-9)) for s in fitting]
        begins = [begin for begin in begins if begin >= first]
        slow = self._trimmed and begins and times[-1] - times[first] > self._lengths_s[-1]
        return [*begins, first] if slow else begins

    def _moved(self, times: NDArray[np.float64], begins: list[int]) -> list[tuple[int, int]]:
        """(begin, end) of what has moved since the last pause, by the longest window that tells."""
        speeds = np.array([frame.speed for frame in self._frames])
        for begin in reversed(begins):
            moves = moving(speeds[begin + 1 :])
            still_s = np.diff(times[begin + 1 + moves]) * (np.diff(moves) > 1)
            pauses = np.flatnonzero(still_s > SETTLED_S + 1e-9)
            moves = moves[pauses[-1] + 1 :] if len(pauses) else moves
            part = (begin + int(moves[0]), begin + int(moves[-1]) + 2) if len(moves) else (0, 0)
            if part[1] - part[0] >= _LEAST_FRAMES:
                return [part]
        return []

    def _settled(self, now_s: float) -> MotionEvent | None:
        if (near := self._near) and now_s - near.end_s >= self._settled_s - 1e-9:
            self.missed, self._near, self._passed_s = near, None, near.end_s
        one, last = self._candidate, self._last
        if one is None or (now_s - one.end_s < self._settled_s - 1e-9 and not one.faded):
            return None
        self._candidate, self._free_s, self._last = None, one.end_s, one
        if last and self._one_movement(last, one):
            return None
        start_s, end_s = (one.start_s, one.end_s) if self._trimmed else _agreed(one)
        return MotionEvent(self._model.gestures[one.gesture], start_s, end_s, one.confidence)

    def _one_movement(self, last: _Candidate, one: _Candidate) -> bool:
        apart_s = one.start_s - last.end_s
        if self._trimmed:
            return apart_s < _PAUSE_S - 1e-9
        return last.gesture == one.gesture and apart_s < _SAME_S


def _agreed(one: _Candidate) -> tuple[float, float]:
    """Its begin and end by the votes: a window says a gesture before it is done and after it is
    over."""
    starts, ends, weights = np.array(one.votes).T
    return _reached(starts, weights, _BEGAN), _reached(ends, weights, _ENDED)


def _reached(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """The least of the values that, with those below it, has this share of the weight."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, share * below[-1])])
