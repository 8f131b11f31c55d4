"""The live channel over a real server: state comes when it changes, commands are applied once."""

import gc
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

from core.live import channel as live_channel
from core.live.channel import (
    CLOSE_NO_CHANNEL,
    MAX_MESSAGE_CHARS,
    MAX_UNACKNOWLEDGED,
    PATH,
    TOKEN_WITHIN_S,
    Channel,
    live_route,
)
from tests.conftest import wait_until


@pytest.fixture
def channel():
    made = Channel()
    made.applied = []
    made.receive_with("cards", lambda command: made.applied.append(command["n"]))
    yield made
    made.close()


@pytest.fixture(scope="module")
def open_socket():
    """open_socket(token) opens a connection to a real server."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[live_route(f"/base/{PATH}")])

    async def logged_in(scope, receive, send):
        owner = dict(scope.get("headers", ())).get(b"x-owner", b"").decode()
        await app(scope | {live_channel.OWNER: owner}, receive, send)

    server = uvicorn.Server(uvicorn.Config(logged_in, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"ws://127.0.0.1:{listening.getsockname()[1]}/base/{PATH}"

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


def commands(*numbers, page="a", to="cards"):
    sent = [{"page": page, "n": n, "to": to, "kind": "x"} for n in numbers]
    return json.dumps({"commands": sent})


def receive(talk, timeout=30):
    """The next message, acknowledged."""
    message = json.loads(talk.recv(timeout=timeout))
    if "turn" in message:
        talk.send(str(message["turn"]))
    return message


def answer_to(talk, text):
    talk.send(text)
    return receive(talk)


def is_hung_up(talk, timeout=30):
    with pytest.raises(ConnectionClosed):
        talk.recv(timeout=timeout)
    return talk.close_code == CLOSE_NO_CHANNEL


def test_state_comes_when_it_changes_and_only_what_changed(open_socket, channel):
    state = {"answer": "fist", "note": ""}
    for topic in state:
        channel.provide(topic, lambda topic=topic: state[topic])
    with open_socket(channel.token) as talk:
        assert receive(talk)["state"] == {"answer": "fist", "note": ""}
        state["answer"] = "ok"
        channel.wake()
        assert receive(talk, 0.4)["state"] == {"answer": "ok"}
        state["note"] = "by the clock"  # nobody wakes it
        assert receive(talk, 2)["state"] == {"note": "by the clock"}
        channel.provide("note", None)
        assert receive(talk)["state"] == {"note": None}
    with open_socket(channel.token) as again:  # another connection knows nothing yet
        assert receive(again)["state"] == {"answer": "ok"}


def test_a_slow_page_gets_the_newest_state_and_never_a_queue(open_socket, channel):
    state = {"n": 0}
    channel.provide("n", lambda: state["n"])
    with open_socket(channel.token) as talk:
        turns = [json.loads(talk.recv(timeout=30))["turn"]]
        for n in range(1, 50):
            state["n"] = n
            channel.wake()
            if len(turns) < MAX_UNACKNOWLEDGED:
                turns.append(json.loads(talk.recv(timeout=30))["turn"])
        with pytest.raises(TimeoutError):
            talk.recv(timeout=1.2)
        talk.send(str(turns[-1]))
        assert receive(talk)["state"] == {"n": 49}


def test_who_asks_with_an_empty_message_is_answered_though_nothing_changed(open_socket, channel):
    with open_socket(channel.token) as talk:
        with pytest.raises(TimeoutError):
            talk.recv(timeout=1.2)
        for turn in (1, 2, 3):
            assert answer_to(talk, "{}") == {"turn": turn, "applied": {}, "state": {}}


def test_a_command_that_is_repeated_is_applied_once_and_in_order(open_socket, channel):
    with open_socket(channel.token) as talk:
        assert answer_to(talk, commands(1))["applied"] == {"a": 1}
        assert answer_to(talk, commands(1, 2, 3))["applied"] == {"a": 3}
        assert answer_to(talk, commands(2, 3))["applied"] == {"a": 3}
        assert answer_to(talk, commands(1, page="b"))["applied"] == {"a": 3, "b": 1}
    assert channel.applied == [1, 2, 3, 1]


def test_after_a_reload_another_channel_applies_what_was_not_yet(open_socket, channel):
    with open_socket(channel.token) as talk:
        answer_to(talk, commands(1, page="tab"))
    after = Channel()
    with open_socket(after.token) as talk:  # its page isn't drawn: nobody takes commands yet
        assert answer_to(talk, commands(1, 2, 3, page="tab"))["applied"] == {"tab": 1}
        applied = []
        after.receive_with("cards", lambda command: applied.append(command["n"]))
        assert answer_to(talk, commands(1, 2, 3, page="tab"))["applied"] == {"tab": 3}
    assert applied == [2, 3]


def test_a_command_that_fails_is_not_tried_again(open_socket, channel):
    def fail(command):
        channel.applied.append(command["n"])
        raise live_channel.MediaError("no")

    channel.receive_with("cards", fail)
    with open_socket(channel.token) as talk:
        assert answer_to(talk, commands(1, page="f")) == {"problem": "no"}
        assert answer_to(talk, commands(1, page="f"))["applied"] == {"f": 1}
    assert channel.applied == [1]


@pytest.mark.parametrize("closed", [True, False])
def test_a_token_that_nobody_has_is_hung_up_on(open_socket, channel, closed):
    token = channel.token
    if closed:
        channel.close()
    with open_socket(token if closed else token[:-1]) as talk:
        assert is_hung_up(talk)


def test_a_channel_that_is_closed_ends_its_connections(open_socket, channel):
    with open_socket(channel.token) as talk:
        assert answer_to(talk, commands(1, page="c"))["applied"] == {"c": 1}
        channel.close()
        assert is_hung_up(talk, 3)


def test_connections_that_come_and_go_leave_no_task_behind(open_socket, channel):
    state = {"n": 0}
    channel.provide("n", lambda: state["n"])
    for n in range(200):  # each goes while the server is about to send
        with open_socket(channel.token):
            state["n"] = n
            channel.wake()
    wait_until(lambda: not live_channel._connections.total())
    gc.collect()
    wait_until(lambda: not list(channel._connections))


def test_a_long_token_and_who_says_nothing_are_hung_up_on(open_socket, monkeypatch):
    with open_socket("x" * 65) as talk:
        assert is_hung_up(talk, TOKEN_WITHIN_S / 2)
    monkeypatch.setattr(live_channel, "TOKEN_WITHIN_S", 0.2)
    with open_socket(None) as talk:
        assert is_hung_up(talk, 3)


def test_connections_are_bounded_and_free_their_place(open_socket, channel, monkeypatch):
    monkeypatch.setattr(live_channel, "MAX_CONNECTIONS", 2)
    with open_socket(channel.token) as first:
        with open_socket(channel.token) as second:
            for n, talk in enumerate((first, second), 1):
                assert answer_to(talk, commands(n, page="d"))["applied"] == {"d": n}
            with pytest.raises(InvalidStatus, match="403"), open_socket("x"):
                pass
        wait_until(lambda: live_channel._connections.total() == 1)
        with open_socket(channel.token) as third:
            assert answer_to(third, commands(3, page="d"))["applied"] == {"d": 3}


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
    scope[live_channel.OWNER] = owner
    assert live_channel._identify_visitor(WebSocket(scope, None, None)) == visitor


def test_one_visitor_can_t_take_every_connection(open_socket, channel, monkeypatch):
    monkeypatch.setattr(live_channel, "MAX_PER_VISITOR", 1)
    with open_socket(channel.token, "anna"):
        with pytest.raises(InvalidStatus, match="403"), open_socket("x", "anna"):
            pass
        with open_socket(channel.token, "ben") as talk:
            assert answer_to(talk, commands(1, page="e"))["applied"] == {"e": 1}


def test_a_channel_that_is_gone_leaves_no_token_behind(open_socket):
    token = Channel().token
    with open_socket(token) as talk:
        assert is_hung_up(talk)


def test_a_token_in_bytes_is_none(open_socket, channel):
    with open_socket(channel.token.encode()) as talk:
        assert is_hung_up(talk)


@pytest.mark.parametrize(
    "bad",
    [
        "no JSON",
        "[1]",
        "[" * 100_000,
        '{"commands": [{}]}',
        '{"commands": 5}',
        '{"commands": [{"page": "a", "n": "x", "to": "cards"}]}',
        " " * (MAX_MESSAGE_CHARS + 1),
        b"bytes",
    ],
    ids=range(8),
)
def test_what_can_t_be_read_is_said_and_the_connection_goes_on(open_socket, channel, bad):
    with open_socket(channel.token) as talk:
        assert "reload the page" in answer_to(talk, bad)["problem"]
        assert answer_to(talk, commands(1, page=f"g {bad[:9]}"))["applied"]


def test_what_can_t_be_read_is_said_in_the_visitors_language(open_socket, channel):
    channel.translate = str.upper
    with open_socket(channel.token) as talk:
        assert answer_to(talk, "[]")["problem"] == "THE PAGE SENT LIST: RELOAD THE PAGE"
