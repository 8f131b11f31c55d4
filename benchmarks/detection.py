"""How well gestures are found in a stream, as the SHREC contests of 2021 and 2022 count it: a
gesture is detected when an event of its name covers more than half of it; every other event is a
false positive, a second one of the same gesture too.

Convention: a span is (name, start, end) in frames or seconds, half open.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Span = tuple[str, float, float]

_COVERED = 0.5


def detection_figures(streams: Sequence[tuple[Sequence[Span], Sequence[Span]]]) -> dict[str, Any]:
    """Of (made, found) spans of each stream.

    Returns:
        gestures, detection_rate, false_positives (both a share of the gestures), jaccard (of each
        name the time that both say it by the time that either does; the mean over the names),
        per_gesture the detection rate of each name, and hits: of each that was detected its stream,
        its number in made, and that of its event.
    """
    made_of: dict[str, list[bool]] = {}
    events = 0
    hits: list[tuple[int, int, int]] = []
    for stream, (made, found) in enumerate(streams):
        taken = _matches(made, found)
        for number, span in enumerate(made):
            made_of.setdefault(span[0], []).append(number in taken)
        hits += [(stream, number, event) for number, event in taken.items()]
        events += len(found)
    total = sum(map(len, made_of.values()))
    return {
        "gestures": total,
        "detection_rate": len(hits) / total if total else None,
        "false_positives": (events - len(hits)) / total if total else None,
        "jaccard": _jaccard(streams),
        "per_gesture": {name: float(np.mean(ok)) for name, ok in sorted(made_of.items())},
        "hits": hits,
    }


def _matches(made: Sequence[Span], found: Sequence[Span]) -> dict[int, int]:
    """For each detected gesture its event: the one that covers most of it."""
    taken: dict[int, int] = {}
    for number, span in enumerate(made):
        shares = [
            0.0 if event in taken.values() or one[0] != span[0] else _common(one, span)
            for event, one in enumerate(found)
        ]
        best = int(np.argmax(shares)) if shares else 0
        if shares and shares[best] > _COVERED * (span[2] - span[1]):
            taken[number] = best
    return taken


def _common(one: Span, other: Span) -> float:
    return max(0.0, min(one[2], other[2]) - max(one[1], other[1]))


def _jaccard(streams: Sequence[tuple[Sequence[Span], Sequence[Span]]]) -> float | None:
    both: dict[str, float] = {}
    either: dict[str, float] = {}
    for made, found in streams:
        for name in {span[0] for span in (*made, *found)}:
            own = [span for span in made if span[0] == name]
            said = [span for span in found if span[0] == name]
            common = sum(_common(a, b) for a in own for b in said)
            long = sum(span[2] - span[1] for span in (*own, *said))
            both[name] = both.get(name, 0.0) + common
            either[name] = either.get(name, 0.0) + long - common
    shares = [both[name] / either[name] for name in either if either[name] > 0]
    return float(np.mean(shares)) if shares else None
