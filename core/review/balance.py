"""How balanced the recorded samples are, and what to record next. Gestures that are switched off
are ignored."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.gestures.labels import NONE, format_count
from core.jobs.trainings import MIN_CLIPS, MIN_GESTURES
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.review.reviewing import SUSPECTED_FROM, LabelNoise
from core.store.index import LEFT, RIGHT, SampleIndex
from core.store.rows import Gesture, GestureOverview


@dataclass(frozen=True)
class BalanceLimits:
    """What counts as enough samples.

    Attributes:
        min_to_train: samples of a still gesture before a training makes sense.
        min_samples: samples of a still gesture for figures that can be trusted.
        min_clips: samples of a gesture that moves.
        max_ratio: of the median gesture's samples to those of a gesture.
        max_one_handed: fraction of one hand among the samples with a known hand.
        max_suspected: fraction of suspected label errors.
    """

    min_to_train: int = 5
    min_samples: int = 30
    min_clips: int = 5
    max_ratio: float = 3
    max_one_handed: float = 0.9
    max_suspected: float = 0.1


LIMITS = BalanceLimits()

_ENOUGH_PERFORMED = "Every moving gesture was performed often enough: train, then try it on Live."
_NONE_EXAMPLES = {
    HAND: "a relaxed hand and other signs",
    PAIR: "relaxed hands and other signs",
    BODY: "standing relaxed and other poses",
}


@dataclass(frozen=True)
class GestureBalance:
    """Counts of a gesture's samples.

    Attributes:
        persons, sessions: number of each.
        left, right: samples of each hand; some hands are unknown.
        suspected: fraction of samples with a suspected label error; None if not scored.
    """

    gesture: Gesture
    samples: int
    persons: int
    sessions: int
    left: int
    right: int
    suspected: float | None = None


def count_balance(
    sample_index: SampleIndex, gestures: Sequence[Gesture], label_noise: LabelNoise | None = None
) -> list[GestureBalance]:
    """Count samples, persons, sessions, left and right hands of each gesture, and the fraction of
    suspected label errors, in the gestures' order."""
    noise = None
    if label_noise is not None and len(label_noise.ids):
        rows = label_noise.rows_of(sample_index)
        noise = np.where(rows >= 0, label_noise.share[rows], np.nan)
    found = []
    for gesture in gestures:
        own = sample_index.gestures == gesture.id
        hands = sample_index.hands[own]
        suspected = None
        if noise is not None and np.isfinite(noise[own]).any():
            known = noise[own][np.isfinite(noise[own])]
            suspected = float((known >= SUSPECTED_FROM).mean())
        found.append(
            GestureBalance(
                gesture,
                int(own.sum()),
                len(np.unique(sample_index.persons[own])),
                len(np.unique(sample_index.sessions[own])),
                int((hands == LEFT).sum()),
                int((hands == RIGHT).sum()),
                suspected,
            )
        )
    return found


def advise_before_training(
    rows: Sequence[GestureBalance | GestureOverview], recording_hint: str = ""
) -> str:
    """Return what to record before training makes sense; "" if two gestures have enough samples.
    Disabled gestures are ignored.

    Args:
        recording_hint: a sentence on how to record, appended.
    """
    rows = [row for row in rows if row.gesture.enabled]
    still = [row for row in rows if not row.gesture.moves]
    moving = [row for row in rows if row.gesture.moves]
    ready = sum(row.samples >= LIMITS.min_to_train for row in still)
    performed = sum(row.samples >= MIN_CLIPS for row in moving)
    if max(ready, performed) >= MIN_GESTURES:
        return ""
    if moving and not ready and (not still or any(row.samples for row in moving)):
        some = "one more gesture that moves" if performed else "a gesture that moves"
        hint = f"Perform {some}, {MIN_CLIPS} times or more."
    else:
        hint = _advise_second_gesture(still)
    return f"{hint} {recording_hint}".rstrip()


def advise_next_recording(rows: Sequence[GestureBalance], skeleton_title: str = HAND) -> str:
    """Return a sentence on what to record next: the hint of the first balance rule that fails, else
    that all is well.

    The rules in their order: enough to train, enough of each, `none`, right labels, even
    numbers, a second session, a second person, every person, the other hand.
    """
    rows = [row for row in rows if row.gesture.enabled]
    if hint := advise_before_training(rows):
        return hint
    moving = [row for row in rows if row.gesture.moves and row.samples]
    if moving:
        if hint := _advise_more_clips(moving):
            return hint
        rows = [row for row in rows if not row.gesture.moves]
        if not any(row.samples for row in rows):
            return _ENOUGH_PERFORMED
    recorded = [row for row in rows if row.samples]
    if len(recorded) < MIN_GESTURES:
        return _advise_second_gesture(rows)
    for rule in (
        _check_sample_counts,
        partial(_check_none, examples=_NONE_EXAMPLES[skeleton_title]),
        _check_label_errors,
        _check_ratio,
        _check_sessions,
        _check_persons,
        _check_persons_per_gesture,
        _check_handedness,
    ):
        if hint := rule(recorded, rows):
            return hint
    empty = [row for row in rows if not row.samples]
    if empty:
        return f"Record {_title(empty[0])} or switch it off on Gestures: it has no samples yet."
    return "The samples are well balanced: train, then let new people try it on Live."


def _advise_more_clips(moving: Sequence[GestureBalance]) -> str:
    """Return a hint to perform the rarest moving gesture more often; "" if it has enough clips."""
    least = min(moving, key=lambda row: row.samples)
    if least.samples >= LIMITS.min_clips:
        return ""
    return (
        f"Perform {_title(least)} more often: {format_count(least.samples, 'sample')} so far, "
        f"{LIMITS.min_clips} are a start."
    )


def _advise_second_gesture(rows: Sequence[GestureBalance | GestureOverview]) -> str:
    """Return a hint on what to add or record until there are two still gestures with samples."""
    recorded = [row for row in rows if row.samples]
    empty = [row for row in rows if not row.samples]
    least = min(recorded, key=lambda row: row.samples, default=None)
    if least is not None and least.samples < LIMITS.min_to_train:
        return _advise_more(least, LIMITS.min_to_train)
    if not rows:
        return "Add a gesture on Gestures, then record it."
    if not recorded:
        start = f"{LIMITS.min_to_train} samples or more"
        return f"Record {_title(empty[0])} first, {start}, then another gesture."
    if not empty:
        return "Add a second gesture on Gestures: one gesture alone can't be trained."
    return (
        f"Record a second gesture, {_title(empty[0])} for example: {_title(recorded[0])} has "
        "nothing to be told apart from."
    )


def _advise_more(row: GestureBalance | GestureOverview, start: int) -> str:
    """Return a hint to record more of a gesture, with its count and the number to start with."""
    count = format_count(row.samples, "sample")
    return f"Record more of {_title(row)}: {count} so far, {start} are a start."


def _check_sample_counts(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint if the rarest gesture has fewer than `min_samples`; else ""."""
    least = min(recorded, key=lambda row: row.samples)
    return "" if least.samples >= LIMITS.min_samples else _advise_more(least, LIMITS.min_samples)


def _check_none(
    recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance], examples: str
) -> str:
    """Return a hint to record the `none` gesture if it exists without samples; else ""."""
    empty = [row for row in rows if not row.samples and row.gesture.name == NONE.name]
    if not empty:
        return ""
    return f"Record {_title(empty[0])}, {examples}: then more hands without a gesture are rejected."


def _check_label_errors(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint to review the gesture with most suspected label errors if their fraction is too
    high; else ""."""
    worst = max(recorded, key=lambda row: row.suspected or 0)
    if (worst.suspected or 0) <= LIMITS.max_suspected:
        return ""
    return (
        f"Look through {_title(worst)}, the most suspect first, before you record more: "
        f"{worst.suspected:.0%} of it look like other gestures."
    )


def _check_ratio(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint if the rarest gesture has far fewer samples than the median gesture; else
    ""."""
    median = float(np.median([row.samples for row in recorded]))
    least = min(recorded, key=lambda row: row.samples)
    if least.samples * LIMITS.max_ratio > median:
        return ""
    return (
        f"Record more of {_title(least)}: {least.samples:,} samples, the others have about "
        f"{median:,.0f}."
    )


def _check_sessions(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint if a gesture was recorded in one session only; else ""."""
    once = [row for row in recorded if row.sessions < 2]
    if not once:
        return ""
    what = "everything" if len(once) == len(recorded) else _title(once[0])
    return (
        f"Record {what} a second time, later or in other light: one session alone says little "
        "about the next."
    )


def _check_persons(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint to record a second person if no gesture has two; else ""."""
    if max(row.persons for row in recorded) > 1:
        return ""
    return "Let a second person record every gesture: it is unknown how well others are recognised."


def _check_persons_per_gesture(
    recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]
) -> str:
    """Return a hint if a gesture was recorded by one person only; else ""."""
    fewest = min(recorded, key=lambda row: row.persons)
    if fewest.persons > 1:
        return ""
    return f"Let another person record {_title(fewest)}: only one has shown it."


def _check_handedness(recorded: Sequence[GestureBalance], rows: Sequence[GestureBalance]) -> str:
    """Return a hint if nearly all samples of a gesture are of one hand, left or right; else ""."""
    for row in recorded:
        known = row.left + row.right
        if (
            known >= LIMITS.min_samples
            and max(row.left, row.right) >= LIMITS.max_one_handed * known
        ):
            hand, other = ("left", "right") if row.left > row.right else ("right", "left")
            return (
                f"Record {_title(row)} with the {other} hand, too: nearly all of it is the "
                f"{hand} one."
            )
    return ""


def _title(row: GestureBalance | GestureOverview) -> str:
    return row.gesture.label.title
