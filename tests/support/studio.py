"""A studio of its own and a Chromium with a fake camera, for measurements and tests."""

import json
import os
import platform
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from playwright.sync_api import Locator, Page, expect, sync_playwright

from core.media.videos import read_video
from core.pose.types import Picture

ROOT = Path(__file__).resolve().parents[2]
LOG = "log.txt"  # in the workspace: what the studio said
VIDEO = 'iframe[title*="webrtc_streamer"]'
STARTS_WITHIN_S = 60
PATIENCE_MS = 60_000
# the first, where it is, does the same without a window, for less
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--font-render-hinting=none",  # as wide without a window as in one
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome to drive: MUDRA_CHROMIUM, else one of this machine."""
    named = os.environ.get("MUDRA_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def flags(film: Path) -> list[str]:
    """Chromium's flags for a camera that shows the film."""
    return [*FLAGS, f"--use-file-for-fake-video-capture={film}"]


def first_picture(video: Path, size_wh: tuple[int, int] = (640, 480)) -> Picture:
    """The video's first frame, made to fit."""
    return cv2.resize(next(iter(read_video(video))).rgb, size_wh)  # type: ignore[return-value]


def on_screen(photo: Picture) -> Picture:
    """The photo as large as it goes into a camera's picture of 640 x 480 pixels, grey beside it."""
    scale = min(480 / photo.shape[0], 640 / photo.shape[1])
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    screen = np.full((480, 640, 3), 128, np.uint8)
    top, left = (480 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    screen[top : top + small.shape[0], left : left + small.shape[1]] = small
    return screen


def write_film(path: Path, pictures: Iterable[Picture]) -> Path:
    """A film for the fake camera, 30 pictures a second, over and over; its path."""
    with path.open("wb") as film:
        for rgb in pictures:
            film.write(cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes())
    return path


@contextmanager
def opened(address: str, film: Path, *, script: str = "", **look: Any) -> Iterator[Page]:
    """A page in a Chromium whose camera shows the film.

    Args:
        script: run in every document before its own scripts.
        look: what Playwright's `Browser.new_context` takes.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium() or BROWSERS[0], args=flags(film)
        )
        context = browser.new_context(base_url=address, permissions=["camera"], **look)
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        try:
            yield page
        finally:
            browser.close()


def conditions() -> dict[str, Any]:
    """What a time depends on: the load of 1, 5 and 15 minutes, and the machine."""
    return {
        "load": [round(x, 2) for x in os.getloadavg()],
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
    }


def report(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was measured, and under which conditions."""
    told = {**found, **conditions()}
    print(json.dumps(told) if as_json else "\n".join(f"{k}: {v}" for k, v in told.items()))


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def studio(
    workspace: Path,
    environment: Mapping[str, str] | None = None,
    *,
    program: Sequence[str] = ("-m", "core", "studio"),
    scheme: str = "http",
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A studio on a free port: its address and process."""
    port = free_port()
    base = (environment or {}).get("STREAMLIT_SERVER_BASE_URL_PATH", "")
    address = f"{scheme}://127.0.0.1:{port}{base}"
    command = [sys.executable, *program, "--port", str(port)]
    given = os.environ | {
        "MUDRA_WORKSPACE": str(workspace),
        "MUDRA_DATABASE": "",
        "STREAMLIT_SERVER_HEADLESS": "true",
    }
    workspace.mkdir(parents=True, exist_ok=True)
    with (workspace / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=given | dict(environment or {}), stdout=log, stderr=log
        )
    try:
        _wait_for(f"{address}/_stcore/health", process, workspace / LOG)
        yield address, process
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end, any_certificate = time.monotonic() + STARTS_WITHIN_S, ssl._create_unverified_context()
    while time.monotonic() < end and process.poll() is None:
        answer = partial(urllib.request.urlopen, address, timeout=1, context=any_certificate)
        with suppress(OSError), answer():
            return
        time.sleep(0.1)
    raise RuntimeError(f"the studio does not answer: {log.read_text()}")


def cpu_seconds(root: int) -> float:
    """CPU time of a running process and of all running ones that it started."""
    process, total = psutil.Process(root), 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):  # it has just ended
            total += sum(one.cpu_times()[:2])  # user and system
    return total


def settled(page: Page) -> None:
    """No script of the page is running."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def camera_button(page: Page, name: str) -> Locator:
    """The button “start” or “stop” of the camera."""
    return page.get_by_role("button", name=name.upper(), exact=True)


def start_camera(page: Page) -> None:
    """Press START once the page stands, and wait until the server's video plays."""
    settled(page)  # else another button would come in the place of the one just pressed
    camera_button(page, "start").click()
    expect(camera_button(page, "stop")).to_be_visible(timeout=30_000)
    # before that the connection still reports in, and would take back a click in the menu
    expect(page.locator(".st-key-camera[data-camera=playing]")).to_have_count(1, timeout=30_000)
    settled(page)


def stop_camera(page: Page) -> None:
    """Press STOP, and wait until the camera is off."""
    camera_button(page, "stop").click()
    expect(camera_button(page, "start")).to_be_visible()
