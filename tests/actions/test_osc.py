"""OSC to a real receiver and from a real sender."""

import contextlib
import random
import socket
import sqlite3
import threading
import time

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from core.actions.changes import Change
from core.actions.osc import START, STOP, OscOut, RecordingRemote, read_allowed_hosts
from core.errors import ActionError
from core.gestures.labels import DEFAULT_GESTURES
from core.pose.types import Estimate, Frame, Pose
from core.recording.recorder import Recorder
from tests.actions.conftest import heard, osc_port
from tests.conftest import wait_until

THUMBS_UP = Change(1.0, DEFAULT_GESTURES[0], 1, 0.75, "Right")


def test_a_change_arrives_as_wekinators_class_and_with_its_name():
    with osc_port() as (receiver, port):
        out = OscOut("localhost", port)
        out.send(THUMBS_UP)
        out.send(Change(2.0, None, 0, 0.0, "Left"))
        came = [heard(receiver) for _ in range(4)]
        out.close()
    assert came == [
        ("/wek/outputs", [1.0]),
        ("/mudra/gesture", [1, "thumbs_up", "👍", 0.75, "Right"]),
        ("/wek/outputs", [0.0]),
        ("/mudra/gesture", [0, "", "", 0.0, "Left"]),
    ]
    assert isinstance(came[0][1][0], float) and out.error == ""


def test_an_unknown_host_is_named_and_nobody_listening_is_no_error():
    with pytest.raises(ActionError, match=r"no machine is known as “no-such-host\.invalid”"):
        OscOut("no-such-host.invalid", 12000)
    out = OscOut(port=9)
    out.send(THUMBS_UP)
    out.close()


def test_what_can_not_be_sent_is_said_and_sending_after_the_end_raises_nothing():
    out = OscOut("255.255.255.255", 12000)  # the system refuses a broadcast
    out.send(THUMBS_UP)
    assert "could not be sent" in out.error
    out.close()
    out.send(THUMBS_UP)


# ------------------------------------------------------------------------------------------- in


@pytest.fixture
def recorder(store, project):
    recorder = Recorder(store, project.id, "me", with_pictures=False)
    yield recorder
    recorder.close()


@pytest.fixture
def fist(store, project):
    return next(g.id for g in store.gestures(project.id) if g.name == "fist")


def close(remote):
    """Close a remote control and wait until its port is free."""
    remote.close()
    remote._thread.join(2)


@pytest.fixture
def remote(recorder, fist):
    remote = RecordingRemote(0)
    remote.set_target(recorder, fist)
    yield remote
    close(remote)


def say(remote, data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(data, ("127.0.0.1", remote.port))


def message(address):
    return OscMessageBuilder(address).build()


def state(recorder):
    return recorder.status().state


def test_wekinators_messages_start_and_stop_a_recording_of_the_chosen_gesture(
    remote, recorder, fist, store, project
):
    client = SimpleUDPClient("127.0.0.1", remote.port)
    client.send_message(START, [])
    wait_until(lambda: state(recorder) == "recording")
    rng = np.random.default_rng(0)
    for i in range(3):
        pose = Pose(rng.uniform(100, 300, (21, 2)).astype(np.float32), np.ones(21, np.float32))
        frame = Frame(np.zeros((480, 640, 3), np.uint8), 10 + i, i, "webcam", True)
        recorder.offer(frame, Estimate((pose,), (480, 640), "mediapipe-hands", 10 + i), "v")
    client.send_message(STOP, 1)  # some senders add a number
    wait_until(lambda: state(recorder) == "idle")
    client.close()
    recorder.stop()
    [row] = [r for r in store.overview(project.id) if r.gesture.id == fist]
    assert row.samples == recorder.status().saved == 3
    assert remote.last_command.startswith("stopRecording at ") and remote.error == ""


def test_a_bundle_counts_and_a_start_amid_a_recording_changes_nothing(remote, recorder):
    bundle = OscBundleBuilder(IMMEDIATELY)
    bundle.add_content(message(START))
    say(remote, bundle.build().dgram)
    wait_until(lambda: state(recorder) == "recording")
    take = recorder._recording
    say(remote, message(START).dgram)
    say(remote, message(START).dgram)
    time.sleep(0.1)
    assert recorder._recording is take


def test_hostile_datagrams_are_passed_over(remote, recorder):
    rng = random.Random(7)
    hostile = [rng.randbytes(n) for n in (0, 1, 3, 4, 64, 1024, 60_000) for _ in range(20)]
    hostile += [
        b"/wekinator/control/startRecording",  # neither padded nor typed
        b"/wekinator/control/startRecording\0\0\0,b\0\0\x7f\xff\xff\xff",
        b"#bundle\0" + b"\0" * 7 + b"\1" + b"\xff\xff\xff\xff" + b"x" * 64,
        b"#bundle\0" + b"\0" * 8 + b"\0\0\3\xe8#bundle\0" * 60,
        message("/wekinator/control/*").dgram,  # a pattern is no address
        message("/" + "*a" * 200).dgram,
        message("/wek/outputs").dgram,
        message(START).dgram + b"\0" * 2000,
    ]
    for data in hostile:
        say(remote, data)
    time.sleep(0.2)
    assert state(recorder) == "idle" and remote.error == ""
    say(remote, message(START).dgram)
    wait_until(lambda: state(recorder) == "recording")


def test_a_flood_of_starts_and_stops_begins_two_takes_a_second(recorder, fist, tmp_path):
    now = [50.0]
    remote = RecordingRemote(0, clock=lambda: now[0])
    remote.set_target(recorder, fist)
    for _ in range(30):
        say(remote, message(START).dgram)
        say(remote, message(STOP).dgram)
    wait_until(lambda: remote.last_command.startswith("stop"))
    time.sleep(0.3)
    with contextlib.closing(sqlite3.connect(tmp_path / "mudra.db")) as database:
        assert database.execute("select count(*) from bursts").fetchone() == (2,)
    now[0] += 1
    say(remote, message(START).dgram)
    wait_until(lambda: state(recorder) == "recording")
    close(remote)


def test_it_listens_on_this_machine_alone_and_a_port_in_use_is_named(remote):
    assert remote._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(ActionError, match=rf"port {remote.port} can't be used"):
        RecordingRemote(remote.port)


def test_closing_frees_the_port_and_the_thread():
    before = threading.active_count()
    port = 0
    for _ in range(5):
        remote = RecordingRemote(port)
        port = remote.port
        close(remote)
    assert threading.active_count() == before


def test_a_start_that_the_store_refuses_is_said(remote, recorder):
    remote.set_target(recorder, 999_999)  # a gesture that is gone
    say(remote, message(START).dgram)
    wait_until(lambda: remote.last_command)
    assert "startRecording” failed" in remote.error
    assert state(recorder) == "idle"


def test_machines_are_listed_with_commas():
    assert read_allowed_hosts({}) == () == read_allowed_hosts({"MUDRA_OSC_HOSTS": " , "})
    assert read_allowed_hosts({"MUDRA_OSC_HOSTS": "a.test, 10.0.0.9,a.test"}) == (
        "a.test",
        "10.0.0.9",
    )
