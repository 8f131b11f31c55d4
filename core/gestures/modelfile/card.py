"""A model's card: who and what it was trained on, how far it can be trusted, in Markdown.

Names in it are untrusted text and never act as markup.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from core.gestures.data import UNKNOWN_PERSON
from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import GestureLabel, format_count, safe_label
from core.gestures.modelfile.metadata import Figures, Group, Measured, ModelMetadata
from core.pose.finders import MEDIAPIPE
from core.pose.skeletons.table import skeleton_named

_UNKNOWN = "not known"
_ROWS = 200
_POINTS_RIGHT = ": 👉 points to the right as it is seen."


def model_card(
    metadata: Mapping[str, Any],
    gestures: Iterable[GestureLabel],
    *,
    moving: Iterable[GestureLabel] = (),
    notes: str = "",
) -> str:
    """The card of a model with these metadata.

    Args:
        gestures: in the model's order.
        moving: those of the model of moving gestures beside it, which has a card of its own.
        notes: Markdown of the model's maker, put at the end as it is.

    Raises:
        ModelError: metadata that can't be used.
    """
    facts = ModelMetadata.of(dict(metadata))
    labels = list(gestures)
    parts = [
        "# Gesture model",
        f"Recognises {_titles(labels)}.",
        _beside(list(moving)),
        _origin_lines(facts),
        _per_gesture(facts, labels),
        _persons(facts),
        _accuracy(facts),
        _rejection(facts),
        _smoothing(facts),
        _limits(facts),
        notes.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _titles(labels: list[GestureLabel]) -> str:
    return ", ".join(_safe(label.title) for label in labels)


def _beside(moving: list[GestureLabel]) -> str:
    own = f"Gestures that move have a model and a card of their own: {_titles(moving)}."
    return own if moving else ""


def _origin_lines(facts: ModelMetadata) -> str:
    versions = ", ".join(map(_safe, facts.origin.estimator_versions)) or _UNKNOWN
    days = dict.fromkeys(_day(time) for time in facts.origin.recorded or ())
    recorded = " to ".join(days) or _UNKNOWN
    seed = facts.options.seed
    rows = {
        "Who": _who(facts),
        "Recorded": recorded,
        "Trained": _day(facts.made_at or "") or _UNKNOWN,
        "Source": _counted(facts.origin.sources),
        "Keypoints by": f"{_finders(facts)}, version {versions}",
        "Mirrored": _mirrored(facts),
        "Samples": _count(facts.samples, "sample"),
        "Seed": _UNKNOWN if seed is None else str(seed),
        "Data hash": f"`{_plain(facts.data_sha256)}`",
    }
    lines = [f"- **{what}**: {content}" for what, content in rows.items()]
    return "## Where it comes from\n\n" + "\n".join(lines)


def _who(facts: ModelMetadata) -> str:
    """How many people, and what is of unknown ones."""
    people = _count(facts.persons, "person")
    unknown = facts.census.persons.get(UNKNOWN_PERSON)
    if unknown is None:
        return people
    others = f"{_count(unknown.samples, 'sample')} of unknown people"
    return f"{people} and {others}" if facts.persons else others


def _finders(facts: ModelMetadata) -> str:
    return " and ".join(map(_safe, facts.estimators or [facts.estimator]))


def _mirrored(facts: ModelMetadata) -> str:
    if not facts.census.gestures:
        return _UNKNOWN
    return f"{facts.census.mirrored} of {facts.samples} samples were seen as in a mirror"


def _per_gesture(facts: ModelMetadata, labels: list[GestureLabel]) -> str:
    measured = facts.figures.per_gesture if facts.figures else {}
    learned = facts.census.gestures
    if not measured and not learned:
        return ""
    rows = []
    for label in labels:
        group, of = learned.get(label.name), measured.get(label.name)
        right = [f"{_percent(of.accuracy)}{_interval(of)} of {of.n}"] if of else ["–"]
        rows.append([_safe(label.title), *_group(group), *right])
    head = ("Gesture", "Samples", "Persons", "Sessions", "Accuracy, held out")
    return "## Gestures\n\n" + _table(head, rows)


def _persons(facts: ModelMetadata) -> str:
    persons = facts.census.persons
    if not persons:
        return ""
    shown = list(persons.items())[:_ROWS]
    rows = [(_safe(name), group.samples, group.sessions) for name, group in shown]
    more = f"\n\nand {len(persons) - _ROWS} more" if len(persons) > _ROWS else ""
    return "## Persons\n\n" + _table(("Person", "Samples", "Sessions"), rows) + more


def _accuracy(facts: ModelMetadata) -> str:
    figures = facts.figures
    if figures is None:
        return "## Accuracy\n\nNot measured."
    protocol = facts.measured_by
    kept = HELD_OUT_GROUPS.get(protocol.split, "held-out samples")
    lines = [
        f"**{_percent(figures.accuracy)}** accuracy{_interval(figures)} of {figures.n} samples, "
        f"measured on {kept} (split: {_safe(protocol.split or _UNKNOWN)}).",
        _safe(protocol.describe_choices()),
    ]
    lines += _of_persons(figures, "Mean of the persons", figures.mean_accuracy)
    if left_out := facts.leave_one_person_out:
        mean = f"Each person left out once, mean of the persons{_interval(left_out)}"
        lines += _of_persons(left_out, mean, left_out.mean_accuracy)
    if not protocol.new_people:
        lines.append("This number is optimistic: nobody new was among the held-out samples.")
    if chosen := " and ".join(protocol.chosen_on_reported):
        lines.append(f"This number is optimistic: the held-out samples chose the {_safe(chosen)}.")
    if facts.refitted_on_all:
        lines.append("The model itself was then trained on all samples, those held out too.")
    return "## Accuracy\n\n" + "\n".join(lines)


def _of_persons(figures: Figures, what: str, mean: float | None) -> list[str]:
    lines = [] if mean is None else [f"{what}: {_percent(mean)}."]
    if figures.worst_person is not None and figures.worst_accuracy is not None:
        worst = _safe(figures.worst_person)
        lines.append(f"Worst person: {worst}, {_percent(figures.worst_accuracy)}.")
    return lines


def _interval(figures: Measured) -> str:
    if figures.interval is None:
        return ""
    low, high = figures.interval
    return f" (95 % interval {_percent(low)} to {_percent(high)})"


def _rejection(facts: ModelMetadata) -> str:
    found = facts.rejection
    if found is None:
        text = "The model has no score of its own for what is none of its gestures."
    else:
        text = f"Score: {_safe(found.score)}, rejected above {found.threshold:.4g}."
        if found.true_accept is not None:
            text += f" True-accept rate of its own gestures: {_percent(found.true_accept)}."
        if found.false_accept is not None:
            text += f" False-accept rate of other signs: {_percent(found.false_accept)}."
        if found.measured_on:
            text += f" Measured on {_safe(found.measured_on)}."
    unsure = f"Below a probability of {_percent(facts.threshold)} the answer is “no gesture”."
    return f"## What is none of the gestures\n\n{text}\n{unsure}"


def _smoothing(facts: ModelMetadata) -> str:
    how = facts.smoothing
    if how is None:
        return ""
    parts = ["Keypoints are calmed." if how.joints else "Keypoints are taken as they are."]
    if how.enter is not None and how.leave is not None and how.hold_s is not None:
        parts.append(
            f"A gesture is said from a probability of {_percent(how.enter)} on, kept down to "
            f"{_percent(how.leave)}, and changes after {how.hold_s:.4g} s at the earliest."
        )
    text = " ".join(parts)
    return f"## Smoothing on Live\n\n{text}\nThe probabilities and predict\\.py know nothing of it."


def _limits(facts: ModelMetadata) -> str:
    skeleton = skeleton_named(facts.skeleton)
    unit = "pixels" if facts.axes == 2 else "space: x right, y down, z away, in one unit"
    lines = [
        f"It reads the {skeleton.size} keypoints of one {skeleton.title} ({skeleton.name}), in "
        f"{unit}; it never sees the picture.",
        f"It understands keypoints found by {_finders(facts)} alone.",
        "Directions are those on the screen"
        + (_POINTS_RIGHT if skeleton.is_hand else ": left and right are as they are seen."),
        "A sign that it never saw may get the name of a gesture.",
    ]
    if facts.axes == 3 and facts.estimator == MEDIAPIPE:
        whose = "Their" if len(facts.estimators) < 2 else "MediaPipe's"
        lines.append(f"{whose} depth was not measured: it is estimated from colours alone.")
    if facts.steps is not None:
        lines.insert(
            0,
            f"Its gestures move: it reads {facts.steps} frames of one movement, evenly spaced in "
            "time, and is silent of a hand that rests.",
        )
    if (facts.persons or 0) < 3:
        lines.append("It was trained on one or two persons: others may be read worse.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _group(group: Group | None) -> tuple[object, ...]:
    return (group.samples, group.persons, group.sessions) if group else ("–", "–", "–")


def _counted(counts: Mapping[str, int]) -> str:
    shown = [f"{_safe(name)} ({n})" for name, n in list(counts.items())[:12]]
    more = [f"and {len(counts) - 12} more"] if len(counts) > 12 else []
    return ", ".join(shown + more) or _UNKNOWN


def _count(n: int | None, noun: str) -> str:
    return _UNKNOWN if n is None else format_count(n, noun)


def _safe(text: str) -> str:
    """As in `labels`, and without characters that are not seen."""
    seen = (char for char in text if unicodedata.category(char)[0] != "C" or char == "\u200d")
    return safe_label("".join(seen))


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def _day(time: str) -> str:
    return "".join(char for char in time[:10] if char in "0123456789-")


def _plain(text: str | None) -> str:
    """Letters and digits alone: nothing else belongs into a hash."""
    return "".join(filter(str.isalnum, text or "")) or _UNKNOWN
