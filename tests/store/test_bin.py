"""The bin on real SQLite: everything that goes there comes back, whatever happened between."""

import pytest

from core.errors import NotFoundError, StoreError
from core.store.bin import (
    GESTURE,
    PERSON,
    PROJECT,
    delete_samples,
    list_bin,
    move_samples,
    restore_from_bin,
    restore_samples,
)
from core.store.index import read_index, read_restorable_index
from tests.store.conftest import gesture_id, take, undo_latest
from tests.support.stored import run_at_once


def live(store, project):
    return set(read_index(store, project.id).ids.tolist())


def gestures_of(store, project):
    sample_index = read_index(store, project.id)
    return dict(zip(sample_index.ids.tolist(), sample_index.gestures.tolist(), strict=True))


def test_moved_samples_go_back_where_each_came_from(store, project):
    oks, fists = take(store, project, "ok"), take(store, project, "fist")
    before = gestures_of(store, project)
    palm = gesture_id(store, project, "open_palm")
    assert move_samples(store, project.id, [*oks, *fists], palm) == 6
    assert set(gestures_of(store, project).values()) == {palm}
    undo_latest(store, project)
    assert gestures_of(store, project) == before


def test_moving_leaves_alone_what_is_there_in_the_bin_or_another_project_s(store, project):
    oks, fists = take(store, project, "ok"), take(store, project, "fist")
    other = store.create_project("Other")
    foreign = take(store, other, "ok")
    delete_samples(store, project.id, oks[:1])
    fist = gesture_id(store, project, "fist")
    assert move_samples(store, project.id, [*oks, *fists, *foreign, 10**6], fist) == 2
    assert set(gestures_of(store, other).values()) == {gesture_id(store, other, "ok")}


def test_a_gesture_that_is_gone_or_another_project_s_takes_no_samples(store, project):
    ids = take(store, project, "ok")
    other = store.create_project("Other")
    fist = gesture_id(store, project, "fist")
    store.delete_gesture(fist)
    for wrong in (fist, gesture_id(store, other, "fist"), 10**6):
        with pytest.raises(NotFoundError, match="choose another"):
            move_samples(store, project.id, ids, wrong)
    assert len(store.list_history(project.id)) == 1


def test_deleting_counts_only_the_project_s_samples_that_were_not_in_the_bin(store, project):
    ids = take(store, project)
    foreign = take(store, store.create_project("Other"))
    assert delete_samples(store, project.id, ids[:1]) == 1
    assert delete_samples(store, project.id, [*ids, *foreign, 10**6]) == 2
    assert live(store, store.project("Other")) == set(foreign)
    titles = [act.title for act in store.list_history(project.id)]
    assert titles == ["Deleted 2 samples", "Deleted 1 sample"]
    assert delete_samples(store, project.id, ids) == 0 and len(store.list_history(project.id)) == 2
    undo_latest(store, project)
    assert live(store, project) == set(ids[1:])


def test_the_bin_lists_projects_gestures_and_persons_with_what_comes_back(store, project):
    take(store, project, "ok", "me", 2), take(store, project, "fist", "you", 3)
    take(store, store.create_project("Other"), "ok", "me", 4)
    store.delete_gesture(gesture_id(store, project, "ok"))
    store.delete_person(store.ensure_person(project.id, "you").id)
    store.delete_project(store.project("Other").id)
    found = [(one.kind, one.name, one.samples, one.clash) for one in list_bin(store, project.id)]
    assert found == [(PROJECT, "Other", 4, ""), (PERSON, "you", 3, ""), (GESTURE, "ok", 2, "")]
    assert not len(read_restorable_index(store, project.id))  # all samples come back with these


def test_each_comes_back_with_its_samples_but_not_with_those_deleted_before(store, project):
    mine, yours = take(store, project, "ok", "me"), take(store, project, "fist", "you")
    delete_samples(store, project.id, [mine[0], yours[0]])
    ok, you = gesture_id(store, project, "ok"), store.ensure_person(project.id, "you").id
    store.delete_gesture(ok)
    store.delete_person(you)
    assert live(store, project) == set()
    assert restore_from_bin(store, project.id, GESTURE, ok) == 2
    assert live(store, project) == set(mine[1:])
    assert restore_from_bin(store, project.id, PERSON, you) == 2
    assert live(store, project) == {*mine[1:], *yours[1:]}
    assert read_restorable_index(store, project.id).ids.tolist() == [yours[0], mine[0]]
    undo_latest(store, project)
    assert live(store, project) == set(mine[1:])
    assert [one.samples for one in list_bin(store, project.id)] == [2]
    assert restore_from_bin(store, project.id, PERSON, you) == 2
    assert restore_samples(store, project.id, [mine[0], mine[1], 10**6]) == 1
    assert live(store, project) == {*mine, *yours[1:]}


@pytest.mark.parametrize("first", [GESTURE, PERSON])
def test_a_sample_with_a_deleted_gesture_and_a_deleted_person_waits_for_both(store, project, first):
    """Both have samples of their own, too."""
    take(store, project, "ok", "you")
    of_one = {
        GESTURE: take(store, project, "ok", "me"),
        PERSON: take(store, project, "fist", "you"),
    }
    ids = {GESTURE: gesture_id(store, project, "ok")}
    ids[PERSON] = store.ensure_person(project.id, "you").id
    deletes = {GESTURE: store.delete_gesture, PERSON: store.delete_person}
    for kind in sorted(deletes, key=lambda kind: kind != first):
        deletes[kind](ids[kind])
    second = PERSON if first == GESTURE else GESTURE
    assert restore_from_bin(store, project.id, first, ids[first]) == 3
    assert live(store, project) == set(of_one[first])  # not those of what is still deleted
    assert restore_from_bin(store, project.id, second, ids[second]) == 6
    assert len(live(store, project)) == 9


def test_a_sample_stays_in_the_bin_while_its_gesture_or_person_is_there(store, project):
    ids = take(store, project, "ok", "me")
    delete_samples(store, project.id, ids[:1])
    [deleted] = store.list_history(project.id)
    ok, me = gesture_id(store, project, "ok"), store.ensure_person(project.id, "me").id
    for delete, row in ((store.delete_gesture, ok), (store.delete_person, me)):
        delete(row)
        with pytest.raises(StoreError, match="in the bin: restore that first"):
            restore_samples(store, project.id, ids[:1])
        with pytest.raises(StoreError, match="in the bin: restore that first"):
            store.undo(deleted.id)
        assert live(store, project) == set() and len(store.list_history(project.id)) == 2
        undo_latest(store, project)
    assert store.undo(deleted.id) == 1 and live(store, project) == set(ids)


@pytest.mark.parametrize("kind", [GESTURE, PERSON, PROJECT])
def test_a_name_that_is_taken_by_now_is_told_and_another_one_helps(store, project, kind):
    ids = take(store, project, "ok", "me")
    home = store.create_project("Home") if kind == PROJECT else project
    if kind == GESTURE:
        row = gesture_id(store, project, "ok")
        store.delete_gesture(row)
        store.add_gesture(project.id, "OK")
    elif kind == PERSON:
        row = store.ensure_person(project.id, "me").id
        store.delete_person(row)
        store.ensure_person(project.id, "Me")
    else:
        row = project.id
        store.delete_project(row)
        store.create_project("DEMO")
    [one] = list_bin(store, home.id)
    assert f"Another {kind} is called" in one.clash
    with pytest.raises(StoreError, match="taken"):
        restore_from_bin(store, home.id, kind, row)
    [same] = list_bin(store, home.id)
    assert same == one  # nothing was changed
    restore_from_bin(store, home.id, kind, row, "second")
    assert list_bin(store, home.id) == []
    back = store.project("second" if kind == PROJECT else "Demo")
    assert live(store, back) == set(ids)


def test_what_is_not_in_the_bin_can_t_be_restored(store, project):
    for kind, row in ((GESTURE, gesture_id(store, project, "ok")), (PROJECT, project.id)):
        with pytest.raises(NotFoundError, match="not in the bin"):
            restore_from_bin(store, project.id, kind, row)


def test_two_windows_delete_and_move_the_same_samples_at_once(store, project):
    ids = take(store, project, "ok", n=200)
    fist = gesture_id(store, project, "fist")
    parts = [ids[begin : begin + 20] for begin in range(0, 200, 20)]

    def delete():
        for part in parts:
            delete_samples(store, project.id, part)

    def move():
        for part in parts:
            move_samples(store, project.id, part, fist)

    run_at_once(delete, move, delete, move)
    assert live(store, project) == set()
    while store.list_history(project.id):
        undo_latest(store, project)
    ok = gesture_id(store, project, "ok")
    assert gestures_of(store, project) == dict.fromkeys(ids, ok)
