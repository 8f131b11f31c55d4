"""What the hands of a stream mean: named by a model, keypoints calmed, names held.

The probabilities stay raw; what is smoothed is for the eye and for what acts on a name.
"""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field, replace
from itertools import chain, count

import numpy as np

from core.errors import ModelError
from core.gestures.labels import NONE, GestureLabel
from core.gestures.modelfile.coverage import sees_half
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.modelfile.smoothing_settings import smoothing_of
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import LabelHysteresis, OneEuro, Smoothing
from core.pose.tracking import Tracks
from core.pose.types import Estimate, Floats, Pose
from core.reading.motions import FORGET_S, Motions

SILENT_S = 3.0  # a stream silent for so long begins anew
_STEP_S = 0.3  # a shorter silence counts as no more than this: nobody was seen to leave
TRACE_S = 6.0  # so much of the past is kept to look at

_NTH = ("", " again", " third", " fourth")  # of several hands of one side, those of two people

Probabilities = tuple[tuple[GestureLabel, float], ...]


@dataclass(frozen=True)
class Answer:
    """What a model says of one hand.

    Attributes:
        probabilities: (gesture, probability) in the model's order; empty without a model.
        rejection: how unknown the hand is to the model.
        rejected: it is too unknown to be given a gesture.
        half: the model was trained on whole bodies, and this is half of one.
    """

    probabilities: Probabilities = ()
    rejection: float = 0.0
    rejected: bool = False
    half: bool = False

    @property
    def likeliest(self) -> tuple[GestureLabel | None, float]:
        """The most probable class, unknown or not; (None, 0) without a model."""
        return max(self.probabilities, key=lambda pair: pair[1], default=(None, 0.0))

    @property
    def gesture(self) -> GestureLabel | None:
        """The gesture that the hand shows; None where it shows none of them."""
        gesture, _ = self.likeliest
        return None if self.rejected or gesture == NONE else gesture


@dataclass(frozen=True, eq=False)
class Reading:
    """One hand.

    Attributes:
        gesture: the one to show; None while unsure, for `none`, and for what is too unknown.
        probabilities: (gesture, probability) in the model's order; empty without a model.
        hand: which one it is from frame to frame: "Left", "Right", "hand" or "body", and "Left
            again", "Left third" … beside others of that side.
        rejected: this frame's hand is too unknown to be given a gesture.
        half: the model was trained on whole bodies, and this is half of one.
        number: the same as long as it is followed; the lowest that is free, from 1 on.
    """

    pose: Pose
    gesture: GestureLabel | None = None
    probabilities: tuple[tuple[GestureLabel, float], ...] = ()
    hand: str = "hand"
    rejected: bool = False
    half: bool = False
    number: int = 0


@dataclass(frozen=True)
class Moment:
    """One frame of the first hand, raw beside smoothed.

    Attributes:
        time_s: the frame's time.
        raw, smooth: (x, y) of the keypoint that is traced, in picture pixels.
        best: what the frame alone says; "" without a model.
        held: the held name; "" for no gesture.
    """

    time_s: float
    raw: tuple[float, float]
    smooth: tuple[float, float]
    best: str = ""
    probability: float = 0.0
    held: str = ""


@dataclass
class _Hand:
    """What is remembered of one hand between frames."""

    joints: OneEuro = field(default_factory=OneEuro)
    label: LabelHysteresis = field(default_factory=LabelHysteresis)
    sides: Counter[str] = field(default_factory=Counter)
    name: str = ""
    seen_s: float = 0.0

    def called(self, taken: Container[str]) -> str:
        """After the side that it was seen as most often; its name of before, where that is free."""
        side = max(self.sides, key=self.sides.__getitem__)
        own = [self.name] if self.name.startswith(side) else []
        names = chain(own, (f"{side}{nth}" for nth in _NTH), (f"{side} {n}" for n in count(5)))
        self.name = next(name for name in names if name not in taken)
        return self.name


class HandReader:
    """Names the hands of one stream's estimates; remembers each hand between them.

    Attributes:
        motions: what they have made of gestures that move.
    """

    def __init__(self) -> None:
        self._tracks = Tracks(FORGET_S, reuse=True)
        self._hands: dict[int, _Hand] = {}
        self.motions = Motions()
        self._trace: tuple[Moment, ...] = ()
        self._last_s, self._silent_s = float("-inf"), 0.0

    def _watched(self, time_s: float) -> float:
        """A frame's time less what the stream was silent for, on a slow network or machine."""
        gap_s = time_s - self._last_s
        if _STEP_S < gap_s < SILENT_S:
            self._silent_s += gap_s - _STEP_S
        self._last_s = time_s
        return time_s - self._silent_s

    def numbered(self, estimate: Estimate) -> Estimate:
        """The next frame's poses with the numbers that their readings will have."""
        return replace(estimate, numbers=self._numbers(estimate))

    def _numbers(self, estimate: Estimate) -> tuple[int, ...]:
        watched_s = self._watched(estimate.time_s)
        return tuple(self._tracks(estimate.poses, watched_s, estimate.skeleton))

    def __call__(
        self, estimate: Estimate, model: GestureModel | None, smoothing: Smoothing | None = None
    ) -> tuple[Reading, ...]:
        """Every hand with its held name, as confident as the estimate has them.

        Args:
            estimate: the next frame's, numbered or not.
            smoothing: None: as the model says.

        Raises:
            ModelError: the model does not know these keypoints.
        """
        now_s = estimate.time_s
        watched_s = self._watched(now_s)
        self._hands = {n: h for n, h in self._hands.items() if watched_s - h.seen_s < FORGET_S}
        smoothing = smoothing or smoothing_of(model)
        table = answers(model, estimate)
        numbers = estimate.numbers or self._numbers(estimate)
        title = skeleton_named(estimate.skeleton).title
        names = self._named(dict(zip(numbers, estimate.poses, strict=True)), title, watched_s)
        readings = tuple(
            replace(
                _reading(pose, answer, self._hands[n], now_s, smoothing), hand=names[n], number=n
            )
            for n, pose, answer in zip(numbers, estimate.poses, table, strict=True)
        )
        self.motions(estimate, model, {number: names[number] for number in numbers})
        self._remember(estimate, readings)
        return readings

    def _named(self, poses: dict[int, Pose], title: str, now_s: float) -> dict[int, str]:
        """A name for each track, its side's or the title; the one that is there longest chooses
        first."""
        for number in sorted(poses):
            self._hands.setdefault(number, _Hand())
        names: dict[int, str] = {}
        for number, hand in self._hands.items():
            if number in poses:
                hand.seen_s = now_s
                hand.sides[poses[number].handedness or title] += 1
                names[number] = hand.called(names.values())
        return names

    def trace(self) -> tuple[Moment, ...]:
        """The first hand's last TRACE_S seconds."""
        return self._trace

    def _remember(self, estimate: Estimate, readings: tuple[Reading, ...]) -> None:
        now_s = estimate.time_s
        over = (i for i, m in enumerate(self._trace) if now_s - m.time_s <= TRACE_S)
        kept = self._trace[next(over, len(self._trace)) :]
        if readings:
            traced = skeleton_named(estimate.skeleton).traced
            kept += (_moment(now_s, estimate.poses[0], readings[0], traced),)
        self._trace = kept  # as a whole: the page reads it from another thread


def answers(model: GestureModel | None, estimate: Estimate) -> list[Answer]:
    """What the model says of each pose; empty answers without a model, and of one of gestures that
    move, which a single frame does not show.

    Raises:
        ModelError: the model does not know these keypoints.
    """
    if model is None or model.steps is not None or not estimate.poses:
        return [Answer() for _ in estimate.poses]
    model.check_estimator(estimate.estimator, estimate.skeleton)
    keypoints = np.array([_understood(pose, model, estimate) for pose in estimate.poses])
    mirrored = np.array([estimate.mirrored_view] * len(keypoints))
    limit = model.rejects_above
    table, scores = (found.tolist() for found in model.predict(keypoints, mirrored))
    halves = sees_half(keypoints, model.skeleton, model.metadata.get("coverage")).tolist()
    return [
        Answer(tuple(zip(model.gestures, row, strict=True)), score, score > limit, half)
        for row, score, half in zip(table, scores, halves, strict=True)
    ]


def _understood(pose: Pose, model: GestureModel, estimate: Estimate) -> Floats:
    """(K, D) keypoints as the model knows them, in the picture or in space."""
    if model.axes == 2:
        return pose.without_hidden().keypoints
    if pose.world is None:
        raise ModelError(
            f"the model knows keypoints in space, and {estimate.estimator} finds none: choose a "
            "model of keypoints in the picture"
        )
    return pose.world


def probabilities(model: GestureModel | None, estimate: Estimate) -> list[Probabilities]:
    """For each pose the model's gestures with their probabilities; nothing without a model."""
    return [answer.probabilities for answer in answers(model, estimate)]


def _reading(
    pose: Pose, answer: Answer, hand: _Hand, time_s: float, smoothing: Smoothing
) -> Reading:
    if smoothing.joints:
        hand.joints.min_cutoff, hand.joints.beta = smoothing.min_cutoff, smoothing.beta
        pose = replace(pose, keypoints=hand.joints(pose.keypoints, time_s))
    best, probability = answer.likeliest
    if best is None:
        return Reading(pose)
    hold = hand.label
    hold.enter, hold.leave, hold.hold_s = smoothing.enter, smoothing.leave, smoothing.hold_s
    held = hold(best.name, 0.0 if answer.rejected else probability, time_s)
    named = {gesture.name: gesture for gesture, _ in answer.probabilities}
    gesture = named.get(held or "") if held != NONE.name else None
    known = answer.probabilities
    return Reading(pose, gesture, known, rejected=answer.rejected, half=answer.half)


def _moment(time_s: float, raw: Pose, reading: Reading, traced: int) -> Moment:
    (x, y), (u, v) = (one.keypoints[traced].tolist() for one in (raw, reading.pose))
    best, probability = max(reading.probabilities, key=lambda p: p[1], default=(None, 0.0))
    held = reading.gesture.name if reading.gesture else ""
    return Moment(time_s, (x, y), (u, v), best.name if best else "", probability, held)
