"""The store on real databases: many processes, a kill, upgrades, the bin."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import fields

import numpy as np
import pytest
from sqlalchemy import update

from core.errors import NotFoundError, StoreError, StoreFullError
from core.store import Store
from core.store.database import schema as t
from core.store.database.schema import VERSION
from tests.store.conftest import count, gesture, only_sqlite, run_sql, sample
from tests.support.stored import record, start_recording

OF_A_CAMERA = {
    "world": np.random.default_rng(1).normal(0, 0.1, (21, 3)).astype(np.float32),
    "handedness": "Left",
    "instance": 1,
    "size_hw": (480, 640),
    "region": (1.5, -2.25, 90.0),
    "crop_jpeg": b"\xff\xd8jpeg",
    "file_hash": "abc",
    "estimator_version": "1.2.2/full",
}


@pytest.mark.parametrize("values", [OF_A_CAMERA, {"space": "relative"}])
def test_a_sample_comes_back_as_it_went_in(store, project, values):
    new = sample(**values)
    new.pose[3] = np.nan
    [sample_id] = record(store, project, [new])
    [back] = store.samples(project.id)
    assert back.id == sample_id
    for field in fields(new):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(new, field.name))


def test_pages_of_samples_newest_first(store, project):
    ids = record(store, project, [sample(i) for i in range(7)])
    assert [s.id for s in store.samples(project.id, limit=3)] == ids[:3:-1]
    assert [s.id for s in store.samples(project.id, newest_first=False)] == ids


def test_a_name_is_found_however_its_accent_is_written(store):
    store.create_project("Caf\u00e9")
    assert store.project("CAFE\u0301").name == "Caf\u00e9"


def test_names_are_one_of_a_kind_whatever_their_case(store, project):
    for make in (lambda: store.create_project("DEMO"), lambda: store.add_gesture(project.id, "OK")):
        with pytest.raises(StoreError, match="taken"):
            make()
    assert store.ensure_person(project.id, "Ana") == store.ensure_person(project.id, "ANA")


def test_names_are_data(store):
    for name in ("../../etc", "'; DROP TABLE samples; --", "<script>alert(1)</script>", "*b*"):
        assert store.create_project(name).name == name
    assert len(store.projects()) == 4


def test_a_gesture_is_renamed_disabled_and_moved_without_touching_its_samples(store, project):
    record(store, project, [sample()], "ok")
    ok = gesture(store, project, "ok")
    store.update_gesture(ok.id, name="Fine", emoji="🆗", position=-1)
    first = store.gestures(project.id)[0]
    assert (first.name, first.emoji, first.id) == ("Fine", "🆗", ok.id)
    assert store.overview(project.id)[0].samples == 1
    store.update_gesture(ok.id, enabled=False)
    assert "Fine" not in [g.name for g in store.gestures(project.id, enabled_only=True)]
    with pytest.raises(NotFoundError):
        store.training_data(project.id)


def test_the_overview_counts_persons_and_sessions(store, project):
    for person in ("ana", "ben", "ana"):
        record(store, project, [sample(), sample(1)], "ok", person)
    row = next(o for o in store.overview(project.id) if o.gesture.name == "ok")
    assert (row.samples, row.persons, row.sessions) == (6, 2, 3)


def test_training_takes_the_most_frequent_estimator_unless_told(store, project):
    record(store, project, [sample(i) for i in range(3)], "ok", "ana")
    other = sample(estimator="openpose-hand", mirrored_view=False)
    record(store, project, [other], "fist", "ben")
    data = store.training_data(project.id)
    assert (len(data), data.estimator, set(data.persons)) == (3, "mediapipe-hands", {"ana"})
    np.testing.assert_array_equal(data.keypoints[2], sample(2).pose)
    assert data.mirrored_view.all() and data.gestures[data.labels[0]].name == "ok"
    assert len(store.training_data(project.id, estimators=["openpose-hand"])) == 1


_WRITER = """
import sys
import numpy as np
from core.store import NewSample, Store
store = Store(sys.argv[1])
for i in range(int(sys.argv[3])):
    new = NewSample(np.full((21, 2), i, np.float32), np.ones(21, np.float32), "x", True, "m")
    store.add_samples(int(sys.argv[2]), [new])
    print(i, flush=True)
"""


def writer(store_path, burst_id: int, number: int, out=subprocess.DEVNULL) -> subprocess.Popen:
    arguments = [sys.executable, "-c", _WRITER, str(store_path), str(burst_id), str(number)]
    return subprocess.Popen(arguments, stdout=out, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("place", "n"), [("sqlite", 3), ("postgresql", 2)], indirect=["place"])
def test_processes_write_at_once_and_nothing_is_lost_or_locked(store, project, place, n):
    bursts = [start_recording(store, project, person=f"p{i}") for i in range(n)]
    writers = [writer(place, burst, 150) for burst in bursts]
    counts = []
    while any(w.poll() is None for w in writers):
        counts.append(count(store, project))  # a reader beside them
        time.sleep(0.05)
    errors = [w.communicate()[1] for w in writers]
    assert [w.returncode for w in writers] == [0] * n, errors
    assert count(store, project) == n * 150
    assert counts == sorted(counts)


@only_sqlite
def test_a_kill_loses_nothing_that_was_stored(store, project, tmp_path, open_store):
    process = writer(
        tmp_path / "mudra.db", start_recording(store, project), 100_000, subprocess.PIPE
    )
    said = [int(process.stdout.readline()) for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read().split()  # communicate() would pass over what is buffered
    process.communicate()
    acknowledged = len(said) + len(rest)
    store.close()
    again = open_store(tmp_path / "mudra.db")
    assert count(again, project) in (acknowledged, acknowledged + 1)
    assert run_sql(tmp_path / "mudra.db", "PRAGMA integrity_check") == [("ok",)]


@only_sqlite
def test_a_full_disk_is_said_and_what_was_there_stays(store, project, tmp_path):
    record(store, project, [sample()])
    into = start_recording(store, project)
    [(pages,)] = run_sql(tmp_path / "mudra.db", "PRAGMA page_count")
    with store._engine.connect() as connection:  # SQLite then says what it says on a full disk
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    big = sample(crop_jpeg=os.urandom(200_000))
    with pytest.raises(StoreFullError, match="disk is full"):
        store.add_samples(into, [big])
    assert count(store, project) == 1


def test_an_empty_database_gets_the_newest_tables_and_a_newer_one_is_left_alone(store, place):
    assert store.fetch_all(t.meta.select()) == [(VERSION,)]
    with store.begin_write() as connection:
        connection.execute(update(t.meta).values(version=99))
    store.close()
    with pytest.raises(StoreError, match="use a newer Mudra"):
        Store(place)


def test_a_file_that_is_no_store_is_an_error_and_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.db"
    path.write_bytes(b"my notes, not a database\n" * 100)
    with pytest.raises(StoreError, match="can't be used"):
        Store(path)
    assert path.read_bytes().startswith(b"my notes")


def test_a_place_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "mudra.db")
