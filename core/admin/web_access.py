"""ASGI middleware: which requests reach the studio, how much memory uploads may take, and the
security headers of every response.

Without a login every request is allowed. With one, a request without an owner gets only the page's
frame, its assets, the health check, Streamlit's stream (which shows the log in button) and the
routes of the login. Uploads, media and sessions belong to the owner whose stream named them.
"""

import os
import re
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.errors import AccessError
from core.live.channel import OWNER

STREAM, UPLOADS, MEDIA = "/_stcore/stream", "/_stcore/upload_file/", "/media/"
JOIN = "/join"  # the page of guests, and all that it requests; `GuestMiddleware` checks them
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}
POLICY_VIOLATION = 1008  # a WebSocket's reason
MAX_ADDRESSES, MAX_SESSIONS = 4096, 64  # per owner; the oldest are forgotten
MAX_PAGE_MB = 1024
SESSION_KEPT_S = 120.0  # Streamlit goes on with a session if its page connects again within this
UPLOADS_MB = "MUDRA_UPLOADS_MB"
_DEFAULT_UPLOADS_MB = 2048

READING_METHODS = ("GET", "HEAD", "OPTIONS")
_PUBLIC = re.compile(r"/_stcore/(health|host-config|stream|bidi-components/.+)")
_GUARDED = re.compile(r"/(_stcore|media|mudra|app)(/|$)")
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"(/media/[0-9a-f]{{32}}|/_stcore/upload_file/{_UUID}/{_UUID})")
_ADDRESS_BYTES = re.compile(_ADDRESS.pattern.encode())
_SESSION_BYTES = re.compile(rf"\$({_UUID})".encode())  # protobuf writes a text's length before it
_LOCAL = re.compile(r"(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class AccessPolicy:
    """Which requests the middleware allows."""

    has_login: bool = False  # whether people log in
    # returns the owner of a request; "" for none
    identify: Callable[[HTTPConnection], str] = lambda connection: ""
    # whether a proxy passed a request on that checks Host itself
    is_from_proxy: Callable[[HTTPConnection], bool] = lambda connection: False
    base: str = ""  # URL path below which the studio is served, e.g. "/class"; "" for none.
    # allowed names in Host besides this machine's own, "*.example.org" for all below one; None: any
    hosts: frozenset[str] | None = None
    # other web origins that may connect, e.g. "https://mudra.example.org".
    origins: frozenset[str] = field(default_factory=frozenset)


class AccessMiddleware:
    """Rejects requests that the policy does not allow, and adds the security headers."""

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
        app = self._choose_rejection(connection, owner, path) or self._app
        if scope["type"] == "http":
            await app(scope, receive, _wrap_with_headers(send, is_media=path.startswith(MEDIA)))
        else:
            if self._policy.has_login and path == STREAM:
                drop_foreign_session(scope, self._sessions[owner])
            await app(scope, receive, self._remember_addresses(send, owner, path))

    def _choose_rejection(
        self, connection: HTTPConnection, owner: str, path: str
    ) -> ASGIApp | None:
        """Return the response that rejects a request; None if the request is allowed."""
        host = connection.headers.get("host", "")
        is_socket = connection.scope["type"] == "websocket"
        is_reading = not is_socket and connection.scope["method"] in READING_METHODS
        is_known = bool(owner) or self._policy.is_from_proxy(connection)
        if not is_known and not self._is_own_host(host):
            text = (
                f"This studio has no address “{host[:100]}”. If it should have, add that to "
                "server.allowedHosts in .streamlit/config.toml and start it again."
            )
            status = 421
        elif not is_reading and self._is_cross_origin(connection.headers, host):
            status, text = 403, "Pages of other addresses may not use this studio."
        elif (
            self._policy.has_login
            and not owner
            and not self._is_public(path, is_reading, is_socket)
        ):
            status, text = 401, "You are not logged in: log in, then reload the page."
        elif self._policy.has_login and not self._is_own_address(owner, path):
            status, text = 403, "This address belongs to another visitor: reload the page."
        else:
            return None
        return WebSocketClose(POLICY_VIOLATION) if is_socket else PlainTextResponse(text, status)

    def _is_own_host(self, host: str) -> bool:
        """Return whether the Host header names this machine or an allowed host."""
        if self._policy.hosts is None or _LOCAL.fullmatch(host):
            return True
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        name = name.lower().rstrip(".")
        return any(
            allowed in ("*", name) or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self._policy.hosts
        )

    def _is_cross_origin(self, headers: Headers, host: str) -> bool:
        """Return whether the request's Origin is neither the studio nor an allowed origin."""
        origin = headers.get("origin")
        if origin is None or origin in self._policy.origins:  # programs send none
            return False
        try:
            return urlsplit(origin).netloc.lower() != host.lower()
        except ValueError:
            return True

    def _is_public(self, path: str, is_reading: bool, is_socket: bool) -> bool:
        """Return whether a path needs no login: the stream's socket, the page's static files, or
        what guests request."""
        if f"{path}/".startswith(f"{JOIN}/"):
            return True
        if is_socket:
            return path == STREAM
        return is_reading and bool(_PUBLIC.fullmatch(path) or not _GUARDED.match(path))

    def _is_own_address(self, owner: str, path: str) -> bool:
        """Return whether an upload or media path was sent to this owner; True for other paths."""
        if not path.startswith((MEDIA, UPLOADS)):
            return True
        found = _ADDRESS.match(path)
        return found is not None and found[0] in self._addresses[owner]

    def _remember_addresses(self, send: Send, owner: str, path: str) -> Send:
        """Wrap `send` to remember the addresses that the server sends in an owner's stream."""
        if not owner or path != STREAM:
            return send

        async def send_and_remember(message: Message) -> None:
            """Remember the addresses and sessions in a message to the owner, then send it."""
            content = message.get("bytes") or b""
            add_newest(self._addresses[owner], _ADDRESS_BYTES.findall(content), MAX_ADDRESSES)
            add_newest(self._sessions[owner], find_sessions(message), MAX_SESSIONS)
            await send(message)

        return send_and_remember


def drop_foreign_session(scope: Scope, known: Container[str]) -> None:
    """Remove a session id that isn't among the visitor's own from a page's reconnect request, so
    that Streamlit creates a new session."""
    headers = MutableHeaders(scope=scope)
    parts = headers.get("sec-websocket-protocol", "").split(",")
    if len(parts) > 2 and parts[2].strip() not in known:
        headers["sec-websocket-protocol"] = ",".join(parts[:2])


def find_sessions(message: Message) -> list[bytes]:
    """Return the ids in a message of the stream among which is its session's."""
    return _SESSION_BYTES.findall(message.get("bytes") or b"")


def add_newest(known: OrderedDict[str, None], names: list[bytes], limit: int) -> None:
    """Add names as the newest, and drop the oldest names beyond the limit."""
    for one in names:
        known[one.decode()] = None
        known.move_to_end(one.decode())
    while len(known) > limit:
        known.popitem(last=False)


def _wrap_with_headers(send: Send, *, is_media: bool) -> Send:
    """Wrap `send` to add the security headers, and no-store for media."""

    async def send_with_headers(message: Message) -> None:
        """Add the security headers to the start of a response, then send it."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if is_media:
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return send_with_headers


def read_uploads_mb(environ: Mapping[str, str] = os.environ) -> int:
    """Read the total upload limit of all pages, MB; raise AccessError if it isn't a number."""
    value = environ.get(UPLOADS_MB) or str(_DEFAULT_UPLOADS_MB)
    if not value.isdecimal():
        raise AccessError(f"{UPLOADS_MB} is “{value}”: give megabytes, like {_DEFAULT_UPLOADS_MB}")
    return int(value)


class UploadLimitMiddleware:
    """Rejects an upload that would exceed the memory limits, before it is received.

    Streamlit holds a file until its page removes it or the page's session has ended.

    Args:
        app: receives the upload.
        base: URL path below which the studio is served; "" for none.
        total_mb: limit for all pages together.
        clock: returns seconds.
    """

    def __init__(
        self, app: ASGIApp, base: str, total_mb: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._base, self._total_mb, self._clock = app, base, total_mb, clock
        self._files: dict[str, dict[str, int]] = defaultdict(dict)  # bytes by session and path
        self._receiving: Counter[str] = Counter()  # bytes by session
        self._connections: Counter[str] = Counter()  # by session
        self._closed_s: dict[str, float] = {}  # sessions without a connection, since when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        path, session = scope.get("path", "").removeprefix(self._base), ""
        if path.startswith(UPLOADS):
            session = path.removeprefix(UPLOADS).partition("/")[0]
        if scope["type"] == "websocket" and path == STREAM:
            await self._follow_page(scope, receive, send)
        elif scope["type"] == "http" and session and scope["method"] == "PUT":
            await self._receive_file(session, scope, receive, send)
        elif scope["type"] == "http" and session and scope["method"] == "DELETE":
            if await self._serve_request(scope, receive, send):
                self._files.get(session, {}).pop(scope["path"], None)
        else:
            await self._app(scope, receive, send)

    async def _receive_file(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a file if there is room for it."""
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            await PlainTextResponse("Content-Length is missing.", 411)(scope, receive, send)
        elif problem := self._describe_exceeded_limit(session, int(length)):
            await PlainTextResponse(problem, 413)(scope, receive, send)
        else:
            self._receiving[session] += int(length)
            try:
                if await self._serve_request(scope, receive, send):
                    self._files[session][scope["path"]] = int(length)
            finally:
                self._receiving[session] -= int(length)
                self._receiving += Counter()  # drops sessions at zero

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve a request; return whether it succeeded."""
        statuses: list[int] = []

        async def send_and_note(message: Message) -> None:
            """Note the status of the response, then send it."""
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await self._app(scope, receive, send_and_note)
        return any(200 <= status < 300 for status in statuses)

    async def _follow_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page's connection; until it ends, the files of its session stay."""
        own: set[str] = set()

        async def send_and_note(message: Message) -> None:
            """Note the session, which one of the first messages names, then send the message."""
            if not own:
                own.update(one.decode() for one in find_sessions(message))
                self._connections.update(own)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._connections.subtract(own)
            self._closed_s |= dict.fromkeys(own, self._clock())
            self._forget_ended_sessions()

    def _forget_ended_sessions(self) -> None:
        """Forget the files of sessions that Streamlit keeps no longer."""
        for session, closed_s in list(self._closed_s.items()):
            if self._connections[session] > 0:
                del self._closed_s[session]
            elif self._clock() - closed_s > SESSION_KEPT_S:
                del self._closed_s[session], self._connections[session]
                self._files.pop(session, None)

    def _describe_exceeded_limit(self, session: str, length: int) -> str:
        """Return the error message if an upload of `length` bytes exceeds a limit; otherwise ""."""
        self._forget_ended_sessions()
        held = Counter({one: sum(files.values()) for one, files in self._files.items()})
        held.update(self._receiving)
        if held[session] + length > MAX_PAGE_MB * 2**20:
            return (
                f"The files of one page may have {MAX_PAGE_MB} MB together: remove some, or reload "
                "the page."
            )
        if held.total() + length > self._total_mb * 2**20:
            return (
                f"The files of all visitors have {self._total_mb} MB together: try again when "
                "others have closed their pages."
            )
        return ""
