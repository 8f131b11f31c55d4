"""A browser's own connection to its camera's stream: words come, answers go, and no page is run for
them, which costs a fifth and is quicker.

A token that only the page was given says whose camera speaks.
"""

import asyncio
import json
import secrets
from collections import Counter
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Protocol
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import MediaError
from core.live.browser_frames import Told

PATH = "mudra/camera"
GONE = 4404  # a WebSocket's reason: no camera has this token, or not any more
TOO_MANY = 1013  # a WebSocket's reason: try again later
LONGEST = 3_000_000  # characters of a word: some crops
OWNER = "mudra.owner"  # in a connection's scope: who logged in, "" for nobody
MAX_CONNECTIONS, MAX_PER_VISITOR = 256, 16
TOKEN_WITHIN_S = 3.0

_TOKEN_BYTES, _MAX_TOKEN = 24, 64


class Camera(Protocol):
    """What hears a browser's words."""

    def answer(self, told: Told) -> dict[str, Any]:
        """What the browser is told; in a thread of its own, one word after the other."""


_cameras: WeakValueDictionary[str, Camera] = WeakValueDictionary()
_connections: Counter[str] = Counter()  # per visitor; "" for those that can't be told apart


def announce(camera: Camera) -> str:
    """The token by which it is reached, as long as somebody keeps the camera."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _cameras[token] = camera
    return token


def withdraw(token: str) -> None:
    """Nobody reaches it any more."""
    _cameras.pop(token, None)


def route(path: str) -> WebSocketRoute:
    """The server lets cameras speak there."""
    return WebSocketRoute(path, _converse)


async def _converse(socket: WebSocket) -> None:
    visitor = _visitor_of(socket)
    if _connections.total() >= MAX_CONNECTIONS or (
        visitor and _connections[visitor] >= MAX_PER_VISITOR
    ):
        await socket.close(TOO_MANY)
        return
    _connections[visitor] += 1
    try:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            token = await _read_token(socket)
            while token in _cameras and (
                answer := await run_in_threadpool(_answer, token, await _text(socket))
            ):
                await socket.send_text(answer)
            await socket.close(GONE)
    finally:
        _connections[visitor] -= 1
        if not _connections[visitor]:
            del _connections[visitor]


def _visitor_of(socket: WebSocket) -> str:
    """Who logged in, else the address; "" behind a proxy of this machine, which hides addresses."""
    if owner := socket.scope.get(OWNER):
        return f"owner {owner}"
    address = socket.client.host if socket.client else ""
    with suppress(ValueError):
        return "" if ip_address(address).is_loopback else address
    return ""


async def _read_token(socket: WebSocket) -> str:
    """The first message; "" where it is late or too long for a token."""
    try:
        token = await asyncio.wait_for(_text(socket), TOKEN_WITHIN_S)
    except TimeoutError:
        return ""
    return token if len(token) <= _MAX_TOKEN else ""


async def _text(socket: WebSocket) -> str:
    try:
        return await socket.receive_text()
    except KeyError:  # bytes: no page of ours sends them, and anybody may
        return ""


def _answer(token: str, text: str) -> str:
    """To one word; "" where there is nothing to say any more."""
    camera = _cameras.get(token)
    if camera is None:
        return ""
    try:
        return json.dumps(camera.answer(_read(text)))
    except MediaError as error:
        return json.dumps({"problem": str(error)})


def _read(text: str) -> Told:
    if len(text) > LONGEST:
        raise MediaError(f"the browser's camera told {len(text):,} characters: reload the page")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MediaError(f"the browser's camera told no JSON ({error}): reload the page") from error
    if not isinstance(told, dict):
        raise MediaError(f"the browser's camera told {type(told).__name__}: reload the page")
    return told
