"""Gestures are ordered and merged, persons renamed and merged, sessions named and assigned; each of
it can be undone."""

import pytest

from core.errors import LabelError, NotFoundError, StoreError
from core.store.bin import delete_samples
from core.store.curation import (
    assign_sessions,
    delete_session_samples,
    describe_source,
    list_sessions,
    merge_gestures,
    merge_persons,
    name_session,
    order_gestures,
    rename_person,
)
from tests.store.conftest import count, gesture, names, sample, undo_latest
from tests.support.stored import count_by_gesture, record, start_recording


def test_gestures_stand_in_the_order_they_were_given(store, project):
    before = names(store, project)
    ids = {g.name: g.id for g in store.gestures(project.id)}
    order_gestures(store, project.id, [ids["fist"], ids["ok"], ids["fist"], 999])
    assert names(store, project) == ["fist", "ok"] + [n for n in before if n not in ("fist", "ok")]
    undo_latest(store, project)
    assert names(store, project) == before


def test_a_merged_gesture_s_samples_are_the_other_s(store, project):
    ids = record(store, project, [sample(i) for i in range(3)], "ok")
    record(store, project, [sample(9)], "fist")
    delete_samples(store, project.id, ids[:1])
    ok, fist = gesture(store, project, "ok"), gesture(store, project, "fist")
    merge_gestures(store, project.id, ok.id, fist.id)
    assert count_by_gesture(store, project) == {"fist": 3} and "ok" not in names(store, project)
    assert store.list_history(project.id)[0].title == "Merged “ok” into “fist”"
    undo_latest(store, project)
    assert count_by_gesture(store, project) == {"ok": 2, "fist": 1}


def test_a_recording_goes_on_into_the_gesture_that_its_own_was_merged_into(store, project):
    running = start_recording(store, project, "ok")
    merge_gestures(
        store, project.id, gesture(store, project, "ok").id, gesture(store, project, "fist").id
    )
    store.add_samples(running, [sample()])
    assert count_by_gesture(store, project) == {"fist": 1}


def test_a_stored_source_reads_the_same_in_english():
    stored = ["webcam", "import hands {0}.csv", "RealSense"]
    assert [describe_source(source) for source in stored] == stored


def test_nothing_merges_into_itself_or_into_what_is_gone_or_another_project_s(store, project):
    ok, fist = gesture(store, project, "ok"), gesture(store, project, "fist")
    foreign = gesture(store, store.create_project("Other"), "ok")
    store.delete_gesture(fist.id)
    for into, error, says in (
        (ok, StoreError, "into itself"),
        (fist, NotFoundError, "gone"),
        (foreign, NotFoundError, "gone"),
    ):
        with pytest.raises(error, match=says):
            merge_gestures(store, project.id, ok.id, into.id)


def test_sessions_say_who_when_and_how_many(store, project):
    record(store, project, [sample(1), sample(2)], "ok", "ana")
    ids = record(store, project, [sample(3)], "ok", "ben")
    delete_samples(store, project.id, ids)
    found = list_sessions(store, project.id)
    assert [(v.person, v.samples, v.source) for v in found] == [
        ("ben", 0, "webcam"),
        ("ana", 2, "webcam"),
    ]
    assert found[0].title == found[0].started_at[:16].replace("T", " ")


def test_a_session_is_named_and_unnamed(store, project):
    record(store, project, [sample()])
    [session] = list_sessions(store, project.id)
    name_session(store, session.id, "in the car {}")
    assert list_sessions(store, project.id)[0].title == "in the car {}"
    name_session(store, session.id, "  ")
    assert list_sessions(store, project.id)[0].name == ""
    undo_latest(store, project)
    assert list_sessions(store, project.id)[0].name == "in the car {}"
    with pytest.raises(LabelError):
        name_session(store, session.id, "a\u202eb")


def test_a_person_is_renamed_unless_the_name_is_another_s(store, project):
    record(store, project, [sample()], "ok", "ana")
    ben = store.ensure_person(project.id, "ben")
    [ana] = [p for p in store.persons(project.id) if p.name == "ana"]
    rename_person(store, ana.id, "Ana {Maria}")
    assert "Ana {Maria}" in [p.name for p in store.persons(project.id)]
    assert store.list_history(project.id)[0].title == "Renamed “ana” to “Ana {Maria}”"
    with pytest.raises(StoreError, match="taken"):
        rename_person(store, ben.id, "ANA {maria}")
    undo_latest(store, project)
    assert {p.name for p in store.persons(project.id)} == {"ana", "ben"}


def test_merged_persons_are_one_person_in_training(store, project):
    for person in ("ana", "anna"):
        record(store, project, [sample()], "ok", person)
    ana, anna = store.persons(project.id)
    merge_persons(store, project.id, anna.id, ana.id)
    assert set(store.training_data(project.id).persons) == {"ana"}
    assert [p.name for p in store.persons(project.id)] == ["ana"]
    undo_latest(store, project)
    assert set(store.training_data(project.id).persons) == {"ana", "anna"}


def test_sessions_are_given_to_somebody_else(store, project):
    for _ in range(2):
        record(store, project, [sample()], "ok", "me")
    second, first = list_sessions(store, project.id)
    assign_sessions(store, project.id, [second.id], "ana")
    assert [v.person for v in list_sessions(store, project.id)] == ["ana", "me"]
    undo_latest(store, project)
    assert [v.person for v in list_sessions(store, project.id)] == ["me", "me"]
    other = store.create_project("Other")
    assign_sessions(store, other.id, [first.id], "eve")  # not that project's: untouched
    assert [v.person for v in list_sessions(store, project.id)] == ["me", "me"]


def test_a_session_s_samples_go_to_the_bin_together(store, project):
    record(store, project, [sample(1), sample(2)], "ok", "ana")
    record(store, project, [sample(3)], "ok", "ben")
    record(store, project, [sample(4)], "ok", "eva")
    eva, _, ana = list_sessions(store, project.id)
    assert delete_session_samples(store, project.id, [ana.id, eva.id]) == 3
    assert count(store, project) == 1
    assert store.list_history(project.id)[0].title == "Deleted 3 samples of 2 sessions"
    assert undo_latest(store, project) == 3 and count(store, project) == 4
