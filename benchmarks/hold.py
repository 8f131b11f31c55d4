"""How soon a button that is held reaches the recorder, and its release.

    python -m benchmarks.hold VIDEO [--page record] [--holds N] [--json]

Starts the studio and a Chromium whose fake camera shows the video's first frame, and presses the
record button of a gesture card N times. The page writes down when the pointer went down and up, the
studio when its recorder was told; both read this machine's clock.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import write_film
from benchmarks.studio import BROWSERS, LOG, find_chromium, flags, start_camera, studio
from core.capture.recording import Recorder

SERVE = "--serve"
BEGINS, ENDS = "record", "release"  # what the recorder is told at a press and at a release
HELD_MS, PAUSE_MS = 600, 500
SETTLING_MS = 5000  # the connection's first seconds are not counted

WATCH = """
window.mudraHolds = {record: [], release: []};
window.addEventListener("pointerdown", () => mudraHolds.record.push(Date.now()), true);
window.addEventListener("pointerup", () => mudraHolds.release.push(Date.now()), true);
"""


def serve(arguments: Sequence[str]) -> None:
    """Be the studio, and print when the recorder is told something."""
    from streamlit.web import cli

    for name in (BEGINS, ENDS):
        setattr(Recorder, name, _told(name, getattr(Recorder, name)))
    cli.main(["run", "app.py", "--server.port", arguments[arguments.index("--port") + 1]])


def _told(name: str, does: Any) -> Any:
    def tell(self: Recorder, *given: Any, **named: Any) -> Any:
        print(f"told {name} {1000 * time.time():.1f}", flush=True)
        return does(self, *given, **named)

    return tell


def measure(video: Path, page_name: str, holds: int) -> dict[str, Any]:
    """Milliseconds of so many presses and releases."""
    with tempfile.TemporaryDirectory(prefix="mudra-hold-") as name:
        folder = Path(name)
        write_film(folder / "film.mjpeg", video)
        program = ("-m", "benchmarks.hold", SERVE)
        with (
            studio(folder / "workspace", program=program) as (address, _),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=find_chromium() or BROWSERS[0], args=flags(folder / "film.mjpeg")
            )
            context = browser.new_context(base_url=address, permissions=["camera"])
            context.add_init_script(WATCH)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"/{page_name}")
            start_camera(page)
            done = _hold(page, holds)
            browser.close()
        told = (folder / "workspace" / LOG).read_text()
    return {
        what: figures(done[name], [float(at) for at in re.findall(rf"told {name} ([\d.]+)", told)])
        for what, name in (("press_ms", BEGINS), ("release_ms", ENDS))
    }


def _hold(page: Page, holds: int) -> dict[str, list[float]]:
    """Press and release; when the page saw it."""
    button = page.locator(".hold[aria-disabled=false]").first
    button.hover()
    page.wait_for_timeout(SETTLING_MS)
    page.evaluate("mudraHolds.record.length = mudraHolds.release.length = 0")
    for number in range(holds):
        page.mouse.down()
        page.wait_for_timeout(HELD_MS + 17 * (number % 8))  # in step with nothing else
        page.mouse.up()
        page.wait_for_timeout(PAUSE_MS + 29 * (number % 8))
    page.wait_for_timeout(SETTLING_MS)
    found: dict[str, list[float]] = page.evaluate("mudraHolds")
    return found


def figures(done: Sequence[float], told: Sequence[float]) -> dict[str, float]:
    """Median and longest time from what was done to when it was told, milliseconds."""
    if len(done) != len(told):
        raise RuntimeError(f"{len(done)} were done and {len(told)} told: the page lost some")
    took = np.subtract(told, done)
    return {
        "median": round(float(np.median(took)), 1),
        "worst": round(float(took.max()), 1),
        "of": len(took),
    }


def main() -> None:
    """Measure and print."""
    if SERVE in sys.argv:
        serve(sys.argv)
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path, help="its first frame shows a hand")
    parser.add_argument("--page", default="record", help='with gesture cards; "" is Studio')
    parser.add_argument("--holds", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.video, options.page, options.holds)
    found |= {
        "load": [round(x, 2) for x in os.getloadavg()],
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
    }
    print(json.dumps(found) if options.json else "\n".join(f"{k}: {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
