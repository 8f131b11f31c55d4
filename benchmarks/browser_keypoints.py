"""The browser's keypoints beside the server's, on the same real pictures and model file:
`python -m benchmarks.browser_keypoints FOLDER … [--skeleton body] [--pictures N] [--json]`.

The distance of each keypoint is a share of the larger side of the server's hand or body. What the
shipped model answers to both is told, too; a folder named as a gesture says which is right.
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
from core.estimators import create_estimator
from core.gestures.model.gesture_model import GestureModel
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import VISIBLE, Estimate, Frame, Picture, Pose
from core.recognition.browser_finders import FINDERS, Finder
from core.recognition.browser_frames import pose_told
from core.recognition.keypoint_sources import BLAZEPOSE, MEDIAPIPE
from core.recognition.reading import answers
from core.weights.browser_files import LIBRARY, LOADER, WASM
from pages.components import source

PASSES, STEP_MS = 4, 33  # as the server looks at a picture
FOUND_BY = {"hand": MEDIAPIPE, "body": BLAZEPOSE}
_BATCH = 10
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_COMPONENT = "/component/pages.components.browser_camera.browser_files"


def some(folders: Sequence[Path], count: int) -> list[Path]:
    """Pictures below folders, evenly out of all of them."""
    paths = sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES
    )
    return [paths[i] for i in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)]


def by_server(pictures: Sequence[Picture], name: str) -> list[Pose | None]:
    """The surest hand or body of each as it is seen last; None where there is none."""
    found = []
    for rgb in pictures:
        with create_estimator(name, Paths.find().weights) as estimator:
            for number in range(PASSES):
                estimate = estimator.estimate(Frame(rgb, number * STEP_MS / 1000))
        found.append(estimate.poses[0] if estimate.poses else None)
    return found


def by_browser(pictures: Sequence[Picture], finder: Finder) -> Iterator[dict[str, Any]]:
    """What the page's own worker finds in each, in Chromium."""
    grey = [np.full((48, 64, 3), 128, np.uint8)]
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch)) as (address, _):
        film = write_film(Path(scratch) / "grey.mjpeg", grey)
        with opened(address, film) as page:
            page.goto("/?keypoints_found=in+this+browser")
            page.get_by_role("button", name="START").wait_for()
            for begin in range(0, len(pictures), _BATCH):
                yield from _ask(page, address, pictures[begin : begin + _BATCH], finder)


def _ask(
    page: Page, address: str, pictures: Sequence[Picture], finder: Finder
) -> list[dict[str, Any]]:
    names = {"library": LIBRARY, "loader": LOADER, "wasm": WASM, "model": finder.model}
    pngs = [cv2.imencode(".png", rgb[..., ::-1])[1].tobytes() for rgb in pictures]
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    told = {
        "work": source("pose_worker.js"),
        "open": {part: f"{address}{_COMPONENT}/{name}" for part, name in names.items()}
        | {"task": finder.task, "count": 1},
        "pictures": [base64.b64encode(png).decode() for png in pngs],
        "passes": PASSES,
        "stepMs": STEP_MS,
    }
    return list(page.evaluate(script[script.index("async (") :], told))


def compare(server: Sequence[Pose | None], browser: Sequence[Pose | None]) -> dict[str, Any]:
    """Distances in percent of the hand or body, and how often both found one."""
    pairs = [(ours, web) for ours, web in zip(server, browser, strict=True) if ours and web]
    away_pc = np.array([_away_pc(*pair) for pair in pairs])
    found = {
        "pictures": len(server),
        "found by both": len(pairs),
        "by the server alone": sum(pose is not None for pose in server) - len(pairs),
        "by the browser alone": sum(pose is not None for pose in browser) - len(pairs),
        "median %": round(float(np.median(away_pc)), 4),
        "95 % of keypoints within %": round(float(np.percentile(away_pc, 95)), 4),
        "pictures with a mean above 1 %": int((away_pc.mean(axis=1) > 1).sum()),
    }
    seen = np.array([[_seen(pose) for pose in pair] for pair in pairs])
    if not seen.all():
        told = seen[:, 0] != seen[:, 1]
        found["% of keypoints hidden to one alone"] = round(100 * float(told.mean()), 3)
    return found


def _away_pc(ours: Pose, theirs: Pose) -> np.ndarray:
    away = np.linalg.norm(theirs.keypoints - ours.keypoints, axis=1)
    return np.asarray(100 * away / np.ptp(ours.keypoints, axis=0).max())


def _seen(pose: Pose) -> np.ndarray:
    ones = np.ones(len(pose.keypoints))
    return np.asarray((ones if pose.visibility is None else pose.visibility) >= VISIBLE)


def said(pose: Pose, model: GestureModel, rgb: Picture, by: str) -> str:
    """The gesture that the model reads, "" for none."""
    size_hw = int(rgb.shape[0]), int(rgb.shape[1])
    estimate = Estimate((pose,), size_hw, by, skeleton=model.skeleton.name)
    gesture = answers(model, estimate)[0].gesture
    return gesture.name if gesture else ""


def read_both(
    paths: Sequence[Path],
    pictures: Sequence[Picture],
    poses: Sequence[tuple[Pose | None, Pose | None]],
    name: str,
) -> dict[str, Any]:
    """What the shipped model, trained on the server's keypoints, says of both."""
    finder, own = FINDERS[name], Paths.find()
    model = GestureModel.load(own.arms if finder.skeleton.is_body else own.starter)
    table = [
        (path.parent.name, said(ours, model, rgb, name), said(web, model, rgb, finder.estimator))
        for path, rgb, (ours, web) in zip(paths, pictures, poses, strict=True)
        if ours and web
    ]
    names = {gesture.name for gesture in model.gestures} - {"none"}
    named = [row for row in table if row[0] in names]
    found: dict[str, Any] = {
        "same answer to both": f"{sum(a == b for _, a, b in table)} of {len(table)}"
    }
    if named:
        right = [sum(row[0] == row[1 + i] for row in named) for i in (0, 1)]
        found["right by server / by browser"] = f"{right[0]} / {right[1]} of {len(named)}"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--skeleton", choices=tuple(FOUND_BY), default="hand")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    name = FOUND_BY[options.skeleton]
    finder = FINDERS[name]
    paths = some(options.folders, options.pictures)
    pictures = [read_picture(path) for path in paths]
    told = list(by_browser(pictures, finder))
    browser = [pose_told(one["poses"][0], finder) if one["poses"] else None for one in told]
    server = by_server(pictures, name)
    found = compare(server, browser)
    found |= read_both(paths, pictures, list(zip(server, browser, strict=True)), name)
    found["by"] = sorted({one["by"] for one in told})
    spent = [ms for one in told for ms in one["spent"][1:]]
    found["browser's ms a look, median"] = round(float(np.median(spent)), 1)
    report(found, as_json=options.json)


if __name__ == "__main__":
    main()
