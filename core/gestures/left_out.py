"""How well a model does on people that it never saw: each person is left out once."""

from collections.abc import Collection
from typing import Any

from core.gestures.data import GestureData
from core.gestures.training import TrainOptions, fit_all, net_probabilities
from core.gestures.validation import figures, splits_by_person


def leave_one_person_out(
    data: GestureData, options: TrainOptions, epochs: int, *, only: Collection[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Per person (or per one of `only`), the figures on that person's samples of a net that never
    saw them."""
    found = {}
    for person, split in splits_by_person(data):
        if only is not None and person not in only:
            continue
        net = fit_all(data.take(split.train), options, epochs)
        theirs = data.take(split.validation)
        found[person] = figures(theirs, net_probabilities(net, theirs).argmax(1), "burst")
    return found
