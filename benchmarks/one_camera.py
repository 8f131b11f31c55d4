"""How long the video takes from page to page, START pressed once in the whole tour.

    python -m benchmarks.one_camera VIDEO [--rounds N] [--json]

Starts the studio and a Chromium whose fake camera shows the video's first frame, which must show a
hand. Each round goes from Train to Live by the menu; what counts is the time from the click until
the Live page shows what a new frame means, and until the video is large again.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect

from benchmarks.studio import first_picture, opened, report, start_camera, studio, write_film

WINDOW = {"width": 1280, "height": 900}
TOUR = ("Record", "Live", "Heatmaps", "Train", "Studio")
IFRAME = 'iframe[title*="webrtc_streamer"]'
LARGE = """() => document.querySelector('iframe[title*="webrtc_streamer"]')
    .getBoundingClientRect().width > 400"""


def measure(video: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds from the click on Live to its first answer, and to the large video."""
    with tempfile.TemporaryDirectory(prefix="mudra-tour-") as name:
        folder = Path(name)
        film = write_film(folder / "film.mjpeg", [first_picture(video)] * 30)
        with (
            studio(folder / "workspace") as (address, _),
            opened(address, film, viewport=WINDOW) as page,
        ):
            page.goto("/")
            start_camera(page)
            for title in TOUR:
                _go(page, title)
            answers, large = zip(*(_to_live(page) for _ in range(rounds)), strict=True)
            playing = page.frame_locator(IFRAME).get_by_role("button", name="Stop").count()
    return {"answer_ms": _figures(answers), "large_ms": _figures(large), "still_playing": playing}


def _to_live(page: Page) -> tuple[float, float]:
    _go(page, "Train")
    page.wait_for_timeout(500)
    begun = time.monotonic()
    page.get_by_test_id("stSidebarNav").get_by_text("Live", exact=True).click()
    page.wait_for_function(LARGE)
    large = time.monotonic()
    expect(page.locator(".st-key-answer [role=meter]").first).to_be_visible()
    return 1000 * (time.monotonic() - begun), 1000 * (large - begun)


def _go(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_text(title, exact=True).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    done = page.get_by_test_id("stApp")
    expect(done).to_have_attribute("data-test-script-state", "notRunning")


def _figures(found: tuple[float, ...]) -> dict[str, float]:
    return {"median": round(float(np.median(found))), "worst": round(max(found))}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path, help="its first frame shows a hand")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.video, options.rounds)
    report(found | {"rounds": options.rounds}, as_json=options.json)


if __name__ == "__main__":
    main()
