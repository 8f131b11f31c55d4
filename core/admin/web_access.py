"""ASGI middleware: which requests reach the studio, and the security headers of every response.

Without a login whoever reaches the port may ask for anything. With one, a request that proves no
owner gets the page's frame, its assets, the health check, Streamlit's stream (which shows the log
in button) and the routes of the login. Uploads, media and a session to go on with are for the owner
alone whose stream named them.
"""

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.live.browser_channel import OWNER

STREAM, UPLOADS, MEDIA = "/_stcore/stream", "/_stcore/upload_file/", "/media/"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}
POLICY_VIOLATION = 1008  # a WebSocket's reason
MAX_ADDRESSES, MAX_SESSIONS = 4096, 64  # per owner; the oldest are forgotten

_READING = ("GET", "HEAD", "OPTIONS")
_OPEN = re.compile(r"/_stcore/(health|host-config|stream|bidi-components/.+)")
_GUARDED = re.compile(r"/(_stcore|media|mudra|app)(/|$)")
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"(/media/[0-9a-f]{{32}}|/_stcore/upload_file/{_UUID}/{_UUID})")
_ADDRESS_BYTES = re.compile(_ADDRESS.pattern.encode())
_SESSION_BYTES = re.compile(rf"\$({_UUID})".encode())  # protobuf writes a text's length before it
_LOCAL = re.compile(r"(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class AccessPolicy:
    """What the middleware lets through.

    Attributes:
        has_login: whether people log in.
        identify: the owner that a request proves; "" for nobody.
        base: the path that the studio lies below, e.g. "/class"; "" for none.
        hosts: names in Host beside this machine's own, "*.example.org" for all below one;
            None: any.
        origins: of other pages that may connect, e.g. "https://mudra.example.org".
    """

    has_login: bool = False
    identify: Callable[[HTTPConnection], str] = lambda connection: ""
    base: str = ""
    hosts: frozenset[str] | None = None
    origins: frozenset[str] = field(default_factory=frozenset)


class AccessMiddleware:
    """Refuses what the policy doesn't let through, and adds the security headers."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        self._app, self._policy = app, policy
        self._addresses: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._sessions: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        owner = self._policy.identify(connection) if self._policy.has_login else ""
        scope[OWNER] = owner
        path = scope["path"].removeprefix(self._policy.base)
        app = self._refuse(connection, owner, path) or self._app
        if scope["type"] == "http":
            await app(scope, receive, _add_headers(send, is_media=path.startswith(MEDIA)))
        else:
            if self._policy.has_login and path == STREAM:
                self._drop_foreign_session(scope, owner)
            await app(scope, receive, self._note_addresses(send, owner, path))

    def _refuse(self, connection: HTTPConnection, owner: str, path: str) -> ASGIApp | None:
        """The refusal to answer with, None where the request may pass."""
        host = connection.headers.get("host", "")
        is_socket = connection.scope["type"] == "websocket"
        is_reading = not is_socket and connection.scope["method"] in _READING
        if not owner and not self._is_own_host(host):
            text = (
                f"This studio has no address “{host[:100]}”. If it should have, add that to "
                "server.allowedHosts in .streamlit/config.toml and start it again."
            )
            status = 421
        elif not is_reading and self._is_foreign_page(connection.headers, host):
            status, text = 403, "A page of another address may not use this studio."
        elif (
            self._policy.has_login and not owner and not self._is_open(path, is_reading, is_socket)
        ):
            status, text = 401, "Nobody is logged in: log in, then reload the page."
        elif self._policy.has_login and not self._is_own_address(owner, path):
            status, text = 403, "This address was given to somebody else: reload the page."
        else:
            return None
        return WebSocketClose(POLICY_VIOLATION) if is_socket else PlainTextResponse(text, status)

    def _is_own_host(self, host: str) -> bool:
        if self._policy.hosts is None or _LOCAL.fullmatch(host):
            return True
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        name = name.lower().rstrip(".")
        return any(
            allowed in ("*", name) or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self._policy.hosts
        )

    def _is_foreign_page(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None or origin in self._policy.origins:  # programs send none
            return False
        try:
            return urlsplit(origin).netloc.lower() != host.lower()
        except ValueError:
            return True

    def _is_open(self, path: str, is_reading: bool, is_socket: bool) -> bool:
        """Whether a path needs no login."""
        if is_socket:
            return path == STREAM
        return is_reading and bool(_OPEN.fullmatch(path) or not _GUARDED.match(path))

    def _is_own_address(self, owner: str, path: str) -> bool:
        if not path.startswith((MEDIA, UPLOADS)):
            return True
        found = _ADDRESS.match(path)
        return found is not None and found[0] in self._addresses[owner]

    def _note_addresses(self, send: Send, owner: str, path: str) -> Send:
        """Remember the uploads and media that an owner's stream names."""
        if not owner or path != STREAM:
            return send

        async def send_noted(message: Message) -> None:
            content = message.get("bytes") or b""
            _remember(self._addresses[owner], _ADDRESS_BYTES.findall(content), MAX_ADDRESSES)
            _remember(self._sessions[owner], _SESSION_BYTES.findall(content), MAX_SESSIONS)
            await send(message)

        return send_noted

    def _drop_foreign_session(self, scope: Scope, owner: str) -> None:
        """A page that lost its connection names its session, third among the subprotocols: another
        owner's is taken out, and Streamlit begins a new one."""
        headers = MutableHeaders(scope=scope)
        parts = headers.get("sec-websocket-protocol", "").split(",")
        if len(parts) > 2 and parts[2].strip() not in self._sessions[owner]:
            headers["sec-websocket-protocol"] = ",".join(parts[:2])


def _remember(known: OrderedDict[str, None], found: list[bytes], limit: int) -> None:
    for one in found:
        known[one.decode()] = None
        known.move_to_end(one.decode())
    while len(known) > limit:
        known.popitem(last=False)


def _add_headers(send: Send, *, is_media: bool) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if is_media:
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return send_with_headers
