"""How soon a press on a gesture card is recorded, and whether one is lost on a busy machine.

    python -m benchmarks.presses VIDEO [--holds N] [--presses N] [--busy N] [--json]

Starts the studio and a Chromium whose fake camera shows the first frame of VIDEO, on Record. A hold
goes from the page's press until the page shows that it is being recorded: over the live channel, to
the recorder and back. Then BUSY processes compute as much as they can while a gesture is renamed
PRESSES times in one go; the undo log says how often each was applied.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page

from core.paths import Paths
from core.store import Store
from tests.support.studio import (
    first_picture,
    opened,
    report,
    settled,
    start_camera,
    studio,
    write_film,
)

WITHIN_S = 900
HOLD = """async ([topic, gesture]) => {
  const until = (recording) => new Promise((done) => {
    const stop = mudraChannel.listen(topic, (state) => {
      if (Boolean(state?.recording) === recording) setTimeout(() => (stop(), done()))
    })
  })
  const from = performance.now()
  mudraChannel.say(topic, "begin", { gesture, held: 0 })
  await until(true)
  const took = performance.now() - from
  mudraChannel.say(topic, "end", { held: took })
  await until(false)
  return took
}"""
RENAME = """([topic, gesture, n]) => {
  for (let i = 0; i < n; i++) {
    mudraChannel.say(topic, "rename", { gesture, name: `g${i}`, emoji: "" })
  }
}"""


def measure_holds(page: Page, target: list[Any], holds: int) -> dict[str, float]:
    """Milliseconds from a press to its showing, median and the 95th percentile."""
    took = [page.evaluate(HOLD, target) for _ in range(holds)]
    return {"hold_ms": round(median(took), 1), "hold_p95_ms": round(quantiles(took, n=20)[-1], 1)}


def count_presses(page: Page, store: Store, target: list[Any], presses: int, busy: int) -> int:
    """How many of the presses were applied, each counted as often as it was."""
    project = store.projects()[0].id

    def acts() -> int:
        return max((act.id for act in store.list_history(project)), default=0)

    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        before, end = acts(), time.monotonic() + WITHIN_S
        page.evaluate(RENAME, [*target, presses])
        while store.gestures(project)[0].name != f"g{presses - 1}" and time.monotonic() < end:
            page.wait_for_timeout(500)
        return acts() - before
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--holds", type=int, default=100)
    parser.add_argument("--presses", type=int, default=2000)
    parser.add_argument("--busy", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = write_film(Path(folder) / "film.mjpeg", [first_picture(given.video)])
        with studio(Path(folder)) as (address, _), opened(address, film) as page:
            page.goto("/record")
            settled(page)
            start_camera(page)
            page.wait_for_function("mudraChannel.topics.size && mudraChannel.isOpen")
            store = Store(Paths.find(Path(folder)).database)
            project = store.projects()[0].id
            target = [f"cards {project}", store.gestures(project)[0].id]
            page.wait_for_function("([topic]) => !mudraChannel.topics.get(topic).off", arg=target)
            found: dict[str, Any] = measure_holds(page, target, given.holds)
            applied = count_presses(page, store, target, given.presses, given.busy)
            store.close()
    found |= {"presses": given.presses, "applied": applied, "busy": given.busy}
    report(found, as_json=given.json)


if __name__ == "__main__":
    main()
