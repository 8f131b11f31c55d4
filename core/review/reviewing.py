"""Looking through the samples: which ones, in which order, and how doubtful each label is.

The doubt is the mean of two looks, where both are known: the share of the nearest hands of other
recordings that have another gesture, and what the model in use gives to other gestures (measured
in benchmarks/doubt.py: the mean finds mislabelled samples better than either). Equal ones
are ordered by the detector's score. N samples.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.gestures.evaluation.label_noise import Doubt, doubt_by_model, doubt_by_neighbours
from core.gestures.model.gesture_model import GestureModel
from core.paths import Places
from core.store import Project, Store
from core.store.index import Ints, Poses, Roster, read_poses, read_roster

NEWEST, DOUBTFUL, BY_PERSON = "newest", "doubtful", "person"
ORDERS = (NEWEST, DOUBTFUL, BY_PERSON)
DOUBTFUL_FROM = 0.5  # a label is called doubtful from here on
AT_ONCE = 5_000  # so many samples are looked at anew after every change

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Wanted:
    """Which samples to look through; None: all."""

    gesture: int | None = None
    person: int | None = None
    session: int | None = None
    ids: tuple[int, ...] | None = None
    order: str = NEWEST


@dataclass(frozen=True, eq=False)
class Doubts:
    """How doubtful the samples of a project looked at one time.

    Attributes:
        ids, gestures: (N,) the samples and their gestures then, by id.
        neighbours, model: what either look says; `other` there is a gesture's id.
        scores: (N,) the detector's, mean over the joints.
    """

    ids: Ints
    gestures: Ints
    neighbours: Doubt
    model: Doubt
    scores: Floats

    @property
    def share(self) -> Floats:
        """(N,) the doubt, NaN where nothing is known."""
        both = np.stack([self.neighbours.share, self.model.share])
        known = np.isfinite(both)
        counted = known.sum(axis=0)
        total = np.where(known, both, 0).sum(axis=0)
        return np.where(counted > 0, total / np.maximum(counted, 1), np.nan).astype(np.float32)

    def places(self, roster: Roster) -> Ints:
        """Per sample of the roster its row here; −1 where it is new or has another gesture now."""
        if not len(self.ids):
            return np.full(len(roster), -1)
        rows = np.minimum(np.searchsorted(self.ids, roster.ids), len(self.ids) - 1)
        same = (self.ids[rows] == roster.ids) & (self.gestures[rows] == roster.gestures)
        return np.where(same, rows, -1)

    def fits(self, roster: Roster) -> bool:
        """Whether nothing changed since."""
        return len(roster) == len(self.ids) and bool((self.places(roster) >= 0).all())


class DoubtBook:
    """The latest doubts of each project, shared by all visitors of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, Doubts] = {}

    def latest(self, project_id: int) -> Doubts | None:
        """What the last look found, None before the first."""
        return self._kept.get(project_id)

    def look(
        self,
        store: Store,
        places: Places,
        project: Project,
        tell: Callable[[float], Any] = lambda share: None,
    ) -> Doubts:
        """Look at all samples of the project now; 100,000 take some 20 seconds.

        Args:
            tell: called with the share that is done.
        """
        with self._lock:
            doubts = look_at_all(store, places, project, tell)
            self._kept[project.id] = doubts
        return doubts


def look_at_all(
    store: Store, places: Places, project: Project, tell: Callable[[float], Any]
) -> Doubts:
    """How doubtful every sample's label is."""
    newest = read_roster(store, project.id)
    roster = newest.take(np.arange(len(newest))[::-1])
    poses = read_poses(store, project.id, roster.ids)
    model = _by_model(store, places, project, roster, poses)
    neighbours = doubt_by_neighbours(poses.features(), roster.gestures, roster.bursts, tell=tell)
    return Doubts(roster.ids, roster.gestures, neighbours, model, poses.scores)


def _by_model(
    store: Store, places: Places, project: Project, roster: Roster, poses: Poses
) -> Doubt:
    """What the model in use says; of samples kept apart, what was said before it learned them."""
    nothing = Doubt(np.full(len(roster), np.nan, np.float32), roster.gestures)
    if project.active_model is None or not len(roster):
        return nothing
    run = places.model(project.active_model)
    try:
        model = GestureModel.load(run)
        probabilities = model.predict_proba(poses.keypoints, poses.mirrored_view)
    except ModelError:  # Live says what is wrong with it; the neighbours do without
        return nothing
    ids = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    of_model = np.array([ids.get(gesture.name, -1) for gesture in model.gestures])
    index = {gesture_id: i for i, gesture_id in enumerate(of_model.tolist()) if gesture_id >= 0}
    labels = np.array([index.get(g, -1) for g in roster.gestures.tolist()], np.int64)
    found = doubt_by_model(probabilities, labels)
    other = np.where(labels >= 0, of_model[found.other], roster.gestures)
    _set_validated(run, roster, ids, found.share, other)
    return Doubt(found.share, np.where(other < 0, roster.gestures, other))


def _set_validated(
    run: Path, roster: Roster, ids: dict[str, int], share: Floats, other: Ints
) -> None:
    """Put in what the training said of the samples that were kept apart, where they are as then."""
    from core.gestures.evaluation.predictions import read_predictions  # scikit-learn comes with it

    place = {sample_id: row for row, sample_id in enumerate(roster.ids.tolist())}
    for one in read_predictions(run):
        row = place.get(one.sample_id)
        if row is None or ids.get(one.truth) != roster.gestures[row]:
            continue
        other[row] = ids.get(one.said, roster.gestures[row])
        share[row] = 1 - one.probability if one.said == one.truth else one.probability


def find(
    roster: Roster, wanted: Wanted, *, doubts: Doubts | None = None, persons: tuple[int, ...] = ()
) -> Ints:
    """Ids of the wanted samples in the wanted order.

    Args:
        doubts: for the order by doubt; samples that it does not know come last.
        persons: the persons' ids in their order, for the order by person.
    """
    rows = np.ones(len(roster), bool)
    for column, value in (
        (roster.gestures, wanted.gesture),
        (roster.persons, wanted.person),
        (roster.sessions, wanted.session),
    ):
        rows &= True if value is None else column == value
    if wanted.ids is not None:
        rows &= np.isin(roster.ids, np.array(wanted.ids, np.int64))
    chosen = roster.take(rows)
    return chosen.ids[_order(chosen, wanted.order, doubts, persons)]


def _order(roster: Roster, order: str, doubts: Doubts | None, persons: tuple[int, ...]) -> Ints:
    if order == BY_PERSON:
        rank = {person: i for i, person in enumerate(persons)}
        ranks = np.array([rank.get(p, len(rank)) for p in roster.persons.tolist()], np.int64)
        return np.argsort(ranks, kind="stable")
    if order == DOUBTFUL and doubts is not None and len(doubts.ids):
        rows = doubts.places(roster)
        known = (rows >= 0) & np.isfinite(doubts.share[rows])
        share = np.where(known, doubts.share[rows], -1)
        score = np.where(known, doubts.scores[rows], 1)
        return np.lexsort((score, -share))
    return np.arange(len(roster))


@dataclass(frozen=True)
class Opinion:
    """What a look says of one sample.

    Attributes:
        share: its doubt, 0 to 1.
        neighbours, model: either look's part; None where not known.
        other: the gesture's id that it looks like instead, None where it looks like its own.
        score: the detector's, 0 to 1.
    """

    share: float
    neighbours: float | None
    model: float | None
    other: int | None
    score: float


def opinions(doubts: Doubts, roster: Roster, ids: Ints) -> dict[int, Opinion]:
    """What the look says of each of these samples; those that it does not know are left out."""
    share, found = doubts.share, {}
    roster = roster.take(np.isin(roster.ids, ids))
    for sample_id, gesture, row in zip(
        roster.ids.tolist(), roster.gestures.tolist(), doubts.places(roster).tolist(), strict=True
    ):
        if row < 0 or not np.isfinite(share[row]):
            continue
        near, model = doubts.neighbours.share[row], doubts.model.share[row]
        first, second = doubts.model.other[row], doubts.neighbours.other[row]
        other = first if first != gesture else second
        found[sample_id] = Opinion(
            float(share[row]),
            float(near) if np.isfinite(near) else None,
            float(model) if np.isfinite(model) else None,
            int(other) if other != gesture else None,
            float(doubts.scores[row]),
        )
    return found
