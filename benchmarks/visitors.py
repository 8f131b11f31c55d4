"""What visitors cost the server whose browser finds the keypoints: answers, CPU, memory, traffic.

    python -m benchmarks.visitors [--clients N] [--seconds S] [--fps F] [--json]

Each client speaks as a browser does: it opens Live, starts the camera, sends the keypoints of a
real hand over the live channel, acknowledges what comes, and runs the page's fragments as often as
the page says. An answer's time is that from a frame's sending to the state that tells it was
received. The clients compute on the same machine. The hands are those of `../shared/data`, in turn.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.support.protocol_client import HANDS, KEYPOINTS, Hand, ProtocolClient, read_hands
from tests.support.studio import cpu_seconds, report, studio

SETTLING_S = 5.0


class Client:
    """One visitor: Streamlit's session with an open page, and the live channel."""

    def __init__(self, address: str, hands: Iterator[Hand], fps: float) -> None:
        query = {"keypoints_found": "this device"}
        self.visitor = ProtocolClient(address, "live", query=query)
        self._hands, self._apart_s = hands, 1 / fps
        self._asked_at: dict[int, float] = {}
        self.took_ms: list[float] = []
        self.sent = 0

    async def open(self) -> None:
        """Open Live with the browser's camera on, and its live channel."""
        await self.visitor.open()
        await self.visitor.start_camera()
        await self.visitor.connect_live()

    async def send_frames(self, until: float) -> None:
        """Send frames until then, and time the answers."""
        timing = asyncio.create_task(self._time_answers())
        start = time.monotonic()
        for n in itertools.count(1):
            if (now := time.monotonic()) > until:
                break
            self.sent += 1
            self._asked_at[await self.visitor.send_hand(next(self._hands))] = now
            await asyncio.sleep(max(0.0, start + n * self._apart_s - time.monotonic()))
        await asyncio.sleep(1)
        timing.cancel()

    async def _time_answers(self) -> None:
        while True:
            await self.visitor.wait_for(self._has_answer)
            received = self.visitor.state["camera"]["received"]
            for n in [n for n in self._asked_at if n <= received]:
                self.took_ms.append(1000 * (time.monotonic() - self._asked_at.pop(n)))

    def _has_answer(self) -> bool:
        camera = self.visitor.state.get("camera") or {"received": 0}
        return any(n <= camera["received"] for n in self._asked_at)


def sum_received(clients: list[Client]) -> int:
    """The bytes that the clients have received."""
    return sum(one.visitor.received_bytes for one in clients)


async def measure(
    address: str, server: int, clients: int, seconds: float, fps: float
) -> dict[str, Any]:
    """Run the clients; the figures of the time after SETTLING_S."""
    hands = read_hands(KEYPOINTS)
    everybody = [
        Client(address, itertools.cycle(hands[17 * i % HANDS :] + hands), fps)
        for i in range(clients)
    ]
    for one in everybody:
        await one.open()
    until = time.monotonic() + SETTLING_S + seconds
    sending = [asyncio.create_task(one.send_frames(until)) for one in everybody]
    await asyncio.sleep(SETTLING_S)
    begun = (
        cpu_seconds(server),
        time.monotonic(),
        sum_received(everybody),
    )
    for one in everybody:
        one.took_ms.clear()
        one.sent = 0
    await asyncio.gather(*sending)
    took = [ms for one in everybody for ms in one.took_ms]
    lasted = time.monotonic() - begun[1]
    server_mb = psutil.Process(server).memory_info().rss / 1e6
    for one in everybody:
        await one.visitor.close()
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
            (sum_received(everybody) - begun[2]) / 1000 / lasted / clients,
            1,
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
