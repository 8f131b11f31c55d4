"""The browser's keypoints beside the server's, on the same real pictures and model file:
`python -m benchmarks.browser_keypoints FOLDER [--pictures N] [--json]`.

The distance of each keypoint is a share of the larger side of the server's hand.
"""

import argparse
import base64
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page

from benchmarks.studio import opened, report, studio, write_film
from core.estimators.mediapipe_hands import MediapipeHands
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Picture
from core.weights.browser_files import LIBRARY, LOADER, MODEL, WASM
from pages.components import source

PASSES, STEP_MS = 4, 33  # as the server looks at a picture
_BATCH = 10
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_COMPONENT = "/component/pages.components.browser_camera.browser_files"


def some(folder: Path, count: int) -> list[Path]:
    """Pictures below a folder, evenly out of all of them."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    return [paths[i] for i in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)]


def by_server(pictures: Sequence[Picture]) -> list[np.ndarray | None]:
    """(21, 2) of the surest hand of each; None where there is none."""
    found: list[np.ndarray | None] = []
    with MediapipeHands(Paths.find().weights) as estimator:
        for rgb in pictures:
            result = estimator.settled_results(rgb, 1, PASSES)[-1]
            size_wh = rgb.shape[1], rgb.shape[0]
            hands = [
                [(p.x * size_wh[0] - 0.5, p.y * size_wh[1] - 0.5) for p in hand]
                for hand in result.hand_landmarks
            ]
            found.append(np.array(hands[0]) if hands else None)
    return found


def by_browser(pictures: Sequence[Picture]) -> Iterator[dict[str, Any]]:
    """What the page's own worker finds in each, in Chromium."""
    grey = [np.full((48, 64, 3), 128, np.uint8)]
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch)) as (address, _):
        film = write_film(Path(scratch) / "grey.mjpeg", grey)
        with opened(address, film) as page:
            page.goto("/?keypoints_found=in+this+browser")
            page.get_by_role("button", name="START").wait_for()
            for begin in range(0, len(pictures), _BATCH):
                yield from _ask(page, address, pictures[begin : begin + _BATCH])


def _ask(page: Page, address: str, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    names = {"library": LIBRARY, "loader": LOADER, "wasm": WASM, "model": MODEL}
    pngs = [cv2.imencode(".png", rgb[..., ::-1])[1].tobytes() for rgb in pictures]
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    told = {
        "work": source("hand_worker.js"),
        "files": {part: f"{address}{_COMPONENT}/{name}" for part, name in names.items()},
        "pictures": [base64.b64encode(png).decode() for png in pngs],
        "passes": PASSES,
        "stepMs": STEP_MS,
    }
    return list(page.evaluate(script[script.index("async (") :], told))


def compare(server: Sequence[np.ndarray | None], browser: Sequence[dict[str, Any]]) -> dict:
    """Distances in percent of the hand, and how often both found one."""
    shares: list[np.ndarray] = []
    alone = {"server": 0, "browser": 0}
    for ours, theirs in zip(server, browser, strict=True):
        hand = theirs["hands"][0]["keypoints"] if theirs["hands"] else None
        if ours is None or hand is None:
            alone["server"] += ours is not None
            alone["browser"] += hand is not None
            continue
        away = np.linalg.norm(np.array(hand) - ours, axis=1)
        shares.append(100 * away / np.ptp(ours, axis=0).max())
    away_pc = np.array(shares)
    return {
        "pictures": len(server),
        "both found a hand": len(shares),
        "server alone": alone["server"],
        "browser alone": alone["browser"],
        "median % of the hand": round(float(np.median(away_pc)), 4),
        "95 % of keypoints within %": round(float(np.percentile(away_pc, 95)), 4),
        "pictures with a mean above 1 %": int((away_pc.mean(axis=1) > 1).sum()),
        "by": sorted({theirs["by"] for theirs in browser}),
        "browser's ms a look, median": round(
            float(np.median([ms for theirs in browser for ms in theirs["spent"][1:]])), 1
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pictures = [read_picture(path) for path in some(options.folder, options.pictures)]
    report(compare(by_server(pictures), list(by_browser(pictures))), as_json=options.json)


if __name__ == "__main__":
    main()
