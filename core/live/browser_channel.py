"""The WebSocket between a browser's camera and its stream: messages are answered without running a
page, which is faster and costs a fifth. A token that only the page knows selects the camera.
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
from core.live.browser_frames import Message

PATH = "mudra/camera"
CLOSE_NO_CAMERA = 4404  # close code: no camera has this token
CLOSE_TRY_LATER = 1013  # close code: too many connections
OWNER = "mudra.owner"  # key of a connection's scope: the logged-in user, "" without a login
MAX_MESSAGE_CHARS = 3_000_000  # a few crops
MAX_CONNECTIONS, MAX_PER_VISITOR = 256, 16
TOKEN_WITHIN_S = 3.0

_TOKEN_BYTES, _MAX_TOKEN_CHARS = 24, 64


class Camera(Protocol):
    """Receives the messages of one browser."""

    def answer(self, message: Message) -> dict[str, Any]:
        """Return the answer to a message; called in a thread, one message after another."""


_cameras: WeakValueDictionary[str, Camera] = WeakValueDictionary()
_connections: Counter[str] = Counter()  # per visitor; "" for all that can't be identified


def register_camera(camera: Camera) -> str:
    """Make a camera reachable by a new token while the object exists; return the token."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _cameras[token] = camera
    return token


def unregister_camera(token: str) -> None:
    """Remove a camera's token, so that it is no longer reachable."""
    _cameras.pop(token, None)


def camera_route(path: str) -> WebSocketRoute:
    """Create the server's WebSocket route for cameras."""
    return WebSocketRoute(path, _serve_connection)


async def _serve_connection(socket: WebSocket) -> None:
    """Receive a WebSocket's token, then answer messages until its camera no longer exists."""
    visitor = _identify_visitor(socket)
    if _connections.total() >= MAX_CONNECTIONS or (
        visitor and _connections[visitor] >= MAX_PER_VISITOR
    ):
        await socket.close(CLOSE_TRY_LATER)
        return
    _connections[visitor] += 1
    try:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            token = await _receive_token(socket)
            while token in _cameras and (
                answer := await run_in_threadpool(
                    _answer_message, token, await _receive_text(socket)
                )
            ):
                await socket.send_text(answer)
            await socket.close(CLOSE_NO_CAMERA)
    finally:
        _connections[visitor] -= 1
        if not _connections[visitor]:
            del _connections[visitor]


def _identify_visitor(socket: WebSocket) -> str:
    """Return the owner or, if not logged in, the IP address; "" for a loopback address."""
    if owner := socket.scope.get(OWNER):
        return f"owner {owner}"
    address = socket.client.host if socket.client else ""
    with suppress(ValueError):
        return "" if ip_address(address).is_loopback else address
    return ""


async def _receive_token(socket: WebSocket) -> str:
    """Receive the token, which is the first message; "" if it takes over 3 s or is too long."""
    try:
        token = await asyncio.wait_for(_receive_text(socket), TOKEN_WITHIN_S)
    except TimeoutError:
        return ""
    return token if len(token) <= _MAX_TOKEN_CHARS else ""


async def _receive_text(socket: WebSocket) -> str:
    """Receive a text message; "" for a binary one."""
    try:
        return await socket.receive_text()
    except KeyError:
        return ""


def _answer_message(token: str, text: str) -> str:
    """Return the camera's answer, or an error message, as JSON; "" if the camera is gone."""
    camera = _cameras.get(token)
    if camera is None:
        return ""
    try:
        return json.dumps(camera.answer(_parse_message(text)))
    except MediaError as error:
        return json.dumps({"problem": str(error)})


def _parse_message(text: str) -> Message:
    """Parse a JSON object; raise MediaError if it is too long or isn't an object."""
    if len(text) > MAX_MESSAGE_CHARS:
        raise MediaError(f"the browser's camera sent {len(text):,} characters: reload the page")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MediaError(f"the browser's camera sent no JSON ({error}): reload the page") from error
    if not isinstance(message, dict):
        raise MediaError(f"the browser's camera sent {type(message).__name__}: reload the page")
    return message
