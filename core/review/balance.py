"""How well the recorded samples are spread, and the one thing to record next. All gestures count
that are switched on."""

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

TO_TRAIN = 5  # samples of a still gesture, before a training makes sense
ENOUGH = 30  # samples of a gesture for figures that can be trusted
ENOUGH_CLIPS = 5  # of one that moves
FEWER = 3  # a gesture with so many times fewer samples than the middle one has too few
ONE_HANDED = 0.9  # of the samples with a known hand
TOO_MANY_SUSPECTED = 0.1  # of the samples

_PERFORMED = "Every gesture that moves was performed often enough: train, then try it on Live."
# what shows none of the gestures, of whom they are
_NONE_SHOWS = {
    HAND: "a relaxed hand and other signs",
    PAIR: "relaxed hands and other signs",
    BODY: "standing relaxed and other poses",
}


@dataclass(frozen=True)
class Spread:
    """What there is of a gesture.

    Attributes:
        persons, sessions: how many have recorded it.
        left, right: samples of that hand; some hands are not known.
        doubtful: the share of the samples with a suspected label error; None where nobody looked.
    """

    gesture: Gesture
    samples: int
    persons: int
    sessions: int
    left: int
    right: int
    doubtful: float | None = None


def spread(
    sample_index: SampleIndex, gestures: Sequence[Gesture], label_noise: LabelNoise | None = None
) -> list[Spread]:
    """A row per gesture, in their order."""
    share = None
    if label_noise is not None and len(label_noise.ids):
        rows = label_noise.rows_of(sample_index)
        share = np.where(rows >= 0, label_noise.share[rows], np.nan)
    found = []
    for gesture in gestures:
        own = sample_index.gestures == gesture.id
        hands = sample_index.hands[own]
        doubtful = None
        if share is not None and np.isfinite(share[own]).any():
            known = share[own][np.isfinite(share[own])]
            doubtful = float((known >= SUSPECTED_FROM).mean())
        found.append(
            Spread(
                gesture,
                int(own.sum()),
                len(np.unique(sample_index.persons[own])),
                len(np.unique(sample_index.sessions[own])),
                int((hands == LEFT).sum()),
                int((hands == RIGHT).sum()),
                doubtful,
            )
        )
    return found


def missing_to_train(rows: Sequence[Spread | GestureOverview], how: str = "") -> str:
    """One sentence on what to record before a training makes sense; "" where two gestures can be
    told apart. Gestures that are switched off don't count.

    Args:
        how: a sentence that says how to record, put behind it.
    """
    rows = [row for row in rows if row.gesture.enabled]
    still = [row for row in rows if not row.gesture.moves]
    moving = [row for row in rows if row.gesture.moves]
    ready = sum(row.samples >= TO_TRAIN for row in still)
    performed = sum(row.samples >= MIN_CLIPS for row in moving)
    if max(ready, performed) >= MIN_GESTURES:
        return ""
    if moving and not ready and (not still or any(row.samples for row in moving)):
        some = "one more gesture that moves" if performed else "a gesture that moves"
        hint = f"Perform {some}, {MIN_CLIPS} times or more."
    else:
        hint = _begin(still)
    return f"{hint} {how}".rstrip()


def record_next(rows: Sequence[Spread], of: str = HAND) -> str:
    """One sentence on what helps most now; gestures that are switched off don't count. `of` is the
    title of the project's skeleton.

    The rules in their order: enough to train, enough of each, `none`, right labels, even
    numbers, a second session, a second person, every person, the other hand.
    """
    rows = [row for row in rows if row.gesture.enabled]
    if hint := missing_to_train(rows):
        return hint
    moving = [row for row in rows if row.gesture.moves and row.samples]
    if moving:
        if hint := _performed_seldom(moving):
            return hint
        rows = [row for row in rows if not row.gesture.moves]
        if not any(row.samples for row in rows):
            return _PERFORMED
    begun = [row for row in rows if row.samples]
    if len(begun) < MIN_GESTURES:
        return _begin(rows)
    for rule in (
        _too_few,
        partial(_no_none, what=_NONE_SHOWS[of]),
        _suspect,
        _uneven,
        _one_session,
        _one_person,
        _missing_person,
        _one_hand,
    ):
        if hint := rule(begun, rows):
            return hint
    empty = [row for row in rows if not row.samples]
    if empty:
        return (
            f"Record {_title(empty[0])} or switch it off on Gestures: there is nothing of it yet."
        )
    return "The samples are spread well: train, then let new people try it on Live."


def _performed_seldom(moving: Sequence[Spread]) -> str:
    least = min(moving, key=lambda row: row.samples)
    if least.samples >= ENOUGH_CLIPS:
        return ""
    return (
        f"Perform {_title(least)} more often: {format_count(least.samples, 'sample')} so far, "
        f"{ENOUGH_CLIPS} are a start."
    )


def _begin(rows: Sequence[Spread | GestureOverview]) -> str:
    """What to record of still gestures until two can be told apart."""
    begun = [row for row in rows if row.samples]
    empty = [row for row in rows if not row.samples]
    least = min(begun, key=lambda row: row.samples, default=None)
    if least is not None and least.samples < TO_TRAIN:
        return _more_of(least, TO_TRAIN)
    if not rows:
        return "Add a gesture on Gestures, then record it."
    if not begun:
        return f"Record {_title(empty[0])} first, {TO_TRAIN} samples or more, then another gesture."
    if not empty:
        return "Add a second gesture on Gestures: there is nothing to tell apart yet."
    return (
        f"Record a second gesture, {_title(empty[0])} for example: {_title(begun[0])} has "
        "nothing to be told apart from."
    )


def _more_of(row: Spread | GestureOverview, start: int) -> str:
    count = format_count(row.samples, "sample")
    return f"Record more of {_title(row)}: {count} so far, {start} are a start."


def _too_few(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    least = min(begun, key=lambda row: row.samples)
    return "" if least.samples >= ENOUGH else _more_of(least, ENOUGH)


def _no_none(begun: Sequence[Spread], rows: Sequence[Spread], what: str) -> str:
    empty = [row for row in rows if not row.samples and row.gesture.name == NONE.name]
    if not empty:
        return ""
    return f"Record {_title(empty[0])}, {what}: more of what is no gesture is turned away then."


def _suspect(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    worst = max(begun, key=lambda row: row.doubtful or 0)
    if (worst.doubtful or 0) <= TOO_MANY_SUSPECTED:
        return ""
    return (
        f"Look through {_title(worst)}, the most suspect first, before you record more: "
        f"{worst.doubtful:.0%} of it look like other gestures."
    )


def _uneven(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    middle = float(np.median([row.samples for row in begun]))
    least = min(begun, key=lambda row: row.samples)
    if least.samples * FEWER > middle:
        return ""
    return (
        f"Record more of {_title(least)}: {least.samples:,} samples stand against about "
        f"{middle:,.0f} of the others."
    )


def _one_session(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    once = [row for row in begun if row.sessions < 2]
    if not once:
        return ""
    what = "everything" if len(once) == len(begun) else _title(once[0])
    return (
        f"Record {what} a second time, later or in other light: one session alone says little "
        "about the next."
    )


def _one_person(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    if max(row.persons for row in begun) > 1:
        return ""
    return (
        "Let a second person record every gesture: nobody knows yet how well others are understood."
    )


def _missing_person(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    fewest = min(begun, key=lambda row: row.persons)
    if fewest.persons > 1:
        return ""
    return f"Let another person record {_title(fewest)}: only one has shown it."


def _one_hand(begun: Sequence[Spread], rows: Sequence[Spread]) -> str:
    for row in begun:
        known = row.left + row.right
        if known >= ENOUGH and max(row.left, row.right) >= ONE_HANDED * known:
            hand, other = ("left", "right") if row.left > row.right else ("right", "left")
            return (
                f"Record {_title(row)} with the {other} hand, too: nearly all of it is the "
                f"{hand} one."
            )
    return ""


def _title(row: Spread | GestureOverview) -> str:
    return row.gesture.label.title
