"""A visitor without a browser: speaks Streamlit's protocol and the live channel's."""

import asyncio
import base64
import csv
import itertools
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import cv2
import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core.live.channel import PATH
from core.pose.finders import MEDIAPIPE
from tests.support.studio import ROOT

KEYPOINTS = ROOT.parent / "shared" / "data" / "hand_keypoints" / "gestures.csv"
HANDS, SIZE_WH, PALM_PX = 300, (640, 480), 120
WITHIN_S = 60.0
_OPTIONS: dict[str, Any] = {"max_size": 50_000_000, "proxy": None}

Hand = list[list[float]]
_CROP = base64.b64encode(
    cv2.imencode(".jpg", np.full((160, 160, 3), 90, np.uint8))[1].tobytes()
).decode()


def read_hands(table: Path, gesture: str = "") -> list[Hand]:
    """The first hands of the table, or of one gesture in it, in pixels of the camera's picture."""
    with table.open() as file:
        all_rows = (row for row in csv.DictReader(file) if gesture in ("", row["gesture"]))
        rows = [*itertools.islice(all_rows, HANDS)]
    xy = np.array([[float(row[f"{a}{k}"]) for k in range(21) for a in "xy"] for row in rows])
    pixels = xy.reshape(-1, 21, 2) * PALM_PX + (SIZE_WH[0] / 2, SIZE_WH[1] / 2)
    return [hand.round(2).tolist() for hand in pixels]


def camera_message(n: int, hand: Hand, *, with_crop: bool) -> dict[str, Any]:
    """The `CameraMessage` of a browser that found this hand in its n-th frame."""
    now_ms = 1000 * time.monotonic()
    pose = {"keypoints": hand, "world": [[0.0] * 3] * 21, "score": 0.9, "side": "Right"}
    frame = {"n": n, "t": now_ms, "size": SIZE_WH, "spent": 30, "by": MEDIAPIPE, "poses": [pose]}
    if with_crop:
        frame["crops"] = [{"region": [200, 120, 240], "jpeg": _CROP}]
    return {"page": "a", "now": now_ms, "opening": False, "frames": [frame]}


class ProtocolClient:
    """An open page and its live channel.

    Args:
        address: of the studio, like "http://127.0.0.1:8501".
        page: that is opened; "" for the first.
        path: below which it is served, "/join" for guests.
        query: of the page's address.
        headers: of its connections.

    Attributes:
        ids: of the components and widgets by part of the stage or label.
        texts: what the page has shown since its last whole run was asked for.
        session: id of Streamlit's session.
        token: of the live channel.
        state: of the channel's topics.
        stored_ms: from the release of the last hold until all of it was stored.
        closed: the code with which the channel's connection was closed; None while it is open.
    """

    def __init__(
        self,
        address: str,
        page: str = "",
        *,
        path: str = "",
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._url, self._page_name = address.replace("http", "ws", 1) + path, page
        self._query, self._address = urlencode(query or {}), address
        self._options = _OPTIONS | {"additional_headers": headers or {}}
        if address.startswith("https"):
            self._options["ssl"] = ssl._create_unverified_context()
        self.ids: dict[str, str] = {}
        self.texts: list[str] = []
        self.session = ""
        self.token = ""
        self.state: dict[str, Any] = {}
        self.closed: int | None = None
        self.received_bytes, self.stored_ms = 0, 0.0
        self.stream: ClientConnection | None = None
        self.live: ClientConnection | None = None
        self._values: dict[str, tuple[str, Any]] = {}
        self._page_id, self._n, self._applied, self._frame = secrets.token_hex(4), 0, 0, 0
        self._tasks: list[asyncio.Task[None]] = []
        self._finished, self._changed = asyncio.Event(), asyncio.Condition()

    # --------------------------------------------------------------------------- Streamlit's part

    async def open(self, session: str = "") -> None:
        """Open the page; `session`: the one to go on with."""
        protocols = ["streamlit", "no-token", session] if session else ["streamlit"]
        named = [Subprotocol(one) for one in protocols]
        self.stream = await connect(
            f"{self._url}/_stcore/stream", subprotocols=named, **self._options
        )
        self._tasks.append(asyncio.create_task(self._read_stream(self.stream)))
        await self.run()

    async def run(self, fragment: str = "", pressed: str = "") -> None:
        """Run the page, or a fragment of it, and wait until it is drawn."""
        self._finished.clear()
        if not fragment:
            self.texts.clear()
        await self.ask_run(fragment, pressed)
        async with asyncio.timeout(WITHIN_S):
            await self._finished.wait()

    async def ask_run(self, fragment: str = "", pressed: str = "") -> None:
        """Ask for a run; `pressed`: id of a button."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.fragment_id = self._page_name, fragment
        asked.query_string = self._query
        asked.context_info.url = self._address
        for widget, (kind, value) in self._values.items():
            setattr(asked.widget_states.widgets.add(id=widget), kind, value)
        if pressed:
            asked.widget_states.widgets.add(id=pressed).trigger_value = True
        await self.send(message)

    async def send(self, message: BackMsg) -> None:
        """Send a message of the page."""
        assert self.stream is not None
        await self.stream.send(message.SerializeToString())

    async def press(self, label: str) -> None:
        """Press a button."""
        await self.run(pressed=self.ids[label])

    async def unfold(self, label: str) -> None:
        """Open a popover."""
        self._values[self.ids[label]] = "bool_value", True
        await self.run()

    def fill(self, label: str, text: str) -> None:
        """Type into a field; the next run brings it."""
        self._values[self.ids[label]] = "string_value", text

    async def _read_stream(self, stream: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for content in stream:
                self.received_bytes += len(content)
                self._read_message(ForwardMsg.FromString(content))

    def _read_message(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "delta":
            self._read_delta(message.delta)
        elif kind == "auto_rerun":
            self._tasks.append(asyncio.create_task(self._rerun(message.auto_rerun)))
        elif (
            kind == "script_finished"
            and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            self._finished.set()

    def _read_delta(self, delta: Any) -> None:
        if delta.add_block.popover.label:
            self.ids[delta.add_block.popover.label] = delta.add_block.popover.id
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind in ("button", "text_input"):
            one = getattr(element, kind)
            self.ids[one.label] = one.id
        elif kind in ("alert", "markdown", "html", "heading"):
            self.texts.append(getattr(element, kind).body)
        elif kind == "code":
            self.texts.append(element.code.code_text)
        elif kind == "bidi_component":
            data = json.loads(element.bidi_component.json or "{}")
            if isinstance(data, dict) and "part" in data:
                self.ids[data["part"]] = element.bidi_component.id
                if data["part"] == "connection":
                    self.token = data["channel"]["token"]

    async def _rerun(self, asked: Any) -> None:
        while True:
            await asyncio.sleep(asked.interval)
            await self.ask_run(asked.fragment_id)

    async def start_camera(self) -> None:
        """Start the browser's camera."""
        camera = json.dumps({"camera": {"on": True, "times": 1}})
        self._values[self.ids["camera"]] = "json_value", camera
        await self.run()

    # ------------------------------------------------------------------------- the live channel

    async def connect_live(self, token: str = "") -> None:
        """Open the live channel."""
        self.live = await connect(f"{self._url}/{PATH}", **self._options)
        with suppress(ConnectionClosed):  # some are closed at once
            await self.live.send(token or self.token)
        self._tasks.append(asyncio.create_task(self._read_live(self.live)))

    async def _read_live(self, live: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for content in live:
                self.received_bytes += len(content)
                message = json.loads(content)
                if "turn" not in message:
                    raise RuntimeError(message)
                await live.send(str(message["turn"]))
                self._applied = max(self._applied, message["applied"].get(self._page_id, 0))
                self.state |= message["state"]
                async with self._changed:
                    self._changed.notify_all()
        self.closed = live.close_code
        async with self._changed:
            self._changed.notify_all()

    @property
    def last_command(self) -> int:
        """The number of the last command."""
        return self._n

    async def say(self, to: str, kind: str, **fields: Any) -> None:
        """Send a command and wait until it is applied, or the connection is closed."""
        self._n += 1
        number = self._n
        command = {"page": self._page_id, "n": number, "to": to, "kind": kind, **fields}
        await self.send_live({"commands": [command]})
        await self.wait_for(lambda: self._applied >= number or self.closed is not None)

    async def send_live(self, message: dict[str, Any]) -> None:
        """Send a message over the channel."""
        assert self.live is not None
        await self.live.send(json.dumps(message))

    async def send_hand(self, hand: Hand) -> int:
        """Send a frame in which the browser found this hand, with its crop if that is wanted;
        return its number."""
        self._frame += 1
        number, with_crop = self._frame, bool((self.state.get("camera") or {}).get("crops"))
        await self.send_live({"camera": camera_message(number, hand, with_crop=with_crop)})
        return number

    async def show_hands(self, hands: Iterator[Hand], fps: float = 15.0) -> None:
        """Send a frame after the other, until cancelled."""
        while True:
            await self.send_hand(next(hands))
            await asyncio.sleep(1 / fps)

    async def hold(self, gesture: int, hold_s: float) -> str:
        """Hold a gesture's button; return what the cards say once all is stored. The hands are
        shown beside it."""
        start, before = time.monotonic(), self.cards["recorded"]

        def held() -> int:
            return round(1000 * (time.monotonic() - start))

        await self.say(self.cards_topic, "begin", gesture=gesture, held=0)
        while time.monotonic() - start < hold_s:
            await asyncio.sleep(0.25)
            await self.say(self.cards_topic, "beat", held=held())
        released = time.monotonic()
        await self.say(self.cards_topic, "end", held=held())
        await self.wait_for(lambda: self.cards["recorded"] > before or self.cards["problem"])
        self.stored_ms = 1000 * (time.monotonic() - released)
        return str(self.cards["note"])

    async def wait_for(self, condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
        """Wait until something is so; it is asked whenever the channel brings something."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(condition)

    @property
    def cards(self) -> dict[str, Any]:
        """The state of the gesture cards."""
        return next(one for name, one in self.state.items() if _is_cards(name))

    @property
    def cards_topic(self) -> str:
        """The topic and receiver of the gesture cards."""
        return next(filter(_is_cards, self.state))

    async def close(self) -> None:
        """End the connections."""
        for task in self._tasks:
            task.cancel()
        for connection in (self.live, self.stream):
            if connection is not None:
                with suppress(Exception):
                    await connection.close()


def _is_cards(topic: str) -> bool:
    return topic.startswith("cards ") and topic.removeprefix("cards ").isdecimal()
