"""How long a moment takes from the camera's picture to Mudra's, both as a person would see them.

    python -m benchmarks.latency VIDEO [--seconds S] [--fps F] [--json]

Starts the studio and a Chromium whose fake camera shows the video's first frame with a counter
burnt into its lower edge. A script in the page reads the counter of every shown frame, in the
camera's own stream and in the returned one; a counter's latency is the time between its two first
showings. The script does not see every frame that the browser presents, so those are counted, too,
and how many cores the studio and the browser (this script's work included) take.
"""

import argparse
import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from core.pose.types import Picture
from tests.support.studio import (
    cpu_seconds,
    first_picture,
    opened,
    report,
    start_camera,
    studio,
    write_film,
)

SIZE_WH = (640, 480)
EDGE = 48  # pixels of the counter's strip
BITS = 12
CELLS = BITS + 4  # white, black, the bits from the highest, their parity, black
FILM_FPS = 30  # Chromium plays MJPEG so fast
FILM_FRAMES = 900
SETTLING_S = 8.0  # the connection's first seconds are not counted
RATES = {"remote": "presented_fps", "studio": "studio_cores", "browser": "browser_cores"}
Seen = Sequence[tuple[float, int]]  # (milliseconds, counter), in order of time

WATCH = (
    f"const CELLS = {CELLS}, EDGE = {EDGE / SIZE_WH[1]};"
    + """
(() => {
  const seen = window.mudraSeen = {local: [], remote: [], presented: {}};
  function follow(video, name, mirrored) {
    const canvas = document.createElement("canvas");
    canvas.width = CELLS; canvas.height = 1;
    const pen = canvas.getContext("2d", {willReadFrequently: true});
    const look = (now, {presentedFrames}) => {
      seen.presented[name] = presentedFrames;
      const w = video.videoWidth, h = video.videoHeight;
      pen.drawImage(video, 0, h * (1 - EDGE * .7), w, h * EDGE * .4, 0, 0, CELLS, 1);
      const data = pen.getImageData(0, 0, CELLS, 1).data, bits = [];
      for (let i = 0; i < CELLS; i++) bits.push(data[4 * i] > 127 ? 1 : 0);
      if (mirrored) bits.reverse();
      seen[name].push([now, bits.join("")]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }
  if (!navigator.mediaDevices) return;
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...options) { super(...options); window.mudraPeer = this; }
  };
  window.mudraCosts = async () => {
    const found = {};
    for (const s of (await mudraPeer.getStats()).values()) {
      if (s.type === "outbound-rtp") found.browser_encode_ms = s.totalEncodeTime / s.framesEncoded;
      if (s.type !== "inbound-rtp") continue;
      found.browser_buffer_ms = s.jitterBufferDelay / s.jitterBufferEmittedCount;
      found.browser_decode_ms = s.totalDecodeTime / s.framesDecoded;
    }
    return Object.fromEntries(Object.entries(found).map(([k, v]) => [k, Math.round(1e4 * v) / 10]));
  };
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted), own = document.createElement("video");
    Object.assign(own, {srcObject: stream, muted: true, autoplay: true});
    own.style.cssText = "position:fixed;left:0;top:0;width:64px;height:48px;z-index:9";
    document.body.append(own);
    follow(own, "local", false);
    const timer = setInterval(() => {
      const other = [...document.querySelectorAll("video")].find((v) => v !== own && v.srcObject);
      if (other) { clearInterval(timer); follow(other, "remote", true); }
    }, 50);
    return stream;
  };
})();
"""
)


def cells(counter: int) -> list[int]:
    """The strip's CELLS zeros and ones, left to right."""
    bits = [counter >> place & 1 for place in reversed(range(BITS))]
    return [1, 0, *bits, sum(bits) % 2, 0]


def read_cells(text: str) -> int | None:
    """The counter of a strip that was read as "1001…"; None where it can't be one."""
    found = [int(sign) for sign in text]
    counter = int(text[2 : 2 + BITS], 2)
    return counter if found == cells(counter) else None


def stamp(picture: Picture, counter: int) -> Picture:
    """A copy of a 640x480 picture with the counter's strip along its lower edge."""
    out = picture.copy()
    width = SIZE_WH[0] // CELLS
    for i, bit in enumerate(cells(counter)):
        out[-EDGE:, i * width : (i + 1) * width] = 235 * bit + 10
    return out


def counted(video: Path) -> Iterator[Picture]:
    """The video's first frame above a counter that counts on."""
    picture = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
    picture[:-EDGE] = first_picture(video, (SIZE_WH[0], SIZE_WH[1] - EDGE))
    return (stamp(picture, counter) for counter in range(FILM_FRAMES))


def latencies_ms(local: Seen, remote: Seen) -> list[float]:
    """For each counter that came back, the time since the camera's own showing of it.

    The film repeats, so a counter's latest showing before its return counts.
    """
    times: dict[int, list[float]] = {}
    for at_ms, counter in firsts(local):
        times.setdefault(counter, []).append(at_ms)
    found = []
    for at_ms, counter in firsts(remote):
        before = bisect_right(times.get(counter, []), at_ms)
        if before:
            found.append(at_ms - times[counter][before - 1])
    return found


def firsts(seen: Seen) -> list[tuple[float, int]]:
    """Only the showings whose counter is not that of the showing before."""
    return [*seen[:1], *(b for a, b in pairwise(seen) if b[1] != a[1])]


def measure(video: Path, seconds: float, fps: int = 15) -> dict[str, Any]:
    """Latency and rates of a Live page that ran so long."""
    with tempfile.TemporaryDirectory(prefix="mudra-latency-") as name:
        folder = Path(name)
        film = write_film(folder / "film.mjpeg", counted(video))
        with (
            studio(folder / "workspace") as (address, process),
            opened(address, film, script=WATCH) as page,
        ):
            page.goto("/live")
            _choose_fps(page, fps)
            start_camera(page)
            page.wait_for_timeout(1000 * SETTLING_S)
            frame = next(f for f in page.frames if "webrtc" in f.url)
            frame.evaluate("mudraSeen.local.length = mudraSeen.remote.length = 0")
            begun = frame.evaluate("mudraSeen.presented"), _cores_used(process.pid)
            page.wait_for_timeout(1000 * seconds)
            seen, costs = frame.evaluate("mudraSeen"), frame.evaluate("mudraCosts()")
            ended = seen.pop("presented"), _cores_used(process.pid)
            caption = page.get_by_text("latency").last.inner_text()
    rates = {
        name: round((after[of] - before[of]) / seconds, 2)
        for before, after in zip(begun, ended, strict=True)
        for of, name in RATES.items()
        if of in after
    }
    return figures(seen, seconds) | rates | costs | {"studio": caption}


def _cores_used(studio: int) -> dict[str, float]:
    """CPU seconds so far of the studio's processes and of the browser's."""
    own = cpu_seconds(studio)
    return {"studio": own, "browser": cpu_seconds(os.getpid()) - own}


def figures(seen: dict[str, list[tuple[float, str]]], seconds: float) -> dict[str, Any]:
    """Median and 95th percentile in ms, frames a second shown here and there, unread strips."""
    shown = {
        name: [(at, counter) for at, text in rows if (counter := read_cells(text)) is not None]
        for name, rows in seen.items()
    }
    found = latencies_ms(shown["local"], shown["remote"])
    median, p95 = np.percentile(found, [50, 95]) if found else (np.nan, np.nan)
    return {
        "median_ms": round(float(median), 1),
        "p95_ms": round(float(p95), 1),
        "frames": len(found),
        "camera_fps": round(len(firsts(shown["local"])) / seconds, 1),
        "returned_fps": round(len(firsts(shown["remote"])) / seconds, 1),
        "unread": sum(len(rows) for rows in seen.values()) - sum(map(len, shown.values())),
    }


def _choose_fps(page: Page, fps: int) -> None:
    """Move the slider from 15; 15 needs nothing."""
    if fps == 15:
        return
    page.get_by_role("button", name="Settings").click()
    slider = (
        page.get_by_test_id("stSlider").filter(has_text="Frames a second").get_by_role("slider")
    )
    for _ in range(abs(fps - 15)):
        slider.press("ArrowRight" if fps > 15 else "ArrowLeft")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path, help="its first frame shows a hand")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report(measure(options.video, options.seconds, options.fps), as_json=options.json)


if __name__ == "__main__":
    main()
