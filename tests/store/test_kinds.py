"""Still gestures have single frames, moving gestures clips: nothing mixes the two."""

import pytest

from core.errors import KindError, StoreError
from core.store.bin import (
    delete_samples,
    list_move_targets,
    move_samples,
    restore_from_bin,
    restore_samples,
)
from core.store.curation import merge_gestures
from core.store.index import read_samples
from core.store.rows import MOVING
from core.store.trimming import trim_clip
from tests.store.conftest import clip, count, gesture, only_sqlite, sample, undo_latest
from tests.support.stored import count_by_gesture, record


@pytest.fixture
def swipe(store, project):
    return store.add_gesture(project.id, "swipe", kind=MOVING)


@pytest.fixture
def stills(store, project):
    return record(store, project, [sample(i) for i in range(3)], "ok")


@pytest.fixture
def clips(store, project, swipe):
    return record(store, project, [clip(), clip()], "swipe")


def test_new_samples_of_another_kind_are_refused(store, project, swipe):
    with pytest.raises(KindError, match="“swipe” is a moving gesture: its samples are clips"):
        record(store, project, [clip(), sample()], "swipe")
    with pytest.raises(KindError, match="“ok” is a still gesture: its samples are single frames"):
        record(store, project, [clip()], "ok")
    assert count(store, project) == 0


def test_samples_are_moved_to_gestures_of_their_kind_alone(store, project, swipe, stills, clips):
    with pytest.raises(KindError, match="choose a gesture of their kind"):
        move_samples(store, project.id, stills, swipe.id)
    with pytest.raises(KindError):
        move_samples(store, project.id, clips, gesture(store, project, "ok").id)
    assert count_by_gesture(store, project) == {"ok": 3, "swipe": 2}
    assert move_samples(store, project.id, stills, gesture(store, project, "fist").id) == 3


def test_gestures_of_two_kinds_are_not_merged(store, project, swipe, stills, clips):
    ok = gesture(store, project, "ok")
    for one, into in ((swipe, ok), (ok, swipe)):
        with pytest.raises(KindError, match="choose two of one kind"):
            merge_gestures(store, project.id, one.id, into.id)
    assert count_by_gesture(store, project) == {"ok": 3, "swipe": 2}


def test_only_gestures_of_their_kind_are_offered_for_samples(store, project, swipe, stills, clips):
    still = [g.name for g in store.gestures(project.id) if not g.moves]
    assert [g.name for g in list_move_targets(store, project.id, stills)] == still
    assert list_move_targets(store, project.id, clips) == [swipe]
    assert list_move_targets(store, project.id, [*stills, *clips]) == []


def test_a_clip_is_not_trimmed_to_a_single_frame(store, project, clips):
    [one] = read_samples(store, clips[:1])
    with pytest.raises(StoreError, match="a single frame is no clip"):
        trim_clip(store, project.id, one, slice(1, 2))
    assert count_by_gesture(store, project) == {"swipe": 2}


@only_sqlite
def test_what_an_earlier_mudra_mixed_does_not_come_back(store, project, swipe, stills):
    """It moved still frames into a moving gesture; they went to the bin, and back to their own."""
    with store.begin_undoable(project.id, "Moved 1 sample") as undo_log:
        undo_log.connection.exec_driver_sql(
            f"UPDATE samples SET gesture_id = {swipe.id} WHERE id = {stills[0]}"
        )
    delete_samples(store, project.id, stills[:1])
    with pytest.raises(KindError):
        restore_samples(store, project.id, stills[:1])
    with pytest.raises(KindError):
        undo_latest(store, project)
    store.delete_gesture(swipe.id)
    assert restore_from_bin(store, project.id, "gesture", swipe.id) == 0
    assert count_by_gesture(store, project) == {"ok": 2}
