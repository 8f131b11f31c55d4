"""How long every page of the menu takes until it stands, in Chromium, with many samples.

    python -m benchmarks.pages [TABLE] [--pictures N] [--rounds R] [--workspace FOLDER] [--json]

TABLE is a keypoint table, its rows the samples (../shared/data's 19,484 hands unless told); with
--pictures the project has N samples with a crop each instead. A model is trained on them first. A
page stands when nothing of it is missing, grey or of the page before (tests/support/page_load.js):
after its address was opened in a browser that knows nothing of Mudra, and must load a hundred
scripts; in one that was here before; and after a click in the menu.
"""

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from core.paths import Paths
from core.store import Store
from tests.support.many_samples import PROJECT, fill
from tests.support.page_load import standing_ms, watched
from tests.support.studio import FLAGS, ROOT, conditions, find_chromium, studio

TABLE = ROOT.parent / "shared" / "data" / "hand_keypoints" / "gestures.csv"
EPOCHS = 3
NEW, ADDRESS, CLICK = "new browser", "address", "click"
KINDS = (NEW, ADDRESS, CLICK)


def prepare(paths: Paths, table: Path, pictures: int) -> None:
    """A project with the table's samples, or with pictures, and a model trained on it."""
    from core.jobs.trainings import train_here
    from core.recording.imports.importing import ImportOptions, import_path

    store = Store(paths.store)
    if pictures:
        fill(store, pictures)
    else:
        import_path(store, PROJECT, table, ImportOptions(lambda: None))  # type: ignore[arg-type, return-value]
    project = store.project(PROJECT)
    _, run = train_here(store, paths, project, epochs=EPOCHS, progress=lambda *_: None)
    store.set_active_model(project.id, run.name)
    store.close()


def menu(page: Page, address: str) -> dict[str, str]:
    """The menu's pages and their addresses, in its order."""
    page.goto(f"{address}/?project={PROJECT}")
    standing_ms(page)
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links.first).to_be_visible()
    names = [str(name).split("\n")[-1].strip() for name in links.all_inner_texts()]
    return dict(zip(names, [str(link.get_attribute("href")) for link in links.all()], strict=True))


def measure(address: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Page → "new browser", "address" and "click" → ms, a number a round; the first visit of all
    pages, which warms the server, is called "first"."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        with watched(browser) as page:
            found = menu(page, address)
        times: dict[str, dict[str, list[float]]] = {
            name: {"first": [], NEW: [], ADDRESS: [], CLICK: []} for name in found
        }
        for turn in range(rounds + 1):
            for name, href in found.items():
                with watched(browser) as page:
                    page.goto(f"{href}?project={PROJECT}")
                    times[name][NEW if turn else "first"].append(standing_ms(page))
        with watched(browser) as page:
            for turn in range(rounds + 1):
                for name, href in found.items():
                    page.goto(f"{href}?project={PROJECT}")
                    took = standing_ms(page)
                    if turn:  # the first ones fill the browser's cache
                        times[name][ADDRESS].append(took)
            page.goto(f"{address}/?project={PROJECT}")
            standing_ms(page)
            for turn in range(rounds + 1):
                for name in reversed(found):  # the first page is open: it comes last
                    page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
                    took = standing_ms(page)
                    if turn:  # the first clicks fetch each page's scripts
                        times[name][CLICK].append(took)
        browser.close()
    return times


def summary(times: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Seconds per page: the first visit, then median and worst of the others."""
    return {
        name: {
            "first": round(kinds["first"][0] / 1000, 2),
            **{
                kind: {
                    "median": round(median(kinds[kind]) / 1000, 2),
                    "worst": round(max(kinds[kind]) / 1000, 2),
                }
                for kind in KINDS
            },
        }
        for name, kinds in times.items()
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """The summary as a table."""
    lines = [
        "| page | first visit | new browser | by address | by click |",
        "|---|---|---|---|---|",
    ]
    for name, row in found.items():
        cells = [f"{row[kind]['median']:.2f} / {row[kind]['worst']:.2f}" for kind in KINDS]
        lines.append(f"| {name} | {row['first']:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path, nargs="?", default=TABLE)
    parser.add_argument("--pictures", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workspace", type=Path, help="kept, and filled where it is empty")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        paths = Paths.find(asked.workspace or Path(temporary))
        if not paths.database.is_file():
            prepare(paths, asked.table, asked.pictures)
        with studio(paths.workspace) as (address, _):
            found = summary(measure(address, asked.rounds))
    here = conditions()
    if asked.json:
        print(json.dumps({"seconds": found, **here}))
        return
    load = " / ".join(f"{x:.1f}" for x in here["load"])
    print(f"{here['machine']}, {here['cpus']} cores, {date.today()}, load {load}, ", end="")
    print("seconds, median / worst\n")
    print(table(found))


if __name__ == "__main__":
    main()
