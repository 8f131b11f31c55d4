"""A WebSocket server on this machine that sends gestures and 3-D hands, one JSON document per
message.

A client needs the token (in the address: `?token=…`) and, if it is a web page, an allowed origin.
Browsers let every visited page connect to this machine and always send the page's origin, so other
origins are rejected even with the token; programs send no origin and need only the token. "null",
the origin of a file opened from disk, is also that of every sandboxed page, and is rejected.

Clients only receive: one that sends anything is closed, as is one that does not keep up.
"""

import asyncio
import hmac
import logging
import re
import secrets
import socket
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from core.actions.changes import Change
from core.actions.hands import HandInSpace
from core.errors import ActionError
from core.words import words

log = logging.getLogger(__name__)
log.setLevel(logging.CRITICAL)  # untrusted broken handshakes are not worth a line each

LOCAL, PORT = "127.0.0.1", 8765
_MAX_MESSAGE_BYTES = 1024  # from a client; none is expected
_MAX_BYTES_PER_SECOND = 32 * 1024  # from a client; answers to pings cost memory
_CLOSE_S = 0.3
_SEND_BUFFER_BYTES = 16 * 1024  # in the kernel, for a client that does not read
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


@dataclass(frozen=True)
class ClientLimits:
    """Limits for clients."""

    clients: int = 8  # maximum number at once
    waiting: int = 32  # maximum number of queued messages; a client with more is disconnected
    ping_s: float = 10.0  # interval of pings, and timeout of their answers
    open_s: float = 3.0  # timeout of the handshake


def new_token() -> str:
    """Return 192 random bits as URL-safe text."""
    return secrets.token_urlsafe(24)


def parse_origins(text: str) -> tuple[str, ...]:
    """Parse web origins separated by spaces or commas; raise ActionError for anything else."""
    origins = tuple(part.rstrip("/").lower() for part in re.split(r"[\s,]+", text) if part)
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ActionError(
                words(
                    "“{origin}” is not a web origin: write it like {example}, without a path",
                    origin=origin,
                    example="http://localhost:5500",
                )
            )
    return origins


def page_origin(url: str | None) -> tuple[str, ...]:
    """Return the web origin of a page's URL as a tuple, empty if the URL has no origin."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ()
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return (origin,) if _ORIGIN.fullmatch(origin) else ()


class WebSocketOut:
    """Sends changes to every accepted client; its `port` is the actual one if 0 was given. Raise
    ActionError if the port is in use or the token is too short."""

    def __init__(
        self,
        token: str,
        port: int = PORT,
        origins: tuple[str, ...] = (),
        *,
        limits: ClientLimits | None = None,
    ) -> None:
        if len(token) < 16:
            raise ActionError(
                words("a token of {n} characters can be guessed: use 16 or more", n=len(token))
            )
        self._token, self._origins, self._limits = token.encode(), origins, limits or ClientLimits()
        self._queues: dict[ServerConnection, asyncio.Queue[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._ready = threading.Event()
        self._socket = _bind_tcp_socket(port)
        self.port = int(self._socket.getsockname()[1])
        self.error = ""
        self._thread = threading.Thread(
            target=self._run_server, name="mudra-websocket", daemon=True
        )
        self._thread.start()
        self._ready.wait(5)

    @property
    def address(self) -> str:
        """The URL that clients connect to, including the token."""
        return f"ws://{LOCAL}:{self.port}/?token={self._token.decode()}"

    @property
    def clients(self) -> int:
        """Number of connected clients."""
        return len(self._queues)

    def send(self, change: Change) -> None:
        """Queue a change for every client, without blocking."""
        self._call_in_loop(self._queue_line, change.json_line)

    def send_hand(self, hand: HandInSpace) -> None:
        """Queue a hand for each client with a queue less than half full, without blocking."""
        if self._queues:
            self._call_in_loop(self._queue_line, hand.json_line, self._limits.waiting // 2)

    def close(self, *, wait: bool = False) -> None:
        """Disconnect the clients and release the port. If `wait`, block until that is done. Safe to
        call more than once."""
        if self._closing is not None:
            self._call_in_loop(self._closing.set)
        if wait:
            self._thread.join(3)

    def _call_in_loop(self, function: Any, *values: Any) -> None:
        """Schedule a call in the server's event loop; do nothing if the server has ended."""
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *values)
        except RuntimeError:  # the loop has ended
            pass

    def _run_server(self) -> None:
        """Run the server until it is closed, in its own thread; a failure is stored in `error`."""
        try:
            asyncio.run(self._serve_until_closed())
        except Exception as error:  # else the thread would end silently
            self.error = words(
                "WebSocket: the server ended ({error}): switch it off and on again",
                error=repr(error),
            )
        finally:
            self._socket.close()
            self._ready.set()

    async def _serve_until_closed(self) -> None:
        """Serve clients with the limits on size, rate and time, until `close`."""
        limits = self._limits
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            self._serve_client,
            sock=self._socket,
            process_request=self._check_request,
            origins=[None, *self._origins],  # type: ignore[list-item]
            create_connection=_limit_connections(4 * limits.clients),
            compression=None,
            max_size=_MAX_MESSAGE_BYTES,
            max_queue=1,
            open_timeout=limits.open_s,
            close_timeout=_CLOSE_S,
            ping_interval=limits.ping_s,
            ping_timeout=limits.ping_s,
            server_header=None,
            logger=log,
        ):
            self._ready.set()
            await self._closing.wait()

    def _check_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return 401 if the token is wrong, 503 if there are too many clients, else None."""
        token = _parse_token(request.path)
        if not hmac.compare_digest(token.encode(errors="replace"), self._token):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong\n")
        if self.clients >= self._limits.clients:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _serve_client(self, connection: ServerConnection) -> None:
        """Send queued messages to a client until it disconnects or sends anything."""
        if self.clients >= self._limits.clients:  # several came at once
            return
        queue: asyncio.Queue[str] = asyncio.Queue(self._limits.waiting)
        self._queues[connection] = queue
        sending = asyncio.create_task(_send_queue(connection, queue))
        try:
            await connection.recv()
            await connection.close(1003, "clients only receive here")
        except ConnectionClosed:
            pass
        finally:
            sending.cancel()
            del self._queues[connection]

    def _queue_line(self, line: str, max_waiting: int | None = None) -> None:
        """Queue a line for clients with fewer than `max_waiting` lines; disconnect full ones."""
        for connection, queue in self._queues.items():
            if max_waiting is not None and queue.qsize() >= max_waiting:
                continue
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                connection.transport.abort()


def _parse_token(path: str) -> str:
    """Return the `token` parameter of a request's path; "" if missing."""
    try:
        return parse_qs(urlsplit(path).query, max_num_fields=4).get("token", [""])[0]
    except ValueError:
        return ""


async def _send_queue(connection: ServerConnection, queue: asyncio.Queue[str]) -> None:
    """Send a client's queued messages until it disconnects."""
    try:
        while True:
            await connection.send(await queue.get())
    except ConnectionClosed:
        pass


def _limit_connections(max_connections: int) -> type[ServerConnection]:
    """Return a connection class that limits connections and bytes per second."""

    class LimitedConnection(ServerConnection):
        received, since_s = 0, 0.0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if len(self.server.handler_tasks) > max_connections:
                self.transport.abort()

        def data_received(self, data: bytes) -> None:
            """Drop a connection that sends over 32 KiB per second; else handle the bytes."""
            if self.loop.time() - self.since_s > 1:
                self.received, self.since_s = 0, self.loop.time()
            self.received += len(data)
            if self.received > _MAX_BYTES_PER_SECOND:
                self.transport.abort()
                return
            super().data_received(data)
            if self.state is State.CLOSING:  # some never disconnect after a broken frame
                self.loop.call_later(_CLOSE_S, self.transport.abort)

    return LimitedConnection


def _bind_tcp_socket(port: int) -> socket.socket:
    """Open a TCP socket that listens on this machine; raise ActionError if the port is in use."""
    try:
        listener = socket.create_server((LOCAL, port), backlog=16)
    except OSError as error:
        raise ActionError(
            words(
                "WebSocket: port {port} can't be used ({error}): choose another, or "
                "close the program (or the tab of Mudra) that uses it",
                port=port,
                error=error.strerror,
            )
        ) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return listener
