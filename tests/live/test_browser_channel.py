"""A browser's own connection reaches the camera that its token names, and no other."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.live import browser_channel
from core.live.browser_channel import (
    CLOSE_NO_CAMERA,
    MAX_MESSAGE_CHARS,
    PATH,
    TOKEN_WITHIN_S,
    camera_route,
    register_camera,
    unregister_camera,
)
from core.live.browser_frames import BrowserFrames
from core.live.live import LiveProcessor
from tests.conftest import wait_until


class Camera:
    """A real stream of frames behind the connection."""

    def __init__(self):
        self.live = LiveProcessor(lambda options: None)
        self.frames = BrowserFrames(self.live)

    def answer(self, told):
        self.frames.receive(told)
        return {"heard": self.frames.last_number}


@pytest.fixture
def camera():
    made = Camera()
    yield made
    made.live.close()


@pytest.fixture(scope="module")
def spoken():
    """spoken() opens a connection to a real server."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[camera_route(f"/base/{PATH}")])

    async def logged_in(scope, receive, send):
        owner = dict(scope.get("headers", ())).get(b"x-owner", b"").decode()
        await app(scope | {browser_channel.OWNER: owner}, receive, send)

    config = uvicorn.Config(logged_in, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"ws://127.0.0.1:{listening.getsockname()[1]}/base/mudra/camera"

    @contextmanager
    def open_with(token, owner=""):
        with connect(url, additional_headers={"X-Owner": owner}, proxy=None) as talk:
            if token is not None:
                talk.send(token)
            yield talk

    yield open_with
    server.should_exit = True
    thread.join()
    listening.close()


def word(n):
    frame = {"n": n, "t": 1000, "size": [640, 480], "spent": 20}
    frame |= {"by": "mediapipe-hands", "poses": []}
    return json.dumps({"page": "a", "now": 1000, "frames": [frame]})


def said(talk, text):
    talk.send(text)
    return json.loads(talk.recv(timeout=30))


def is_hung_up(talk, timeout=30):
    with pytest.raises(ConnectionClosed):
        talk.recv(timeout=timeout)
    return talk.close_code == CLOSE_NO_CAMERA


def test_words_reach_the_camera_of_the_token_and_are_answered(spoken, camera):
    with spoken(register_camera(camera)) as talk:
        assert [said(talk, word(n)) for n in (1, 2)] == [{"heard": 1}, {"heard": 2}]
    assert camera.live.latest().frames == 2


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_token_that_nobody_has_is_hung_up_on(spoken, camera, withdrawn):
    token = register_camera(camera)
    if withdrawn:
        unregister_camera(token)
    with spoken(token if withdrawn else token[:-1]) as talk:
        assert is_hung_up(talk)
    assert camera.live.latest().frames == 0


def test_a_long_token_and_who_says_nothing_are_hung_up_on(spoken, monkeypatch):
    with spoken("x" * 65) as talk:
        assert is_hung_up(talk, TOKEN_WITHIN_S / 2)
    monkeypatch.setattr(browser_channel, "TOKEN_WITHIN_S", 0.2)
    with spoken(None) as talk:
        assert is_hung_up(talk, 3)


def test_connections_are_bounded_and_free_their_place(spoken, camera, monkeypatch):
    monkeypatch.setattr(browser_channel, "MAX_CONNECTIONS", 2)
    with spoken(register_camera(camera)) as first:
        with spoken(register_camera(camera)) as second:
            assert said(first, word(1)) == said(second, word(1)) == {"heard": 1}
            with pytest.raises(InvalidStatus, match="403"), spoken("x"):
                pass
        wait_until(lambda: browser_channel._connections.total() == 1)
        with spoken(register_camera(camera)) as third:
            assert said(third, word(2)) == {"heard": 2}


@pytest.mark.parametrize(
    ("owner", "address", "visitor"),
    [
        ("anna", "127.0.0.1", "owner anna"),
        ("", "192.168.1.7", "192.168.1.7"),
        ("", "127.0.0.1", ""),
        ("", "::1", ""),
        ("", "testclient", ""),
    ],
)
def test_a_visitor_is_a_login_or_an_address_that_no_proxy_hides(owner, address, visitor):
    scope = {"type": "websocket", "headers": [], "client": (address, 1)}
    scope[browser_channel.OWNER] = owner
    assert browser_channel._identify_visitor(WebSocket(scope, None, None)) == visitor


def test_one_visitor_can_t_take_every_connection(spoken, camera, monkeypatch):
    monkeypatch.setattr(browser_channel, "MAX_PER_VISITOR", 1)
    with spoken(register_camera(camera), "anna"):
        with pytest.raises(InvalidStatus, match="403"), spoken("x", "anna"):
            pass
        with spoken(register_camera(camera), "ben") as talk:
            assert said(talk, word(1)) == {"heard": 1}


def test_a_camera_that_is_gone_leaves_no_token_behind(spoken):
    camera = Camera()
    token = register_camera(camera)
    camera.live.close()
    del camera
    with spoken(token) as talk:
        assert is_hung_up(talk)


def test_a_token_in_bytes_is_none(spoken, camera):
    with spoken(register_camera(camera).encode()) as talk:
        assert is_hung_up(talk)


@pytest.mark.parametrize(
    "bad",
    ["no JSON", "[1]", "[" * 100_000, "{}", " " * (MAX_MESSAGE_CHARS + 1), word(1).encode()],
    ids=range(6),
)
def test_what_can_t_be_read_is_said_and_the_connection_goes_on(spoken, camera, bad):
    with spoken(register_camera(camera)) as talk:
        assert "reload the page" in said(talk, bad)["problem"]
        assert said(talk, word(1)) == {"heard": 1}
