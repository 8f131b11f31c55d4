"""How other devices enter a studio that runs with --lan: a one-time code, which a QR code carries,
is exchanged for a cookie. This machine needs none."""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.admin.web_access import POLICY_VIOLATION
from core.live.channel import GUEST

PARAMETER = "code"
COOKIE = "__Host-mudra-entry"  # browsers accept this prefix only with Secure, "/" and no domain
CODE_VALID_S, CODE_SHOWN_S = 600.0, 300.0  # a code that is shown can be used for 5 minutes more
COOKIE_VALID_S = 12 * 3600
MAX_ENTERED = 64  # devices; the one that entered first is forgotten
MAX_WRONG, WRONG_WITHIN_S = 5, 60.0  # wrong codes of one address
_CODE_BYTES, _COOKIE_BYTES = 16, 32
_MAX_ADDRESSES = 1024

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mudra</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: auto;
  padding: 3rem 1rem">
<h1 style="font-size: 1.5rem">✋ Scan the code to enter</h1>
<p>{problem}On the computer that runs Mudra, open <b>Studio</b>, press <b>📱 Use your phone</b> and
scan the QR code with this device's camera.</p>
"""
_USED = "This code is not valid any more: each is for one device and for ten minutes. "
_TOO_MANY = "Too many wrong codes: wait a minute. "


class EntryCodes:
    """The unused codes, and the cookies of the devices that entered. Any thread may call it.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._codes: OrderedDict[str, float] = OrderedDict()  # when each was made
        self._cookies: OrderedDict[str, float] = OrderedDict()  # when each was given
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()  # times, by address

    def current(self) -> str:
        """Return an unused code that is valid for at least five minutes more."""
        with self._lock:
            now = self._clock()
            _drop_older(self._codes, now - CODE_VALID_S)
            newest = next(reversed(self._codes), None)
            if newest is None or now - self._codes[newest] > CODE_VALID_S - CODE_SHOWN_S:
                newest = secrets.token_urlsafe(_CODE_BYTES)
                self._codes[newest] = now
            return newest

    def exchange(self, code: str, address: str) -> str:
        """Use a code up and return the cookie for it; "" if it is wrong, used or too old, or if
        the address is blocked."""
        with self._lock:
            now = self._clock()
            _drop_older(self._codes, now - CODE_VALID_S)
            if self._is_blocked(address):
                return ""
            found = _find_equal(code, self._codes)
            if not found:
                self._wrong.setdefault(address, []).append(now)
                self._wrong.move_to_end(address)
                _keep_newest(self._wrong, _MAX_ADDRESSES)
                return ""
            del self._codes[found]
            cookie = secrets.token_urlsafe(_COOKIE_BYTES)
            self._cookies[cookie] = now
            _keep_newest(self._cookies, MAX_ENTERED)
            return cookie

    def is_blocked(self, address: str) -> bool:
        """Return whether an address sent too many wrong codes within the last minute."""
        with self._lock:
            return self._is_blocked(address)

    def _is_blocked(self, address: str) -> bool:
        since = self._clock() - WRONG_WITHIN_S
        recent = [one for one in self._wrong.pop(address, []) if one > since]
        if recent:
            self._wrong[address] = recent
        return len(recent) >= MAX_WRONG

    def has_entered(self, cookie: str) -> bool:
        """Return whether a cookie was given for a code within the last 12 hours."""
        with self._lock:
            _drop_older(self._cookies, self._clock() - COOKIE_VALID_S)
            return bool(_find_equal(cookie, self._cookies))


def _drop_older(times: OrderedDict[str, float], since: float) -> None:
    """Drop the entries that were made before; they are in the order of their times."""
    while times and next(iter(times.values())) < since:
        times.popitem(last=False)


def _keep_newest(entries: OrderedDict[str, Any], limit: int) -> None:
    while len(entries) > limit:
        entries.popitem(last=False)


def _find_equal(given: str, secret_texts: Iterable[str]) -> str:
    """Return the equal secret, else ""; the time tells nothing about how much is equal."""
    text = given.encode("utf-8", "replace")
    equal = [one for one in secret_texts if hmac.compare_digest(one.encode(), text)]
    return equal[0] if equal else ""


class EntryMiddleware:
    """Rejects requests of other devices that have not entered, and exchanges codes for cookies.

    Args:
        app: receives the other requests.
        codes: shared with the pages that show them.
        base: URL path below which the studio is served; "" for none.
    """

    def __init__(self, app: ASGIApp, codes: EntryCodes, base: str) -> None:
        self._app, self._codes, self._base = app, codes, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        app = self._app
        if scope["type"] in ("http", "websocket"):
            app = self._choose_response(HTTPConnection(scope)) or app
        await app(scope, receive, send)

    def _choose_response(self, connection: HTTPConnection) -> ASGIApp | None:
        """Return the response to a code or a device that has not entered; None: let it pass, as
        guests of a class."""
        if GUEST in connection.scope:
            return None
        is_in = _is_this_machine(connection)
        is_in = is_in or self._codes.has_entered(connection.cookies.get(COOKIE, ""))
        scope = connection.scope
        if scope["type"] == "websocket":
            return None if is_in else WebSocketClose(POLICY_VIOLATION)
        code = connection.query_params.get(PARAMETER, "")
        if code and scope["method"] == "GET" and scope["path"] in (self._base, f"{self._base}/"):
            return self._leave_code(code, connection, is_in=is_in)
        return None if is_in else _respond_with_entry_page("")

    def _leave_code(self, code: str, connection: HTTPConnection, *, is_in: bool) -> Response:
        """Redirect to the address without the code, with the cookie for it; a device that has
        entered uses no code up."""
        response = RedirectResponse(f"{self._base}/", 303, {"Cache-Control": "no-store"})
        if is_in:
            return response
        address = connection.client.host if connection.client else ""
        cookie = self._codes.exchange(code, address)
        if not cookie:
            is_blocked = self._codes.is_blocked(address)
            return (
                _respond_with_entry_page(_TOO_MANY, 429)
                if is_blocked
                else _respond_with_entry_page(_USED)
            )
        response.set_cookie(
            COOKIE, cookie, COOKIE_VALID_S, secure=True, httponly=True, samesite="strict"
        )
        return response


def _is_this_machine(connection: HTTPConnection) -> bool:
    """Return whether a connection comes from this machine's loopback address."""
    try:
        return connection.client is not None and ip_address(connection.client.host).is_loopback
    except ValueError:
        return False


def _respond_with_entry_page(problem: str, status: int = 403) -> Response:
    """Return the page that says how to enter."""
    return HTMLResponse(_PAGE.format(problem=problem), status, {"Cache-Control": "no-store"})
