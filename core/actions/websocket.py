"""A WebSocket server on this machine that tells gestures, and hands in space where they are
wanted, as lines of JSON, one a message.

Who may listen: a client that knows the token (in the address: `?token=…`), and, where it is a page
in a browser, one of an origin that is allowed. A browser lets every page that somebody visits
connect to this machine and always sends where the page comes from, so an origin that is not on
the list is refused even with the token; programs send none and pass on the token alone. "null",
the origin of a file opened from disk, is every sandboxed page's too, and is refused.

Clients only listen: one that says anything is closed, as is one that does not keep up.
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

log = logging.getLogger(__name__)
log.setLevel(logging.CRITICAL)  # untrusted broken handshakes are not worth a line each

LOCAL, PORT = "127.0.0.1", 8765
_MAX_MESSAGE = 1024  # bytes in; nothing is expected
_MAX_HEARD = 32 * 1024  # bytes a second from a client; pings are answered, so they cost memory
_CLOSE_S = 0.3  # a goodbye takes no longer
_SEND_BUFFER = 16 * 1024  # bytes that the system holds for a client that does not read
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


@dataclass(frozen=True)
class Limits:
    """What a client may cost.

    Attributes:
        clients: at once.
        waiting: lines that wait for a client; one more and it is dropped.
        ping_s: a client is asked so often whether it lives and has as long to answer.
        open_s: the handshake's time.
    """

    clients: int = 8
    waiting: int = 32
    ping_s: float = 10.0
    open_s: float = 3.0


def new_token() -> str:
    """192 random bits, as they may stand in an address."""
    return secrets.token_urlsafe(24)


def check_origins(text: str) -> tuple[str, ...]:
    """Origins out of what somebody typed, parted by spaces or commas.

    Raises:
        ActionError: something that is no origin.
    """
    origins = tuple(part.rstrip("/").lower() for part in re.split(r"[\s,]+", text) if part)
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ActionError(
                f"“{origin}” is no page's origin: write it like http://localhost:5500, without "
                "a path"
            )
    return origins


def origin_of(url: str | None) -> tuple[str, ...]:
    """The origin of a page's address, as a tuple of one; empty where there is none."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ()
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return (origin,) if _ORIGIN.fullmatch(origin) else ()


class WebSocketOut:
    """Serves changes to every client that may listen.

    Attributes:
        port: the one listened on, also where 0 was asked for.

    Raises:
        ActionError: the port is in use, or the token too short to be a secret.
    """

    def __init__(
        self,
        token: str,
        port: int = PORT,
        origins: tuple[str, ...] = (),
        *,
        limits: Limits | None = None,
    ) -> None:
        if len(token) < 16:
            raise ActionError(f"a token of {len(token)} characters can be guessed: use 16 or more")
        self._token, self._origins, self._limits = token.encode(), origins, limits or Limits()
        self._queues: dict[ServerConnection, asyncio.Queue[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._ready = threading.Event()
        self._socket = _listening(port)
        self.port = int(self._socket.getsockname()[1])
        self.error = ""
        self._thread = threading.Thread(target=self._run, name="mudra-websocket", daemon=True)
        self._thread.start()
        self._ready.wait(5)

    @property
    def address(self) -> str:
        """Where clients connect, token included."""
        return f"ws://{LOCAL}:{self.port}/?token={self._token.decode()}"

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._queues)

    def send(self, change: Change) -> None:
        """Hand it to every client's queue; never waits."""
        self._call(self._spread, change.line)

    def send_hand(self, hand: HandInSpace) -> None:
        """Hand it to every client that has read most of what came before; the others get a later
        one. Never waits."""
        if self._queues:
            self._call(self._spread, hand.line, self._limits.waiting // 2)

    def close(self, *, wait: bool = False) -> None:
        """Say goodbye to the clients and free the port, at once or nearly so.

        Args:
            wait: until the port is free.
        """
        if self._over is not None:
            self._call(self._over.set)
        if wait:
            self._thread.join(3)

    def _call(self, function: Any, *values: Any) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *values)
        except RuntimeError:  # the loop has ended
            pass

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # the thread would end without a word
            self.error = f"WebSocket: the server ended ({error!r}): switch it off and on again"
        finally:
            self._socket.close()
            self._ready.set()

    async def _serve(self) -> None:
        limits = self._limits
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            self._talk,
            sock=self._socket,
            process_request=self._admit,
            origins=[None, *self._origins],  # type: ignore[list-item]
            create_connection=_bounded(4 * limits.clients),
            compression=None,
            max_size=_MAX_MESSAGE,
            max_queue=1,
            open_timeout=limits.open_s,
            close_timeout=_CLOSE_S,
            ping_interval=limits.ping_s,
            ping_timeout=limits.ping_s,
            server_header=None,
            logger=log,
        ):
            self._ready.set()
            await self._over.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets the client in, as far as the token goes; the origin is looked at after."""
        given = _token_of(request.path)
        if not hmac.compare_digest(given.encode(errors="replace"), self._token):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong\n")
        if self.clients >= self._limits.clients:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        if self.clients >= self._limits.clients:  # several came at once
            return
        queue: asyncio.Queue[str] = asyncio.Queue(self._limits.waiting)
        self._queues[connection] = queue
        sending = asyncio.create_task(_send_all(connection, queue))
        try:
            await connection.recv()
            await connection.close(1003, "clients only listen here")
        except ConnectionClosed:
            pass
        finally:
            sending.cancel()
            del self._queues[connection]

    def _spread(self, line: str, at_most: int | None = None) -> None:
        for connection, queue in self._queues.items():
            if at_most is not None and queue.qsize() >= at_most:
                continue
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                connection.transport.abort()


def _token_of(path: str) -> str:
    """What the address gives as the token, "" without one."""
    try:
        return parse_qs(urlsplit(path).query, max_num_fields=4).get("token", [""])[0]
    except ValueError:
        return ""


async def _send_all(connection: ServerConnection, queue: asyncio.Queue[str]) -> None:
    try:
        while True:
            await connection.send(await queue.get())
    except ConnectionClosed:
        pass


def _bounded(connections: int) -> type[ServerConnection]:
    """Connections that end when there are too many (those before their handshake included), and
    each when too much comes from it."""

    class Bounded(ServerConnection):
        heard, since_s = 0, 0.0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if len(self.server.handler_tasks) > connections:
                self.transport.abort()

        def data_received(self, data: bytes) -> None:
            if self.loop.time() - self.since_s > 1:
                self.heard, self.since_s = 0, self.loop.time()
            self.heard += len(data)
            if self.heard > _MAX_HEARD:
                self.transport.abort()
                return
            super().data_received(data)
            if self.state is State.CLOSING:  # some never hang up after a broken frame
                self.loop.call_later(_CLOSE_S, self.transport.abort)

    return Bounded


def _listening(port: int) -> socket.socket:
    try:
        listener = socket.create_server((LOCAL, port), backlog=16)
    except OSError as error:
        raise ActionError(
            f"WebSocket: port {port} can't be listened on ({error.strerror}): choose another, or "
            "close the program (or the tab of Mudra) that uses it"
        ) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    return listener
