"""Whatever a person does to the store can be undone, also from another process, and undoing never
overwrites what somebody did since."""

import pytest

from core.errors import NotFoundError, StoreError
from core.store.bin import (
    GESTURE,
    delete_samples,
    list_bin,
    move_samples,
    restore_from_bin,
    restore_samples,
)
from core.store.database import schema as t
from core.store.database.undo_log import MAX_ENTRIES
from tests.store.conftest import count, gesture, names, sample, undo_latest
from tests.support.stored import record


def test_a_deleted_gesture_comes_back_with_the_samples_that_went_with_it(store, project):
    ids = record(store, project, [sample(i) for i in range(3)], "ok")
    delete_samples(store, project.id, ids[:1])
    store.delete_gesture(gesture(store, project, "ok").id)
    assert store.list_history(project.id)[0].title == "Deleted the gesture “ok”"
    assert undo_latest(store, project) == 3  # the gesture and two samples
    assert "ok" in names(store, project) and count(store, project) == 2
    assert [act.title for act in store.list_history(project.id)] == ["Deleted 1 sample"]
    assert undo_latest(store, project) == 1 and count(store, project) == 3
    assert store.list_history(project.id) == []


def test_a_deleted_person_and_a_changed_gesture_come_back(store, project):
    record(store, project, [sample(1, file_hash="a")], "ok", "ana")
    store.delete_person(store.ensure_person(project.id, "ana").id)
    assert store.stored_file_hashes(project.id) == set()
    before = store.gestures(project.id)
    store.update_gesture(before[3].id, name="Fine", emoji="🆗", position=-1, enabled=False)
    assert store.persons(project.id) == [] and store.gestures(project.id) != before
    undo_latest(store, project)
    assert store.gestures(project.id) == before
    undo_latest(store, project)
    assert [p.name for p in store.persons(project.id)] == ["ana"] and count(store, project) == 1


def test_a_deleted_and_a_renamed_project_come_back(store, project):
    store.rename_project(project.id, "Other {0}")
    store.delete_project(project.id)
    with pytest.raises(NotFoundError, match="no project “Other"):
        store.project("Other {0}")
    assert [a.title for a in store.list_history(project.id)] == [
        "Deleted the project “Other {0}”",
        "Renamed the project “Demo”",
    ]
    undo_latest(store, project)
    undo_latest(store, project)
    assert store.project("demo").name == "Demo"


def test_undoing_leaves_alone_what_was_changed_since(store, project):
    ids = record(store, project, [sample(i) for i in range(3)])
    delete_samples(store, project.id, ids)
    act = store.list_history(project.id)[0]
    restore_samples(store, project.id, ids[:1])
    assert store.undo(act.id) == 2
    assert count(store, project) == 3


def test_a_name_that_is_taken_by_now_stops_the_undo_whole(store, project):
    ok = gesture(store, project, "ok")
    record(store, project, [sample()], "ok")
    store.delete_gesture(ok.id)
    store.add_gesture(project.id, "OK")
    with pytest.raises(StoreError, match="taken"):
        store.undo(store.list_history(project.id)[1].id)
    assert count(store, project) == 0 and len(store.list_history(project.id)) == 2


def test_samples_are_not_moved_back_to_a_gesture_that_went_to_the_bin(store, project):
    ids = record(store, project, [sample(i) for i in range(2)], "ok")
    move_samples(store, project.id, ids, gesture(store, project, "fist").id)
    store.delete_gesture(gesture(store, project, "ok").id)
    with pytest.raises(StoreError, match="in the bin"):
        store.undo(store.list_history(project.id)[1].id)
    assert count(store, project) == 2


def test_an_act_is_undone_once_and_outlives_its_process(store, project, place, open_store):
    ids = record(store, project, [sample()])
    delete_samples(store, project.id, ids)
    act = store.list_history(project.id)[0]
    assert open_store(place).undo(act.id) == 1
    with pytest.raises(NotFoundError, match="undone already"):
        store.undo(act.id)


def test_what_was_added_goes_to_the_bin_and_comes_back_from_there_together(store, project):
    peace = store.add_gesture(project.id, "peace", undoable=False)
    ids = record(store, project, [sample(i) for i in range(3)], "peace")
    store.record_additions(project.id, "Added peace", {"samples": ids, "gestures": [peace.id]})
    assert undo_latest(store, project) == 4
    assert "peace" not in names(store, project) and count(store, project) == 0
    [binned] = list_bin(store, project.id)
    assert binned.samples == 3 and binned.at > project.created_at
    assert restore_from_bin(store, project.id, GESTURE, peace.id) == 3
    assert count(store, project) == 3


def test_a_gesture_that_was_added_stays_once_it_has_samples_of_another_act(store, project):
    store.add_gesture(project.id, "peace")
    record(store, project, [sample()], "peace")
    with pytest.raises(StoreError, match="in the bin"):
        undo_latest(store, project)
    assert "peace" in names(store, project) and count(store, project) == 1


def test_whoever_opened_the_store_is_told_of_acts_done_here_once_they_are_stored(
    store, project, place, open_store
):
    told = []
    here = open_store(place, lambda *about: told.append(about))
    ids = record(here, project, [sample(i) for i in range(3)])
    assert told == []  # nothing that could be undone
    delete_samples(here, project.id, ids[:1])
    assert told == [(project.id, here.list_history(project.id)[0])]
    with pytest.raises(StoreError, match="taken"):
        here.update_gesture(gesture(here, project, "ok").id, name="fist")
    delete_samples(store, project.id, ids[1:])  # elsewhere
    delete_samples(here, project.id, ids)  # nothing is left to delete
    assert [entry.title for _, entry in told] == ["Deleted 1 sample"]


def test_an_act_that_fails_half_way_changes_nothing(store, project):
    before = store.gestures(project.id)
    with (
        pytest.raises(StoreError, match="taken"),
        store.begin_undoable(project.id, "Both “ok”") as undo_log,
    ):
        undo_log.update_ids(t.gestures, [before[0].id], emoji="x")
        undo_log.update_ids(t.gestures, [before[1].id], key=before[2].name)
    assert store.gestures(project.id) == before and store.list_history(project.id) == []


def test_the_latest_acts_are_kept_of_each_project(store, project):
    other = store.create_project("Other")
    store.rename_project(other.id, "Another")
    for i in range(MAX_ENTRIES + 5):
        store.rename_project(project.id, f"Demo {i}")
    kept = store.list_history(project.id)
    assert len(kept) == MAX_ENTRIES and len(store.list_history(other.id)) == 1
    assert kept[-1].title == "Renamed the project “Demo 4”"
