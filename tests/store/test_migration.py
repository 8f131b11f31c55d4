"""A database that an earlier Mudra wrote opens with all that is in it.

`version_6.db` was written by the version before skeletons: a project of five samples with crops,
one of them in the bin, a gesture of one's own that was renamed, a model in use.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.media.pictures import decode_jpeg
from core.store import Store
from core.store.bin import delete_samples, restore_samples
from core.store.database import schema as t
from core.store.database.schema import VERSION
from core.store.deleting import delete_project_permanently, empty_bin
from tests.store.conftest import count, run_sql, sample
from tests.support.stored import record


@pytest.fixture
def path(tmp_path):
    return Path(shutil.copy(Path(__file__).with_name("version_6.db"), tmp_path / "mudra.db"))


@pytest.fixture
def upgraded(path, open_store):
    return open_store(path)


def test_every_sample_is_there_with_its_numbers_and_its_crop(path, open_store):
    question = (
        "SELECT s.id, keypoints, scores, world, hand_index, jpeg FROM samples s "
        "JOIN crops ON sample_id = s.id WHERE deleted_at IS NULL ORDER BY s.id"
    )
    before = run_sql(path, question)
    store = open_store(path)
    found = store.samples(store.project("old gestures").id, newest_first=False)
    assert len(found) == len(before) == 4
    for one, (row_id, keypoints, scores, world, hand_index, jpeg) in zip(
        found, before, strict=True
    ):
        assert (one.id, one.instance, one.crop_jpeg) == (row_id, hand_index, jpeg)
        np.testing.assert_array_equal(one.pose.ravel(), np.frombuffer(keypoints, "<f4"))
        np.testing.assert_array_equal(one.scores.ravel(), np.frombuffer(scores, "<f4"))
        np.testing.assert_array_equal(one.world.ravel(), np.frombuffer(world, "<f4"))


def test_what_was_there_is_of_hands_and_still(upgraded):
    assert {p.name: p.skeleton for p in upgraded.projects()} == {
        "Old gestures": "hand_21",
        "Only keypoints": "hand_21",
    }
    project = upgraded.project("old gestures")
    assert project.active_model == "run-1"
    assert {g.kind for g in upgraded.gestures(project.id)} == {"still"}
    for one in upgraded.samples(project.id):
        assert (one.frames, one.time_s, one.times_s, one.visibility) == (1, *[None] * 3)
        assert one.skeleton == "hand_21"


def test_signs_that_were_drawn_as_text_are_in_colour_and_others_stay(upgraded):
    emoji = {g.name: g.emoji for g in upgraded.gestures(upgraded.project("old gestures").id)}
    assert emoji["point_up"] == "☝\ufe0f" and emoji["peace"] == "✌\ufe0f"
    assert (emoji["thumbs_up"], emoji["open_palm"], emoji["flag"]) == ("👍", "✋", "🇩🇪")


def test_what_was_done_before_can_still_be_undone_and_the_bin_gives_back(upgraded):
    project = upgraded.project("old gestures")
    for act in [*upgraded.list_history(project.id)]:
        if "name" in act.title:
            upgraded.undo(act.id)
    assert "victory" in [g.name for g in upgraded.gestures(project.id)]
    [away] = upgraded.samples(project.id, deleted=True)
    restore_samples(upgraded, project.id, [away.id])
    assert len(upgraded.samples(project.id)) == 5
    [jpeg] = upgraded.crops(away.id).values()
    assert decode_jpeg(jpeg).shape == (48, 64, 3)


def test_samples_of_another_skeleton_are_set_aside_so_that_all_others_can_be_seen(path, open_store):
    """A COCO file with 17 keypoints a person came in before; no page could be opened then."""
    short = "keypoints = zeroblob(136), scores = zeroblob(68)"  # of 17
    run_sql(path, f"UPDATE samples SET {short}, world = NULL WHERE id = 1")
    store = open_store(path)
    project = store.project("old gestures")
    assert len(store.samples(project.id)) == 3 and len(store.training_data(project.id)) == 3
    aside = run_sql(path, "SELECT id, gesture, keypoints FROM set_aside")
    assert aside == [(1, "point_up", bytes(136))]
    assert store.crops(1) == {} and store.find_damage() == ""
    delete_project_permanently(store, project.id)
    assert run_sql(path, "SELECT count(*) FROM set_aside") == [(0,)]


def test_an_upgraded_database_has_the_tables_of_a_new_one(path, tmp_path):
    Store(path).close()
    Store(tmp_path / "new.db").close()

    def columns(database):
        question = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        tables = [row[0] for row in run_sql(database, question)]
        about = {table: run_sql(database, f"PRAGMA table_info({table})") for table in tables}
        return {table: {(row[1], row[3], row[5]) for row in rows} for table, rows in about.items()}

    def indexes(database):
        names = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        return {row[0] for row in run_sql(database, names)}

    assert columns(path) == columns(tmp_path / "new.db")
    assert indexes(path) == indexes(tmp_path / "new.db")
    assert run_sql(path, "SELECT version FROM meta") == [(VERSION,)]


def test_an_upgraded_database_keeps_all_its_rows_and_gives_no_id_again(path, open_store):
    tables = ("projects", "gestures", "persons", "sessions", "bursts", "samples", "crops", "acts")

    def rows(what):
        return {table: run_sql(path, what.format(table)) for table in tables}

    before = rows("SELECT count(*) FROM {}")
    store = open_store(path)
    assert rows("SELECT count(*) FROM {}") == before
    assert not any(rows("PRAGMA foreign_key_check({})").values())
    project = store.project("old gestures")
    last = store.samples(project.id, limit=1)[0].id
    delete_samples(store, project.id, [last])
    empty_bin(store, project.id)
    assert min(record(store, project, [sample()], "fist")) > last
    with store.begin_read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert store.find_damage() == ""


def test_a_store_of_version_1_is_upgraded_with_all_that_is_in_it(path, open_store):
    run_sql(
        path,
        "DROP INDEX samples_by_age",
        "ALTER TABLE projects DROP COLUMN active_model",
        "ALTER TABLE sessions DROP COLUMN name",
        "DROP TABLE acts",
        "UPDATE meta SET version = 1",
    )
    store = open_store(path)
    project = store.project("old gestures")
    assert project.active_model is None and count(store, project) == 4
    store.set_active_model(project.id, "run-2")
    assert store.project("old gestures").active_model == "run-2"
    assert store.fetch_all(t.meta.select()) == [(VERSION,)]
    with store.begin_read() as connection:
        indexes = connection.exec_driver_sql("PRAGMA index_list(samples)").all()
    assert "samples_by_age" in [row[1] for row in indexes]
