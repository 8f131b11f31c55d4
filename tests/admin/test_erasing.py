"""The bin emptied, pictures forgotten, everything deleted: nothing of it is left in any file."""

import shutil
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.admin import erasing
from core.admin.erasing import (
    delete_project_pictures,
    empty_bin_here,
    erase_everything,
    list_stored_data,
    measure_path,
)
from core.exchange.downloads import WHOLE_PROJECT, prepare_download
from core.offline.files import TemporaryFolder
from core.paths import Paths
from core.pose.types import Estimate, Frame, Pose
from core.recording.plans import CONTINUOUS
from core.recording.recorder import Recorder
from core.store import Project, Store
from core.store.bin import delete_samples, restore_samples
from core.training.runs import Run, list_runs
from tests.exchange.conftest import sample
from tests.support.stored import record

MARK = b"a picture that must go"


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """A workspace, and temporary folders of the test's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Paths(tmp_path / "here", tmp_path / "weights")


def bytes_of(paths: Paths) -> bytes:
    files = [p for p in paths.workspace.rglob("*") if p.is_file()]
    return b"".join(p.read_bytes() for p in files)


def marked(store: Store, project: Project, n: int = 40) -> list[int]:
    """Samples whose crop holds MARK."""
    return record(store, project, [sample(i, crop_jpeg=MARK * 500) for i in range(n)], "ok", "Zoë")


def test_what_lies_in_a_database_is_named_with_its_size_and_goes(paths, postgresql_url):
    elsewhere = replace(paths, database_url=postgresql_url.replace("mudra@", "mudra:secret@"))
    store = Store(elsewhere.store)
    marked(store, store.create_project("p"))
    [kept] = list_stored_data(store, elsewhere)
    assert kept.bytes > 40 * len(MARK) * 500 and "secret" not in str(kept.path)
    assert erase_everything(store, elsewhere).failed == [] and store.projects() == []
    store.close()
    assert not paths.workspace.exists()


def test_an_emptied_bin_is_gone_from_the_file(store, paths):
    project = store.create_project("p")
    ids = marked(store, project)
    delete_samples(store, project.id, ids[1:])
    store.delete_gesture(next(g.id for g in store.gestures(project.id) if g.name == "point_up"))
    before = measure_path(paths.workspace)
    assert bytes_of(paths).count(MARK) >= 39 * 500
    gone = empty_bin_here(store, paths)
    assert (gone["samples"], gone["gestures"], gone["persons"]) == (39, 1, 0)
    assert MARK * 501 not in bytes_of(paths) and bytes_of(paths).count(MARK) == 500
    assert measure_path(paths.workspace) < before / 4
    assert [s.id for s in store.samples(project.id)] == ids[:1]
    assert store.gestures(project.id, deleted=True) == [] and store.find_damage() == ""
    assert restore_samples(store, project.id, ids[1:]) == 0


def test_what_the_shown_samples_need_stays_in_the_bin(store, paths):
    project = store.create_project("p")
    [one] = marked(store, project, n=1)
    named = {g.name: g.id for g in store.gestures(project.id)}
    with store.begin_write() as connection:
        connection.exec_driver_sql(f"UPDATE samples SET gesture_id = {named['fist']}")
    store.delete_gesture(named["ok"])
    assert empty_bin_here(store, paths)["gestures"] == 0
    assert [s.id for s in store.samples(project.id, gesture_id=named["fist"])] == [one]
    delete_samples(store, project.id, [one])
    gone = empty_bin_here(store, paths)
    assert (gone["samples"], gone["bursts"], gone["gestures"]) == (1, 1, 1)


def test_deleted_projects_go_with_their_trainings_and_others_stay(store, paths):
    kept, other = store.create_project("kept"), store.create_project("gone")
    marked(store, other)
    marked(store, kept, n=2)
    mine, theirs = (Run.create(paths.runs, project=name) for name in ("kept", "gone"))
    store.delete_project(other.id)
    gone = empty_bin_here(store, paths)
    assert (gone["projects"], gone["samples"]) == (1, 40)
    assert store.projects(deleted=True) == [] and len(store.samples(kept.id)) == 2
    assert [run.name for run in list_runs(paths.runs)] == [mine.name] and theirs.path != mine.path


def test_pictures_are_forgotten_and_none_come_again(store, paths):
    project = store.create_project("p")
    ids = marked(store, project)
    delete_samples(store, project.id, ids[:5])
    assert delete_project_pictures(store, paths, project) == 40
    assert MARK not in bytes_of(paths) and store.project("p").keypoints_only
    marked(store, project, n=2)
    assert {s.crop_jpeg for s in store.samples(project.id, limit=99)} == {None}
    assert MARK not in bytes_of(paths)


@pytest.mark.parametrize("owner", ["", "anna"])
def test_what_another_tab_prepared_for_download_goes_with_the_pictures_and_the_bin(paths, owner):
    own, tab = paths.of(owner), TemporaryFolder()
    store = Store(own.store, owner=owner)
    project = store.create_project("p")
    marked(store, project)
    for delete in (
        lambda: empty_bin_here(store, own),
        lambda: delete_project_pictures(store, own, project),
    ):
        made = prepare_download(store, own, project, WHOLE_PROJECT, tab.folder, with_bin=True)
        assert made.path.exists()
        delete()
        assert not made.path.exists() and tab.folder.is_dir()
    store.close()


def test_everything_goes_and_the_studio_goes_on(store, paths, tmp_path):
    project = store.create_project("secret name")
    marked(store, project)
    Run.create(paths.runs, project="secret name")
    for name in ("packs/hands", "nets/mine", "net-runs", "landmarks", "incoming-abc"):
        (paths.workspace / name).mkdir(parents=True)
        (paths.workspace / name / "a.bin").write_bytes(MARK)
    upload = Path(tempfile.mkdtemp(prefix="mudra-upload-"))
    manager = Path(tempfile.mkdtemp(prefix="mudra-files-"))
    for folder in (upload, manager):
        (folder / "a.webm").write_bytes(MARK)
    foreign = tmp_path / "tmp" / "mudra-checkout"
    foreign.mkdir(mode=0o755)
    (foreign / "a.txt").write_text("another's")
    (paths.workspace / "thesis.txt").write_text("not Mudra's")
    (paths.workspace / "runs" / "way-out").symlink_to(foreign)
    assert sum(one.bytes for one in list_stored_data(store, paths)) > 40 * len(MARK) * 500
    erased = erase_everything(store, paths)
    assert erased.failed == [] and erased.bytes > 40 * len(MARK) * 500
    assert MARK not in bytes_of(paths) and b"secret" not in bytes_of(paths)
    assert sorted(p.name for p in paths.workspace.iterdir() if p.suffix != ".db-shm") in (
        ["mudra.db", "thesis.txt"],
        ["mudra.db", "mudra.db-wal", "thesis.txt"],
    )
    assert (foreign / "a.txt").exists() and not upload.exists()
    assert manager.is_dir() and not list(manager.iterdir())  # a page may still hold it
    assert store.projects() == store.projects(deleted=True) == []
    marked(store, store.create_project("new"), n=3)
    assert store.find_damage() == ""


def test_a_recording_under_way_ends_and_nothing_of_it_comes_after(store, paths):
    project = store.create_project("p")
    recorder = Recorder(store, project.id, "me")
    named = {g.name: g.id for g in store.gestures(project.id)}
    recorder.start(named["ok"], CONTINUOUS)

    def offer(time_s: float) -> str:
        new = sample(int(10 * time_s))
        pose = Pose(new.pose, new.scores[0], score=0.9)
        frame = Frame(np.zeros((480, 640, 3), np.uint8), time_s=time_s, source="webcam")
        return recorder.offer(frame, Estimate((pose,), frame.size_hw, "m")).state

    assert offer(0.0) == "recording" and offer(1.0) == "recording"
    erase_everything(store, paths)
    assert offer(2.0) == "idle"
    recorder.stop()
    assert store.projects() == []
    other = store.create_project("next")
    assert store.samples(other.id) == []


def test_what_can_t_be_deleted_is_said(store, paths, monkeypatch):
    (paths.workspace / "packs").mkdir(parents=True)

    def refuse(path):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    erased = erase_everything(store, paths)
    assert "packs (Operation not permitted)" in erased.text


def test_one_who_logged_in_deletes_what_is_theirs_alone(paths):
    found = {}
    for name in ("anna", "ben"):
        own = paths.of(name)
        store = found[name] = Store(own.store, owner=name)
        marked(store, store.create_project("p"))
        (own.runs / "a").mkdir(parents=True)
    upload = Path(tempfile.mkdtemp(prefix="mudra-upload-"))
    marked(found["ben"], found["ben"].projects()[0])
    (paths.of("anna").runs / "a" / "log").write_bytes(bytes(7))
    one_s = 40 * (1500 + len(MARK) * 500)
    for name, times in (("anna", 1), ("ben", 2)):
        shown = list_stored_data(found[name], paths.of(name))
        assert (shown[0].path, shown[0].bytes) == ("the studio's database", times * one_s)
        assert not any(str(paths.workspace) in str(one.path) for one in shown)
    assert [kept.path for kept in list_stored_data(found["anna"], paths.of("anna"))][1:] == [
        "your folder, runs"
    ]
    assert erase_everything(found["anna"], paths.of("anna")).failed == []
    assert found["anna"].projects() == [] and not paths.of("anna").runs.exists()
    [project] = found["ben"].projects()
    assert len(found["ben"].samples(project.id, limit=99)) == 80 and MARK in bytes_of(paths)
    assert (paths.of("ben").runs / "a").is_dir() and upload.is_dir()
    for store in found.values():
        store.close()


def test_only_private_folders_with_our_names_are_ours(paths, tmp_path):
    for name in ("mudra-files-abcd1234", "mudra-abcd1234", "mudra-notes", "mudra-abcd123"):
        (tmp_path / "tmp" / name).mkdir(mode=0o700)
    (tmp_path / "tmp" / "mudra-abcd1234").chmod(0o755)
    (tmp_path / "tmp" / "mudra-wxyz1234").symlink_to(tmp_path)
    assert [p.name for p in erasing._find_temporary_folders(paths)] == ["mudra-files-abcd1234"]
    assert stat.S_IMODE(Path(tempfile.mkdtemp(prefix="mudra-")).stat().st_mode) == 0o700
