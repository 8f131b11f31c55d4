"""A code lets in one device, for ten minutes; guessing is slowed down."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.admin.entry import (
    COOKIE,
    COOKIE_VALID_S,
    MAX_ENTERED,
    MAX_WRONG,
    EntryCodes,
    EntryMiddleware,
)

PHONE, OTHER = "192.168.1.7", "192.168.1.8"


class Codes(EntryCodes):
    """Codes with a clock that is set."""

    def __init__(self):
        self.now_s = 1000.0
        super().__init__(lambda: self.now_s)


@pytest.fixture
def codes():
    return Codes()


def test_a_code_is_exchanged_once(codes):
    code = codes.current()
    cookie = codes.exchange(code, PHONE)
    assert codes.has_entered(cookie) and codes.exchange(code, PHONE) == ""
    assert codes.current() != code and not codes.has_entered(code)


def test_codes_and_cookies_are_random_and_long(codes):
    taken = []
    for _ in range(50):
        code = codes.current()
        taken += [code, codes.exchange(code, PHONE)]
    assert len(set(taken)) == 100
    assert min(map(len, taken)) >= 22  # 128 bits in base64
    assert not any(char in "".join(taken) for char in "+/=&?# ")


def test_a_code_expires_after_ten_minutes_and_the_one_shown_is_valid_for_five_at_least(codes):
    first = codes.current()
    codes.now_s += 299
    assert codes.current() == first
    codes.now_s += 2
    second = codes.current()
    assert second != first
    codes.now_s += 298
    assert codes.exchange(first, PHONE) and codes.current() == second  # 599 s old
    third = codes.current()
    codes.now_s += 602
    assert codes.exchange(third, PHONE) == ""


@pytest.mark.parametrize("change", ["", "x", "ü", "\udcff", "AAAAAAAAAAAAAAAAAAAAAA"])
def test_a_wrong_code_gives_nothing(codes, change):
    code = codes.current()
    assert codes.exchange(change, PHONE) == codes.exchange(code[:-1] + change, PHONE) == ""
    assert not codes.has_entered(change) and codes.current() == code


def test_wrong_codes_block_their_address_for_a_minute_and_no_other(codes):
    for _ in range(MAX_WRONG - 1):
        codes.exchange("wrong", PHONE)
    assert not codes.is_blocked(PHONE)
    codes.exchange("wrong", PHONE)
    assert codes.is_blocked(PHONE) and codes.exchange(codes.current(), PHONE) == ""
    assert codes.exchange(codes.current(), OTHER)
    codes.now_s += 61
    assert not codes.is_blocked(PHONE) and codes.exchange(codes.current(), PHONE)


def test_a_device_stays_for_twelve_hours_at_most_and_their_number_is_bounded(codes):
    cookies = [codes.exchange(codes.current(), PHONE) for _ in range(MAX_ENTERED + 1)]
    assert [codes.has_entered(one) for one in (*cookies[:2], cookies[-1])] == [False, True, True]
    codes.now_s += COOKIE_VALID_S + 1
    assert not codes.has_entered(cookies[-1])


def client(codes, host, base=""):
    """A browser at this host, of a studio that serves one page and one socket."""

    async def page(request):
        return PlainTextResponse("the studio")

    async def talk(socket):
        await socket.accept()
        await socket.close()

    routes = [Route(f"{base}/{name}", page, methods=["GET", "PUT"]) for name in ("", "media/a")]
    routes.append(WebSocketRoute(f"{base}/stream", talk))
    app = Starlette(routes=routes, middleware=[Middleware(EntryMiddleware, codes=codes, base=base)])
    return TestClient(app, "https://studio.test", client=(host, 1), follow_redirects=False)


@pytest.mark.parametrize("base", ["", "/class"])
def test_another_device_enters_with_the_code_alone(codes, base):
    phone, stream = client(codes, PHONE, base), f"wss://studio.test{base}/stream"
    for method, path in (("GET", "/"), ("PUT", "/"), ("GET", "/media/a"), ("PUT", "/media/a")):
        answer = phone.request(method, base + path)
        assert answer.status_code == 403 and "Scan the code" in answer.text
        assert "the studio" not in answer.text
    with pytest.raises(WebSocketDisconnect), phone.websocket_connect(stream):
        pass
    code = codes.current()
    assert phone.get(f"{base}/media/a?code={code}").status_code == 403  # only the first page
    assert phone.request("PUT", f"{base}/?code={code}").status_code == 403
    answer = phone.get(f"{base}/?code={code}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{base}/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=") and answer.headers["cache-control"] == "no-store"
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= parts
    assert phone.get(f"{base}/").text == phone.get(f"{base}/media/a").text == "the studio"
    with phone.websocket_connect(stream):
        pass


def test_who_is_in_uses_no_code_up_and_loses_it_from_the_address(codes):
    phone = client(codes, PHONE)
    phone.get(f"/?code={codes.current()}")
    code = codes.current()
    answer = phone.get(f"/?code={code}")
    assert answer.status_code == 303 and "set-cookie" not in answer.headers
    assert codes.current() == code


def test_this_machine_needs_no_code_and_no_header_makes_another_one_this(codes):
    for host in ("127.0.0.1", "127.3.2.1", "::1"):
        assert client(codes, host).get("/").text == "the studio"
    for host in ("192.168.1.7", "testclient", "", "::ffff:192.168.1.7", "fe80::1"):
        phone = client(codes, host)
        headers = {"X-Forwarded-For": "127.0.0.1", "Host": "localhost", "X-Real-IP": "127.0.0.1"}
        assert phone.get("/", headers=headers).status_code == 403


def test_a_made_up_cookie_is_refused_and_guessing_is_answered_429(codes):
    phone = client(codes, PHONE)
    for cookie in ("made-up", codes.current(), ""):
        assert phone.get("/", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 403
    statuses = [phone.get("/?code=wrong").status_code for _ in range(MAX_WRONG)]
    assert statuses == [403] * (MAX_WRONG - 1) + [429]
    assert phone.get(f"/?code={codes.current()}").status_code == 429
    assert "set-cookie" in client(codes, OTHER).get(f"/?code={codes.current()}").headers
