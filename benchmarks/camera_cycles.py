"""Start and stop the camera again and again; threads and memory of the server after each cycle.

python -m benchmarks.camera_cycles --film FILM.mjpeg [--cycles N] [--json]
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)  # fmt: skip
CALM_S = 2.5  # what ends needs a moment


@dataclass(frozen=True)
class Standing:
    """The server's process after a cycle; memory resident, MB."""

    cycle: int
    threads: int
    memory_mb: float


def standing(pid: int, cycle: int) -> Standing:
    """As Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    threads, memory = (int(re.search(rf"{key}:\s+(\d+)", status)[1])  # type: ignore[index]
                       for key in ("Threads", "VmRSS"))  # fmt: skip
    return Standing(cycle, threads, round(memory / 1024, 1))


@contextmanager
def studio(workspace: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A studio of its own: its address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "core", "studio", "--port", str(port)]
    environment = os.environ | {
        "MUDRA_WORKSPACE": str(workspace), "STREAMLIT_SERVER_HEADLESS": "true",
    }  # fmt: skip
    with (workspace / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def open_page(browser: Browser, address: str) -> Page:
    """A page of the studio that is allowed the camera, once it is there."""
    page = browser.new_context(permissions=["camera"]).new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)
    return page


def cycle(page: Page, seconds: float) -> None:
    """START, wait until pictures come, look for so long, STOP."""
    frame = page.frame_locator('iframe[title*="webrtc_streamer"]')
    frame.get_by_role("button", name=re.compile("start", re.I)).click()
    expect(page.get_by_text(re.compile(r"[1-9]\d* fps"))).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000 * seconds)
    frame.get_by_role("button", name=re.compile("stop", re.I)).click()
    expect(frame.get_by_role("button", name=re.compile("start", re.I))).to_be_visible()
    page.wait_for_timeout(1000 * CALM_S)


def cycles(film: Path, chromium: str, number: int, seconds: float = 2.0) -> Iterator[Standing]:
    """The standing after each of so many cycles on the Live page."""
    with (
        tempfile.TemporaryDirectory() as folder,
        studio(Path(folder)) as (address, process),
        sync_playwright() as playwright,
    ):
        camera = f"--use-file-for-fake-video-capture={film}"
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, camera])
        page = open_page(browser, f"{address}/live")
        for done in range(1, number + 1):
            cycle(page, seconds)
            yield standing(process.pid, done)
        browser.close()


def main() -> None:
    """Print each cycle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path, required=True, help="what the fake camera shows")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chromium = os.environ.get("MUDRA_CHROMIUM") or shutil.which("chromium") or "google-chrome"
    for one in cycles(given.film, chromium, given.cycles):
        text = f"{one.cycle:4} {one.threads:4} threads {one.memory_mb:8.1f} MB"
        print(json.dumps(asdict(one)) if given.json else text, flush=True)


if __name__ == "__main__":
    main()
