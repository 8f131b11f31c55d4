"""Two people on one database: what one made is for the other as if it were not there."""

import pytest

from core.errors import NotFoundError
from core.store.bin import delete_samples, list_bin, move_samples, restore_from_bin
from core.store.curation import list_sessions
from core.store.database import schema as t
from core.store.database.transactions import insert_row
from core.store.deleting import delete_pictures, delete_project_permanently, empty_bin
from core.store.index import (
    count_samples,
    find_sample_origin,
    list_newest_ids,
    read_index,
    read_poses,
    read_restorable_index,
    read_samples,
)
from core.store.rows import now
from tests.store.conftest import count, gesture_id, sample
from tests.support.stored import count_by_estimator, record


@pytest.fixture
def anna(open_store, place):
    return open_store(place, owner="anna")


@pytest.fixture
def ben(open_store, place):
    return open_store(place, owner="ben")


@pytest.fixture
def hers(anna):
    """Anna's project, with three samples and their crops, one more in the bin."""
    project = anna.create_project("Secret")
    ids = record(
        anna, project, [sample(i, crop_jpeg=b"\xff\xd8", file_hash=f"table:{i}") for i in range(4)]
    )
    delete_samples(anna, project.id, ids[:1])
    return project


READS = {
    "gestures": lambda store, project, _: store.gestures(project),
    "persons": lambda store, project, _: store.persons(project),
    "samples": lambda store, project, _: store.samples(project),
    "the bin's samples": lambda store, project, _: store.samples(project, deleted=True),
    "crops": lambda store, _, ids: store.crops(ids[0]),
    "overview": lambda store, project, _: store.overview(project),
    "history": lambda store, project, _: store.list_history(project),
    "index": lambda store, project, _: list(read_index(store, project).ids),
    "bin": lambda store, project, _: list(read_restorable_index(store, project).ids),
    "list of the bin": lambda store, project, _: list_bin(store, project),
    "sessions": lambda store, project, _: list_sessions(store, project),
    "samples by id": lambda store, _, ids: read_samples(store, ids),
    "counts": lambda store, project, _: count_samples(store, project),
    "estimators": lambda store, project, _: count_by_estimator(store, project),
    "hashes of files": lambda store, project, _: store.stored_file_hashes(project),
    "keypoints of a table": lambda store, project, _: store.stored_table_keypoints(
        project, "table"
    ),
    "newest": lambda store, project, _: [
        i for gesture in range(20) for i in list_newest_ids(store, project, gesture, 9)
    ],
}
REFUSED = {
    "project": lambda store, *_: store.project("Secret"),
    "training data": lambda store, project, _: store.training_data(project),
    "poses": lambda store, project, ids: read_poses(store, project, ids),
    "where a sample comes from": lambda store, _, ids: find_sample_origin(store, ids[0]),
    "delete samples": delete_samples,
    "move samples": lambda store, project, ids: move_samples(store, project, ids, 1),
    "delete the project": lambda store, project, _: store.delete_project(project),
    "rename the project": lambda store, project, _: store.rename_project(project, "Mine"),
    "delete a gesture": lambda store, *_: store.delete_gesture(1),
    "rename a gesture": lambda store, *_: store.update_gesture(1, name="mine"),
    "add a gesture": lambda store, project, _: store.add_gesture(project, "mine"),
    "bring back": lambda store, project, _: restore_from_bin(store, project, "project", project),
    "add a person": lambda store, project, _: store.ensure_person(project, "me"),
    "begin a session": lambda store, project, _: store.start_session(project, 1, "webcam"),
    "begin a recording": lambda store, *_: store.start_recording(1, 1),
    "begin a recording of her gesture": lambda store, *_: begin_of_two(store, 1),
    "change hers beside one of his own": lambda store, *_: change_two(store, 1),
    "add samples": lambda store, *_: store.add_samples(1, [sample()]),
    "undo": lambda store, *_: store.undo(1),
    "forget pictures": lambda store, project, _: delete_pictures(store, project),
    "forget the project": lambda store, project, _: delete_project_permanently(store, project),
}


def begin_of_two(store, gesture):
    """A recording of another's gesture in a session of one's own."""
    project = store.create_project("With a session")
    person = store.ensure_person(project.id, "me")
    store.start_recording(store.start_session(project.id, person.id, "webcam"), gesture)


def change_two(store, gesture):
    """Switch off a gesture of one's own and another's."""
    own = store.gestures(store.create_project("With gestures").id)[0]
    store.update_rows(t.gestures, [own.id, gesture], "Switched two off", enabled=False)


def test_what_is_another_s_is_not_there(anna, ben, hers):
    ids = [one.id for one in anna.samples(hers.id)]
    for what, read in READS.items():
        assert what in ("bin", "list of the bin") or read(anna, hers.id, ids), what
        assert not read(ben, hers.id, ids), what


def test_what_is_another_s_can_t_be_asked_for_by_name_or_number_nor_changed(anna, ben, hers):
    ids = [one.id for one in anna.samples(hers.id)]
    for what, ask in REFUSED.items():
        with pytest.raises(NotFoundError) as refused:
            ask(ben, hers.id, ids)
        assert what == "project" or "Secret" not in str(refused.value)
        assert count(anna, hers) == 3 and anna.project("secret") == hers, what
        assert len(anna.crops(ids[0])) == 1 and len(anna.list_history(hers.id)) == 1, what
        assert all(gesture.enabled for gesture in anna.gestures(hers.id)), what
        assert len(anna.fetch_all(t.bursts.select())) == 1, what


def test_each_has_names_projects_and_a_bin_of_their_own(anna, ben, hers):
    his = ben.create_project("Secret")
    assert [ben.projects(), anna.projects()] == [[his], [hers]]
    anna.delete_project(hers.id)
    assert [one.id for one in list_bin(anna, hers.id) if one.kind == "project"] == [hers.id]
    assert list_bin(ben, his.id) == []
    assert empty_bin(ben)["projects"] == 0
    restore_from_bin(anna, hers.id, "project", hers.id)
    assert anna.projects() == [hers] and count(anna, hers) == 3


@pytest.mark.parametrize("kind", ["gesture", "person"])
def test_what_lies_in_another_s_bin_stays_there(anna, ben, hers, kind):
    his = ben.create_project("His")
    anna.delete_gesture(gesture_id(anna, hers, "ok"))
    anna.delete_person(anna.persons(hers.id)[0].id)
    before = list_bin(anna, hers.id)
    row = next(one.id for one in before if one.kind == kind)
    with pytest.raises(NotFoundError, match="not in the bin"):
        restore_from_bin(ben, his.id, kind, row)
    assert list_bin(anna, hers.id) == before and ben.list_history(his.id) == []


def test_a_sample_of_one_s_own_can_t_be_of_another_s_gesture(anna, ben, hers):
    """As if an earlier Mudra had begun the recording."""
    his = ben.create_project("His")
    person = ben.ensure_person(his.id, "me")
    values = {"session_id": ben.start_session(his.id, person.id, "webcam"), "started_at": now()}
    with ben.begin_write() as connection:
        values["gesture_id"] = gesture_id(anna, hers, "ok")
        mixed = insert_row(connection, t.bursts, values)
    with pytest.raises(NotFoundError, match=f"no recording {mixed}"):
        ben.add_samples(mixed, [sample()])


def test_only_samples_of_the_project_that_is_asked_for_are_read(anna, hers):
    other = anna.create_project("Other")
    ids = [one.id for one in anna.samples(hers.id)]
    [also] = record(anna, other, [sample()])
    found = read_samples(anna, [also, *ids], project_id=hers.id)
    assert [one.id for one in found] == ids


def test_what_was_made_without_login_is_nobody_s(store, anna, hers):
    assert store.projects() == []
    mine = store.create_project("Secret")
    assert anna.project("Secret") == hers and store.project("Secret") == mine
