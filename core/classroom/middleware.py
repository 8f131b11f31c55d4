"""The way of guests to their one page: below /join, and only with a link's cookie.

The link's secret is exchanged for the cookie, which browsers send below /join alone: the same
browser can use the studio beside it. What a guest may request is listed here; everything else is
rejected.
"""

import asyncio
import re
from collections import OrderedDict, defaultdict
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.admin.web_access import (
    JOIN,
    MAX_SESSIONS,
    POLICY_VIOLATION,
    READING_METHODS,
    STREAM,
    add_newest,
    drop_foreign_session,
    find_sessions,
)
from core.classroom.invitations import UNKNOWN, Guest, Invitations
from core.errors import AccessError
from core.live.channel import CLOSE_OVER, GUEST, OWNER, PATH

PARAMETER = "invite"
COOKIE, COOKIE_VALID_S = "mudra-guest", 24 * 3600
GUEST_HEADER = "x-mudra-guest"  # tells the page's script the guest's key; never a client's own
CHECKED_S = 1.0  # an open connection ends so long after its right, at most
_CHANNEL = f"/{PATH}"
_FILES = re.compile(
    r"/((static|component|_stcore/bidi-components)/.+|favicon\.png|manifest\.json"
    r"|_stcore/(health|host-config))?"
)
# fields of Streamlit's BackMsg: stop_script, rerun_script, app_heartbeat. Others ask for uploads,
# or clear what all visitors share
_STREAM_MESSAGES = {7, 11, 17}
_ONE_PAGE = "This link opens one page and nothing else."
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Mudra</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: auto;
  padding: 3rem 1rem">
<h1 style="font-size: 1.5rem">✋ Mudra</h1>
<p>{text}</p>
"""
# a redirect would carry no cookie on if a page of another site, like a chat, has the link
_ENTERED = '<!doctype html><meta http-equiv="refresh" content="0;url={url}"><title>Mudra</title>'


class GuestMiddleware:
    """Exchanges links for cookies, serves guests their page, and closes what outlives their right.

    Args:
        app: receives all other requests, and those of guests with the path of their page.
        invitations: shared with the pages that make them.
        base: URL path below which the studio is served; "" for none.
    """

    def __init__(self, app: ASGIApp, invitations: Invitations, base: str) -> None:
        self._app, self._invitations = app, invitations
        self._base, self._root = base, f"{base}{JOIN}/"
        self._sessions: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        del MutableHeaders(scope=scope)[GUEST_HEADER]
        if not f"{scope['path']}/".startswith(self._root):
            return await self._app(scope, receive, send)
        guest = self._invitations.find(HTTPConnection(scope).cookies.get(COOKIE, ""))
        if scope["type"] == "http":
            return await self._serve_request(guest, scope, receive, send)
        return await self._serve_socket(guest, scope, receive, send)

    async def _serve_request(
        self, guest: Guest | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a file of the guest's page, or respond to a link or a wrong request."""
        connection, path = HTTPConnection(scope), scope["path"].removeprefix(self._root[:-1])
        response: ASGIApp
        if (secret := connection.query_params.get(PARAMETER)) and path in ("", "/"):
            response = self._exchange_secret(secret, connection)
        elif guest is None or guest.invitation.problem:
            response = _respond_in_words(guest.invitation.problem if guest else UNKNOWN)
        elif path == "":
            response = RedirectResponse(self._root)
        elif scope["method"] not in READING_METHODS or not _FILES.fullmatch(path):
            response = _respond_in_words(_ONE_PAGE)
        else:
            response, scope = self._app, self._to_page_scope(guest, scope)
        await response(scope, receive, send)

    def _exchange_secret(self, secret: str, connection: HTTPConnection) -> Response:
        """Respond to a link: its cookie and the way to the page, or why it isn't valid."""
        try:
            cookie = self._invitations.join(secret, connection.cookies.get(COOKIE, ""))
        except AccessError as error:
            return _respond_in_words(str(error))
        response = HTMLResponse(_ENTERED.format(url=self._root))
        response.headers["Cache-Control"] = "no-store"
        # a proxy says that browsers use HTTPS; who claims it wrongly only gets no cookie
        proxied = connection.headers.get("x-forwarded-proto") == "https"
        response.set_cookie(
            COOKIE,
            cookie,
            COOKIE_VALID_S,
            path=self._root[:-1],
            secure=proxied or connection.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    def _to_page_scope(self, guest: Guest, scope: Scope) -> Scope:
        """Return a guest's request as one to the studio's root, with the guest."""
        path = f"{self._base}/{scope['path'].removeprefix(self._root)}"
        owner = f"guest {guest.key}"
        new = {**scope, "path": path, "raw_path": path.encode(), GUEST: guest, OWNER: owner}
        new["headers"] = [*scope["headers"], (GUEST_HEADER.encode(), guest.key.encode())]
        return new

    async def _serve_socket(
        self, guest: Guest | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve Streamlit's stream or the live channel until the guest's right ends."""
        path = scope["path"].removeprefix(self._root[:-1])
        if path not in (STREAM, _CHANNEL):
            await WebSocketClose(POLICY_VIOLATION)(scope, receive, send)
        elif guest is None or guest.invitation.problem:
            await receive()
            await send({"type": "websocket.accept"})  # else the browser gets no code
            await send({"type": "websocket.close", "code": CLOSE_OVER})
        else:
            new = self._to_page_scope(guest, scope)
            if path == STREAM:
                send = self._remember_sessions(guest, new, send)
            socket = _SocketOfGuest(guest, receive, send, is_stream=path == STREAM)
            await self._app(new, socket.receive, socket.send)

    def _remember_sessions(self, guest: Guest, scope: Scope, send: Send) -> Send:
        """Take another visitor's session from a guest's request; wrap `send` to remember the ones
        that are sent to the guest."""
        known = self._sessions[guest.key]
        drop_foreign_session(scope, known)

        async def send_and_remember(message: Message) -> None:
            """Remember the sessions in a message, then send it."""
            add_newest(known, find_sessions(message), MAX_SESSIONS)
            await send(message)

        return send_and_remember


class _SocketOfGuest:
    """A guest's open connection; it is closed once the right has ended.

    Args:
        is_stream: whether it is Streamlit's, of whose messages a guest may send some.
    """

    def __init__(self, guest: Guest, receive: Receive, send: Send, *, is_stream: bool) -> None:
        self._guest, self._receive_any, self._send_any = guest, receive, send
        self._is_stream, self._is_closed = is_stream, False

    async def receive(self) -> Message:
        """Receive the next message that a guest may send; a disconnect once the right has ended."""
        while True:
            message = await self._receive_while_valid()
            content = message.get("bytes") or b""
            if not self._is_stream or list_field_numbers(content) <= _STREAM_MESSAGES:
                return message

    async def _receive_while_valid(self) -> Message:
        receiving = asyncio.ensure_future(self._receive_any())
        try:
            while not self._guest.invitation.problem:
                done, _ = await asyncio.wait({receiving}, timeout=CHECKED_S)
                if done:
                    return receiving.result()
        finally:
            receiving.cancel()
        await self.send({"type": "websocket.close", "code": CLOSE_OVER})
        return {"type": "websocket.disconnect", "code": CLOSE_OVER}

    async def send(self, message: Message) -> None:
        """Send a message, unless the connection is closed."""
        if self._is_closed:
            return
        self._is_closed = message["type"] == "websocket.close"
        await self._send_any(message)


def list_field_numbers(content: bytes) -> set[int]:
    """Return the numbers of the top-level fields of a protobuf message; {0} if it is damaged."""
    numbers, at = set(), 0
    while at < len(content):
        tag, at = _read_varint(content, at)
        numbers.add(tag >> 3)
        length, at = _read_varint(content, at) if tag & 7 in (0, 2) else (0, at)
        at += {0: 0, 1: 8, 2: length, 5: 4}.get(tag & 7, len(content))
    return numbers if at == len(content) else {0}


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the variable-length integer at an index, and the index after it."""
    value = shift = 0
    while at < len(content) and shift < 64:
        value |= (content[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if content[at - 1] < 128:
            return value, at
    return value, len(content) + 1


def _respond_in_words(text: str) -> Response:
    """Return a page with this text alone."""
    content = _PAGE.format(text=escape(text))
    return HTMLResponse(content, 403, {"Cache-Control": "no-store"})
