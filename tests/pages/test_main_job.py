"""Every page without a browser: what it shows, what its buttons do."""

import os
import subprocess
import sys
import time
import unicodedata
import zipfile

import pytest

from core.gestures.labels import safe_label
from core.jobs.job import Job
from core.paths import Paths
from core.recording.samples import AddReport
from core.training.runs import list_runs
from tests.pages.conftest import (
    ODD,
    PAGES,
    cards,
    go,
    press,
    record,
    texts,
    undo_here,
    undo_offered,
)


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visitor_sees_each_page_without_an_error(app, page):
    go(app, page)
    assert not app.error
    assert app.sidebar.selectbox[0].value == "My gestures"


def test_record_offers_the_eight_gestures_and_none_with_emoji(app, store):
    go(app, "record")
    shown = cards(app)["cards"]
    assert "".join(card["emoji"] for card in shown) == "👍👎☝️👌👊👉👈✋🚫"
    assert shown[0]["name"] == "thumbs_up" and shown[-1]["name"] == "none"
    assert app.text_input(key="person").value == "me"


def test_a_new_project_is_made_and_chosen(app):
    go(app, "record")
    app.sidebar.text_input[0].input("Rock")
    next(b for b in app.sidebar.button if b.label == "Create").click().run()
    assert not app.exception
    assert app.sidebar.selectbox[0].value == "Rock"


def test_a_taken_name_is_said_in_plain_words(app):
    app.sidebar.text_input[0].input("my GESTURES")
    next(b for b in app.sidebar.button if b.label == "Create").click().run()
    assert not app.exception
    assert "taken" in app.error[0].value


def test_markup_in_names_stays_text(app, store):
    project = store.projects()[0]
    store.add_gesture(project.id, ODD, "✌")
    record(store, ODD, 2)
    for page in PAGES:
        go(app, page)
    go(app, "record")
    app.session_state[f"cards_{project.id}"].wanted = store.gestures(project.id)[-1].id
    app.run()
    assert not app.exception
    assert safe_label(ODD) in texts(app)


def test_a_deleted_sample_comes_back_by_undo(app, store):
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    app.button(key=f"delete_{ids[1]}").click().run()
    project = store.projects()[0]
    assert len(store.samples(project.id)) == 2
    assert undo_offered(app) == "Deleted 1 sample"
    undo_here(app)
    assert len(store.samples(project.id)) == 3 and not undo_offered(app)


def test_undo_gives_back_the_samples_of_their_project_and_opens_it(app, store):
    first, other = store.projects()[0], store.create_project("Other")
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    app.button(key=f"delete_{ids[1]}").click().run()
    app.sidebar.selectbox[0].select("Other").run()
    undo_here(app)
    assert app.sidebar.selectbox[0].value == first.name
    assert len(store.samples(first.id)) == 3 and not store.samples(other.id)


def test_undo_says_why_a_sample_can_t_come_back(app, store):
    ids = record(store, "thumbs_up", 3) + record(store, "thumbs_up", 2, person="ana")
    go(app, "record")
    app.button(key=f"delete_{ids[-1]}").click().run()
    project = store.projects()[0]
    store.delete_person(store.ensure_person(project.id, "ana").id)
    undo_here(app)
    assert "whose gesture or person is in the bin" in app.error[0].value
    assert len(store.samples(project.id)) == 3


@pytest.mark.usefixtures("weights_folder")
def test_uploaded_pictures_become_samples_and_bad_ones_are_named(app, store, shared_data):
    folder = shared_data / "hand_images" / "emrecandir"
    photo = sorted((folder / "thumbs_up").iterdir())[0].read_bytes()
    go(app, "record")
    app.file_uploader[0].upload("a.jpg", photo).upload("b.png", b"no picture")
    next(b for b in app.button if b.label.startswith("Add as")).click().run()
    assert not app.exception
    [sample] = store.samples(store.projects()[0].id)
    assert sample.pose.shape == (21, 2) and not sample.mirrored_view
    assert sample.crop_jpeg is not None


def test_train_says_what_is_missing(app):
    go(app, "train")
    assert "Nothing is recorded yet" in texts(app)
    assert next(b for b in app.button if b.label == "Train").disabled


def test_train_says_first_what_to_do_next(app, store):
    record(store, "thumbs_up", 30)
    assert "Record a second gesture" in texts(go(app, "train"))
    record(store, "fist", 3)
    assert "Record more of 👊 fist" in texts(go(app, "train"))
    record(store, "fist", 30)
    assert "Press Train" in texts(go(app, "train"))


def test_a_training_ends_with_figures_and_its_model_can_be_used(app, store):
    for seed, person in enumerate(("me", "you")):
        for gesture in ("thumbs_up", "fist"):
            record(store, gesture, 12, seed=seed, person=person)
    go(app, "train")
    app.number_input(key="epochs").set_value(3)
    next(b for b in app.button if b.label == "Train").click().run()
    end = time.monotonic() + 120
    while list_runs(Paths.find().runs)[0].status() == "running" and time.monotonic() < end:
        time.sleep(0.2)
    app.run()
    assert not app.exception
    assert app.metric[0].value == "100.0%"
    assert "person" in texts(app)
    assert any("uses this model" in said.value for said in app.success)
    go(app, "live")
    assert not app.error
    assert app.selectbox(key=f"model_{store.projects()[0].id}").value.startswith("20")


def test_no_page_of_the_camera_loads_torch_or_scikit_learn(workspace, root):
    program = """
import sys
from streamlit.testing.v1 import AppTest
import streamlit_webrtc.component
streamlit_webrtc.component.get_this_session_info = lambda: None
app = AppTest.from_file("app.py", default_timeout=60).run()
for page in ("studio", "demo", "record", "live"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception and app.title
    assert not {"torch", "sklearn"} & set(sys.modules), page
"""
    environment = os.environ | {"MUDRA_WORKSPACE": str(workspace)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_project_is_renamed_deleted_and_restored(app, store):
    record(store, "fist", 3)
    box = next(t for t in app.sidebar.text_input if t.label == "New name")
    box.input("Rock, paper")
    press(app, "Rename")
    assert app.sidebar.selectbox[0].value == "Rock, paper"
    press(app, "Delete the project")
    assert "Rock, paper" not in app.sidebar.selectbox[0].options
    assert store.projects(deleted=True)[0].name == "Rock, paper"
    assert undo_offered(app) == "Deleted the project “Rock, paper”"
    undo_here(app)
    assert app.sidebar.selectbox[0].value == "Rock, paper"
    assert len(store.samples(store.project("Rock, paper").id)) == 3


def test_a_name_that_is_stored_otherwise_than_it_was_typed_stays_chosen(app, store):
    store.create_project("Aaa")
    box = next(t for t in app.sidebar.text_input if t.label == "New name")
    box.input(unicodedata.normalize("NFD", " Zoë "))
    press(app, "Rename")
    assert app.sidebar.selectbox[0].value == "Zoë"
    assert {project.name for project in store.projects()} == {"Aaa", "Zoë"}


def test_a_project_that_another_window_renames_stays_the_one_in_use(app, store):
    first = store.projects()[0]
    store.create_project("Aaa")
    app.run()
    store.rename_project(first.id, "Later")
    go(app, "record")
    assert app.sidebar.selectbox[0].value == "Later" and "Later" in app.query_params["project"]
    app.sidebar.selectbox[0].set_value("Aaa").run()
    store.rename_project(store.project("Aaa").id, "Bbb")
    store.rename_project(first.id, "Aaa")
    app.run()
    assert app.sidebar.selectbox[0].value == "Bbb"


def test_what_a_page_holds_of_one_project_is_not_shown_in_another(app, store):
    made = record(store, "fist", 3)
    first, other = store.projects()[0], store.create_project("Other")
    app.session_state[f"review_ids_{first.id}"] = made[:1]
    job = Job(lambda progress: AddReport(3))
    job.thread.start()
    app.session_state[f"upload_job_{first.id}"] = job
    assert "Only 1 linked sample" in texts(go(app, "review"))
    assert "**3** added" in texts(go(app, "record"))
    app.session_state["project_id"] = other.id
    assert "Only the" not in texts(go(app, "review"))
    assert "**3** added" not in texts(go(app, "record"))


@pytest.mark.usefixtures("weights_folder")
def test_uploaded_videos_and_zips_become_samples(app, store, shared_data, tmp_path):
    folder = shared_data / "hand_images" / "emrecandir"
    packed = tmp_path / "hands.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for gesture in ("fist", "open_palm"):
            photo = sorted((folder / gesture).iterdir())[0]
            archive.write(photo, f"{gesture}/{photo.name}")
        archive.write(sorted((folder / "thumbs_up").iterdir())[0], "top.jpg")
    video = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    go(app, "record")
    upload = app.file_uploader[0].upload("hands.zip", packed.read_bytes())
    upload.upload("v.mp4", video).upload("broken.webm", b"nothing")
    next(b for b in app.button if b.label.startswith("Add as")).click().run()
    assert not app.exception
    project = store.projects()[0].id
    kept = {row.gesture.name: row.samples for row in store.overview(project) if row.samples}
    # what has no folder of its own is the chosen gesture's: the picture at the top, and the video
    assert kept["fist"] == kept["open_palm"] == 1
    assert kept["thumbs_up"] >= 6
    assert safe_label("broken.webm") in texts(app)
