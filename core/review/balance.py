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
from core.words import join_words, mark, words

_MIN_TO_TRAIN = 5  # samples of a still gesture before a training makes sense
_MIN_SAMPLES = 30  # of a still gesture, for figures that can be trusted
_MIN_CLIPS = 5  # samples of a gesture that moves
_MAX_RATIO = 3  # of the median gesture's samples to those of a gesture
_MAX_ONE_HANDED = 0.9  # fraction of one hand among the samples with a known hand
_MAX_SUSPECTED = 0.1  # fraction of suspected label errors
_NONE_EXAMPLES = {
    HAND: words("a relaxed hand and other signs"),
    PAIR: words("relaxed hands and other signs"),
    BODY: words("standing relaxed and other poses"),
}
_SENTENCES = mark("{first} {rest}")


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
        hint = _advise_performing(is_first=not performed)
    else:
        hint = _advise_second_gesture(still)
    return join_words(filter(None, [hint, recording_hint]), _SENTENCES)


def _advise_performing(*, is_first: bool) -> str:
    """Return the hint to perform a gesture that moves, the first or one more."""
    if is_first:
        return words("Perform a gesture that moves, {n} times or more.", n=MIN_CLIPS)
    return words("Perform one more gesture that moves, {n} times or more.", n=MIN_CLIPS)


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
            return words(
                "Every moving gesture was performed often enough: train, then try it on Live."
            )
    recorded = [row for row in rows if row.samples]
    if len(recorded) < MIN_GESTURES:
        return _advise_second_gesture(rows)
    empty = [row for row in rows if not row.samples]
    hints = (
        *_check_samples(recorded, empty, _NONE_EXAMPLES[skeleton_title]),
        *_check_variety(recorded),
        *(
            words(
                "Record {gesture} or switch it off on Gestures: it has no samples yet.",
                gesture=_title(row),
            )
            for row in empty
        ),
        words("The samples are well balanced: train, then let new people try it on Live."),
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
        return words("Add a gesture on Gestures, then record it.")
    if not recorded:
        return words(
            "Record {gesture} first, {n} samples or more, then another gesture.",
            gesture=_title(empty[0]),
            n=_MIN_TO_TRAIN,
        )
    if not empty:
        return words("Add a second gesture on Gestures: one gesture alone can't be trained.")
    return words(
        "Record a second gesture, {gesture} for example: {n} samples or more.",
        gesture=_title(empty[0]),
        n=_MIN_TO_TRAIN,
    )


def _advise_more(rows: Sequence[GestureBalance | GestureOverview], start: int) -> str:
    """Return a hint to record more of the gesture with the fewest samples, and which one comes
    next; `start` samples are needed of each."""
    least, *others = sorted(rows, key=lambda row: row.samples)
    hint = words(
        "{gesture}: {samples} of {start} – record {missing} more.",
        gesture=_title(least),
        samples=least.samples,
        start=start,
        missing=start - least.samples,
    )
    if not others or others[0].samples >= start:
        return hint
    title, samples = _title(others[0]), others[0].samples
    other = words("{gesture} also has only {samples}.", gesture=title, samples=samples)
    return join_words([hint, other], _SENTENCES)


def _check_samples(
    recorded: Sequence[GestureBalance], empty: Sequence[GestureBalance], none_examples: str
) -> Iterator[str]:
    """Yield hints on few samples, no `none` samples, label errors and uneven numbers."""
    least = min(recorded, key=lambda row: row.samples)
    if least.samples < _MIN_SAMPLES:
        yield _advise_more(recorded, _MIN_SAMPLES)
    for row in empty:
        if row.gesture.name == NONE.name:
            yield words(
                "Record {gesture}, {examples}: then more hands without a gesture are rejected.",
                gesture=_title(row),
                examples=none_examples,
            )
    worst = max(recorded, key=lambda row: row.suspected or 0)
    if (worst.suspected or 0) > _MAX_SUSPECTED:
        yield words(
            "Look through {gesture}, the most suspect first, before you record more: {share:.0%} "
            "of it look like other gestures.",
            gesture=_title(worst),
            share=worst.suspected,
        )
    median = float(np.median([row.samples for row in recorded]))
    if least.samples * _MAX_RATIO <= median:
        yield words(
            "Record more of {gesture}: {samples:,} samples, the others have about {median:,.0f}.",
            gesture=_title(least),
            samples=least.samples,
            median=median,
        )


def _check_variety(recorded: Sequence[GestureBalance]) -> Iterator[str]:
    """Yield hints on gestures with one session, one person or mostly one hand."""
    if once := [row for row in recorded if row.sessions < 2]:
        yield _advise_second_session(once, recorded)
    persons = [row.persons for row in recorded]
    if max(persons) < 2:
        yield words(
            "Let a second person record every gesture: it is unknown how well others are "
            "recognised."
        )
    if min(persons) < 2:
        fewest = recorded[persons.index(min(persons))]
        yield words(
            "Let another person record {gesture}: only one has shown it.", gesture=_title(fewest)
        )
    for row in recorded:
        known, most = row.left + row.right, max(row.left, row.right)
        if known >= _MIN_SAMPLES and most >= _MAX_ONE_HANDED * known:
            yield _advise_other_hand(row)


def _advise_second_session(
    once: Sequence[GestureBalance], recorded: Sequence[GestureBalance]
) -> str:
    """Return the hint to record all gestures, or the first of those with one session, again."""
    if len(once) == len(recorded):
        return words(
            "Record everything a second time, later or in other light: one session alone says "
            "little about the next."
        )
    return words(
        "Record {gesture} a second time, later or in other light: one session alone says little "
        "about the next.",
        gesture=_title(once[0]),
    )


def _advise_other_hand(row: GestureBalance) -> str:
    """Return the hint to record a gesture with the hand that has shown it less."""
    if row.left > row.right:
        return words(
            "Record {gesture} with the right hand, too: nearly all of it is the left one.",
            gesture=_title(row),
        )
    return words(
        "Record {gesture} with the left hand, too: nearly all of it is the right one.",
        gesture=_title(row),
    )


def _title(row: GestureBalance | GestureOverview) -> str:
    return row.gesture.label.title
