"""What the camera's user sees: whether START works, how soon an answer is on the screen, and how
often Streamlit draws the page meanwhile; by one visitor or several.

    python -m benchmarks.camera [--place server|browser] [--starts N] [--visitors N] [--seconds S]
                                [--json]

Starts the studio and a Chromium whose fake camera shows two gestures in turn, each above a strip
that is white for the first. An answer's time is that from the camera's own showing of a gesture's
first picture until the page names the gesture, what the studio waits for to be sure included. START
is pressed on a page loaded anew each time, and works if the video plays (or its canvas shows a
pose) within START_WITHIN_S. Nobody presses anything in the SECONDS measured: `page_runs` are the
runs that the browser requests of Streamlit then, `page_messages` what it gets from it.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import numpy as np
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from core.media.videos import read_video
from core.pose.types import Picture
from tests.support.studio import (
    BROWSERS,
    PATIENCE_MS,
    ROOT,
    camera_button,
    cpu_seconds,
    find_chromium,
    flags,
    on_screen,
    report,
    settled,
    studio,
    write_film,
)

SLIDESHOW = ROOT.parent / "shared" / "data" / "hand_videos" / "slideshow_emrecandir.mp4"
GESTURES = ("thumbs_up", "open_palm")
EDGE_PX = 48  # the strip
FRAMES_A_GESTURE = 60  # Chromium plays 30 a second
SETTLING_S = 8.0
START_WITHIN_S = 20.0
PLACES = {"server": "the server", "browser": "this device"}  # as the studio's settings call them

# `mudraSeen`: [ms since 1970, 1 where the strip is white] of the camera; `mudraRead`: [ms, name].
WATCH = """
(() => {
  const now = () => performance.timeOrigin + performance.now()
  const seen = window.mudraSeen = [], read = window.mudraRead = []
  const follow = (stream) => {
    const video = Object.assign(document.createElement("video"), {
      srcObject: stream, muted: true, autoplay: true})
    video.style.cssText = "position:fixed;left:0;top:0;width:8px;height:6px;z-index:9"
    document.documentElement.append(video)
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 1
    const pen = canvas.getContext("2d", {willReadFrequently: true})
    const look = () => {
      const w = video.videoWidth, h = video.videoHeight
      pen.drawImage(video, 0, h * .95, w, h * .03, 0, 0, 1, 1)
      const white = Number(pen.getImageData(0, 0, 1, 1).data[0] > 127)
      if (seen.at(-1)?.[1] !== white) seen.push([now(), white])
      video.requestVideoFrameCallback(look)
    }
    video.requestVideoFrameCallback(look)
  }
  const media = navigator.mediaDevices, open = media?.getUserMedia.bind(media)
  if (media) media.getUserMedia = async (wanted) => {
    const stream = await open(wanted)
    follow(stream)
    return stream
  }
  const boxes = (root) => [...root.querySelectorAll(".answer"),
    ...[...root.querySelectorAll("*")].flatMap(
      (one) => one.shadowRoot ? boxes(one.shadowRoot) : [])]
  const watched = new WeakSet()
  const watch = (box) => {
    watched.add(box)
    const tell = () => {
      const name = box.querySelector("h3")?.textContent ?? ""
      if (read.at(-1)?.[1] !== name) read.push([now(), name])
    }
    tell()
    new MutationObserver(tell).observe(box, {subtree: true, childList: true, characterData: true})
  }
  if (window === top) setInterval(
    () => boxes(document).filter((one) => !watched.has(one)).forEach(watch), 200)
})()
"""
PLAYS = {
    "server": "() => document.querySelector('iframe[title*=webrtc_streamer]')?.contentDocument"
    "?.querySelector('video')?.currentTime > 0",
    "browser": """() => {
      const search = (root) => root.querySelector("canvas[data-poses='1']") ||
        [...root.querySelectorAll("*")].some((one) => one.shadowRoot && search(one.shadowRoot))
      return Boolean(search(document))
    }""",
}


def film_of(video: Path, path: Path) -> Path:
    """Write the film of both gestures, from the middles of their parts of the slideshow."""
    about = json.loads(video.with_suffix(".json").read_text())
    wanted: dict[str, float] = {}
    for part in about["timeline"]:
        wanted.setdefault(part["gesture"], part["start_s"] + 0.4 / about["fps"])
    pictures = {name: _picture_at(video, wanted[name] * about["fps"]) for name in GESTURES}
    return write_film(
        path,
        (
            _with_strip(pictures[name], white)
            for name, white in zip(GESTURES, (True, False), strict=True)
            for _ in range(FRAMES_A_GESTURE)
        ),
    )


def _picture_at(video: Path, frame: float) -> Picture:
    return on_screen(next(one.rgb for n, one in enumerate(read_video(video)) if n > frame))


def _with_strip(picture: Picture, white: bool) -> Picture:
    out = picture.copy()
    out[-EDGE_PX:] = 235 if white else 16
    return out


def answer_times_ms(
    seen: Sequence[tuple[float, int]], read: Sequence[tuple[float, str]], until: float
) -> list[float | None]:
    """For each gesture shown, the time until it was named; None where it was not before the next.

    Args:
        seen: (ms, 1 where GESTURES[0] is shown), where this changes.
        read: (ms, name), where the answer changes.
        until: the end of the observation in ms; the gesture shown then is left out.
    """
    found: list[float | None] = []
    for (begun, white), (ended, _) in zip(seen, [*seen[1:], (until, 0)], strict=True):
        name = GESTURES[0 if white else 1]
        if ended == until:
            continue
        named = [at for at, said in read if begun <= at < ended and said == name]
        found.append(named[0] - begun if named else None)
    return found


def count_starts(page: Page, place: str, starts: int) -> dict[str, Any]:
    """Press START so often, each time on a page loaded anew; how often it worked, and how soon."""
    took = []
    for _ in range(starts):
        page.goto(_address("/live", place))
        settled(page)
        begun = time.monotonic()
        if _start(page, place):
            took.append(time.monotonic() - begun)
    return {"starts": f"{len(took)} of {starts}", "start_s": round(median(took), 2)}


def _address(page: str, place: str) -> str:
    return f"{page}?keypoints_found={quote(PLACES[place])}"


def _start(page: Page, place: str) -> bool:
    """Press START once; whether the video plays, or the canvas shows a pose."""
    camera_button(page, "start").click()
    end = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end:
        if page.evaluate(PLAYS[place]):
            return True
        page.wait_for_timeout(50)
    return False


class _PageTraffic:
    """Counts what a page asks of Streamlit and what it gets."""

    def __init__(self, page: Page) -> None:
        self.sent = self.received = 0
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        if "_stcore/stream" in socket.url:
            socket.on("framesent", lambda _: self._count(sent=1))
            socket.on("framereceived", lambda _: self._count(received=1))

    def _count(self, sent: int = 0, received: int = 0) -> None:
        self.sent, self.received = self.sent + sent, self.received + received


def measure_answers(
    browser: Browser, address: str, place: str, visitors: int, seconds: float, server: int
) -> dict[str, Any]:
    """Answers' times of all visitors together, and what each costs."""
    with ExitStack() as stack:
        pages, traffic = [], []
        for _ in range(visitors):
            context = browser.new_context(base_url=address, permissions=["camera"])
            stack.callback(context.close)
            context.add_init_script(WATCH)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            traffic.append(_PageTraffic(page))
            page.goto(_address("/live", place))
            settled(page)
            if not _start(page, place):
                raise RuntimeError("the camera did not start")
            pages.append(page)
        pages[0].wait_for_timeout(1000 * SETTLING_S)
        for page in pages:
            for frame in page.frames:
                frame.evaluate("mudraSeen.splice(0, mudraSeen.length - 1)")
        before = [(one.sent, one.received) for one in traffic], cpu_seconds(server)
        everything = cpu_seconds(os.getpid())
        pages[0].wait_for_timeout(1000 * seconds)
        cores = (cpu_seconds(server) - before[1]) / seconds
        browser_cores = (cpu_seconds(os.getpid()) - everything) / seconds - cores
        after = [(one.sent, one.received) for one in traffic]
        times = [one for page in pages for one in _times_on(page)]
        captions = [page.get_by_text("latency").last.inner_text() for page in pages]
    named = [one for one in times if one is not None]
    middle, late = np.percentile(named, [50, 95])
    return {
        "answer_ms": round(float(middle)),
        "answer_p95_ms": round(float(late)),
        "named": f"{len(named)} of {len(times)}",
        "page_runs": [b[0] - a[0] for a, b in zip(before[0], after, strict=True)],
        "page_messages": [b[1] - a[1] for a, b in zip(before[0], after, strict=True)],
        "studio_cores": round(cores, 2),
        "browser_cores": round(browser_cores, 2),
        "captions": captions,
    }


def _times_on(page: Page) -> list[float | None]:
    """The answers' times on one page. The page or the frame in it has the camera."""
    read = page.evaluate("mudraRead")
    seen = max((frame.evaluate("mudraSeen") for frame in page.frames), key=len)
    return answer_times_ms(seen[1:], read, time.time() * 1000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--place", choices=PLACES, default="server")
    parser.add_argument("--starts", type=int, default=0)
    parser.add_argument("--visitors", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mudra-camera-") as name,
        studio(Path(name) / "workspace") as (address, process),
        sync_playwright() as playwright,
    ):
        film = film_of(SLIDESHOW, Path(name) / "film.mjpeg")
        browser = playwright.chromium.launch(
            executable_path=find_chromium() or BROWSERS[0], args=flags(film)
        )
        found: dict[str, Any] = {"place": asked.place, "visitors": asked.visitors}
        if asked.starts:
            context = browser.new_context(base_url=address, permissions=["camera"])
            found |= count_starts(context.new_page(), asked.place, asked.starts)
            context.close()
        if asked.seconds:
            found |= measure_answers(
                browser, address, asked.place, asked.visitors, asked.seconds, process.pid
            )
        browser.close()
    report(found, as_json=asked.json)


if __name__ == "__main__":
    main()
