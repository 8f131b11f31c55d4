"""Select and order samples for review, and score how likely each label is an error.

The label-noise score is the mean of two scores if both are known: the fraction of the nearest hands
of other recordings that have another gesture, and the probability that the model in use gives to
other gestures (benchmarks/label_noise.py: the mean finds mislabelled samples better than either).
Ties are ordered by the detector's score. N samples.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.gestures.evaluation.label_noise import NoiseScores, score_by_model, score_by_neighbours
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.active_model import active_model, find_shipped_model
from core.paths import Paths
from core.progress import Progress, ignore_progress
from core.store import Project, Store
from core.store.index import Ints, Poses, SampleIndex, read_index, read_poses

NEWEST, SUSPECTED, BY_PERSON = "newest", "doubtful", "person"
ORDERS = (NEWEST, SUSPECTED, BY_PERSON)
SUSPECTED_FROM = 0.5  # minimum score of a suspected label
MAX_AUTO_SCORED = 5_000  # samples that are scored again after every change

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SampleFilter:
    """Which samples to review (None: all), and in which order."""

    gesture: int | None = None
    person: int | None = None
    session: int | None = None
    ids: tuple[int, ...] | None = None
    order: str = NEWEST


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """Label-noise scores of a project's N samples, as of one time."""

    ids: Ints  # sorted
    gestures: Ints  # of the samples then
    neighbours: NoiseScores  # its `other` is a gesture's id, as the model's
    model: NoiseScores
    scores: Floats  # the detector's, mean over the keypoints

    @property
    def share(self) -> Floats:
        """Return the (N,) label-noise scores, 0 to 1: the mean of the known scores of neighbours
        and model; NaN if both are unknown."""
        both = np.stack([self.neighbours.score, self.model.score])
        known = np.isfinite(both)
        with np.errstate(invalid="ignore"):  # 0 / 0 is NaN
            return (np.where(known, both, 0).sum(0) / known.sum(0)).astype(np.float32)

    def rows_of(self, sample_index: SampleIndex) -> Ints:
        """Return each sample's row in these scores; −1 if the sample is new or relabelled."""
        if not len(self.ids):
            return np.full(len(sample_index), -1)
        rows = np.minimum(np.searchsorted(self.ids, sample_index.ids), len(self.ids) - 1)
        same = (self.ids[rows] == sample_index.ids) & (self.gestures[rows] == sample_index.gestures)
        return np.where(same, rows, -1)

    def is_current(self, sample_index: SampleIndex) -> bool:
        """Return whether no sample has changed since the scores were computed."""
        return len(sample_index) == len(self.ids) and bool((self.rows_of(sample_index) >= 0).all())


def score_labels(
    store: Store, paths: Paths, project: Project, progress: Progress = ignore_progress
) -> LabelNoise:
    """Score how likely each sample's label is wrong, by its neighbours and the project's model;
    100,000 samples take 20 seconds."""
    newest = read_index(store, project.id)
    sample_index = newest.take(np.arange(len(newest))[::-1])
    poses = read_poses(store, project.id, sample_index.ids)
    model = _score_by_model(store, paths, project, sample_index, poses)
    neighbours = score_by_neighbours(
        poses.features(), sample_index.gestures, sample_index.recordings, progress=progress
    )
    return LabelNoise(sample_index.ids, sample_index.gestures, neighbours, model, poses.scores)


def _score_by_model(
    store: Store, paths: Paths, project: Project, sample_index: SampleIndex, poses: Poses
) -> NoiseScores:
    """Score label noise by the active model's probabilities (for held-out samples, those of the
    validation); NaN for a starter or unreadable model."""
    unknown = NoiseScores(np.full(len(sample_index), np.nan, np.float32), sample_index.gestures)
    answers = active_model(paths, project)
    if answers.name == find_shipped_model(project.skeleton) or not len(sample_index):
        return unknown
    run = answers.folder
    try:
        model = GestureModel.load(run)
        probabilities = model.predict(poses.keypoints, poses.mirrored_view)[0]
    except ModelError:  # Live shows the error; the neighbours' score remains
        return unknown
    ids = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    of_model = np.array([ids.get(gesture.name, -1) for gesture in model.gestures])
    index = {gesture_id: i for i, gesture_id in enumerate(of_model.tolist()) if gesture_id >= 0}
    labels = np.array([index.get(g, -1) for g in sample_index.gestures.tolist()], np.int64)
    found = score_by_model(probabilities, labels)
    other = np.where(labels >= 0, of_model[found.other], sample_index.gestures)
    _use_held_out_predictions(run, sample_index, ids, found.score, other)
    return NoiseScores(found.score, np.where(other < 0, sample_index.gestures, other))


def _use_held_out_predictions(
    run: Path, sample_index: SampleIndex, ids: dict[str, int], share: Floats, other: Ints
) -> None:
    """Replace, in place, the scores of held-out samples by those of the run's validation
    predictions, unless the sample was relabelled."""
    from core.gestures.evaluation.validation import read_predictions  # scikit-learn comes with it

    place = {sample_id: row for row, sample_id in enumerate(sample_index.ids.tolist())}
    for one in read_predictions(run).itertuples():
        row = place.get(one.sample_id)
        if row is None or ids.get(one.target) != sample_index.gestures[row]:
            continue
        other[row] = ids.get(one.predicted, sample_index.gestures[row])
        share[row] = 1 - one.probability if one.predicted == one.target else one.probability


def filter_and_sort_ids(
    sample_index: SampleIndex,
    sample_filter: SampleFilter,
    *,
    label_noise: LabelNoise | None = None,
    persons: tuple[int, ...] = (),
) -> Ints:
    """Return the ids of the samples that pass the filter, in its order. When sorting by label
    noise, unscored samples are last; `persons` is the order of people."""
    rows = np.ones(len(sample_index), bool)
    for column, value in (
        (sample_index.gestures, sample_filter.gesture),
        (sample_index.persons, sample_filter.person),
        (sample_index.sessions, sample_filter.session),
    ):
        rows &= True if value is None else column == value
    if sample_filter.ids is not None:
        rows &= np.isin(sample_index.ids, np.array(sample_filter.ids, np.int64))
    chosen = sample_index.take(rows)
    return chosen.ids[_sort_indices(chosen, sample_filter.order, label_noise, persons)]


def _sort_indices(
    sample_index: SampleIndex, order: str, label_noise: LabelNoise | None, persons: tuple[int, ...]
) -> Ints:
    """Return the indices that sort the samples by person or by label noise, or leave the order."""
    if order == BY_PERSON:
        rank = {person: i for i, person in enumerate(persons)}
        ranks = np.array([rank.get(p, len(rank)) for p in sample_index.persons.tolist()], np.int64)
        return np.argsort(ranks, kind="stable")
    if order == SUSPECTED and label_noise is not None and len(label_noise.ids):
        rows = label_noise.rows_of(sample_index)
        known = (rows >= 0) & np.isfinite(label_noise.share[rows])
        share = np.where(known, label_noise.share[rows], -1)
        return np.lexsort((np.where(known, label_noise.scores[rows], 1), -share))
    return np.arange(len(sample_index))


@dataclass(frozen=True)
class LabelNoiseScore:
    """The label-noise score of one sample."""

    share: float  # the score, 0 to 1
    neighbours: float | None  # its parts; None if unknown
    model: float | None
    other: int | None  # the gesture that it looks like instead
    score: float  # the detector's, 0 to 1


def select_scores(
    label_noise: LabelNoise, sample_index: SampleIndex, ids: Ints
) -> dict[int, LabelNoiseScore]:
    """Return the current label-noise scores of these samples, by id."""
    share, near, model = label_noise.share, label_noise.neighbours, label_noise.model
    found = {}
    for row in label_noise.rows_of(sample_index.take(np.isin(sample_index.ids, ids))):
        if row < 0 or not np.isfinite(share[row]):
            continue
        others = [int(one.other[row]) for one in (model, near)]
        gesture = label_noise.gestures[row]
        found[int(label_noise.ids[row])] = LabelNoiseScore(
            float(share[row]),
            float(near.score[row]) if np.isfinite(near.score[row]) else None,
            float(model.score[row]) if np.isfinite(model.score[row]) else None,
            next((other for other in others if other != gesture), None),
            float(label_noise.scores[row]),
        )
    return found
