"""Depth without a browser: its example, uploads of every kind, with a net and without one."""

import threading
import time

import numpy as np
import pytest
import streamlit as st

from core.depth.cameras import Camera
from core.depth.sensors.finding import SENSOR_KINDS, SensorKind
from core.depth.sensors.makers import LiveSensor
from core.gestures.labels import safe_label
from core.jobs.trainings import train_here
from core.paths import Paths
from core.recording.plans import SHOT
from tests.conftest import wait_until
from tests.pages.conftest import (
    cards,
    choose,
    component,
    downloads,
    go,
    plain,
    press,
    record,
    run,
    tables,
    texts,
    undo_here,
    undo_offered,
    upload,
)
from tests.support.depth_recordings import CAMERA_JSON, depth_png, record_rendered_hands

NET = "crossinfonet.synthetic_light"  # ships
ADD = "Add these frames as samples"

pytestmark = pytest.mark.usefixtures("weights_folder")


def open_source(app, name):
    return choose(go(app, "depth"), "Source", name)


def switch(app, on):
    app.toggle(key="depth_on").set_value(on)
    return run(app)


def drawn(app):
    return component(app, "depth_view")


def test_the_example_shows_depth_box_crop_keypoints_and_how_far_they_are_from_the_truth(app):
    data = drawn(go(app, "depth"))
    assert data["count"] == 90 and data["from"] == 0 and len(data["ticks"]) == 6
    first = data["batch"][0]
    assert first["jpeg"] and first["cube"]["steps"] and len(first["truth"]) == 21
    assert first["how"] and len(first["joints"]) == 21 and 0 < first["error"] < 40
    left, top, right, bottom = first["box"]
    assert left < 160 < right and top < 120 < bottom
    assert len(data["skeleton"]["edges"]) == len(data["skeleton"]["colors"]) == 20
    [metric] = app.metric
    assert metric.label == "Mean error" and metric.value.endswith(" mm")
    assert len(app.get("vega_lite_chart")) == 1
    assert downloads(app) == ["Keypoints (CSV)"]


def test_a_recording_is_asked_for_then_shown_and_gone_with_its_file(app, shared_data):
    open_source(app, "Recording")
    assert "Drop a recording" in app.info[0].value
    name = "depth_1_0000001.png"
    upload(app, (name, (shared_data / "depth" / name).read_bytes()))
    data = drawn(app)
    assert data["count"] == 1 and data["batch"][0]["how"]
    assert data["batch"][0]["camera"]["fx"] == 588.03 and data["batch"][0]["truth"] is None
    assert "Hand found in 1 of 1 frame" in texts(app)
    app.file_uploader[0].clear()
    assert "Drop a recording" in run(app).info[0].value
    assert not [e for e in app.get("bidi_component") if e.proto.component_name == "depth_view"]


def test_a_recording_says_what_it_lacks(app):
    open_source(app, "Recording")
    upload(app, ("broken.png", b"nothing"))
    assert safe_label("broken.png") in app.error[0].value
    app.file_uploader[0].clear()
    upload(app, ("a.png", depth_png(700)))
    assert "its camera" in app.error[0].value
    app.file_uploader[0].clear()
    upload(app, ("a.png", depth_png(3000)), ("camera.json", CAMERA_JSON))
    assert drawn(app)["batch"][0]["how"] == ""
    assert "No hand was found in this recording" in app.warning[0].value
    app.file_uploader[0].clear()
    header = ",".join(f"joint{n}_{axis}" for n in range(21) for axis in "xyz")
    table = f"picture,{header}\na.png{',1' * 63}\n".encode()
    upload(app, ("a.png", depth_png(700)), ("camera.json", CAMERA_JSON), ("joints.csv", table))
    assert "true keypoints of this recording aren't named" in texts(app)
    assert drawn(app)["truth_skeleton"] is None
    app.file_uploader[0].clear()
    good = [(f"{n}.png", depth_png(700)) for n in (1, 3)]
    upload(app, *good, ("2.png", depth_png(700)[:60]), ("camera.json", CAMERA_JSON))
    first, second, third = drawn(app)["batch"]
    assert first["jpeg"] and third["jpeg"] and "2.png" in second["broken"]


_EVERY_MS = 20


class Board(LiveSensor):
    """A camera before which a board of a hand's size stands, fifty times a second."""

    running, broken, plugged = 0, threading.Event(), ["Board A1", "Board B2"]

    @staticmethod
    def list_devices(library):
        return Board.plugged

    def _start_device(self, library, number):
        Board.running += 1
        self.resources.callback(self._stop)
        return Camera("board", 250.0, 250.0, 160.0, 120.0, 320, 240)

    def _stop(self):
        Board.running -= 1

    def _capture_frame(self, timeout_ms):
        if self.broken.wait(min(timeout_ms, _EVERY_MS) / 1000):
            raise RuntimeError("unplugged")
        if timeout_ms < _EVERY_MS:
            return None
        depth = np.full((240, 320), 1400, np.float32)
        depth[95:146, 100:141] = 500
        return depth, time.monotonic(), None


@pytest.fixture
def board(monkeypatch):
    kind = SensorKind("boards", "board", ("json",), Board)
    monkeypatch.setitem(SENSOR_KINDS, "openni2", kind)
    monkeypatch.setattr(Board, "plugged", [*Board.plugged])
    Board.broken.clear()
    return Board


def test_a_depth_camera_is_read_while_it_is_on_and_opened_anew_by_try_again(app, board):
    open_source(app, "Depth camera")
    assert app.selectbox(key="depth_sensor").options == ["Board A1", "Board B2"]
    assert board.running == 0
    switch(app, True)
    assert board.running == 1 and drawn(app)["count"] == 0
    wait_until(lambda: drawn(app.run())["batch"])
    left, top, right, bottom = drawn(app)["batch"][0]["box"]
    assert left < 100 < 141 < right and top < 95 < 146 < bottom
    board.broken.set()
    wait_until(lambda: app.run().error)
    assert "plug it in again" in app.error[0].value
    wait_until(lambda: board.running == 0)
    board.broken.clear()
    press(app, "Try again")
    assert not app.error and board.running == 1
    wait_until(lambda: drawn(app.run())["batch"])
    switch(app, False)
    assert board.running == 0


def test_a_depth_camera_that_is_plugged_in_later_is_found_by_looking_again(app, board):
    board.plugged.clear()
    open_source(app, "Depth camera")
    assert "No depth camera was found" in app.info[0].value
    [table] = tables(app)
    assert len(table["Camera"]) == 4 and all(table["What is missing"])
    board.plugged += ["Board A1"]
    press(app, "Look again")
    assert app.selectbox(key="depth_sensor").options == ["Board A1"]
    switch(app, True)
    board.plugged.append("Board C3")
    press(app, "Look again")
    assert app.selectbox(key="depth_sensor").options == ["Board A1", "Board C3"]
    assert board.running == 1
    switch(app, False)


def test_a_studio_that_others_can_open_switches_no_camera_on(app, board):
    st.config.set_option("server.address", "0.0.0.0")
    try:
        open_source(app, "Depth camera")
    finally:
        st.config.set_option("server.address", "127.0.0.1")
    assert "Other people can open this studio" in app.info[0].value
    assert not app.toggle


def labels(app):
    return [button.label for button in app.button]


def test_frames_become_samples_of_a_project_that_learns_in_space(app, first, store):
    go(app, "depth")
    assert "is a 2-D project" in plain(texts(app)) and ADD not in labels(app)
    press(app, "Make it a 3-D project")
    project = store.project(first.name)
    assert project.in_space
    app.selectbox(key="depth_gesture").select_index(1)
    app.slider(key="depth_frames_example").set_value((1, 8))
    press(app, ADD)
    samples = store.samples(project.id)
    assert 2 <= len(samples) <= 8 and {s.estimator for s in samples} == {NET}
    second = store.gestures(project.id)[1]
    assert {s.gesture_id for s in samples} == {second.id} and samples[0].crop_jpeg
    assert f"{second.name} {len(samples)}" in plain(texts(app))
    assert undo_offered(app) == f"Added {len(samples)} samples from Rendered hand"
    undo_here(app)
    assert not store.samples(project.id)


def test_a_project_with_samples_in_the_picture_offers_no_way_in(app, store):
    record(store, "fist", 1)
    go(app, "depth")
    assert "create one with New" in texts(app)
    assert not {ADD, "Make it a 3-D project"} & {*labels(app)}


def test_the_project_s_model_says_what_the_hands_show(app, store, workspace):
    project = store.create_project("In space", in_space=True)
    app.query_params["project"] = project.name
    app.session_state["project_id"] = project.id
    assert drawn(go(app, "depth"))["batch"][0]["said"] == ""
    record_rendered_hands(store, project, found_by=NET)
    train_here(store, Paths.find(workspace), project, epochs=1, progress=lambda *_: None)
    said = [one["said"] for one in drawn(app.run())["batch"]]
    assert all(text == "No gesture" or text.endswith("%") for text in said)
    go(app, "live")  # MediaPipe's keypoints are others
    assert "Use it on Depth" in texts(app)


def test_a_depth_camera_records_by_the_cards(app, store, board):
    app.session_state["project_id"] = store.create_project("In space", in_space=True).id
    open_source(app, "Depth camera")
    switch(app, True)
    wait_until(lambda: not cards(app.run())["off"])
    recorder = app.session_state["recorder"]
    recorder.start(store.gestures(recorder.project_id)[0].id, SHOT)
    wait_until(lambda: app.run() and recorder.status().state == "idle")
    recorder.stop()
    [sample] = store.samples(recorder.project_id)
    assert (sample.source, sample.estimator) == ("openni2:0", NET)
    assert 0.4 < sample.world[0, :, 2].mean() < 0.6  # metres: the board is half a metre away
    switch(app, False)
    assert not app.exception
