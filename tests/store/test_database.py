"""Transactions on real databases: all or nothing, a reader sees one state, changes are acts."""

import threading

import pytest
from sqlalchemy import select

from core.errors import NotFoundError
from core.store.database import schema as t
from core.store.database.transactions import insert_row, name_columns
from tests.store.conftest import names, only_sqlite
from tests.support.stored import run_at_once


def test_a_transaction_that_fails_leaves_nothing(store, project):
    def fail():
        with store.begin_write() as connection:
            values = name_columns("half") | {"project_id": project.id}
            insert_row(connection, t.persons, values)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.persons(project.id) == []


def test_a_reader_sees_one_state_while_another_store_writes(store, project, place, open_store):
    other = open_store(place)
    found = select(t.gestures.c.id).where(t.gestures.c.project_id == project.id)
    with store.begin_read() as connection:
        assert len(connection.execute(found).all()) == 9
        other.add_gesture(project.id, "wave")
        assert len(connection.execute(found).all()) == 9
    assert names(store, project)[-1] == "wave"


def test_a_change_says_how_many_are_gone_and_changes_the_others(store, project):
    [first, *_] = store.gestures(project.id)
    with pytest.raises(NotFoundError, match="1 of 2 gestures are gone"):
        store.update_rows(t.gestures, [first.id, first.id, 99], "Changed “{name}”", emoji="x")
    assert store.gestures(project.id)[0].emoji == "x"
    assert [act.title for act in store.list_history(project.id)] == [f"Changed “{first.name}”"]


def test_nothing_to_change_is_no_act(store, project):
    store.update_rows(t.gestures, [], "Nothing", emoji="x")
    store.update_rows(t.gestures, [1], "Nothing")
    assert store.list_history(project.id) == []


def test_a_gesture_goes_to_the_bin_once(store, project):
    [first, *_] = store.gestures(project.id)
    store.delete_gesture(first.id)
    with pytest.raises(NotFoundError, match="was deleted from the"):
        store.delete_gesture(first.id)


@only_sqlite
def test_one_connection_stays_open_after_many_at_once(store):
    """Each owner who logs in has a store of their own."""
    together = threading.Barrier(8)

    def read():
        with store.begin_read() as connection:
            connection.exec_driver_sql("SELECT 1")
            together.wait(30)

    run_at_once(*[read] * 8)
    assert store._engine.pool.checkedin() == 1
