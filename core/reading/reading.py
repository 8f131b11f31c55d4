"""Read the hands of a stream: name them by a model, smooth their keypoints, hold their names.

The probabilities stay raw; smoothed values are for display and for actions.
"""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field, replace
from itertools import chain, count

import numpy as np

from core.errors import ModelError
from core.gestures.labels import NONE, GestureLabel
from core.gestures.modelfile.drift import find_half_bodies
from core.gestures.modelfile.gesture_model import GestureModel, read_smoothing
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import LabelHysteresis, OneEuro, Smoothing
from core.pose.tracking import PoseTracker
from core.pose.types import Estimate, Floats, Pose
from core.reading.motions import FORGET_S, MotionReader

TRACE_S = 6.0  # of the first hand's past are kept
MAX_GAP_S = 3.0  # without frames; after a longer gap every hand is new
_COUNTED_GAP_S = 0.3  # a gap counts as no more: no frame showed that the hand left

_NTH = ("", " again", " third", " fourth")  # name suffixes of several hands of one side

Probabilities = tuple[tuple[GestureLabel, float], ...]


@dataclass(frozen=True)
class HandPrediction:
    """A model's output for one hand.

    Attributes:
        probabilities: (gesture, probability) in the model's order; empty without a model.
        rejection: out-of-distribution score.
        rejected: the score is above the model's threshold: no gesture.
        half: the model was trained on whole bodies, and this is half of one.
    """

    probabilities: Probabilities = ()
    rejection: float = 0.0
    rejected: bool = False
    half: bool = False

    @property
    def likeliest(self) -> tuple[GestureLabel | None, float]:
        """The most probable class, rejected or not; (None, 0) without a model."""
        return max(self.probabilities, key=lambda pair: pair[1], default=(None, 0.0))

    @property
    def gesture(self) -> GestureLabel | None:
        """The predicted gesture; None if rejected or `none`."""
        gesture, _ = self.likeliest
        return None if self.rejected or gesture is None or gesture.is_none else gesture


@dataclass(frozen=True, eq=False)
class HandReading:
    """One hand of a frame.

    Attributes:
        pose: with smoothed keypoints.
        gesture: the held name to show; None below the threshold, for `none`, and if rejected.
        probabilities: (gesture, probability) of this frame in the model's order; empty without a
            model.
        hand: its name: "Left", "Right", "hand" or "body"; further hands of that side are "Left
            again", "Left third" …
        rejected: this frame's hand is out of distribution.
        half: the model was trained on whole bodies, and this is half of one.
        number: of its track, from 1; the lowest that is free.
    """

    pose: Pose
    gesture: GestureLabel | None = None
    probabilities: Probabilities = ()
    hand: str = "hand"
    rejected: bool = False
    half: bool = False
    number: int = 0


@dataclass(frozen=True)
class TracePoint:
    """One frame of the first hand, raw beside smoothed.

    Attributes:
        time_s: of the frame.
        raw, smooth: (x, y) of the traced keypoint in picture pixels.
        best: most probable gesture of this frame alone; "" without a model.
        held: the held name; "" for no gesture.
    """

    time_s: float
    raw: tuple[float, float]
    smooth: tuple[float, float]
    best: str = ""
    held: str = ""


@dataclass
class _HandState:
    """What is kept of one hand between frames."""

    joints: OneEuro = field(default_factory=OneEuro)
    label: LabelHysteresis = field(default_factory=LabelHysteresis)
    sides: Counter[str] = field(default_factory=Counter)
    name: str = ""
    seen_s: float = 0.0

    def choose_name(self, used_names: Container[str]) -> str:
        """Choose a name that no other hand uses: the last name if it still fits, else the most
        frequent side, with a suffix if needed."""
        side = max(self.sides, key=self.sides.__getitem__)
        last = [self.name] if self.name.startswith(side) else []
        names = chain(last, (f"{side}{nth}" for nth in _NTH), (f"{side} {n}" for n in count(5)))
        self.name = next(name for name in names if name not in used_names)
        return self.name

    def smooth_and_name(
        self, pose: Pose, prediction: HandPrediction, time_s: float, smoothing: Smoothing
    ) -> HandReading:
        """Smooth the pose's keypoints, and apply hysteresis to the predicted gesture."""
        if smoothing.joints:
            self.joints.min_cutoff, self.joints.beta = smoothing.min_cutoff, smoothing.beta
            pose = replace(pose, keypoints=self.joints(pose.keypoints, time_s))
        best, probability = prediction.likeliest
        if best is None:
            return HandReading(pose)
        hold = self.label
        hold.enter, hold.leave, hold.hold_s = smoothing.enter, smoothing.leave, smoothing.hold_s
        held = hold(best.name, 0.0 if prediction.rejected else probability, time_s)
        by_name = {gesture.name: gesture for gesture, _ in prediction.probabilities}
        return HandReading(
            pose,
            by_name.get(held or "") if held != NONE.name else None,
            prediction.probabilities,
            rejected=prediction.rejected,
            half=prediction.half,
        )


class HandReader:
    """Names the hands of one stream's estimates, and the `motions` that they complete; keeps the
    state of each hand between them."""

    def __init__(self) -> None:
        self._tracks = PoseTracker(FORGET_S, reuse=True)
        self._hands: dict[int, _HandState] = {}
        self.motions = MotionReader()
        self._trace: tuple[TracePoint, ...] = ()
        self._last_s, self._gaps_s = float("-inf"), 0.0

    def _subtract_gaps(self, time_s: float) -> float:
        """Return the time minus the stream's gaps, so that tracks survive network delays."""
        gap_s = time_s - self._last_s
        if _COUNTED_GAP_S < gap_s < MAX_GAP_S:
            self._gaps_s += gap_s - _COUNTED_GAP_S
        self._last_s = time_s
        return time_s - self._gaps_s

    def number_poses(self, estimate: Estimate) -> Estimate:
        """Number the next frame's poses by track, if needed before the frame is read."""
        return replace(estimate, numbers=self._track_poses(estimate))

    def _track_poses(self, estimate: Estimate) -> tuple[int, ...]:
        time_s = self._subtract_gaps(estimate.time_s)
        return tuple(self._tracks(estimate.poses, time_s, estimate.skeleton))

    def __call__(
        self, estimate: Estimate, model: GestureModel | None, smoothing: Smoothing | None = None
    ) -> tuple[HandReading, ...]:
        """Read the next frame, numbered by `number_poses` or not: predict, smooth (None: as the
        model's metadata say) and name each hand, in the estimate's order. Raise ModelError if
        the model does not know these keypoints."""
        now_s = estimate.time_s
        tracked_s = self._subtract_gaps(now_s)
        self._hands = {n: h for n, h in self._hands.items() if tracked_s - h.seen_s < FORGET_S}
        smoothing = smoothing or read_smoothing(model)
        predictions = predict_hands(model, estimate)
        numbers = estimate.numbers or self._track_poses(estimate)
        title = skeleton_named(estimate.skeleton).title
        names = self._name_hands(dict(zip(numbers, estimate.poses, strict=True)), title, tracked_s)
        hands = []
        for number, pose, prediction in zip(numbers, estimate.poses, predictions, strict=True):
            hand = self._hands[number].smooth_and_name(pose, prediction, now_s, smoothing)
            hands.append(replace(hand, hand=names[number], number=number))
        self.motions.read(estimate, model, {number: names[number] for number in numbers})
        self._extend_trace(estimate, hands)
        return tuple(hands)

    def _name_hands(self, poses: dict[int, Pose], title: str, now_s: float) -> dict[int, str]:
        """Return each track's display name: side or skeleton title; older tracks choose first."""
        for number in sorted(poses):
            self._hands.setdefault(number, _HandState())
        names: dict[int, str] = {}
        for number, hand in self._hands.items():
            if number in poses:
                hand.seen_s = now_s
                hand.sides[poses[number].handedness or title] += 1
                names[number] = hand.choose_name(names.values())
        return names

    def trace(self) -> tuple[TracePoint, ...]:
        """Return the first hand's last TRACE_S seconds."""
        return self._trace

    def _extend_trace(self, estimate: Estimate, hands: list[HandReading]) -> None:
        """Append the first hand to the trace and drop points older than TRACE_S; replace the tuple
        as a whole, since other threads read it."""
        now_s = estimate.time_s
        trace = tuple(point for point in self._trace if now_s - point.time_s <= TRACE_S)
        self._trace = trace + tuple(_make_trace_point(estimate, hand) for hand in hands[:1])


def predict_hands(model: GestureModel | None, estimate: Estimate) -> list[HandPrediction]:
    """Predict each pose's gesture; predictions are empty if there is no model or it recognises
    moving gestures. Raise ModelError if it wasn't trained on these keypoints."""
    if model is None or model.steps is not None or not estimate.poses:
        return [HandPrediction() for _ in estimate.poses]
    model.check_estimator(estimate.estimator, estimate.skeleton)
    keypoints = np.array([_select_model_input(pose, model, estimate) for pose in estimate.poses])
    mirrored = np.array([estimate.mirrored_view] * len(keypoints))
    limit = model.rejects_above
    table, scores = (output.tolist() for output in model.predict(keypoints, mirrored))
    halves = find_half_bodies(keypoints, model.skeleton, model.about.coverage).tolist()
    return [
        HandPrediction(tuple(zip(model.gestures, row, strict=True)), score, score > limit, half)
        for row, score, half in zip(table, scores, halves, strict=True)
    ]


def _select_model_input(pose: Pose, model: GestureModel, estimate: Estimate) -> Floats:
    """Return the 2-D (K, 2) or 3-D (K, 3) keypoints, as the model was trained."""
    if model.axes == 2:
        return pose.without_hidden().keypoints
    if pose.world is None:
        raise ModelError(
            f"the model knows keypoints in space, and {estimate.estimator} finds none: choose a "
            "model of keypoints in the picture"
        )
    return pose.world


def _make_trace_point(estimate: Estimate, hand: HandReading) -> TracePoint:
    """Make a trace point: raw and smoothed position, most probable gesture and held gesture."""
    traced = skeleton_named(estimate.skeleton).traced
    (x, y), (u, v) = (p.keypoints[traced].tolist() for p in (estimate.poses[0], hand.pose))
    best, _ = max(hand.probabilities, key=lambda p: p[1], default=(None, 0.0))
    held = hand.gesture.name if hand.gesture else ""
    return TracePoint(estimate.time_s, (x, y), (u, v), best.name if best else "", held)
