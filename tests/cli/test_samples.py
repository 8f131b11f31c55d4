"""`samples` as others script it: JSON, errors and exit codes."""

import pytest

from core.errors import NotFoundError
from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.store import Store
from tests.cli.conftest import invoke, said
from tests.store.conftest import gesture_id, sample
from tests.support.stored import record


@pytest.fixture
def demo(home):
    paths = Paths.find()
    store = Store(paths.database)
    fill_demo_project(store, paths.demo)
    store.close()


@pytest.mark.usefixtures("demo")
def test_samples_are_listed_deleted_restored_and_moved():
    of = ("--project", "demo")
    fists = said("samples", "list", "--gesture", "Fist", "--limit", 3, *of)
    assert fists["of"] == 40 and len(fists["samples"]) == 3
    assert {one["gesture"] for one in fists["samples"]} == {"fist"}
    numbers = [one["number"] for one in fists["samples"]]
    assert said("samples", "delete", *numbers, *of) == {"deleted": 3}
    gone = said("samples", "list", "--bin", *of)
    assert sorted(one["number"] for one in gone["samples"]) == sorted(numbers)
    assert said("samples", "restore", *numbers, *of) == {"restored": 3}
    assert said("samples", "move", numbers[0], "--to", "ok", *of) == {"moved": 1}
    doubtful = said("samples", "list", "--order", "doubtful", "--limit", 2, *of)
    assert doubtful["samples"][0]["number"] == numbers[0]
    assert doubtful["samples"][0]["doubt"] > 0.9
    spread = said("samples", "balance", *of)
    assert {row["gesture"]: row["samples"] for row in spread["gestures"]}["fist"] == 39
    assert "second" in spread["next"] or "Record" in spread["next"]


def test_a_sample_whose_gesture_and_person_are_in_the_bin_is_listed(home):
    """An older Mudra could leave such samples behind."""
    store = Store(Paths.find().database)
    home = store.create_project("old")
    [made] = record(store, home, [sample()], "ok", "ana")
    store.delete_gesture(gesture_id(store, home, "ok"))
    store.delete_person(store.ensure_person(home.id, "ana").id)
    with store.begin_write() as connection:
        connection.exec_driver_sql("UPDATE samples SET deleted_at = NULL")
    store.close()
    listed = said("samples", "list", "--project", "old")["samples"]
    assert [(s["number"], s["gesture"], s["person"]) for s in listed] == [(made, "ok", "ana")]


@pytest.mark.usefixtures("demo")
def test_wrong_names_are_errors():
    with pytest.raises(NotFoundError, match="no gesture “nope”; there are: “thumbs_up”"):
        said("samples", "move", 1, "--to", "nope", "--project", "demo")
    assert invoke("samples", "list", "--project", "demo", "--order", "best").exit_code == 2
    assert invoke("samples", "delete", "x", "--project", "demo").exit_code == 2
