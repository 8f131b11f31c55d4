"""What memory the studio's process takes while every page is visited, with the camera on.

python -m benchmarks.page_memory --film FILM.mjpeg [--bodies] [--rounds R] [--seconds S] [--json]

The film is what Chromium's fake camera shows. Memory is what is resident, MB, and the most that
ever was; Chromium's own does not count.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.studio import opened, report, resident_mb, start_camera, studio
from core.paths import Paths
from core.pose.skeletons import BODY_33, HAND_21
from core.store import Store

PROJECT = "Memory"
FIRST = "Studio"


def visits(page: Page, rounds: int, seconds: float) -> Iterator[str]:
    """The name of each page, once it stood for so long."""
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links.first).to_be_visible()
    names = [text.split("\n")[-1].strip() for text in links.all_inner_texts()]
    for name in names * rounds:
        page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        page.wait_for_timeout(1000 * seconds)
        yield name


def measure(film: Path, skeleton: str, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Page → MB at the end of each visit; "most" is the most that ever was."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Paths.find(Path(folder)).store)
        store.create_project(PROJECT, skeleton=skeleton)
        store.close()
        with (
            studio(Path(folder)) as (address, process),
            opened(address, film, viewport={"width": 1280, "height": 900}) as page,
        ):
            page.goto(f"/?project={PROJECT}")
            expect(page.get_by_role("heading", level=1, name=FIRST)).to_be_visible()
            start_camera(page)
            for name in visits(page, rounds, seconds):
                found.setdefault(name, []).append(resident_mb(process.pid))
            found["most"] = [resident_mb(process.pid, "VmHWM")]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path, required=True)
    parser.add_argument("--bodies", action="store_true", help="a project of bodies")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0, help="on each page")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    skeleton = BODY_33 if asked.bodies else HAND_21
    found = measure(asked.film, skeleton.name, asked.rounds, asked.seconds)
    report(found, as_json=asked.json)


if __name__ == "__main__":
    main()
