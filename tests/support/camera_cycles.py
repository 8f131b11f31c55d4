"""Start and stop the camera again and again; threads and memory of the server after each cycle."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.studio import start_camera, stop_camera, studio

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
    threads, memory = (
        int(re.search(rf"{key}:\s+(\d+)", status)[1])  # type: ignore[index]
        for key in ("Threads", "VmRSS")
    )
    return Standing(cycle, threads, round(memory / 1024, 1))


def open_page(browser: Browser, address: str) -> Page:
    """A page of the studio that is allowed the camera, once it is there."""
    page = browser.new_context(permissions=["camera"]).new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)
    return page


def cycle(page: Page, seconds: float, calm_s: float = CALM_S) -> None:
    """START, wait until pictures come, look for so long, STOP."""
    start_camera(page)
    expect(page.get_by_text(re.compile(r"[1-9]\d* fps"))).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000 * seconds)
    stop_camera(page)
    page.wait_for_timeout(1000 * calm_s)


def cycles(
    browser: Browser, number: int, seconds: float = 2.0, calm_s: float = CALM_S
) -> Iterator[Standing]:
    """The standing after each of so many cycles on the Live page of a studio of its own."""
    with tempfile.TemporaryDirectory() as folder, studio(Path(folder)) as (address, process):
        page = open_page(browser, f"{address}/live")
        for done in range(1, number + 1):
            cycle(page, seconds, calm_s)
            yield standing(process.pid, done)
        page.context.close()


def lasting_growth(values: Sequence[float]) -> float:
    """What the last third has at least more than the first: what comes and goes does not count."""
    third = len(values) // 3
    return min(values[-third:]) - min(values[:third])
