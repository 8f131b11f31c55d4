"""The model card, in Markdown: what a model was trained on, and how accurate it is. Untrusted names
are escaped."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.gestures.data import UNKNOWN_PERSON
from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import GestureLabel, format_count, safe_label
from core.gestures.modelfile.metadata import Figures, Measured, ModelMetadata
from core.pose.finders import MEDIAPIPE
from core.pose.skeletons.table import skeleton_named

_UNKNOWN = "not known"
_MAX_PERSONS, _MAX_SOURCES = 200, 12
_POINTS_RIGHT = ": 👉 points to the right as it is seen."


def format_card(
    metadata: Mapping[str, Any],
    gestures: Sequence[GestureLabel],
    *,
    moving: Sequence[GestureLabel] = (),
    notes: str = "",
) -> str:
    """Format the model card, in Markdown, of a model with this metadata and these gestures;
    `moving` are the gestures of its moving model, `notes` trusted Markdown to append. Raise
    ModelError if the metadata are invalid."""
    about = ModelMetadata.parse(dict(metadata))
    motions = f"Gestures that move have a model and a card of their own: {_format_titles(moving)}."
    parts = [
        "# Gesture model",
        f"Recognises {_format_titles(gestures)}.",
        motions if moving else "",
        _format_origin(about),
        _format_gestures(about, gestures),
        _format_persons(about),
        _format_accuracy(about),
        _format_rejection(about),
        _format_smoothing(about),
        _format_limitations(about),
        notes.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _format_titles(labels: Sequence[GestureLabel]) -> str:
    return ", ".join(_escape_text(label.title) for label in labels)


def _format_origin(metadata: ModelMetadata) -> str:
    """Format the section on people, dates, sources and samples."""
    versions = ", ".join(map(_escape_text, metadata.origin.estimator_versions)) or _UNKNOWN
    days = dict.fromkeys(_format_day(time) for time in metadata.origin.recorded or ())
    recorded = " to ".join(days) or _UNKNOWN
    data_hash = "".join(filter(str.isalnum, metadata.data_sha256 or "")) or _UNKNOWN
    seed, mirrored = metadata.options.seed, _UNKNOWN
    if metadata.census.gestures:
        count = metadata.census.mirrored
        mirrored = f"{count} of {metadata.samples} samples were seen as in a mirror"
    rows = {
        "Who": _describe_people(metadata),
        "Recorded": recorded,
        "Trained": _format_day(metadata.made_at or "") or _UNKNOWN,
        "Source": _format_sources(metadata.origin.sources),
        "Keypoints by": f"{_format_estimators(metadata)}, version {versions}",
        "Mirrored": mirrored,
        "Samples": _format_count(metadata.samples, "sample"),
        "Seed": _UNKNOWN if seed is None else str(seed),
        "Data hash": f"`{data_hash}`",
    }
    lines = [f"- **{what}**: {content}" for what, content in rows.items()]
    return "## Where it comes from\n\n" + "\n".join(lines)


def _describe_people(metadata: ModelMetadata) -> str:
    """Format the number of people, and of samples of unknown people."""
    people = _format_count(metadata.persons, "person")
    unknown = metadata.census.persons.get(UNKNOWN_PERSON)
    if unknown is None:
        return people
    others = f"{_format_count(unknown.samples, 'sample')} of unknown people"
    return f"{people} and {others}" if metadata.persons else others


def _format_estimators(metadata: ModelMetadata) -> str:
    return " and ".join(map(_escape_text, metadata.estimators or [metadata.estimator]))


def _format_gestures(metadata: ModelMetadata, labels: Sequence[GestureLabel]) -> str:
    """Format the table of gestures with samples and held-out accuracy; "" if both are unknown."""
    measured = metadata.figures.per_gesture if metadata.figures else {}
    learned = metadata.census.gestures
    if not measured and not learned:
        return ""
    rows = []
    for label in labels:
        group, found = learned.get(label.name), measured.get(label.name)
        accuracy = "–"
        if found:
            accuracy = f"{_to_percent(found.accuracy)}{_format_interval(found)} of {found.n}"
        counts = (group.samples, group.persons, group.sessions) if group else ("–", "–", "–")
        rows.append([_escape_text(label.title), *counts, accuracy])
    head = ("Gesture", "Samples", "Persons", "Sessions", "Accuracy, held out")
    return "## Gestures\n\n" + _format_table(head, rows)


def _format_persons(metadata: ModelMetadata) -> str:
    """Format a table of samples and sessions of the first _MAX_PERSONS people; "" if there are
    none."""
    persons = metadata.census.persons
    if not persons:
        return ""
    rows = [(_escape_text(name), group.samples, group.sessions) for name, group in persons.items()]
    more = f"\n\nand {len(persons) - _MAX_PERSONS} more" if len(persons) > _MAX_PERSONS else ""
    table = _format_table(("Person", "Samples", "Sessions"), rows[:_MAX_PERSONS])
    return f"## Persons\n\n{table}{more}"


def _format_accuracy(metadata: ModelMetadata) -> str:
    """Format the held-out accuracy, how it was measured, and whether it is optimistic."""
    figures = metadata.figures
    if figures is None:
        return "## Accuracy\n\nNot measured."
    protocol = metadata.measured_by
    held_out = HELD_OUT_GROUPS.get(protocol.split, "held-out samples")
    lines = [
        f"**{_to_percent(figures.accuracy)}** accuracy{_format_interval(figures)} of {figures.n} "
        f"samples, measured on {held_out} (split: {_escape_text(protocol.split or _UNKNOWN)}).",
        _escape_text(protocol.describe_choices()),
    ]
    lines += _format_person_accuracy(figures, "Mean of the persons", figures.mean_accuracy)
    if left_out := metadata.leave_one_person_out:
        mean = f"Each person left out once, mean of the persons{_format_interval(left_out)}"
        lines += _format_person_accuracy(left_out, mean, left_out.mean_accuracy)
    if not protocol.new_people:
        lines.append("This number is optimistic: nobody new was among the held-out samples.")
    if chosen := " and ".join(protocol.chosen_on_reported):
        lines.append(
            f"This number is optimistic: the held-out samples chose the {_escape_text(chosen)}."
        )
    if metadata.refitted_on_all:
        lines.append("The model itself was then trained on all samples, those held out too.")
    return "## Accuracy\n\n" + "\n".join(lines)


def _format_person_accuracy(figures: Figures, title: str, mean: float | None) -> list[str]:
    """Format the mean accuracy over people and the worst person's, if known."""
    lines = [] if mean is None else [f"{title}: {_to_percent(mean)}."]
    if figures.worst_person is not None and figures.worst_accuracy is not None:
        worst = _escape_text(figures.worst_person)
        lines.append(f"Worst person: {worst}, {_to_percent(figures.worst_accuracy)}.")
    return lines


def _format_interval(figures: Measured) -> str:
    """Format the 95 % interval in brackets; "" if there is none."""
    if figures.interval is None:
        return ""
    low, high = figures.interval
    return f" (95 % interval {_to_percent(low)} to {_to_percent(high)})"


def _format_rejection(metadata: ModelMetadata) -> str:
    """Format the section on rejection: score, threshold, and true- and false-accept rates."""
    found = metadata.rejection
    if found is None:
        text = "The model has no score of its own for what is none of its gestures."
    else:
        text = f"Score: {_escape_text(found.score)}, rejected above {found.threshold:.4g}."
        if found.true_accept is not None:
            text += f" True-accept rate of its own gestures: {_to_percent(found.true_accept)}."
        if found.false_accept is not None:
            text += f" False-accept rate of other signs: {_to_percent(found.false_accept)}."
        if found.measured_on:
            text += f" Measured on {_escape_text(found.measured_on)}."
    unsure = f"Below a probability of {_to_percent(metadata.threshold)} the answer is “no gesture”."
    return f"## What is none of the gestures\n\n{text}\n{unsure}"


def _format_smoothing(metadata: ModelMetadata) -> str:
    """Format the section on Live's smoothing; "" if there is none."""
    smoothing = metadata.smoothing
    if smoothing is None:
        return ""
    keypoints = "calmed" if smoothing.joints else "taken as they are"
    return (
        f"## Smoothing on Live\n\nKeypoints are {keypoints}. A gesture is said from a probability "
        f"of {_to_percent(smoothing.enter)} on, kept down to {_to_percent(smoothing.leave)}, and "
        f"changes after {smoothing.hold_s:.4g} s at the earliest.\n"
        "The probabilities and predict\\.py know nothing of it."
    )


def _format_limitations(metadata: ModelMetadata) -> str:
    """Format the list of the model's limits."""
    skeleton = skeleton_named(metadata.skeleton)
    unit = "pixels" if metadata.axes == 2 else "space: x right, y down, z away, in one unit"
    lines = [
        f"It reads the {skeleton.size} keypoints of one {skeleton.title} ({skeleton.name}), in "
        f"{unit}; it never sees the picture.",
        f"It understands keypoints found by {_format_estimators(metadata)} alone.",
        "Directions are those on the screen"
        + (_POINTS_RIGHT if skeleton.is_hand else ": left and right are as they are seen."),
        "A sign that it never saw may get the name of a gesture.",
    ]
    if metadata.axes == 3 and metadata.estimator == MEDIAPIPE:
        owner = "Their" if len(metadata.estimators) < 2 else "MediaPipe's"
        lines.append(f"{owner} depth was not measured: it is estimated from colours alone.")
    if metadata.steps is not None:
        lines.insert(
            0,
            f"Its gestures move: it reads {metadata.steps} frames of one movement, evenly spaced "
            "in time, and is silent of a hand that rests.",
        )
    if (metadata.persons or 0) < 3:
        lines.append("It was trained on one or two persons: others may be read worse.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _format_table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    """Format a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _format_sources(counts: Mapping[str, int]) -> str:
    """Format the number of samples by source, at most _MAX_SOURCES of them."""
    sources = [f"{_escape_text(name)} ({n})" for name, n in counts.items()]
    more = [f"and {len(sources) - _MAX_SOURCES} more"] if len(sources) > _MAX_SOURCES else []
    return ", ".join(sources[:_MAX_SOURCES] + more) or _UNKNOWN


def _format_count(n: int | None, noun: str) -> str:
    return _UNKNOWN if n is None else format_count(n, noun)


def _escape_text(text: str) -> str:
    """Escape Markdown, and remove invisible characters."""
    seen = (char for char in text if unicodedata.category(char)[0] != "C" or char == "\u200d")
    return safe_label("".join(seen))


def _to_percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _format_day(time: str) -> str:
    return "".join(char for char in time[:10] if char in "0123456789-")
