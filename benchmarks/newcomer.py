"""A newcomer's first minute in Chromium: from the open Studio to an own model that answers.

    python -m benchmarks.newcomer [--place server|browser] [--pictures FOLDER] [--json]

In three sizes, light and dark, each in a new studio: press START, hold two gesture cards while the
camera shows the gestures, press Train, show a gesture until the new model names it. Prints the
clicks, the seconds and how many of them were spent waiting (for the video, and from Train to the
first right answer), the layout shift until then (CLS as web.dev/cls defines it), controls that are
covered or cut off, and what the browser's console complained of. The camera is a canvas with the
photos of a film, which moves a little as a hand does. Screenshots of each step go to FOLDER.
"""

import argparse
import base64
import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cv2
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.camera import GESTURES, PLACES, PLAYS, SLIDESHOW
from core.media.videos import read_video
from tests.support.studio import (
    FLAGS,
    PATIENCE_MS,
    ROOT,
    camera_button,
    find_chromium,
    report,
    settled,
    studio,
)

SIZES = {"desk": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
THEMES = ("light", "dark")
HOLD_S = 4.0
WITHIN_MS = 30_000
COVERED = ROOT / "tests" / "browser" / "widths.js"
CAMERA = """
(films) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 })
  const pen = canvas.getContext("2d")
  const photos = films.map((film) => film.map((src) => Object.assign(new Image(), { src })))
  window.mudraShows = 0
  setInterval(() => {
    const t = performance.now() / 1000, film = photos[window.mudraShows]
    pen.fillRect(0, 0, 640, 480)
    pen.drawImage(film[Math.floor(t / 0.4) % film.length], 8 * Math.sin(3 * t), 6 * Math.cos(4 * t))
  }, 1000 / 15)
  if (navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15)
  }
}
"""
SHIFTS = """
window.mudraShifts = []
new PerformanceObserver((list) => list.getEntries().forEach((one) => one.hadRecentInput ||
  window.mudraShifts.push([one.startTime, one.value]))
).observe({ type: "layout-shift", buffered: true })
"""


def read_photos(video: Path) -> list[list[str]]:
    """The photos of each of GESTURES as data URLs."""
    about = json.loads(video.with_suffix(".json").read_text())
    frames = [frame.rgb for frame in read_video(video)]
    films = []
    for gesture in GESTURES:
        [part] = [one for one in about["timeline"] if one["gesture"] == gesture]
        first, every = part["start_s"] * about["fps"], part["end_s"] - part["start_s"]
        every *= about["fps"] / part["photos"]
        films.append([_data_url(frames[round(first + n * every)]) for n in range(part["photos"])])
    return films


def _data_url(rgb: Any) -> str:
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(cv2.resize(rgb, (640, 480)), cv2.COLOR_RGB2BGR))[1]
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"


def cumulative_layout_shift(shifts: list[tuple[float, float]]) -> float:
    """The largest sum of shifts in a window of at most 5 s without a gap of 1 s.

    Args:
        shifts: (ms, value) in their order.
    """
    worst = total = 0.0
    begun = last = float("-inf")
    for at, value in shifts:
        if at - last > 1000 or at - begun > 5000:
            begun, total = at, 0.0
        last, total = at, total + value
        worst = max(worst, total)
    return worst


class Newcomer:
    """One newcomer in one window; counts clicks, and the seconds in which they can only wait."""

    def __init__(self, page: Page, place: str, look: Callable[[str], None]) -> None:
        self.page, self.place, self.look = page, place, look
        self.clicks, self.waited_s = 0, 0.0

    def live_through(self, address: str) -> float:
        """From the open Studio to the first answer of an own model; the seconds."""
        self.page.goto(f"{address}?keypoints_found={quote(PLACES[self.place])}")
        settled(self.page)
        self.look("open")
        begun = time.monotonic()
        self.start()
        for n, gesture in enumerate(GESTURES):
            self.show(n)
            self.hold(gesture)
        self.train()
        return time.monotonic() - begun

    def start(self) -> None:
        """Press START and wait for the video."""
        camera_button(self.page, "start").click()
        self.clicks += 1
        self.wait(lambda: self.page.wait_for_function(PLAYS[self.place], timeout=WITHIN_MS))
        self.look("camera")

    def show(self, gesture: int) -> None:
        """Hold another gesture into the camera."""
        for frame in self.page.frames:
            frame.evaluate("n => { window.mudraShows = n }", gesture)

    def hold(self, gesture: str) -> None:
        """Hold the gesture's card."""
        named = self.page.locator(".name", has_text=re.compile(f"^{gesture}$"))
        button = self.page.locator(".card").filter(has=named).locator(".hold")
        expect(button).to_have_attribute("aria-disabled", "false", timeout=WITHIN_MS)
        button.hover()
        self.page.mouse.down()
        self.page.wait_for_timeout(1000 * HOLD_S)
        self.look(f"hold_{gesture}")
        self.page.mouse.up()
        self.clicks += 1

    def train(self) -> None:
        """Press Train and wait until the new model names what is shown."""
        button = self.page.get_by_role("button", name="Train", exact=True)
        self.wait(lambda: expect(button).to_be_enabled(timeout=WITHIN_MS))
        button.click()
        self.clicks += 1
        own = self.page.get_by_text("Using your model")  # before, the starter model answers
        self.wait(lambda: expect(own.first).to_be_visible(timeout=WITHIN_MS))
        answer = self.page.locator(".answer h3").first
        self.wait(lambda: expect(answer).to_have_text(GESTURES[-1], timeout=WITHIN_MS))
        self.look("trained")

    def wait(self, act: Callable[[], object]) -> None:
        """Do something that only waits."""
        begun = time.monotonic()
        act()
        self.waited_s += time.monotonic() - begun


def measure(
    browser: Browser, place: str, size: str, theme: str, photos: list[list[str]], pictures: Path
) -> dict[str, Any]:
    """One newcomer in a new studio."""
    wide, high = SIZES[size]
    with tempfile.TemporaryDirectory() as folder, studio(Path(folder)) as (address, _):
        context = browser.new_context(
            viewport={"width": wide, "height": high},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=size != "desk",
            permissions=["camera"],
        )
        context.add_init_script(f"({CAMERA})({json.dumps(photos)})")
        context.add_init_script(SHIFTS)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        page.on("console", lambda one: complaints.extend([one.text] * (one.type == "error")))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        name = f"{place}_{size}_{theme}"
        newcomer = Newcomer(
            page, place, lambda step: _keep_screenshot(page, pictures / f"{name}_{step}.png")
        )
        took_s = newcomer.live_through(address)
        shifts = page.evaluate("mudraShifts")
        covered = page.evaluate(COVERED.read_text())
        context.close()
    return {
        "clicks": newcomer.clicks,
        "seconds": round(took_s, 1),
        "waited": round(newcomer.waited_s, 1),
        "layout_shift": round(cumulative_layout_shift(shifts), 3),
        "covered": covered,
        "console": complaints,
    }


def _keep_screenshot(page: Page, path: Path) -> None:
    page.screenshot(path=path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--place", choices=PLACES, default="server")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    photos = read_photos(SLIDESHOW)
    found = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pictures = asked.pictures or Path(folder)
        pictures.mkdir(parents=True, exist_ok=True)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for size in SIZES:
            for theme in THEMES:
                one = measure(browser, asked.place, size, theme, photos, pictures)
                found[f"{size} {theme}"] = one
        browser.close()
    report(found, as_json=asked.json)


if __name__ == "__main__":
    main()
