"""Actions in a real browser: a gesture before the fake camera reaches an OSC receiver, a WebSocket
client and the page's own ear; ports close with the camera."""

import json
import re
import socket
import time
from contextlib import suppress
from functools import partial

import pytest
from playwright.sync_api import expect
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient
from websockets.sync.client import connect as connect_by_proxy

from tests.browser.conftest import choose, keeps, kept, settled, stored
from tests.support.studio import free_port, start_camera, stop_camera

# a proxy may be set: MediaPipe's reports are sent to none
connect = partial(connect_by_proxy, proxy=None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("weights_folder"),
]


def is_free(port, within_s):
    """Whether the port can be listened on again before long."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return True
        time.sleep(0.2)
    return False


def switch(page, name):
    page.get_by_text(name, exact=True).first.click()
    settled(page)


def fill(page, label, value):
    page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_label(label, exact=True).press("Enter")
    settled(page)


def actions_on(page, osc_port, websocket_port):
    """Everything on, the camera still off; the WebSocket's address."""
    page.goto("/live")
    settled(page)
    page.get_by_text("Actions: send to other programs").click()
    switch(page, "Tone in this page")
    switch(page, "OSC")
    fill(page, "OSC port", osc_port)
    switch(page, "WebSocket")
    fill(page, "WebSocket port", websocket_port)
    expect(page.get_by_text("Actions wait for the camera")).to_be_visible()
    return page.get_by_text(re.compile(rf"^ws://127.0.0.1:{websocket_port}/")).inner_text()


def test_a_gesture_before_the_camera_reaches_every_receiver(look, films, receiver):
    port = free_port()
    with look(films("thumbs_up")) as page:
        address = actions_on(page, receiver.getsockname()[1], port)
        assert is_free(port, 1)  # nothing is open while the camera is off
        start_camera(page)
        message = OscMessage(receiver.recv(2000))
        assert (message.address, message.params) == ("/wek/outputs", [1.0])
        assert OscMessage(receiver.recv(2000)).params[:3] == [1, "thumbs_up", "👍"]
        expect(page.get_by_text(re.compile(r"sent \d+, last .*thumbs_up"))).to_be_visible()
        with connect(address) as client:
            expect(page.get_by_text("1 receiver")).to_be_visible()
            page.get_by_text("Two hands", exact=True).click()  # a rerun closes nothing
            line = json.loads(client.recv(30))
        assert line["project"] == "My gestures" and line["model"] == "starter"
        page.wait_for_function("window.mudraTones > 0")


def test_osc_starts_and_stops_a_recording_of_the_chosen_gesture(look, films, workspace):
    port = free_port()
    client = SimpleUDPClient("127.0.0.1", port)
    with look(films("open_palm")) as page:
        page.goto("/record")
        choose(page, "open_palm")
        page.get_by_text("Remote control", exact=True).click()
        switch(page, "Start and stop recordings by OSC")
        fill(page, "Port", port)
        page.keyboard.press("Escape")
        start_camera(page)
        expect(page.get_by_text(f"Listening on port {port}")).to_be_visible()
        client.send_message("/wekinator/control/startRecording", [])
        keeps(page, "open_palm")
        client.send_message("/wekinator/control/stopRecording", [])
        expect(page.get_by_text("stopRecording at")).to_be_visible()
        assert kept(page, "open_palm") == stored(workspace, "open_palm") >= 3
    client.close()


def test_ports_close_with_the_camera_with_the_page_and_with_the_tab(look, films, receiver):
    port = free_port()
    with look(films("thumbs_up")) as page:
        actions_on(page, receiver.getsockname()[1], port)
        for end in (stop_camera, lambda page: page.get_by_role("link", name="Train").click()):
            start_camera(page)
            expect(page.get_by_text("no receivers yet")).to_be_visible()
            assert not is_free(port, 0.1)
            end(page)
            assert is_free(port, 20)
        page.get_by_role("link", name="Live").click()  # switches and camera are as they were
        expect(page.get_by_text("no receivers yet")).to_be_visible()
        assert not is_free(port, 0.1)
    assert is_free(port, 90)  # the tab was closed
