"""What visitors cost the server whose browser finds the keypoints: answers, CPU, memory, traffic.

    python -m benchmarks.visitors [--clients N] [--seconds S] [--fps F] [--json]

Each client speaks as a browser does: it opens Live, starts the camera, sends the keypoints of a
real hand over the live channel, acknowledges what comes, and runs the page's fragments as often as
the page says. An answer's time is that from a frame's sending to the state that tells it was
received. The clients compute on the same machine. The hands are those of `../shared/data`, in turn.
"""

import argparse
import asyncio
import csv
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core.live.channel import PATH
from core.pose.finders import MEDIAPIPE
from tests.support.studio import ROOT, cpu_seconds, report, studio

KEYPOINTS = ROOT.parent / "shared" / "data" / "hand_keypoints" / "gestures.csv"
HANDS, SIZE_WH, PALM_PX = 300, (640, 480), 120
SETTLING_S = 5.0
OPTIONS: dict[str, Any] = {"max_size": 50_000_000, "proxy": None}


def hands_of(table: Path) -> list[list[list[float]]]:
    """The first hands of the table in pixels of the camera's picture."""
    with table.open() as file:
        rows = [*itertools.islice(csv.DictReader(file), HANDS)]
    xy = np.array([[float(row[f"{a}{k}"]) for k in range(21) for a in "xy"] for row in rows])
    pixels = xy.reshape(-1, 21, 2) * PALM_PX + (SIZE_WH[0] / 2, SIZE_WH[1] / 2)
    return [hand.round(2).tolist() for hand in pixels]


class Client:
    """One visitor: Streamlit's session with an open page, and the live channel."""

    def __init__(self, address: str, hands: Iterator[list[list[float]]], fps: float) -> None:
        self._url, self._hands, self._apart_s = address.replace("http", "ws", 1), hands, 1 / fps
        self._ids: dict[str, str] = {}  # part of the stage → its component's id
        self._tokens: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.took_ms: list[float] = []
        self.sent = self.received_bytes = 0

    async def open(self) -> ClientConnection:
        """Open Live with the browser's camera on, and its live channel."""
        self._page = await connect(
            f"{self._url}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], **OPTIONS
        )
        self._tasks.append(asyncio.create_task(self._read_page()))
        await self._run_page()
        token = await self._tokens.get()
        while "camera" not in self._ids:
            await asyncio.sleep(0.05)
        await self._run_page()
        live = await connect(f"{self._url}/{PATH}", **OPTIONS)
        await live.send(token)
        return live

    async def _run_page(self, fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.fragment_id = "live", fragment
        asked.query_string = urlencode({"keypoints_found": "this device"})
        if "camera" in self._ids:
            widget = asked.widget_states.widgets.add(id=self._ids["camera"])
            widget.json_value = json.dumps({"camera": {"on": True, "times": 1}})
        await self._page.send(message.SerializeToString())

    async def _read_page(self) -> None:
        async for content in self._page:
            self.received_bytes += len(content)
            said = ForwardMsg.FromString(content)
            component = said.delta.new_element.bidi_component
            data = json.loads(component.json or "{}")
            if isinstance(data, dict) and "part" in data:
                self._ids[data["part"]] = component.id
                if data["part"] == "connection":
                    self._tokens.put_nowait(data["channel"]["token"])
            if said.WhichOneof("type") == "auto_rerun":
                self._tasks.append(asyncio.create_task(self._rerun(said.auto_rerun)))

    async def _rerun(self, asked: Any) -> None:
        while True:
            await asyncio.sleep(asked.interval)
            await self._run_page(asked.fragment_id)

    async def send_frames(self, live: ClientConnection, until: float) -> None:
        """Send frames until then, and time the answers."""
        asked_at: dict[int, float] = {}
        reading = asyncio.create_task(self._read_live(live, asked_at))
        self._tasks.append(reading)
        start = time.monotonic()
        for n in itertools.count(1):
            if (now := time.monotonic()) > until:
                break
            asked_at[n] = now
            self.sent += 1
            await live.send(json.dumps({"camera": self._frame(n, 1000 * now)}))
            await asyncio.sleep(max(0.0, start + n * self._apart_s - time.monotonic()))

    def _frame(self, n: int, now_ms: float) -> dict[str, Any]:
        pose = {
            "keypoints": next(self._hands),
            "world": [[0.0] * 3] * 21,
            "score": 0.9,
            "side": "Right",
        }
        frame = {
            "n": n,
            "t": now_ms,
            "size": SIZE_WH,
            "spent": 30,
            "by": MEDIAPIPE,
            "poses": [pose],
        }
        return {"page": "a", "now": now_ms, "opening": False, "frames": [frame]}

    async def _read_live(self, live: ClientConnection, asked_at: dict[int, float]) -> None:
        async for content in live:
            self.received_bytes += len(content)
            said = json.loads(content)
            if "turn" not in said:
                raise RuntimeError(said)
            await live.send(str(said["turn"]))
            if camera := said["state"].get("camera"):
                for n in [n for n in asked_at if n <= camera["received"]]:
                    self.took_ms.append(1000 * (time.monotonic() - asked_at.pop(n)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(Exception):
            await self._page.close()


async def measure(
    address: str, server: int, clients: int, seconds: float, fps: float
) -> dict[str, Any]:
    """Run the clients; the figures of the time after SETTLING_S."""
    hands = hands_of(KEYPOINTS)
    everybody = [
        Client(address, itertools.cycle(hands[17 * i % HANDS :] + hands), fps)
        for i in range(clients)
    ]
    lives = [await one.open() for one in everybody]
    until = time.monotonic() + SETTLING_S + seconds
    sending = [
        asyncio.create_task(one.send_frames(live, until))
        for one, live in zip(everybody, lives, strict=True)
    ]
    await asyncio.sleep(SETTLING_S)
    begun = cpu_seconds(server), time.monotonic(), sum(one.received_bytes for one in everybody)
    for one in everybody:
        one.took_ms.clear()
        one.sent = 0
    await asyncio.gather(*sending)
    await asyncio.sleep(1)
    took = [ms for one in everybody for ms in one.took_ms]
    lasted = time.monotonic() - begun[1]
    server_mb = psutil.Process(server).memory_info().rss / 1e6
    for one in everybody:
        await one.close()
    sent, middle_late = sum(one.sent for one in everybody), np.percentile(took, [50, 95])
    cores = (cpu_seconds(server) - begun[0]) / lasted
    return {
        "clients": clients,
        "answer_ms": round(float(middle_late[0]), 1),
        "answer_p95_ms": round(float(middle_late[1]), 1),
        "answered": f"{len(took)} of {sent}",
        "cores_per_visitor": round(cores / clients, 4),
        "cpu_ms_per_frame": round(1000 * cores * lasted / sent, 2),
        "kB_per_visitor_s": round(
            (sum(one.received_bytes for one in everybody) - begun[2]) / 1000 / lasted / clients, 1
        ),
        "server_mb": round(server_mb),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--fps", type=float, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mudra-visitors-") as name,
        studio(Path(name)) as (address, process),
    ):
        found = asyncio.run(measure(address, process.pid, asked.clients, asked.seconds, asked.fps))
    report(found, as_json=asked.json)


if __name__ == "__main__":
    main()
