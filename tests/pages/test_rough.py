"""Pages in rough use: places that can't be written, things that went away in another window."""

import errno
import os
import signal
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from core.paths import Paths
from core.store.bin import delete_samples
from core.training.runs import Run
from tests.pages.conftest import (
    PAGES,
    cards,
    go,
    labelled,
    live_cards,
    plain,
    record,
    run,
    texts,
    undo_offered,
)
from tests.support.relabelled_net import save_relabelled_net


def test_a_workspace_that_can_t_be_made_is_said(open_app, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MUDRA_WORKSPACE", str(tmp_path / "file" / "workspace"))
    assert "can't be created: Not a directory" in plain(texts(open_app()))


def test_a_damaged_database_is_said_and_left_alone(open_app, workspace):
    (workspace / "mudra.db").write_bytes(b"my notes, not a database" * 100)
    assert "the store can't be used" in plain(texts(open_app()))
    assert (workspace / "mudra.db").read_bytes().startswith(b"my notes")


def test_a_project_deleted_in_another_window_gives_way_to_the_next(app, first, store):
    record(store, "fist", 3)
    for page in PAGES:
        go(app, page)
    go(app, "record")
    store.create_project("other")
    store.delete_project(first.id)
    assert not run(app).error
    assert app.sidebar.selectbox[0].value == "other"


def test_a_gesture_deleted_in_another_window_gives_way_to_the_first_until_none_is_left(
    app, first, store
):
    go(app, "record")
    last = store.gestures(first.id)[-1]
    live_cards(app, first).choose(last.id)
    app.run()
    store.delete_gesture(last.id)
    assert not run(app).error
    assert labelled(app.button, "Add as").label == "Add as 👍 thumbs\\_up"
    for gesture in store.gestures(first.id):
        store.update_gesture(gesture.id, enabled=False)
    assert "Every gesture of this project is inactive" in texts(run(app))
    assert cards(app)["cards"] == []


def test_a_sample_deleted_in_another_window_is_said_when_it_is_deleted_here(app, first, store):
    ids = record(store, "thumbs_up", 2)
    go(app, "record")
    delete_samples(store, first.id, ids)
    app.button(key=f"delete_{ids[0]}").click()
    assert [toast.value for toast in run(app).toast] == ["Already deleted in another window."]
    assert not undo_offered(app)  # not this visitor's


def test_a_person_s_name_from_an_address_that_is_none_breaks_no_page(app):
    for name in ("a\u202eb", "x" * 300, "  ", "../../etc"):
        app.query_params["person"] = name
        go(app, "record")


def test_a_training_whose_process_was_killed_is_told_and_blocks_nothing(app, store, workspace):
    for gesture in ("thumbs_up", "fist"):
        record(store, gesture, 30)
    runs = Paths.find(workspace).runs
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom core.training.runs import Run\n"
        "Run.create(Path(sys.argv[1]), project='My gestures', classifier='mlp')\n"
        "print(flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(runs)], stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    go(app, "train")
    assert "starting" in " ".join(bar.text for bar in app.get("progress"))
    os.kill(process.pid, signal.SIGKILL)  # nobody asks how it ended: it stays as a zombie
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert "The training ended early: Mudra was stopped" in plain(texts(run(app)))
    assert not labelled(app.button, "Train").disabled
    process.communicate()


def test_a_training_that_diverged_is_told_with_its_reason(app, store, workspace):
    record(store, "fist", 3)
    run = Run.create(Paths.find(workspace).runs, project="My gestures")
    run.log(event="end", status="failed", message="the loss became nan in epoch 3: stopped")
    said = plain(texts(go(app, "train")))
    assert "The training ended early: the loss became nan in epoch 3" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: free some space"),
        (MemoryError(), "out of memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "Permission denied"),
    ],
)
def test_what_the_machine_lacks_is_said_on_the_page(error, said):
    def page(error):
        from pages.panels.layout import show_errors

        with show_errors():
            raise error

    assert said in plain(texts(run(AppTest.from_function(page, kwargs={"error": error}))))


def test_a_net_offers_all_the_stages_that_it_has(app, workspace):
    nets = Paths.find(workspace).own_nets
    save_relabelled_net(nets / "cpm.six", stages=6)
    save_relabelled_net(nets / "cpm.body", joints=14)
    go(app, "live")
    keypoints = app.selectbox(key="live_keypoints")
    assert keypoints.options == ["MediaPipe hands", "Light CPM", "cpm.six"]
    keypoints.select("cpm.six").run()
    stages = labelled(app.button_group, "Heatmaps of stage")
    assert [option.content for option in stages.proto.options] == list("123456")
    app.selectbox(key="live_keypoints").select("cpm.hand_light")
    run(app)
