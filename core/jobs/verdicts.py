"""The wrongly recognised samples behind a training's verdict, as far as they are still there."""

from typing import NamedTuple

from core.gestures.evaluation.verdict import Verdict
from core.gestures.modelfile.gesture_model import MOTIONS
from core.store import Project, Store
from core.store.index import read_index
from core.training.runs import Run


class WrongSample(NamedTuple):
    """A held-out sample, its gesture and the wrong prediction."""

    id: int
    target: str
    predicted: str


def find_remaining_wrong(
    store: Store, project: Project, run: Run, verdict: Verdict
) -> list[WrongSample]:
    """Return a training's wrong held-out samples that are neither deleted nor moved to the gesture
    that was predicted: those of the mixed pair first, then the most confident first."""
    if all(
        count is None or count.correct == count.n for count in (verdict.held_out, verdict.motions)
    ):
        return []
    from core.gestures.evaluation.validation import (  # slow to load
        find_wrong_samples,
        read_predictions,
    )

    mixed = (verdict.mixed[0].name, verdict.mixed[1].name) if verdict.mixed else None
    folders = (run.path, run.path / MOTIONS)
    wrong = [
        WrongSample(*row)
        for folder in folders
        for row in find_wrong_samples(read_predictions(folder), mixed)
    ]
    if not wrong:
        return []
    index = read_index(store, project.id)
    names = {gesture.id: gesture.name for gesture in store.gestures(project.id)}
    rows = zip(index.ids.tolist(), index.gestures.tolist(), strict=True)
    present = {sample_id: names.get(gesture_id) for sample_id, gesture_id in rows}
    return [one for one in wrong if present.get(one.id) not in (None, one.predicted)]
