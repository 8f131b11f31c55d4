"""Data out and in on Export, and the Privacy page, without a browser."""

import json
import zipfile

import pytest

from core.files import make_temporary_folder, remove_temporary_folder
from core.gestures.labels import safe_label
from core.paths import Paths
from core.store.bin import delete_samples
from core.training.runs import Run
from tests.pages.conftest import downloads, fill, go, press, record, tables, texts, unfold, upload
from tests.support.zips import zip_of


def download(app):
    return app.session_state["download"][1]


@pytest.fixture
def recorded(app, store):
    """The first project with samples of two gestures."""
    record(store, "ok", 5)
    record(store, "fist", 4, person="=Eve")
    return unfold(go(app, "export"), "export_tab", "🗂 Data")


def test_a_project_goes_out_and_comes_in_under_another_name(recorded, store):
    press(recorded, "Prepare the project file")
    file = download(recorded)
    assert file.name == "My_gestures.zip" and "9 samples" in file.text
    with zipfile.ZipFile(file.path) as archive:
        assert json.loads(archive.read("manifest.json"))["counts"]["samples"] == 9
    assert "Download My_gestures.zip" in downloads(recorded)
    upload(recorded, ("mine.zip", file.path.read_bytes()), to="A zip")
    press(recorded, "Import")
    assert "Imported “My gestures 2”" in texts(recorded)
    assert [p.name for p in store.projects()] == ["My gestures", "My gestures 2"]
    assert recorded.sidebar.selectbox[0].value == "My gestures 2"


def test_a_hostile_zip_is_refused_in_its_own_name(recorded, store):
    upload(recorded, ("<b>.zip", zip_of({"../../evil.json": b"x"})), to="A zip")
    press(recorded, "Import")
    assert (
        safe_label("<b>.zip contains the unsafe name '../../evil.json'") in recorded.error[0].value
    )
    assert len(store.projects()) == 1


@pytest.mark.parametrize("kind", ["csv", "parquet", "coco", "kazuhito"])
def test_samples_go_out_and_come_in(kind, recorded, store):
    recorded.selectbox(key="data_kind").select(kind).run()
    press(recorded, next(b.label for b in recorded.button if b.key == f"prepare_{kind}"))
    file = download(recorded)
    assert "9 samples" in file.text
    uploads = [(file.name, file.path.read_bytes())]
    if kind == "kazuhito":
        with zipfile.ZipFile(file.path) as archive:
            uploads = [(name, archive.read(name)) for name in archive.namelist()]
    project = store.projects()[0].id
    delete_samples(store, project, [s.id for s in store.samples(project)])
    upload(recorded, *uploads, to="A table")
    press(recorded, "Add to My gestures")
    assert "9 added" in texts(recorded)
    counted = {row.gesture.name: row.samples for row in store.overview(store.projects()[0].id)}
    assert (counted["ok"], counted["fist"]) == (5, 4)


def test_the_privacy_page_tells_facts(app, store, workspace):
    record(store, "ok", 3)
    go(app, "privacy")
    words = texts(app)
    assert "no further" in words and "127" in words and "for a new project" in words
    [paths] = tables(app)
    assert str(workspace / "mudra.db") in paths["Where"]
    for library in ("MediaPipe", "ONNX Runtime", "streamlit-webrtc, aiortc", "Streamlit"):
        lines = [one.value for one in app.markdown if f"**{library}** would" in one.value]
        assert lines and all("✅ off" in line for line in lines)
    assert "⚠️ **on**" not in words


def test_pictures_are_forgotten_and_the_bin_is_emptied(app, store):
    ids = record(store, "ok", 3)
    delete_samples(store, store.projects()[0].id, ids[:2])
    go(app, "privacy")
    press(app, "Delete the pictures")
    assert store.projects()[0].keypoints_only
    assert "stores keypoints only" in texts(app)
    press(app, "Empty the bin for good")
    assert "2 samples" in texts(app)
    assert store.samples(store.projects()[0].id, deleted=True) == []


def test_a_file_that_was_prepared_with_pictures_goes_with_them(app, store):
    record(store, "ok", 3)
    folder, lock = make_temporary_folder("files-")
    (folder / "download-a.zip").write_bytes(b"pictures")
    press(go(app, "privacy"), "Delete the pictures")
    assert not (folder / "download-a.zip").exists()
    remove_temporary_folder(folder, lock)


def test_everything_is_deleted_after_a_word_and_the_studio_works_on(app, store, workspace):
    record(store, "ok", 3)
    run = Run.create(Paths.find(workspace).runs, project="My gestures")
    go(app, "privacy")
    assert app.button(key="erase").disabled
    fill(app, "Type DELETE", "delete").run()
    assert app.button(key="erase").disabled and run.path.exists()
    fill(app, "Type DELETE", "DELETE").run()
    press(app, "Delete everything")
    assert "Everything was deleted" in texts(app)
    assert not run.path.exists()
    [project] = store.projects()  # the empty one that a first visitor gets
    assert store.samples(project.id) == []
    assert app.button(key="erase").disabled
    for page in ("studio", "demo", "record", "train", "live", "export", "gestures", "review"):
        go(app, page)
        assert not app.error
