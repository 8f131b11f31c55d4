"""Every page without a browser: what it shows, what its buttons do."""

import os
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.gestures.labels import safe_label
from core.jobs.job import Job
from core.jobs.trainings import excluded_samples_text
from core.paths import Paths
from core.recording.demo import DEMO_PROJECT
from core.recording.samples import AddReport
from core.store import Store
from core.training.runs import list_runs
from pages.panels.project.projects import FIRST_PROJECT, list_or_create_projects
from tests.conftest import wait_until
from tests.pages.conftest import (
    ODD,
    PAGES,
    cards,
    component,
    create_project,
    fill,
    go,
    labelled,
    live_cards,
    plain,
    press,
    put_files,
    record,
    run,
    texts,
    undo_here,
    undo_offered,
    unfold,
)
from tests.support.zips import zip_of


def test_a_first_visitor_sees_each_page_and_eight_gestures_and_none_to_record(app):
    for page in PAGES:
        assert not go(app, page).error, page
        assert app.sidebar.selectbox[0].value == "My gestures"
    go(app, "record")
    shown = cards(app)["cards"]
    assert "".join(card["emoji"] for card in shown) == "👍👎☝️👌👊👉👈✋🚫"
    assert shown[0]["name"] == "thumbs_up" and shown[-1]["name"] == "none"
    assert app.text_input(key="person").value == "me"


def test_a_new_project_is_made_and_chosen_and_a_taken_name_is_said_in_plain_words(app, store):
    press(fill(go(app, "record"), "Name", "Rock"), "Create")
    assert app.sidebar.selectbox[0].value == "Rock" and not app.error
    assert store.project("Rock").skeleton == "hand_21"  # unless told
    create_project(app, "my GESTURES")
    assert "taken" in app.error[0].value


def test_markup_in_names_stays_text(app, first, store):
    store.add_gesture(first.id, ODD, "✌")
    record(store, ODD, 2)
    for page in PAGES:
        go(app, page)
    go(app, "record")
    live_cards(app, first).choose(store.gestures(first.id)[-1].id)
    assert safe_label(ODD) in texts(run(app))


@pytest.mark.usefixtures("weights_folder")
def test_uploads_become_samples_bad_ones_are_named_and_all_are_one_act(
    app, first, store, shared_data, hand_photos
):
    photos = {name: hand_photos(name)[0].read_bytes() for name in ("fist", "open_palm")}
    files = {f"{name}/1.jpg": photo for name, photo in photos.items()}
    packed = zip_of(files | {"top.jpg": hand_photos("thumbs_up")[0].read_bytes()})
    video = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    broken = ("broken.webm", b"nothing"), ("b.png", b"no picture")
    uploads = ("hands.zip", packed), ("v.mp4", video), ("a.jpg", photos["fist"]), *broken
    press(put_files(go(app, "record"), *uploads), "Add as")
    assert safe_label("broken.webm") in texts(app) and safe_label("b.png") in texts(app)
    kept = {row.gesture.name: row.samples for row in store.overview(first.id) if row.samples}
    # what has no folder of its own is the chosen gesture's: the pictures at the top, and the video
    assert kept["fist"] == kept["open_palm"] == 1
    assert kept["thumbs_up"] >= 7
    for sample in store.samples(first.id):
        assert sample.pose.shape == (21, 2) and not sample.mirrored_view
        assert sample.crop_jpeg is not None
    assert undo_offered(app) == f"Added {sum(kept.values())} samples from files"
    undo_here(app)
    assert not store.samples(first.id) and "added" in texts(app)


def test_train_says_first_what_to_do_next(app, store):
    assert "Nothing is recorded yet" in texts(go(app, "train"))
    assert labelled(app.button, "Train").disabled
    record(store, "thumbs_up", 30)
    assert "Record a second gesture" in texts(run(app))
    record(store, "fist", 3)
    assert "👊 fist: 3 of 5 – record 2 more." in plain(texts(run(app)))
    record(store, "fist", 30)
    assert "Press Train" in texts(run(app))


def test_a_training_that_is_stopped_keeps_what_it_has_learned(app, first, store, open_app):
    for seed, person in enumerate(("me", "you")):
        for gesture in ("thumbs_up", "fist"):
            record(store, gesture, 12, seed=seed, person=person)
    go(app, "train")
    app.number_input(key="epochs").set_value(1000)
    press(app, "Train")
    [training] = list_runs(Paths.find().runs)
    wait_until(lambda: len(training.records("epoch")) >= 3, 60)
    other = open_app("train")  # another look at the same training
    assert "/1000" in other.get("progress")[0].proto.text
    press(other, "Stop")
    wait_until(lambda: training.status() != "running", 60)
    assert training.status() == "stopped"
    run(app)
    assert "24 of 24 test samples recognised" in texts(app)
    assert "in use" in labelled(app.selectbox, "Trainings").options[0]
    assert unfold(app, "train_details").metric[0].value == "100.0%"
    assert "person" in texts(app)
    go(app, "live")
    assert not app.error
    assert app.selectbox(key=f"model_{first.id}").value.startswith("20")


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
    store.create_project("Aaa")  # which stands first by name
    # stored otherwise than it was typed
    press(fill(app, "New name", unicodedata.normalize("NFD", " Zoë ")), "Rename")
    assert app.sidebar.selectbox[0].value == "Zoë"
    press(fill(app, "New name", "Rock, paper"), "Rename")
    assert app.sidebar.selectbox[0].value == "Rock, paper"
    undo_here(app)
    assert app.sidebar.selectbox[0].value == "Zoë"
    press(fill(app, "New name", "Rock, paper"), "Rename")
    press(app, "Delete the project")
    assert "Rock, paper" not in app.sidebar.selectbox[0].options
    assert store.projects(deleted=True)[0].name == "Rock, paper"
    assert undo_offered(app) == "Deleted the project “Rock, paper”"
    undo_here(app)
    assert app.sidebar.selectbox[0].value == "Rock, paper"
    assert len(store.samples(store.project("Rock, paper").id)) == 3


def test_a_project_that_another_window_renames_stays_the_one_in_use(app, first, store):
    store.create_project("Aaa")
    app.run()
    store.rename_project(first.id, "Later")
    go(app, "record")
    assert app.sidebar.selectbox[0].value == "Later" and "Later" in app.query_params["project"]
    app.sidebar.selectbox[0].set_value("Aaa").run()
    store.rename_project(store.project("Aaa").id, "Bbb")
    store.rename_project(first.id, "Aaa")
    assert run(app).sidebar.selectbox[0].value == "Bbb"


def test_what_a_page_holds_of_one_project_is_not_shown_in_another(app, first, store):
    made, other = record(store, "fist", 3), store.create_project("Other")
    app.session_state[f"review_ids_{first.id}"] = made[:1]
    job = Job(lambda progress: AddReport(3))
    job.thread.start()
    app.session_state[f"upload_job_{first.id}"] = job
    assert "Only 1 linked sample" in texts(go(app, "review"))
    assert "**3** added" in texts(go(app, "record"))
    app.session_state["project_id"] = other.id
    assert "Only 1 linked" not in texts(go(app, "review"))
    assert "**3** added" not in texts(go(app, "record"))


def test_studio_says_what_a_training_leaves_out_once_there_is_enough_to_train(app, store):
    record(store, "fist", 6)
    record(store, "fist", 2, found_by="cpm.hand_light")
    assert "Leaves out" not in texts(go(app, "studio"))
    record(store, "open_palm", 6)
    said = excluded_samples_text(store, store.projects()[0])
    assert said.startswith("Leaves out 2 samples of cpm.hand_light's keypoints")
    assert f"⚠️ {safe_label(said)}" in texts(go(app, "studio"))


def named(app):
    """What the answer says of each hand."""
    return [hand["name"] for hand in component(app, "answer")["hands"]]


def test_the_demo_names_what_it_shows_and_can_be_stopped(app):
    go(app, "demo")
    assert named(app) == ["Sample hands"]
    press(app, "Play the demo")
    app.run()
    assert not app.error
    assert named(app)[0] in ("thumbs_up", "No gesture")
    press(app, "Stop the demo")
    assert named(app) == ["Sample hands"]


def test_the_demo_project_is_filled_and_chosen_and_goes_as_a_whole(app, store):
    go(app, "demo")
    press(app, "Fill a demo project")
    assert app.sidebar.selectbox[0].value == DEMO_PROJECT
    assert "360 samples of 9 gestures" in texts(app)
    press(app, "Fill a demo project")
    assert "360 samples of 9 gestures" in texts(app)
    assert sorted(p.name for p in store.projects()) == [DEMO_PROJECT, "My gestures"]
    go(app, "record")
    assert app.sidebar.selectbox[0].value == DEMO_PROJECT
    assert not app.error and undo_offered(app).startswith("Imported")
    undo_here(app)
    assert [p.name for p in store.projects()] == ["My gestures"]
    assert app.sidebar.selectbox[0].value == "My gestures"
    assert [p.name for p in store.projects(deleted=True)] == [DEMO_PROJECT]


@pytest.mark.parametrize("name", ["demo", "starter"])
def test_a_missing_file_of_the_demo_is_said_in_plain_words(
    open_app, workspace, monkeypatch, tmp_path, name
):
    paths = Paths(workspace, Paths.find().weights, **{name: tmp_path / "gone.csv"})
    monkeypatch.setattr(Paths, "find", classmethod(lambda cls, *args, **more: paths))
    assert "gone" in open_app("demo").error[0].value


def test_visitors_who_come_at_the_same_moment_get_the_same_first_project(tmp_path):
    for attempt in range(5):
        store, barrier = Store(tmp_path / f"{attempt}.sqlite"), Barrier(8)

        def visit(_, store=store, barrier=barrier):
            barrier.wait()
            return [project.name for project in list_or_create_projects(store)]

        with ThreadPoolExecutor(8) as visitors:
            assert list(visitors.map(visit, range(8))) == [[FIRST_PROJECT]] * 8
        store.close()


def test_the_first_screen_says_three_steps_the_next_one_lit_and_who_answers(app):
    caption = next(one.value for one in go(app, "studio").caption if "Show" in one.value)
    assert caption == "**① Show** · ② Hold · ③ Train · Starter model: knows these eight."
