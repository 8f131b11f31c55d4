"""The Export page without a browser: models and data given away and taken in; and Privacy."""

import json
import shutil
import zipfile

import pytest

from core.exchange.model_files import export_model
from core.files import make_temporary_folder, remove_temporary_folder
from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.store.bin import delete_samples
from core.training.runs import Run, list_runs
from tests.pages.conftest import (
    PAGES,
    downloads,
    fill,
    go,
    press,
    record,
    tables,
    texts,
    unfold,
    upload,
)
from tests.support.zips import zip_of

ODD = "<img src=x>**b** [x](http://x) $1$.gesture"


@pytest.fixture(scope="module")
def starter_file(tmp_path_factory):
    """The content of the starter's bundle."""
    out = tmp_path_factory.mktemp("out") / "a.gesture"
    paths = Paths.find(tmp_path_factory.mktemp("home"))
    export_model(GestureModel.load(Paths.starter), out, paths)
    return out.read_bytes()


def test_the_starter_is_offered_checked_with_its_card_and_its_persons_names_as_one_wants(app):
    go(app, "export")
    assert not app.error
    assert "answers match on 16 test hands" in app.success[0].value
    assert "Download My-gestures.gesture" in downloads(app)
    said = texts(app)
    assert "Recognises 👍 thumbs" in said and "sha256 of the file" in said
    assert "#### Gesture model" in said and "Worst person: Coolmann2049" in said
    app.toggle(key="export_names").set_value(False).run()
    assert not app.exception
    assert "Worst person: person " in texts(app)
    assert "Worst person: Coolmann2049" not in texts(app)


def test_an_upload_is_checked_then_added_and_in_use(app, store, workspace, starter_file):
    unfold(go(app, "export"), "export_tab", "📥 Import a model")
    upload(app, (ODD, starter_file))
    assert len(app.success) == 1 and not list_runs(Paths.find(workspace).runs)
    press(app, "Add to")
    [run] = list_runs(Paths.find(workspace).runs)
    assert store.projects()[0].active_model == run.name
    assert "model added to" in texts(app)
    for page in ("live", "files", "train", "export"):
        assert not go(app, page).error, page
    chosen = app.selectbox(key=f"model_{store.projects()[0].id}")
    assert chosen.value == run.name


def test_refused_files_say_why_and_leave_nothing(app, workspace, starter_file):
    unfold(go(app, "export"), "export_tab", "📥 Import a model")
    for content, words in (
        (starter_file[:-100], "isn't a zip"),
        (zip_of({"../evil": b"x"}), "unsafe name"),
        (b"x" * (33 * 2**20), "the limit is"),
    ):
        upload(app, ("bad.gesture", content))
        assert words in app.error[0].value
        assert not [b for b in app.button if b.label.startswith("Add to")]
    assert not list_runs(Paths.find(workspace).runs)


@pytest.fixture
def both_kinds(trained_both, workspace):
    """The workspace, before the app opens it, with a project of both kinds of gestures."""
    shutil.copytree(trained_both, workspace, dirs_exist_ok=True)


def test_both_kinds_of_gestures_go_out_and_come_in_as_one_file(
    both_kinds, app, store, workspace, tmp_path
):
    go(app, "export")
    assert not app.error
    assert "answers match on 16 test hands and 16 test movements" in app.success[0].value
    said = texts(app)
    assert "It contains still and moving gestures" in said
    assert "16 frames of one movement" in said  # the card of those that move
    paths, out = Paths.find(workspace), tmp_path / "both.gesture"
    newest = max(list_runs(paths.runs), key=lambda run: run.name)
    export_model(GestureModel.load(newest.path), out, paths)
    unfold(app, "export_tab", "📥 Import a model")
    upload(app, ("both.gesture", out.read_bytes()))
    assert "16 test movements" in app.success[0].value
    assert "16 frames of one movement" in texts(app)
    press(app, "Add to")
    motions = GestureModel.load(paths.runs / store.project("People").active_model).motions
    assert [gesture.name for gesture in motions.gestures] == ["swipe_left", "swipe_right"]


def download(app):
    return app.session_state["download"][1]


@pytest.fixture
def recorded(app, store):
    """The first project with samples of two gestures."""
    record(store, "ok", 5)
    record(store, "fist", 4, person="=Eve")
    return unfold(go(app, "export"), "export_tab", "🗂 Data")


def test_a_project_goes_out_and_comes_in_under_another_name_and_a_hostile_zip_does_not(
    recorded, store
):
    press(recorded, "Prepare the project file")
    file = download(recorded)
    assert file.name == "My_gestures.zip" and "9 samples" in file.text
    with zipfile.ZipFile(file.path) as archive:
        assert json.loads(archive.read("manifest.json"))["counts"]["samples"] == 9
    assert "Download My_gestures.zip" in downloads(recorded)
    upload(recorded, ("<b>.zip", zip_of({"../../evil.json": b"x"})), to="A zip")
    press(recorded, "Import")
    refused = "<b>.zip contains the unsafe name '../../evil.json'"
    assert safe_label(refused) in recorded.error[0].value and len(store.projects()) == 1
    upload(recorded, ("mine.zip", file.path.read_bytes()), to="A zip")
    press(recorded, "Import")
    assert "Imported “My gestures 2”" in texts(recorded)
    assert [p.name for p in store.projects()] == ["My gestures", "My gestures 2"]
    assert recorded.sidebar.selectbox[0].value == "My gestures 2"


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
    for page in PAGES:
        assert not go(app, page).error, page
