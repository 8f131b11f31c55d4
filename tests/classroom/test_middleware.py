"""Guests enter by the link, reach their page below /join alone, and leave when their right ends."""

from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.admin.web_access import HEADERS, AccessMiddleware, AccessPolicy
from core.classroom import middleware
from core.classroom.invitations import EXPIRED, REVOKED, UNKNOWN
from core.classroom.middleware import (
    COOKIE,
    GUEST_HEADER,
    PARAMETER,
    GuestMiddleware,
    list_field_numbers,
)
from core.live.channel import CLOSE_OVER, GUEST, OWNER, PATH

SESSION, OTHER = "01234567-89ab-4cde-8f01-23456789abcd", "11234567-89ab-4cde-8f01-23456789abcd"


def connect(browser, path, **options):
    """A WebSocket of this path."""
    return browser.websocket_connect(f"ws://studio.test{path}", **options)


async def page(request):
    """What reaches the studio: path, guest's header, owner."""
    guest = request.headers.getlist(GUEST_HEADER)
    return PlainTextResponse(f"{request.url.path} {guest} {request.scope[OWNER]}")


async def stream(socket):
    """Say which session was asked for, name one, then return what comes."""
    await socket.accept()
    await socket.send_text(socket.headers.get("sec-websocket-protocol", ""))
    await socket.send_bytes(b"$" + SESSION.encode())
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_bytes(await socket.receive_bytes())


async def channel(socket):
    """Return what comes."""
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(await socket.receive_text())


@pytest.fixture(params=["", "/class"])
def base(request):
    return request.param


@pytest.fixture
def browser(invitations, base):
    """browser(): a browser, of a studio where people log in."""
    middlewares = [
        Middleware(AccessMiddleware, policy=AccessPolicy(has_login=True, base=base)),
        Middleware(GuestMiddleware, invitations=invitations, base=base),
    ]
    routes = [
        WebSocketRoute(f"{base}/_stcore/stream", stream),
        WebSocketRoute(f"{base}/{PATH}", channel),
        Route(f"{base}/{{path:path}}", page, methods=["GET", "PUT", "POST"]),
    ]

    def open_browser(scheme="http"):
        app = Starlette(routes=routes, middleware=middlewares)
        return TestClient(app, f"{scheme}://studio.test", follow_redirects=False)

    return open_browser


@pytest.fixture
def link(invitations, invitation, base):
    return f"{base}/join/?{PARAMETER}={invitations.secret(invitation)}"


@pytest.fixture
def entered(browser, link):
    """A browser that opened the link."""
    one = browser()
    assert one.get(link).status_code == 200
    return one


def guest_of(browser, invitations):
    return invitations.find(browser.cookies[COOKIE])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_link_gives_a_cookie_for_its_page_alone_and_leaves_the_address(
    browser, link, base, scheme
):
    answer = browser(scheme).get(link)
    assert f'http-equiv="refresh" content="0;url={base}/join/"' in answer.text
    assert PARAMETER not in answer.text and answer.headers["cache-control"] == "no-store"
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    cookie, *parts = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
    assert cookie.startswith(f"{COOKIE}=") and len(cookie.partition("=")[2]) == 43
    assert {"httponly", "samesite=strict", f"path={base}/join"} <= {*parts}
    assert ("secure" in parts) == (scheme == "https")
    proxied = browser().get(link, headers={"X-Forwarded-Proto": "https"})
    assert "secure" in proxied.headers["set-cookie"].lower()


def test_a_second_look_at_the_link_makes_no_second_guest(entered, link, invitation):
    assert entered.get(link).status_code == 200 and len(invitation.guests) == 1


def test_a_guest_gets_the_page_and_its_files_as_the_studio_serves_them(entered, base, invitations):
    guest = guest_of(entered, invitations)
    for path in ("/", "/static/js/a.js", "/component/x/y.wasm", "/_stcore/health", "/favicon.png"):
        said = f"{base}{path} ['{guest.key}'] guest {guest.key}"
        assert entered.get(f"{base}/join{path}").text == said
    assert entered.get(f"{base}/join").headers["location"].endswith(f"{base}/join/")


@pytest.mark.parametrize(
    "path",
    [
        "/record",
        "/live",
        "/join/",
        "/media/0123456789abcdef0123456789abcdef.png",
        f"/_stcore/upload_file/{SESSION}/{SESSION}",
        "/_stcore/metrics",
        "/_stcore/agent/interact",
        "/app/static/x",
        "/mudra/camera",
        "/auth/login",
        "/oauth2callback",
        "//evil.test",
    ],
)
def test_other_addresses_are_refused(entered, base, path):
    for method in ("GET", "PUT", "POST", "DELETE"):
        answer = entered.request(method, f"{base}/join{path}")
        assert answer.status_code == 403 and "one page and nothing else" in answer.text, method
    with (
        pytest.raises(WebSocketDisconnect),
        connect(entered, f"{base}/join{path}"),
    ):
        pass


def test_only_reading_is_allowed_for_the_files_too(entered, base):
    for method in ("PUT", "POST", "DELETE"):
        assert entered.request(method, f"{base}/join/").status_code == 403


def test_outside_of_join_the_cookie_is_nobodys_login(entered, base):
    headers = {"Cookie": f"{COOKIE}={entered.cookies[COOKIE]}"}
    assert entered.get(f"{base}/media/x", headers=headers).status_code == 401
    with (
        pytest.raises(WebSocketDisconnect),
        connect(entered, f"{base}/{PATH}", headers=headers),
    ):
        pass


@pytest.mark.parametrize("cookie", ["", "made-up", "ü", "x" * 4000])
def test_without_a_cookie_that_was_given_everything_is_refused(browser, base, cookie, invitation):
    headers = {"Cookie": f"{COOKIE}={cookie}".encode()}
    for path in ("", "/", "/static/a.js", "/_stcore/health", f"/?{PARAMETER}=guess"):
        answer = browser().get(f"{base}/join{path}", headers=headers)
        assert answer.status_code == 403 and UNKNOWN in answer.text
        assert "set-cookie" not in answer.headers
    for path in ("_stcore/stream", PATH):
        with connect(browser(), f"{base}/join/{path}", headers=headers) as socket:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert closed.value.code == CLOSE_OVER
    assert not invitation.guests


def test_a_guest_can_not_be_claimed_by_a_header(browser, entered, base, invitations):
    key = guest_of(entered, invitations).key
    for name in (GUEST_HEADER, GUEST_HEADER.upper(), "X-Mudra-Guest"):
        assert browser().get(f"{base}/x", headers={name: key}).text == f"{base}/x [] "
        said = entered.get(f"{base}/join/", headers={name: "forged"}).text
        assert said == f"{base}/ ['{key}'] guest {key}"


def test_pages_of_other_addresses_reach_nothing(entered, base):
    headers = {"Origin": "https://evil.test"}
    for path in ("_stcore/stream", PATH):
        with (
            pytest.raises(WebSocketDisconnect),
            connect(entered, f"{base}/join/{path}", headers=headers),
        ):
            pass


def test_a_guest_goes_on_with_sessions_of_the_own_alone(entered, browser, link, base):
    def asked(one, session):
        protocols = ["streamlit", "no-token", session]
        with connect(one, f"{base}/join/_stcore/stream", subprotocols=protocols) as socket:
            said = socket.receive_text()
            socket.receive_bytes()
            return session in said

    assert not asked(entered, SESSION)  # somebody's
    assert asked(entered, SESSION)  # it was named in the guest's stream
    assert not asked(entered, OTHER)
    other = browser()
    other.get(link)
    assert not asked(other, SESSION)


def test_of_streamlits_messages_a_guest_sends_those_that_draw_the_page(entered, base):
    allowed = {"rerun_script", "app_heartbeat", "stop_script"}
    sent = {}
    for field in BackMsg.DESCRIPTOR.fields:
        message = BackMsg()
        if field.message_type:
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, True)
        sent[field.name] = message.SerializeToString()
    assert allowed | {"clear_cache", "file_urls_request"} <= sent.keys()
    both = sent["rerun_script"] + sent["clear_cache"]
    with connect(entered, f"{base}/join/_stcore/stream") as socket:
        socket.receive_text()
        socket.receive_bytes()
        for content in (*sent.values(), both, b"\xff", b""):
            socket.send_bytes(content)
        socket.send_bytes(sent["stop_script"])
        came = [socket.receive_bytes() for _ in range(len(allowed) + 2)]
    assert sorted(came) == sorted([*(sent[name] for name in allowed), b"", sent["stop_script"]])


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"\x5a\x05ab", b"\x5b", b"\xff" * 20, b"\x58", b"\x5a"]
)
def test_a_damaged_message_has_no_fields_that_are_allowed(content):
    assert list_field_numbers(content) == ({0} if content else set())


def test_a_long_message_is_read_to_its_end():
    message = BackMsg()
    asked = message.rerun_script
    asked.page_name, asked.query_string = "x" * 300, "ü" * 90
    asked.widget_states.widgets.add(id="a").double_value = 0.5
    assert list_field_numbers(message.SerializeToString()) == {11}
    clear = BackMsg(clear_cache=True).SerializeToString()
    assert list_field_numbers(message.SerializeToString() + clear) == {11, 5}


@pytest.mark.parametrize(("end", "words"), [("revoke", REVOKED), ("expire", EXPIRED)])
def test_the_end_closes_what_is_open_and_is_said_in_words(
    entered, base, invitations, invitation, link, end, words, monkeypatch
):
    monkeypatch.setattr(middleware, "CHECKED_S", 0.05)
    for path in ("_stcore/stream", PATH):
        invitation.is_revoked, invitations.now_s = False, 1000.0
        with connect(entered, f"{base}/join/{path}") as socket:
            if path == PATH:
                socket.send_text("hello")
                assert socket.receive_text() == "hello"
            else:
                socket.receive_text()
                socket.receive_bytes()
            if end == "revoke":
                invitations.revoke(invitation)
            else:
                invitations.now_s = invitation.expires_s
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert closed.value.code == CLOSE_OVER
        with connect(entered, f"{base}/join/{path}") as socket:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert closed.value.code == CLOSE_OVER
    for path in ("/join/", "/join/static/a.js"):
        answer = entered.get(base + path)
        assert answer.status_code == 403 and words in answer.text
    fresh = entered.get(link, headers={"Cookie": ""})
    assert fresh.status_code == 403 and words in fresh.text and "set-cookie" not in fresh.headers


def test_the_guest_is_in_the_scope_for_those_who_ask_for_a_code(invitations, invitation):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope.get(GUEST))
        await PlainTextResponse("")(scope, receive, send)

    one = TestClient(GuestMiddleware(app, invitations, ""), "http://studio.test")
    one.get(f"/join/?{PARAMETER}={invitations.secret(invitation)}")
    one.get("/join/")
    one.get("/")
    assert seen == [guest_of(one, invitations), None]
