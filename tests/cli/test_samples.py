"""`samples` as others script it: JSON, exit codes, one line on stderr."""

import pytest

from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.store import Store
from tests.cli.conftest import document
from tests.store.conftest import gesture_id, sample
from tests.support.stored import record


@pytest.fixture
def demo(tmp_path):
    paths = Paths.find(tmp_path / "workspace")
    store = Store(paths.database)
    fill_demo_project(store, paths.demo)
    store.close()


@pytest.mark.usefixtures("demo")
def test_samples_are_listed_deleted_restored_and_moved(run):
    of = ("--project", "demo", "--json")
    fists = document(run("samples", "list", "--gesture", "Fist", "--limit", 3, *of))
    assert fists["of"] == 40 and len(fists["samples"]) == 3
    assert {one["gesture"] for one in fists["samples"]} == {"fist"}
    numbers = [one["number"] for one in fists["samples"]]
    assert document(run("samples", "delete", *numbers, *of)) == {"deleted": 3}
    gone = document(run("samples", "list", "--bin", *of))
    assert sorted(one["number"] for one in gone["samples"]) == sorted(numbers)
    assert document(run("samples", "restore", *numbers, *of)) == {"restored": 3}
    assert document(run("samples", "move", numbers[0], "--to", "ok", *of)) == {"moved": 1}
    doubtful = document(run("samples", "list", "--order", "doubtful", "--limit", 2, *of))
    assert doubtful["samples"][0]["number"] == numbers[0]
    assert doubtful["samples"][0]["doubt"] > 0.9
    spread = document(run("samples", "balance", *of))
    assert {row["gesture"]: row["samples"] for row in spread["gestures"]}["fist"] == 39
    assert "second" in spread["next"] or "Record" in spread["next"]


def test_a_sample_whose_gesture_and_person_are_in_the_bin_is_listed(run, tmp_path):
    """An older Mudra could leave such samples behind."""
    store = Store(Paths.find(tmp_path / "workspace").database)
    home = store.create_project("old")
    [made] = record(store, home, [sample()], "ok", "ana")
    store.delete_gesture(gesture_id(store, home, "ok"))
    store.delete_person(store.ensure_person(home.id, "ana").id)
    with store.begin_write() as connection:
        connection.exec_driver_sql("UPDATE samples SET deleted_at = NULL")
    store.close()
    listed = document(run("samples", "list", "--project", "old", "--json"))["samples"]
    assert [(s["number"], s["gesture"], s["person"]) for s in listed] == [(made, "ok", "ana")]


@pytest.mark.usefixtures("demo")
def test_wrong_names_end_in_one_line(run):
    lost = run("samples", "move", 1, "--to", "nope", "--project", "demo")
    assert lost.returncode == 1 and "no gesture “nope”; there are: “thumbs_up”" in lost.stderr
    assert len(lost.stderr.strip().splitlines()) == 1
    assert run("samples", "list", "--project", "demo", "--order", "best").returncode == 2
    assert run("samples", "delete", "x", "--project", "demo").returncode == 2
