"""The 2-D map of a project's samples, and its points by group. N samples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.gestures.evaluation.embedding import embed_by_pca, embed_by_tsne, sample_evenly
from core.gestures.evaluation.label_noise import Floats
from core.store import Store
from core.store.index import Ints, SampleIndex, read_poses
from core.words import mark, words

PCA, TSNE = "PCA", "t-SNE"
BY_GESTURE, BY_PERSON, BY_SESSION = mark("gesture"), mark("person"), mark("session")
MAX_GROUPS = 12  # the smallest are data_map together
OTHERS = words("the others")


@dataclass(frozen=True, eq=False)
class DataMap:
    """(N,) samples laid out at (N, 2) points, by PCA or TSNE."""

    method: str
    ids: Ints
    points: Floats
    explained: float  # fraction of the variance; NaN for t-SNE
    total: int  # number of samples in the project then
    newest: int  # their highest id, 0 for none


def compute_map(store: Store, project_id: int, method: str, sample_index: SampleIndex) -> DataMap:
    """Embed at most 5,000 samples, balanced by gesture, in 2-D by PCA or t-SNE."""
    chosen = sample_index.take(sample_evenly(sample_index.gestures))
    poses = read_poses(store, project_id, chosen.ids)
    embed = embed_by_tsne if method == TSNE else embed_by_pca
    newest = int(sample_index.ids.max(initial=0))
    return DataMap(method, chosen.ids, *embed(poses.features()), len(sample_index), newest)


@dataclass(frozen=True, eq=False)
class MapGroup:
    """The points and sample ids of one group; the id is None for the combined small groups."""

    group: int | None
    points: Floats
    ids: Ints


def group_points(data_map: DataMap, sample_index: SampleIndex, by: str) -> list[MapGroup]:
    """Group the map's points by the samples' current gesture, person or session, largest group
    first. Groups beyond MAX_GROUPS are combined; deleted samples are dropped."""
    ids, drawn, rows = np.intersect1d(
        data_map.ids, sample_index.ids, assume_unique=True, return_indices=True
    )
    column = {
        BY_GESTURE: sample_index.gestures,
        BY_PERSON: sample_index.persons,
        BY_SESSION: sample_index.sessions,
    }
    groups, points = column[by][rows], data_map.points[drawn]
    names, counts = np.unique(groups, return_counts=True)
    named = names[np.argsort(-counts, kind="stable")]
    shown = named if len(named) <= MAX_GROUPS else named[: MAX_GROUPS - 1]
    found = [MapGroup(int(g), points[groups == g], ids[groups == g]) for g in shown]
    rest = ~np.isin(groups, shown)
    return [*found, MapGroup(None, points[rest], ids[rest])] if rest.any() else found


def describe_map(data_map: DataMap) -> str:
    """Describe the map: number of samples, and variance explained or how to read t-SNE."""
    shown = words("{n:,} samples", n=len(data_map.ids))
    if len(data_map.ids) < data_map.total:
        shown = words(
            "{n:,} of {total:,} samples, the same number of each gesture",
            n=len(data_map.ids),
            total=data_map.total,
        )
    if data_map.method == PCA:
        return words(
            "{samples}. The two axes explain {share:.0%} of the variance.",
            samples=shown,
            share=data_map.explained,
        )
    return words(
        "{samples}. Near points look alike; distances between groups mean little.", samples=shown
    )


def is_map_outdated(data_map: DataMap, sample_index: SampleIndex) -> bool:
    """Return whether samples were added since the map was computed."""
    return bool((sample_index.ids > data_map.newest).any())


def group_title(group: MapGroup, groups: Mapping[int, str]) -> str:
    """Return a group's name for the legend."""
    return OTHERS if group.group is None else groups.get(group.group, "?")
