"""The map of a project: what is drawn, in which groups, and what becomes of it as data change."""

import numpy as np
import pytest

from core.gestures.evaluation.embedding import sample_evenly
from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.review.data_map import (
    BY_GESTURE,
    BY_PERSON,
    BY_SESSION,
    MAX_GROUPS,
    OTHERS,
    PCA,
    TSNE,
    compute_map,
    describe_map,
    group_points,
    group_title,
    is_map_outdated,
)
from core.store.bin import delete_samples, move_samples
from core.store.index import read_index
from tests.store.conftest import gesture_id, take


@pytest.mark.parametrize("method", [PCA, TSNE])
def test_real_hands_of_a_gesture_lie_together(store, method):
    demo = fill_demo_project(store, Paths.find().demo)
    delete_samples(store, demo.id, read_index(store, demo.id).ids[::2].tolist())
    sample_index = read_index(store, demo.id)
    drawn = compute_map(store, demo.id, method, sample_index)
    assert sorted(drawn.ids.tolist()) == sorted(sample_index.ids.tolist())
    found = group_points(drawn, sample_index, BY_GESTURE)
    assert len(found) == 9 and sum(len(layer.ids) for layer in found) == len(sample_index)
    middles = np.stack([np.median(layer.points, axis=0) for layer in found])
    near = [
        (np.linalg.norm(layer.points[:, None] - middles, axis=2).argmin(axis=1) == i).mean()
        for i, layer in enumerate(found)
    ]
    assert np.mean(near) > (0.6 if method == PCA else 0.8)


def test_a_drawn_map_follows_moved_and_deleted_samples(store, project):
    oks, fists = take(store, project, "ok", "me"), take(store, project, "fist", "you")
    sample_index = read_index(store, project.id)
    drawn = compute_map(store, project.id, PCA, sample_index)
    ok, fist = (gesture_id(store, project, name) for name in ("ok", "fist"))
    layers = group_points(drawn, sample_index, BY_GESTURE)
    assert {layer.group: len(layer.ids) for layer in layers} == {ok: 3, fist: 3}
    move_samples(store, project.id, oks[:1], fist)
    delete_samples(store, project.id, fists[:2])
    sample_index = read_index(store, project.id)
    layers = group_points(drawn, sample_index, BY_GESTURE)
    assert [{*one.ids.tolist()} for one in layers if one.group == fist] == [{oks[0], fists[2]}]
    for by in (BY_PERSON, BY_SESSION):
        assert len(group_points(drawn, sample_index, by)) == 2
    assert not is_map_outdated(drawn, sample_index)
    take(store, project)
    assert is_map_outdated(drawn, read_index(store, project.id))
    delete_samples(store, project.id, read_index(store, project.id).ids.tolist())
    assert group_points(drawn, read_index(store, project.id), BY_GESTURE) == []


def test_many_sessions_go_together_beyond_the_largest(store, project):
    for i in range(MAX_GROUPS + 3):
        take(store, project, n=1 + (i < 2))
    sample_index = read_index(store, project.id)
    drawn = compute_map(store, project.id, PCA, sample_index)
    found = group_points(drawn, sample_index, BY_SESSION)
    assert len(found) == MAX_GROUPS
    assert [len(layer.ids) for layer in found] == [2, 2, *[1] * (MAX_GROUPS - 3), 4]
    assert found[-1].group is None and group_title(found[-1], {}) == OTHERS


def test_of_many_samples_5000_are_drawn_and_said(store, project):
    ids = take(store, project, n=30)
    drawn = compute_map(store, project.id, PCA, read_index(store, project.id))
    assert describe_map(drawn).startswith("30 samples. The two axes explain")
    assert {*ids} == {*drawn.ids.tolist()}
    gestures = np.where(np.arange(20_000) % 20 == 0, 1, 2)
    assert np.bincount(gestures[sample_evenly(gestures)]).tolist() == [0, 1000, 4000]
