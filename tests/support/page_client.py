"""A visitor without a browser, who speaks Streamlit's own messages, and the camera of the page,
which tells keypoints as a browser's."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

LARGEST = 50_000_000  # bytes of a message
CAMERA = "browser_camera"


class Visitor:
    """One open page.

    Attributes:
        mounted: of each component that the page shows (id, fragment's id, data), by its name.
        bytes_in, bytes_out: what came and went.
        runs: how often the server ran a script or a part of one.
    """

    def __init__(
        self, connection: ClientConnection, page: str, query: str = "", url: str = ""
    ) -> None:
        self._url = url
        self._connection, self._page, self._query = connection, page, query
        self.mounted: dict[str, tuple[str, str, Any]] = {}
        self.bytes_in = self.bytes_out = self.runs = 0
        self._told: dict[str, str] = {}
        self._repeated: dict[str, asyncio.Task[None]] = {}
        self._hash = ""
        self._calm = asyncio.Event()
        self.on_data: Callable[[str, Any], object] = lambda name, data: None
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Leave."""
        self._task.cancel()
        await self._connection.close()

    async def _follow(self) -> None:
        try:
            async for content in self._connection:
                assert isinstance(content, bytes)
                self.bytes_in += len(content)
                self._read(ForwardMsg.FromString(content))
        finally:
            for task in self._repeated.values():
                task.cancel()

    async def calm(self) -> None:
        """Until no script runs."""
        waits = asyncio.create_task(self._calm.wait())
        await asyncio.wait((waits, self._task), return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def open(self) -> None:
        """Ask for the page."""
        await self._rerun()
        await self.calm()

    async def tell(self, component: str, state: Mapping[str, Any]) -> None:
        """What the component's script would tell."""
        widget, fragment, _ = self.mounted[component]
        self._told[widget] = json.dumps(state)
        await self._rerun(fragment)

    async def _rerun(self, fragment: str = "", *, auto: bool = False) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id, state.is_auto_rerun = self._query, fragment, auto
        state.page_script_hash = self._hash
        state.context_info.url = self._url
        if not self._hash:
            state.page_name = self._page
        for widget, told in self._told.items():
            state.widget_states.widgets.add(id=widget, json_value=told)
        content = message.SerializeToString()
        self.bytes_out += len(content)
        self._calm.clear()
        await self._connection.send(content)

    def _read(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._hash, self.runs = message.new_session.page_script_hash, self.runs + 1
            if not message.metadata.run.fragment_ids:
                for task in self._repeated.values():
                    task.cancel()
                self._repeated.clear()
        elif kind == "script_finished":
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._calm.set()
        elif kind == "auto_rerun":
            self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "delta" and message.delta.new_element.HasField("bidi_component"):
            component = message.delta.new_element.bidi_component
            name, data = component.component_name, json.loads(component.json or "null")
            self.mounted[name] = component.id, message.delta.fragment_id, data
            self.on_data(name, data)

    def _repeat(self, fragment: str, every_s: float) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(every_s)
                await self._rerun(fragment, auto=True)

        if before := self._repeated.pop(fragment, None):
            before.cancel()
        self._repeated[fragment] = asyncio.create_task(again())


class Camera:
    """The camera of a visitor's page whose keypoints are found in the browser.

    Attributes:
        visitor: whose page it is.
        answered_s: from each frame's word to its answer.
        unanswered: frames, by number: when they were told.
    """

    def __init__(self, visitor: Visitor, address: str, *, direct: bool = True) -> None:
        self.visitor, self._address, self._direct = visitor, address, direct
        self._name = next(name for name in visitor.mounted if name.endswith(CAMERA))
        self._page = secrets.token_hex(4)
        self._channel: ClientConnection | None = None
        self.answered_s: list[float] = []
        self.unanswered: dict[int, float] = {}
        visitor.on_data = self._hear_page

    async def start(self) -> None:
        """Press START; the page hears that pictures come."""
        await self._say()
        await self.visitor.calm()
        if not self._direct:
            return
        told = self.visitor.mounted[self._name][2]["channel"]
        url = self._address.replace("http", "ws", 1) + told["path"]
        self._channel = await connect(url, proxy=None)
        await self._channel.send(told["token"])
        await self._say(direct=True)
        self._listening = asyncio.create_task(self._listen(self._channel))
        await self.visitor.calm()

    async def stop(self) -> None:
        """Hang up, and leave the page."""
        if self._channel is not None:
            self._listening.cancel()
            await self._channel.close()
        await self.visitor.close()

    async def _listen(self, channel: ClientConnection) -> None:
        async for content in channel:
            self.visitor.bytes_in += len(content)
            self._hear(json.loads(content))

    async def show(
        self, number: int, poses: Sequence[Mapping[str, Any]], by: str = "mediapipe-hands"
    ) -> None:
        """Tell the next frame."""
        now_s = time.monotonic()
        self.unanswered[number] = now_s
        told = {"n": number, "t": 1000 * now_s, "size": [640, 480], "spent": 20}
        await self._say([told | {"by": by, "poses": poses}])

    async def _say(self, frames: Sequence[Any] = (), *, direct: bool = False) -> None:
        now = 1000 * time.monotonic()
        word = {"page": self._page, "on": True, "now": now, "frames": list(frames)}
        if self._channel is not None and not direct:
            text = json.dumps(word)
            self.visitor.bytes_out += len(text)
            await self._channel.send(text)
        else:
            await self.visitor.tell(self._name, {"told": word | {"direct": direct}})

    def _hear_page(self, name: str, data: Mapping[str, Any]) -> None:
        if name == self._name:
            self._hear(data["news"])

    def _hear(self, news: Mapping[str, Any]) -> None:
        if news["page"] == self._page:
            for number in [n for n in self.unanswered if n <= news["heard"]]:
                self.answered_s.append(time.monotonic() - self.unanswered.pop(number))


async def visit(address: str, page: str, query: str = "", url: str = "") -> Visitor:
    """A visitor whose page stands.

    Args:
        url: what the visitor's address bar says.
    """
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    kind = [Subprotocol("streamlit")]
    connection = await connect(stream, subprotocols=kind, max_size=LARGEST, proxy=None)
    visitor = Visitor(connection, page, query, url)
    await visitor.open()
    return visitor
