"""How balanced the recorded samples are, and what to record next. Gestures that are switched off
are ignored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.gestures.labels import NONE
from core.jobs.trainings import MIN_CLIPS, MIN_GESTURES
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.review.reviewing import SUSPECTED_FROM, LabelNoise
from core.store.index import LEFT, RIGHT, SampleIndex
from core.store.rows import Gesture, GestureOverview

_MIN_TO_TRAIN = 5  # samples of a still gesture before a training makes sense
_MIN_SAMPLES = 30  # of a still gesture, for figures that can be trusted
_MIN_CLIPS = 5  # samples of a gesture that moves
_MAX_RATIO = 3  # of the median gesture's samples to those of a gesture
_MAX_ONE_HANDED = 0.9  # fraction of one hand among the samples with a known hand
_MAX_SUSPECTED = 0.1  # fraction of suspected label errors
_NONE_EXAMPLES = {
    HAND: "a relaxed hand and other signs",
    PAIR: "relaxed hands and other signs",
    BODY: "standing relaxed and other poses",
}


@dataclass(frozen=True)
class GestureBalance:
    """Counts of a gesture's samples."""

    gesture: Gesture
    samples: int
    persons: int  # number of them
    sessions: int
    left: int  # samples of the left hand; some hands are unknown
    right: int
    suspected: float | None = None  # fraction of suspected label errors; None if not scored


def count_balance(
    sample_index: SampleIndex, gestures: Sequence[Gesture], label_noise: LabelNoise | None = None
) -> list[GestureBalance]:
    """Count samples, persons, sessions, left and right hands of each gesture, and the fraction of
    suspected label errors, in the order of the gestures."""
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
    """Return what to record before training is useful, followed by `recording_hint`; "" if two
    gestures have enough samples. Disabled gestures are ignored."""
    rows = [row for row in rows if row.gesture.enabled]
    still = [row for row in rows if not row.gesture.moves]
    moving = [row for row in rows if row.gesture.moves]
    ready = sum(row.samples >= _MIN_TO_TRAIN for row in still)
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
    """Return a sentence on what to record next: the hint of the first balance rule that fails, or
    that nothing is missing.

    The rules in their order: enough to train, enough of each, `none`, right labels, even
    numbers, a second session, a second person, every person, the other hand.
    """
    rows = [row for row in rows if row.gesture.enabled]
    if hint := advise_before_training(rows):
        return hint
    moving = [row for row in rows if row.gesture.moves and row.samples]
    if moving:
        least = min(moving, key=lambda row: row.samples)
        if least.samples < _MIN_CLIPS:
            return _advise_more(moving, _MIN_CLIPS)
        rows = [row for row in rows if not row.gesture.moves]
        if not any(row.samples for row in rows):
            return "Every moving gesture was performed often enough: train, then try it on Live."
    recorded = [row for row in rows if row.samples]
    if len(recorded) < MIN_GESTURES:
        return _advise_second_gesture(rows)
    empty = [row for row in rows if not row.samples]
    hints = (
        *_check_samples(recorded, empty, _NONE_EXAMPLES[skeleton_title]),
        *_check_variety(recorded),
        *(
            f"Record {_title(r)} or switch it off on Gestures: it has no samples yet."
            for r in empty
        ),
        "The samples are well balanced: train, then let new people try it on Live.",
    )
    return hints[0]


def _advise_second_gesture(rows: Sequence[GestureBalance | GestureOverview]) -> str:
    """Return what to add or record so that there are two still gestures with samples."""
    recorded = [row for row in rows if row.samples]
    empty = [row for row in rows if not row.samples]
    least = min(recorded, key=lambda row: row.samples, default=None)
    if least is not None and least.samples < _MIN_TO_TRAIN:
        return _advise_more(recorded, _MIN_TO_TRAIN)
    if not rows:
        return "Add a gesture on Gestures, then record it."
    if not recorded:
        start = f"{_MIN_TO_TRAIN} samples or more"
        return f"Record {_title(empty[0])} first, {start}, then another gesture."
    if not empty:
        return "Add a second gesture on Gestures: one gesture alone can't be trained."
    return (
        f"Record a second gesture, {_title(empty[0])} for example: {_MIN_TO_TRAIN} samples or more."
    )


def _advise_more(rows: Sequence[GestureBalance | GestureOverview], start: int) -> str:
    """Return a hint to record more of the gesture with the fewest samples, and which one comes
    next; `start` samples are needed of each."""
    least, *others = sorted(rows, key=lambda row: row.samples)
    hint = f"{_title(least)}: {least.samples} of {start} – record {start - least.samples} more."
    if others and others[0].samples < start:
        hint += f" {_title(others[0])} also has only {others[0].samples}."
    return hint


def _check_samples(
    recorded: Sequence[GestureBalance], empty: Sequence[GestureBalance], none_examples: str
) -> Iterator[str]:
    """Yield hints on few samples, no `none` samples, label errors and uneven numbers."""
    least = min(recorded, key=lambda row: row.samples)
    if least.samples < _MIN_SAMPLES:
        yield _advise_more(recorded, _MIN_SAMPLES)
    for row in empty:
        if row.gesture.name == NONE.name:
            yield (
                f"Record {_title(row)}, {none_examples}: then more hands without a gesture are "
                "rejected."
            )
    worst = max(recorded, key=lambda row: row.suspected or 0)
    if (worst.suspected or 0) > _MAX_SUSPECTED:
        yield (
            f"Look through {_title(worst)}, the most suspect first, before you record more: "
            f"{worst.suspected:.0%} of it look like other gestures."
        )
    median = float(np.median([row.samples for row in recorded]))
    if least.samples * _MAX_RATIO <= median:
        yield (
            f"Record more of {_title(least)}: {least.samples:,} samples, the others have about "
            f"{median:,.0f}."
        )


def _check_variety(recorded: Sequence[GestureBalance]) -> Iterator[str]:
    """Yield hints on gestures with one session, one person or mostly one hand."""
    if once := [row for row in recorded if row.sessions < 2]:
        what = "everything" if len(once) == len(recorded) else _title(once[0])
        yield (
            f"Record {what} a second time, later or in other light: one session alone says little "
            "about the next."
        )
    persons = [row.persons for row in recorded]
    if max(persons) < 2:
        yield (
            "Let a second person record every gesture: it is unknown how well others are "
            "recognised."
        )
    if min(persons) < 2:
        fewest = recorded[persons.index(min(persons))]
        yield f"Let another person record {_title(fewest)}: only one has shown it."
    for row in recorded:
        known, most = row.left + row.right, max(row.left, row.right)
        if known >= _MIN_SAMPLES and most >= _MAX_ONE_HANDED * known:
            hand, other = ("left", "right") if row.left > row.right else ("right", "left")
            yield (
                f"Record {_title(row)} with the {other} hand, too: nearly all of it is the "
                f"{hand} one."
            )


def _title(row: GestureBalance | GestureOverview) -> str:
    return row.gesture.label.title
