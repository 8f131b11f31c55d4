"""The map of a project's samples: which are drawn, where, and in which groups. N samples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.gestures.evaluation.embedding import pca, pick_evenly, tsne
from core.gestures.evaluation.label_noise import Floats
from core.store import Store
from core.store.index import Ints, SampleIndex, read_poses

PCA, TSNE = "PCA", "t-SNE"
BY_GESTURE, BY_PERSON, BY_SESSION = "gesture", "person", "session"
GROUPS = 12  # drawn apart at most; the smallest go together
REST = "the others"


@dataclass(frozen=True, eq=False)
class DataMap:
    """A drawn map.

    Attributes:
        project_id, method: whose, and PCA or TSNE.
        ids: (N,) the samples that are drawn.
        points: (N, 2).
        explained: the share of the variance that it shows; NaN for t-SNE.
        of: how many samples there were.
        newest: the highest id among them, 0 for none.
    """

    project_id: int
    method: str
    ids: Ints
    points: Floats
    explained: float
    of: int
    newest: int


def draw_map(store: Store, project_id: int, method: str, sample_index: SampleIndex) -> DataMap:
    """Lay out the samples, at most 5,000 of them, of every gesture as many."""
    chosen = sample_index.take(pick_evenly(sample_index.gestures))
    poses = read_poses(store, project_id, chosen.ids)
    found = poses.features()
    flat = tsne(found) if method == TSNE else pca(found)
    return DataMap(
        project_id,
        method,
        chosen.ids,
        flat.points,
        flat.explained,
        len(sample_index),
        int(sample_index.ids.max(initial=0)),
    )


@dataclass(frozen=True, eq=False)
class Layer:
    """The points of one group: its id (None: the small groups together), their places, their
    samples."""

    group: int | None
    points: Floats
    ids: Ints


def layers(drawn: DataMap, sample_index: SampleIndex, by: str) -> list[Layer]:
    """The map's points by gesture, person or session as they are now, the largest group first;
    samples that are gone are left out."""
    order = np.argsort(sample_index.ids)
    place = np.searchsorted(sample_index.ids, drawn.ids, sorter=order)
    rows = order[np.minimum(place, len(order) - 1)] if len(order) else place
    there = sample_index.ids[rows] == drawn.ids if len(order) else np.zeros(len(place), bool)
    column = {
        BY_GESTURE: sample_index.gestures,
        BY_PERSON: sample_index.persons,
        BY_SESSION: sample_index.sessions,
    }
    groups = column[by][rows[there]]
    points, ids = drawn.points[there], drawn.ids[there]
    names, counts = np.unique(groups, return_counts=True)
    named = names[np.argsort(-counts, kind="stable")]
    apart = named if len(named) <= GROUPS else named[: GROUPS - 1]
    found = [Layer(int(g), points[groups == g], ids[groups == g]) for g in apart]
    rest = ~np.isin(groups, apart)
    return [*found, Layer(None, points[rest], ids[rest])] if rest.any() else found


def about(drawn: DataMap) -> str:
    """What the map shows, in one or two sentences."""
    n = len(drawn.ids)
    what = f"{n:,} samples" if n == drawn.of else f"{n:,} of {drawn.of:,} samples, of every gesture"
    what += "" if n == drawn.of else " as many"
    if drawn.method == PCA:
        return f"{what}. The two directions show {drawn.explained:.0%} of how the samples differ."
    return f"{what}. Near points look alike; distances between groups mean little."


def is_outdated(drawn: DataMap, sample_index: SampleIndex) -> bool:
    """Whether samples came since it was drawn."""
    return bool((sample_index.ids > drawn.newest).any())


def title_of(layer: Layer, groups: Mapping[int, str]) -> str:
    """A layer's name in the legend."""
    return REST if layer.group is None else groups.get(layer.group, "?")
