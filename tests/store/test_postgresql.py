"""What is PostgreSQL's alone; the store's other tests run on it, too."""

import psycopg
import pytest
from sqlalchemy import update

from core.errors import StoreError
from core.store.database import schema as t
from core.store.database.schema import VERSION
from tests.store.conftest import count, sample
from tests.support.stored import record

only_here = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


@only_here
def test_a_database_of_version_8_is_upgraded_with_all_that_is_in_it(
    store, project, place, open_store
):
    record(store, project, [sample()])
    with store.begin_write() as connection:
        for statement in (
            "DROP TABLE rules",
            "DROP INDEX one_projects_name",
            "ALTER TABLE projects DROP COLUMN owner",
            "CREATE UNIQUE INDEX one_projects_name ON projects (key) WHERE deleted_at IS NULL",
            "UPDATE meta SET version = 8",
        ):
            connection.exec_driver_sql(statement)
    store.close()
    upgraded, other = open_store(place), open_store(place, owner="anna")
    assert upgraded.projects() == [project] and count(upgraded, project) == 1
    assert other.create_project("Demo").name == "Demo"


@only_here
def test_a_connection_that_the_server_ended_is_opened_anew(store, project, postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        mine = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
        other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")
    record(store, project, [sample()])
    assert count(store, project) == 1


def test_the_stores_of_many_people_share_a_few_connections(postgresql_url, open_store):
    with psycopg.connect(postgresql_url, autocommit=True) as watching:
        before = connections(watching)
        people = [open_store(postgresql_url, owner=f"person {n}") for n in range(20)]
        assert [store.projects() for store in people] == [[]] * 20
        assert connections(watching) - before <= 2
    people.pop().close()
    assert [store.projects() for store in people] == [[]] * 19


def connections(watching):
    backends = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    return watching.execute(backends).fetchone()[0]


@only_here
def test_a_name_is_taken_in_whatever_language_the_server_speaks(store, project):
    with pytest.raises(StoreError, match="that name is taken"):
        store.create_project("demo")
    with pytest.raises(StoreError, match="what this belongs to is gone"):
        store.start_session(1, 99, "webcam")


@only_here
def test_what_only_reads_can_t_write(store):
    with pytest.raises(StoreError, match="read-only"), store.begin_read() as connection:
        connection.execute(update(t.meta).values(version=1))
    assert store.fetch_all(t.meta.select()) == [(VERSION,)]
