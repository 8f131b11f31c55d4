"""A stream's changes told to real receivers; outputs that open, fail, come back and end."""

import json
import socket
import threading
import time

import pytest
from websockets.exceptions import InvalidStatus

from core.actions import actions as module
from core.actions.actions import Settings
from core.actions.websocket import new_token
from tests.actions.conftest import connect, heard, osc_port, reading
from tests.support.studio import free_port

TOKEN = new_token()


def test_the_status_says_it_in_one_line(actions):
    assert actions.status().text == "sent 0"
    actions.configure(Settings(sound=True))
    [change] = actions.offer((reading("fist", 0.97),), 1.0)
    when = time.strftime("%H:%M:%S", time.localtime(change.time))
    assert actions.status().text == f"sent 1, last 👊 fist 97 %, Right hand at {when}"
    actions.configure(Settings(websocket=True, websocket_port=0, token=TOKEN))
    assert actions.status().text.endswith(" · no receivers yet")


def test_a_port_in_use_is_said_and_tried_again_once_it_is_free(actions, monkeypatch):
    monkeypatch.setattr(module, "_RETRY_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = Settings(websocket=True, websocket_port=port, token=TOKEN)
        actions.configure(settings)
        [error] = actions.status().errors
        assert f"port {port}" in error and "choose another" in error
        actions.offer((reading("fist"),), 1.0)
        assert actions.status().sent == 0
    time.sleep(0.06)
    actions.configure(settings)
    assert actions.status().errors == () and str(port) in actions.status().address


def test_an_output_opens_anew_when_what_it_hangs_on_changes_and_not_else(actions):
    port = free_port()
    first = Settings(websocket=True, websocket_port=port, token=TOKEN)
    actions.configure(first)
    with connect(actions.status().address) as client:
        actions.configure(module.replace(first, per_second=3, project="Other", model="mine"))
        for second in (1.0, 1.03, 1.3):
            actions.offer((reading("fist", hand="Left"),), second)
        line = json.loads(client.recv(5))
        told = (line["name"], line["hand"], line["project"], line["model"])
        assert told == ("fist", "Left", "Other", "mine") and actions.status().sent == 1
        another = new_token()
        actions.configure(module.replace(first, token=another))
        assert actions.status().errors == ()
        with pytest.raises(InvalidStatus):
            connect(f"ws://127.0.0.1:{port}/?token={TOKEN}")
        with connect(actions.status().address):
            pass
    actions.configure(Settings())
    assert actions.status().address == ""


def test_a_camera_that_hangs_leaves_no_gesture_standing(actions, monkeypatch):
    monkeypatch.setattr(module, "FRAME_TIMEOUT_S", 0.2)
    with osc_port() as (receiver, port):
        actions.configure(Settings(osc=True, osc_port=port))
        actions.offer((reading("fist"),), 1.0)
        assert [heard(receiver)[1][0] for _ in range(3)] == [5.0, 5, 0.0]
        heard(receiver)
        time.sleep(0.5)
        assert actions.status().sent == 2  # said once
        actions.offer((reading("fist"),), 9.0)  # and it goes on
        assert heard(receiver) == ("/wek/outputs", [5.0])


def test_a_stream_that_ends_while_a_host_is_looked_up_does_not_wait_for_it(actions, monkeypatch):
    looking, found = threading.Event(), threading.Event()

    def slow(*asked, **options):
        looking.set()
        assert found.wait(5)
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    settings = Settings(osc=True, osc_host="slow.invalid", osc_port=9)
    page = threading.Thread(target=actions.configure, args=(settings,))
    page.start()
    assert looking.wait(5)
    actions.offer((reading("fist"),), 1.0)  # nor does a frame
    actions.close()
    assert page.is_alive()
    found.set()
    page.join(5)
    assert actions._slots["osc"].output is None  # what was opened too late is closed again
