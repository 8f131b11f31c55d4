"""The WebSocket server with real clients, kind and hostile."""

import socket
import threading
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.actions.changes import Change
from core.actions.websocket import ClientLimits, WebSocketOut, new_token, page_origin, parse_origins
from core.errors import ActionError
from core.gestures.labels import DEFAULT_GESTURES
from tests.actions.conftest import connect
from tests.conftest import PATIENCE_S, wait_until

TOKEN = "t0ken-" * 5  # the same in every worker
OWN = "http://localhost:8501"
THUMBS_UP = Change(1.0, DEFAULT_GESTURES[0], 1, 0.75, "Right", "Demo", "starter")


@contextmanager
def opened(**options):
    out = WebSocketOut(TOKEN, 0, **options)
    try:
        yield out
    finally:
        out.close(wait=True)


@pytest.fixture
def out():
    with opened(origins=(OWN,), limits=ClientLimits(open_s=0.5)) as out:
        yield out


def client(out, path=f"/?token={TOKEN}", **options):
    return connect(f"ws://127.0.0.1:{out.port}{path}", **options)


def status(out, *path, **options):
    """The HTTP status that a client is refused with."""
    with pytest.raises(InvalidStatus) as refused:
        client(out, *path, **options)
    return refused.value.response.status_code


def test_every_client_gets_each_change_as_a_line_of_json(out):
    with client(out) as one, client(out, origin=OWN) as other:
        wait_until(lambda: out.clients == 2)
        out.send(THUMBS_UP)
        assert one.recv(PATIENCE_S) == other.recv(PATIENCE_S) == THUMBS_UP.json_line
    wait_until(lambda: out.clients == 0)
    out.send(THUMBS_UP)  # nobody is there


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/?", f"/{TOKEN}", f"/?Token={TOKEN}", "/?a&" + "b&" * 9),
        *("/?token=", "/?token=x", "/?token=%ff%00é", f"/?token={TOKEN[:-1]}"),
        *(f"/?token={TOKEN}x", f"/?token={TOKEN.swapcase()}"),
    ],
)
def test_an_address_without_the_token_is_refused(out, path):
    assert status(out, path) == 401
    assert out.clients == 0


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:8502", "https://localhost:8501", OWN + ".x"],
)
def test_a_page_from_elsewhere_is_refused_even_with_the_token(out, origin):
    assert status(out, origin=origin) == 403


@pytest.mark.parametrize("said", ["hello", b"\0" * 10, "x" * 1025, b"x" * 5_000_000])
def test_a_client_that_speaks_is_closed_and_the_others_go_on(out, said):
    with client(out) as loud, client(out) as quiet:
        with pytest.raises(ConnectionClosed) as closed:
            loud.send(said)
            loud.recv(PATIENCE_S)
        assert closed.value.rcvd is None or closed.value.rcvd.code in (1003, 1009)
        out.send(THUMBS_UP)
        assert "thumbs_up" in quiet.recv(PATIENCE_S)


def raw(out, data=b""):
    guest = socket.create_connection(("127.0.0.1", out.port), 2)
    guest.sendall(data)
    return guest


def gone(guest):
    """Whether the server has hung up."""
    guest.settimeout(PATIENCE_S)
    try:
        while guest.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,  # TLS
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\0" * 100_000,
        b"GET / HT",  # and never finishes
        b"GET //[ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ],
)
def test_what_is_no_handshake_is_hung_up_on(out, data, caplog):
    with raw(out, data) as guest:
        assert gone(guest)
    with client(out):
        pass
    assert caplog.records == []  # unknown senders do not fill the terminal


def test_clients_are_bounded_and_a_place_that_was_left_is_free():
    with opened(limits=ClientLimits(clients=2)) as out, ExitStack() as there:
        first = there.enter_context(client(out))
        there.enter_context(client(out))
        wait_until(lambda: out.clients == 2)
        assert status(out) == 503
        first.close()
        wait_until(lambda: out.clients == 1)
        there.enter_context(client(out))


def test_connections_without_a_handshake_are_bounded():
    with opened(limits=ClientLimits(clients=2)) as out, ExitStack() as there:
        guests = [there.enter_context(raw(out)) for _ in range(20)]
        assert all(gone(guest) for guest in guests[8:])  # four times the clients


def handshaken(out):
    """A client that reads nothing once it is let in, not even a ping."""
    guest = raw(
        out,
        f"GET /?token={TOKEN} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode(),
    )
    assert b"101" in guest.recv(100)
    wait_until(lambda: out.clients == 1)
    return guest


def test_a_client_that_answers_no_ping_is_dropped():
    with opened(limits=ClientLimits(ping_s=0.1)) as out, handshaken(out):
        wait_until(lambda: out.clients == 0)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x89\xfd\0\0\0\0" + b"x" * 125,  # pings, which want an answer each
        b"\x8a\x80\0\0\0\0",  # pongs that nobody asked for
        b"\x01\x80\0\0\0\0" + b"\0\x80\0\0\0\0" * 99,  # a text in endless pieces
        b"\x81\x85\0\0\0\0flood",  # texts
    ],
)
def test_a_flood_of_frames_ends_within_a_moment(frame):
    with opened() as out, handshaken(out) as guest, pytest.raises(OSError):
        for _ in range(100_000_000 // len(frame)):
            guest.sendall(frame)
    assert out.clients == 0


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x05hello",  # not masked
        b"\xff\x80\0\0\0\0",  # reserved bits
        b"\x83\x80\0\0\0\0",  # an opcode that is none
        b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",  # of eight exabytes
        b"\x81\x82\0\0\0\0\xff\xfe",  # not UTF-8
        b"\x88\x81\0\0\0\0x",  # a goodbye of one byte
    ],
)
def test_a_broken_frame_ends_its_client_alone(frame):
    with opened() as out, handshaken(out) as guest, client(out) as other:
        guest.sendall(frame)
        assert gone(guest)
        wait_until(lambda: out.clients == 1)
        out.send(THUMBS_UP)
        assert "thumbs_up" in other.recv(PATIENCE_S)


def test_a_client_that_does_not_keep_up_is_dropped_and_never_holds_up_the_sender():
    with opened() as out, handshaken(out), client(out) as quick:
        came = []
        thread = threading.Thread(target=lambda: came.extend(quick))
        thread.start()
        sent = 0
        while out.clients == 2 and sent < 20_000:
            for _ in range(20):
                out.send(THUMBS_UP)
            sent += 20
            wait_until(lambda sent=sent: len(came) == sent)
        assert out.clients == 1, f"still there after {sent} lines"
        out.close(wait=True)
        thread.join(PATIENCE_S)
    assert len(came) == sent


def test_closing_says_goodbye_and_leaves_no_thread_and_no_port():
    before = threading.active_count()
    port = 0
    for _ in range(3):
        out = WebSocketOut(TOKEN, port)
        port = out.port
        with client(out) as guest:
            wait_until(lambda out=out: out.clients == 1)
            out.send(THUMBS_UP)
            out.close(wait=True)
            assert "thumbs_up" in guest.recv(PATIENCE_S)  # what was said before arrives
            with pytest.raises(ConnectionClosed) as closed:
                guest.recv(PATIENCE_S)
            assert closed.value.rcvd.code == 1001
        out.send(THUMBS_UP)  # too late, and no error
        out.close(wait=True)
    wait_until(lambda: threading.active_count() <= before)


def test_it_listens_on_this_machine_alone_and_a_port_in_use_is_named(out):
    assert out._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(ActionError, match=rf"port {out.port} can't be used"):
        WebSocketOut(TOKEN, out.port)


def test_tokens_are_long_and_each_another():
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) == 32
    with pytest.raises(ActionError, match="can be guessed"):
        WebSocketOut("123456", 0)


def test_origins_are_read_as_they_are_typed():
    assert parse_origins(" http://localhost:5500/, https://Me.example\n") == (
        "http://localhost:5500",
        "https://me.example",
    )
    assert parse_origins("") == ()
    for wrong in ("null", "*", "localhost:5500", "http://a/b", "ftp://a", "http://a@b", "http://"):
        with pytest.raises(ActionError, match="not a web origin"):
            parse_origins(wrong)


def test_a_page_s_own_origin_is_read_from_its_address():
    assert page_origin("http://LocalHost:8501/live?project=a") == ("http://localhost:8501",)
    assert page_origin("https://studio.example/") == ("https://studio.example",)
    for odd in (None, "", "about:blank", "http://[", "file:///a", "http://a@b/"):
        assert page_origin(odd) == ()
