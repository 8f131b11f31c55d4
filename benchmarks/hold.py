"""How soon a button that is held reaches the recorder, and its release.

    python -m benchmarks.hold VIDEO [--page record] [--holds N] [--json]

Starts the studio and a Chromium whose fake camera shows the video's first frame, and presses the
record button of a gesture card N times. The page writes down when the pointer went down and up, the
studio when its recorder was told; both read this machine's clock.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.studio import (
    LOG,
    first_picture,
    opened,
    report,
    start_camera,
    studio,
    write_film,
)
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
    cli.main(["run", "serve.py", "--server.port", arguments[arguments.index("--port") + 1]])


def _told(name: str, does: Any) -> Any:
    def tell(self: Recorder, *given: Any, **named: Any) -> Any:
        print(f"told {name} {1000 * time.time():.1f}", flush=True)
        return does(self, *given, **named)

    return tell


def measure(video: Path, page_name: str, holds: int) -> dict[str, Any]:
    """Milliseconds of so many presses and releases."""
    with tempfile.TemporaryDirectory(prefix="mudra-hold-") as name:
        folder = Path(name)
        film = write_film(folder / "film.mjpeg", [first_picture(video)] * 30)
        program = ("-m", "benchmarks.hold", SERVE)
        with (
            studio(folder / "workspace", program=program) as (address, _),
            opened(address, film, script=WATCH) as page,
        ):
            page.goto(f"/{page_name}")
            start_camera(page)
            done = _hold(page, holds)
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
    report(measure(options.video, options.page, options.holds), as_json=options.json)


if __name__ == "__main__":
    main()
