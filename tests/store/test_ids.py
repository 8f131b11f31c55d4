"""An id names one thing for ever: files of trainings name samples that may be gone."""

from core.store.bin import delete_samples
from core.store.database import schema as t
from core.store.deleting import empty_bin
from core.store.rows import to_row
from core.store.transfer import insert_rows
from tests.store.conftest import sample, take
from tests.support.stored import record, start_recording


def test_ids_of_what_was_deleted_for_good_are_never_used_again(store, project):
    def recordings():
        return [row.id for row in store.fetch_all(t.bursts.select())]

    first, before = take(store, project), recordings()
    gesture = store.add_gesture(project.id, "wave").id
    delete_samples(store, project.id, first)
    store.delete_gesture(gesture)
    store.delete_person(store.persons(project.id)[0].id)
    empty_bin(store, project.id)
    assert recordings() == []
    assert min(take(store, project)) > max(first) and min(recordings()) > max(before)
    assert store.add_gesture(project.id, "wave").id > gesture
    store.delete_project(project.id)
    empty_bin(store)
    assert store.create_project("Another").id > project.id


def test_rows_that_are_imported_get_ids_that_nothing_had(store, project):
    ids = record(store, project, [sample(i) for i in range(3)])
    delete_samples(store, project.id, ids)
    empty_bin(store, project.id)
    row = to_row(sample()) | {"project_id": project.id, "burst_id": start_recording(store, project)}
    row["gesture_id"] = store.gestures(project.id)[0].id
    with store.begin_write() as connection:
        assert min(insert_rows(connection, t.samples, [row, row])) > max(ids)


def test_a_table_that_an_upgrade_made_on_postgresql_gets_ids_of_its_own(postgresql_url, open_store):
    store = open_store(postgresql_url)
    project = store.create_project("Demo")
    store.add_gesture(project.id, "wave")  # an action that can be undone has id 1
    with store.begin_write() as connection:  # as version 4 made it
        connection.exec_driver_sql("ALTER TABLE acts ALTER COLUMN id DROP DEFAULT")
        connection.exec_driver_sql("DROP SEQUENCE acts_id_seq")
        connection.exec_driver_sql("DROP TABLE rules")
        connection.exec_driver_sql("UPDATE meta SET version = 9")
    store = open_store(postgresql_url)
    store.add_gesture(project.id, "nod")
    assert [act.id for act in store.list_history(project.id)] == [2, 1]
