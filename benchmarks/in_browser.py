"""What visitors whose hands are found in their browsers cost a server, and how long they wait:
`python -m benchmarks.in_browser [VIDEO] [--visitors N] [--fps F] [--seconds S] [--by page]`.

Scripted visitors open Live and tell a real hand that moves, as a browser would. `--by page` sends
every frame as a message of the page instead of over the camera's own connection. With a VIDEO,
whose first picture a camera shows, it is one Chromium instead: from the camera's frame to the
skeleton and to the answer.
"""

import argparse
import asyncio
import csv
import math
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.page_client import Camera, visit
from benchmarks.studio import (
    ROOT,
    cpu_seconds,
    first_picture,
    opened,
    report,
    resident_mb,
    studio,
    write_film,
)

QUERY = "keypoints_found=in+this+browser"
_SETTLING_S = 2.0
WATCH = """
  window.mudraTold = { sent: [], heard: [] }
  window.WebSocket = class extends WebSocket {
    constructor(url, ...more) {
      super(url, ...more)
      this.ours = String(url).endsWith("/mudra/camera")
      if (this.ours) this.addEventListener("message", ({ data }) =>
        mudraTold.heard.push([performance.now(), JSON.parse(data).heard]))
    }
    send(text) {
      if (this.ours && text.startsWith("{")) {
        const frames = JSON.parse(text).frames.map(({ n, t, spent }) => [n, t, spent])
        mudraTold.sent.push([performance.now(), frames])
      }
      super.send(text)
    }
  }
"""
Hand = dict[str, Any]


@dataclass
class Cost:
    """Of the server, between two moments."""

    pid: int
    begun_s: float = field(default_factory=time.monotonic)
    cpu_s: float = 0.0

    def __post_init__(self) -> None:
        self.cpu_s = cpu_seconds(self.pid)

    def cores(self) -> float:
        """How much of a core it used since."""
        return (cpu_seconds(self.pid) - self.cpu_s) / (time.monotonic() - self.begun_s)


def a_hand(csv_file: Path) -> Hand:
    """The first hand of the starter's table as a browser tells it, 300 pixels large."""
    with csv_file.open(newline="") as file:
        row = next(csv.DictReader(file))
    joints = [[float(row[f"{axis}{joint}"]) for axis in "xy"] for joint in range(21)]
    size = max(max(c) - min(c) for c in zip(*joints, strict=True))
    low = [min(c) for c in zip(*joints, strict=True)]
    at = [
        [round(100 + 300 * (p - q) / size, 2) for p, q in zip(xy, low, strict=True)]
        for xy in joints
    ]
    return {"keypoints": at, "world": [[0.0] * 3] * 21, "side": "Right", "score": 0.98}


def moved(hand: Hand, number: int) -> Hand:
    """The same, a little elsewhere."""
    by = 5 * math.sin(number / 5)
    return hand | {"keypoints": [[round(x + by, 2), y] for x, y in hand["keypoints"]]}


def in_chromium(
    video: Path, seconds: float, address: str, scratch: Path, pid: int
) -> dict[str, Any]:
    """A real browser's waits."""
    film = write_film(scratch / "film.mjpeg", [first_picture(video)])
    with opened(address, film, script=WATCH) as page:
        page.goto(f"/live?{QUERY}")
        page.get_by_role("button", name="START").click()
        page.locator("canvas[data-poses='1']").wait_for()
        page.wait_for_timeout(1000 * _SETTLING_S)
        page.evaluate("mudraTold.sent = [], mudraTold.heard = []")
        cost = Cost(pid)
        page.wait_for_timeout(1000 * seconds)
        cores, told = cost.cores(), page.evaluate("mudraTold")
        page.screenshot(path=scratch / "page.png")
    shown, answered = {}, []
    for _, frames in told["sent"]:
        shown.update({number: (at_ms, spent_ms) for number, at_ms, spent_ms in frames})
    for number, (at_ms, _) in shown.items():
        answered.append(next((now - at_ms for now, n in told["heard"] if n >= number), math.inf))
    spent = [spent_ms for _, spent_ms in shown.values()]
    return {
        "frames told": len(shown),
        "camera to skeleton ms, median / 95 %": np.percentile(spent, [50, 95]).round(1).tolist(),
        "camera to answer ms, median / 95 %": np.percentile(answered, [50, 95]).round(1).tolist(),
        "messages a second": round(len(told["sent"]) / seconds, 1),
        "server, % of a core": round(100 * cores, 2),
    }


async def _speak(camera: Camera, hand: Hand, fps: float, seconds: float) -> None:
    """Frames at a steady rate."""
    begun = time.monotonic()
    for number in range(1, int(seconds * fps) + 1):
        await camera.show(number, [moved(hand, number)])
        await asyncio.sleep(max(0.0, begun + number / fps - time.monotonic()))


async def _cameras(address: str, count: int, page: str, *, direct: bool) -> list[Camera]:
    """So many pages whose cameras run, opened one after the other."""
    cameras = []
    for _ in range(count):
        camera = Camera(await visit(address, page, QUERY), address, direct=direct)
        await camera.start()
        cameras.append(camera)
    await asyncio.sleep(_SETTLING_S)
    return cameras


async def measure(options: argparse.Namespace, address: str, pid: int) -> dict[str, Any]:
    """Costs and waits of so many visitors."""
    hand = a_hand(ROOT / "data" / "starter" / "landmarks.csv")
    direct = options.by == "camera"
    for camera in await _cameras(address, 1, options.page, direct=direct):  # what all share
        await camera.stop()
    empty_mb = resident_mb(pid)
    cameras = await _cameras(address, options.visitors, options.page, direct=direct)
    before_in = sum(camera.visitor.bytes_in for camera in cameras)
    cost, own_s, begun = Cost(pid), time.process_time(), time.monotonic()
    said = [_speak(camera, hand, options.fps, options.seconds) for camera in cameras]
    await asyncio.gather(*said)
    took_s, cores = time.monotonic() - begun, cost.cores()
    waits_ms = 1000 * np.array([s for camera in cameras for s in camera.answered_s])
    told = int(options.seconds * options.fps) * options.visitors
    found = {
        "visitors": options.visitors,
        "by": options.by,
        "frames told": told,
        "answered": len(waits_ms),
        "answer ms, median / 95 %": [round(float(x), 1) for x in np.percentile(waits_ms, [50, 95])],
        "server, % of a core a visitor": round(100 * cores / options.visitors, 2),
        "server, ms of CPU a frame": round(1000 * cores * took_s / told, 2),
        "down, kB/s a visitor": round(
            (sum(camera.visitor.bytes_in for camera in cameras) - before_in)
            / (1000 * took_s * options.visitors),
            1,
        ),
        "memory a visitor, MB": round((resident_mb(pid) - empty_mb) / options.visitors, 1),
        "these visitors' own, % of a core": round(100 * (time.process_time() - own_s) / took_s, 1),
    }
    for camera in cameras:
        await camera.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--visitors", type=int, default=1)
    parser.add_argument("--fps", type=float, default=15)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--page", default="live")
    parser.add_argument("--by", choices=("camera", "page"), default="camera")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch)) as (address, process):
        if options.video:
            place = Path(scratch), process.pid
            found = in_chromium(options.video, options.seconds, address, *place)
        else:
            found = asyncio.run(measure(options, address, process.pid))
    report(found, as_json=options.json)


if __name__ == "__main__":
    main()
