"""The verdict on a training by its held-out answers: whether the model works well, mixes up two
gestures, or was tested on too little; and what to do next. Codes and values, no sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.gestures.labels import GestureLabel

MIN_INDEPENDENT = 8  # independent held-out samples (effective n) that a verdict needs
MIN_LOW = 0.7  # lower end of the 95 % interval of a model that works well
MIN_ACCURACY = 0.9  # of a model that works well
MIN_MIXED, MIN_MIXED_FRACTION = 3, 0.1  # wrong answers of a pair, and of one gesture's samples
MIN_OF_SAME_RECORDING = 0.8  # below, the ends of the recordings must differ from the rest
MIN_FOR_PERCENT = 100  # samples; fewer are counted: "5 of 10"


class Outcome(StrEnum):
    """What the held-out answers show."""

    WORKS = "works well"
    MIXED = "mixes up"
    TOO_FEW = "too few"


class Reason(StrEnum):
    """Why they show no more."""

    NONE = ""
    FEW_SAMPLES = "few samples"
    SAME_RECORDINGS = "same recordings"  # only the ends of the training recordings were held out
    ENDS_DIFFER = "ends differ"  # the same, and many of those ends are wrong


class Step(StrEnum):
    """The one next action."""

    LOOK = "look"  # at the samples that were not recognised
    RECORD = "record"  # more of the gesture with the fewest held-out samples
    RECORD_NONE = "record none"  # hands that are no gesture
    TRY = "try"  # the model, live
    EXPORT = "export"  # the model


@dataclass(frozen=True)
class Count:
    """How many of n held-out samples were recognised."""

    correct: int
    n: int

    @property
    def fraction(self) -> float:
        """The recognised fraction; 0 of no samples."""
        return self.correct / self.n if self.n else 0.0


@dataclass(frozen=True)
class Verdict:
    """The verdict on a training.

    Attributes:
        held_out: recognised samples; of still gestures, if the training learned both kinds.
        mixed: the two gestures that are mixed up most, if MIXED.
        fewest: the gesture with the fewest held-out samples; None without gestures.
        motions: recognised samples of the moving gestures that were learned beside still ones.
        lacks_none: whether no samples of `none` were learned, so that other hands are rejected by
            their distance alone; never of moving gestures.
    """

    outcome: Outcome
    reason: Reason
    held_out: Count
    mixed: tuple[GestureLabel, GestureLabel] | None = None
    fewest: GestureLabel | None = None
    motions: Count | None = None
    lacks_none: bool = False

    @property
    def is_promising(self) -> bool:
        """Whether the model did well as far as can be told from the recordings it learned from."""
        return self.outcome is Outcome.WORKS or self.reason is Reason.SAME_RECORDINGS

    def choose_step(
        self, *, first: bool, has_wrong: bool, tries_here: bool, last: Step = Step.TRY
    ) -> Step:
        """Choose the one next action.

        Args:
            first: whether it is the project's first training: a promising model is tried first.
            has_wrong: whether there are wrongly recognised samples to look at.
            tries_here: whether the model can be tried where the verdict is shown.
            last: the action when nothing is missing.
        """
        looks = self.outcome is Outcome.MIXED or self.reason is Reason.ENDS_DIFFER
        if looks and has_wrong:
            return Step.LOOK
        if not (self.is_promising if first else self.outcome is Outcome.WORKS):
            return Step.RECORD
        return Step.RECORD_NONE if self.lacks_none and tries_here else last


def judge_training(result: Mapping[str, Any]) -> Verdict:
    """Judge a training by the result record of its log. Of still and moving gestures together the
    worse verdict counts: a mix-up before too few samples."""
    verdict = _judge_figures(result)
    if (inner := result.get("motions")) is None:
        return verdict
    motions = _judge_figures(inner)
    order = (Outcome.MIXED, Outcome.TOO_FEW, Outcome.WORKS)
    worse = min(verdict, motions, key=lambda one: order.index(one.outcome))
    return Verdict(
        worse.outcome,
        worse.reason,
        verdict.held_out,
        worse.mixed,
        worse.fewest,
        motions.held_out,
        verdict.lacks_none,
    )


def _judge_figures(result: Mapping[str, Any]) -> Verdict:
    """Judge the figures of one model, of still or of moving gestures."""
    figures, labels = result["figures"], [GestureLabel(**label) for label in result["gestures"]]
    confusion: Sequence[Sequence[int]] = figures["confusion"]
    held_out = Count(sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion)))
    pair = _find_mixed_pair(confusion)
    outcome, reason = _judge_count(held_out, figures, result["split"] == "tail", pair)
    fewest = min(range(len(labels)), key=lambda i: sum(confusion[i]), default=None)
    return Verdict(
        outcome,
        reason,
        held_out,
        (labels[pair[0]], labels[pair[1]]) if pair and outcome is Outcome.MIXED else None,
        None if fewest is None else labels[fewest],
        lacks_none="matcher" not in result and not any(label.is_none for label in labels),
    )


def _judge_count(
    held_out: Count, figures: Mapping[str, Any], of_same_recordings: bool, pair: Any
) -> tuple[Outcome, Reason]:
    """Return outcome and reason; `pair` is the most frequent mix-up, None if all are right."""
    independent = figures.get("effective_n")  # none in old trainings
    enough = (held_out.n if independent is None else independent) >= MIN_INDEPENDENT
    ends_differ = of_same_recordings and held_out.fraction < MIN_OF_SAME_RECORDING
    is_good = held_out.fraction >= MIN_ACCURACY
    if (
        enough
        and pair is not None
        and _is_frequent(figures["confusion"], *pair, of_good_model=is_good)
    ):
        return Outcome.MIXED, Reason.ENDS_DIFFER if ends_differ else Reason.NONE
    if of_same_recordings:
        return Outcome.TOO_FEW, Reason.ENDS_DIFFER if ends_differ else Reason.SAME_RECORDINGS
    if enough and is_good and figures["interval"][0] >= MIN_LOW:
        return Outcome.WORKS, Reason.NONE
    return Outcome.TOO_FEW, Reason.FEW_SAMPLES


def _find_mixed_pair(confusion: Sequence[Sequence[int]]) -> tuple[int, int] | None:
    """Return the two gestures that are most often taken for each other; None if none are."""
    size = range(len(confusion))
    counts = {(i, j): confusion[i][j] + confusion[j][i] for i in size for j in size if i < j}
    most = max(counts, key=lambda pair: counts[pair], default=None)
    return most if most is not None and counts[most] else None


def _is_frequent(
    confusion: Sequence[Sequence[int]], i: int, j: int, *, of_good_model: bool
) -> bool:
    """Return whether gestures i and j are mixed up often enough to be named; by a good model, they
    must also be a notable part of one gesture's samples."""
    fractions = (confusion[a][b] / max(1, sum(confusion[a])) for a, b in ((i, j), (j, i)))
    count = confusion[i][j] + confusion[j][i]
    return count >= MIN_MIXED and (not of_good_model or max(fractions) >= MIN_MIXED_FRACTION)
