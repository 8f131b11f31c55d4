"""A browser's own connection to its camera's stream: words come, answers go, and no page is run for
them, which costs a fifth and is quicker.

A token that only the page was given says whose camera speaks.
"""

import json
import secrets
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import MediaError
from core.recognition.browser_frames import Told

PATH = "mudra/camera"
GONE = 4404  # a WebSocket's reason: no camera has this token, or not any more
LONGEST = 3_000_000  # characters of a word: some crops

_TOKEN_BYTES = 24


class Camera(Protocol):
    """What hears a browser's words."""

    def answer(self, told: Told) -> dict[str, Any]:
        """What the browser is told; in a thread of its own, one word after the other."""


_cameras: WeakValueDictionary[str, Camera] = WeakValueDictionary()


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
    await socket.accept()
    with suppress(WebSocketDisconnect):
        token = await _text(socket)
        while answer := await run_in_threadpool(_answer, token, await _text(socket)):
            await socket.send_text(answer)
        await socket.close(GONE)


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
