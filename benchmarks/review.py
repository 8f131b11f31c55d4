"""Measures Mudra with many samples: a page of Review, the look for doubtful labels, the map, the
start of a training, and the memory that each takes.

    python -m benchmarks.review [--samples 100000] [--workspace FOLDER]

The samples are the shipped hands with noise, of 20 people in 100 sessions, each with a crop of a
real one's size. Every part runs in a process of its own, so that its memory is its own.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from core.capture.demo import read_demo
from core.media.pictures import encode_jpeg
from core.paths import Places
from core.store import NewSample, Store

PROJECT = "Many"
BURST = 100
PARTS = ("page", "doubt", "map", "train")


def fill(store: Store, samples: int, *, crops: int = 200) -> None:
    """A project of so many samples, in whole bursts of 100; `crops` different pictures, or none."""
    hands = read_demo(Places.find().demo)
    names = sorted(set(hands.gestures))
    rng = np.random.default_rng(0)
    pictures = [_crop(rng) for _ in range(crops)]
    project = store.create_project(PROJECT)
    gestures = {g.name: g.id for g in store.gestures(project.id)}
    sessions = [
        store.start_session(
            project.id, store.ensure_person(project.id, f"person {i % 20}").id, "made"
        )
        for i in range(100)
    ]
    for number in range(samples // BURST):
        name = names[number % len(names)]
        own = hands.of(name)
        noise = rng.normal(0, 3, (BURST, 21, 2))
        burst = store.start_burst(sessions[number // 10 % len(sessions)], gestures[name])
        taken = (own[rng.integers(len(own))] * 180 + 300 + noise).astype(np.float32)
        store.add_samples(burst, [_sample(k, i, number, pictures) for i, k in enumerate(taken)])


def _crop(rng: np.random.Generator) -> bytes:
    small = rng.integers(0, 255, (16, 16, 3), np.uint8)
    return encode_jpeg(cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC))


def _sample(keypoints: np.ndarray, i: int, number: int, pictures: list[bytes]) -> NewSample:
    return NewSample(
        keypoints, np.full(21, 0.9, np.float32), "camera", True, "mediapipe-hands",
        handedness=("Left", "Right")[number % 2], size_hw=(480, 640), square=(200.0, 200.0, 200.0),
        crop_jpeg=pictures[(number + i) % len(pictures)] if pictures else None,
    )  # fmt: skip


def measure_page() -> None:
    """Whole runs of the Review page, by Streamlit's AppTest: everything but the browser."""
    import streamlit_webrtc.component
    from streamlit.testing.v1 import AppTest

    streamlit_webrtc.component.get_this_session_info = lambda: None
    app = AppTest.from_file("../app.py", default_timeout=120)
    app.query_params["project"] = PROJECT
    app.run().switch_page("pages/review.py")
    _timed("Review's first page", app.run)
    for order in ("newest", "person"):
        box = app.selectbox(key="review_order").set_value(order)
        _timed(f"a page, {order}", box.run)
    _timed("the next page", lambda: _button(app, "Next").click().run())
    _timed("the last page", lambda: app.number_input(key="page_no").set_value(10**6).run())
    _timed("all picked", lambda: _button(app, "Pick all").click().run())
    _timed("all deleted", lambda: _button(app, "Delete").click().run())
    _timed(
        "undone", lambda: next(b for b in app.button if b.key and "undo_" in b.key).click().run()
    )
    for view in ("🗑️ Bin", "⚖️ Balance"):
        _timed(view, lambda v=view: app.button_group(key="review_view").set_value(v).run())
    assert not app.exception


def _button(app, start: str):  # type: ignore[no-untyped-def]
    return next(b for b in app.button if b.label.startswith(start))


def measure_doubt() -> None:
    """The look at all samples, with the starter model in use."""
    import shutil

    from core.review.reviewing import DOUBTFUL, Wanted, find, look_at_all, opinions
    from core.store.index import read_roster

    places = Places.find()
    store = Store(places.database)
    shutil.copytree(places.starter, places.runs / "model", dirs_exist_ok=True)
    store.set_active_model(store.project(PROJECT).id, "model")
    project = store.project(PROJECT)
    doubts = _timed("doubts of all", lambda: look_at_all(store, places, project, lambda x: None))
    roster = _timed("which samples there are", lambda: read_roster(store, project.id))
    found = _timed("ordered by doubt", lambda: find(roster, Wanted(order=DOUBTFUL), doubts=doubts))
    _timed("opinions of a page", lambda: opinions(doubts, roster, found[:48]))
    store.set_active_model(project.id, None)


def measure_map() -> None:
    """The map by PCA, and t-SNE."""
    from core.review.data_map import PCA, TSNE, draw_map
    from core.store.index import read_roster

    store = Store(Places.find().database)
    project = store.project(PROJECT)
    for method in (PCA, TSNE):
        roster = read_roster(store, project.id)
        _timed(f"map, {method}", lambda m=method, r=roster: draw_map(store, project.id, m, r))


def measure_train() -> None:
    """The start of a training, up to its first curve point."""
    from core.jobs.trainings import TrainingRoom

    places = Places.find()
    room = TrainingRoom(Store(places.database), places)
    begun = time.perf_counter()
    run = _timed("training begun", lambda: room.begin(PROJECT, epochs=3))
    while not run.records("epoch") and run.status() == "running":
        time.sleep(0.02)
    print(f"| its first curve point | {time.perf_counter() - begun:.2f} s | |")
    while run.status() == "running":
        time.sleep(0.2)
    print(f"| its end ({run.status()}), of 3 epochs | {time.perf_counter() - begun:.2f} s | |")


def _timed(what: str, act):  # type: ignore[no-untyped-def]
    begun, cpu = time.perf_counter(), time.process_time()
    result = act()
    wall, used = time.perf_counter() - begun, time.process_time() - cpu
    print(f"| {what} | {wall:.2f} s | {used:.2f} s |", flush=True)
    return result


def main() -> None:
    """Fill a workspace where it is empty, then measure each part in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--part", choices=PARTS)
    asked = parser.parse_args()
    if asked.part:
        globals()[f"measure_{asked.part}"]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {asked.part}: most memory | {peak:.0f} MB | |")
        return
    with tempfile.TemporaryDirectory() as temporary:
        places = Places.find(asked.workspace or Path(temporary))
        if not places.database.is_file():
            fill(Store(places.database), asked.samples)
        print("| what | time | CPU |\n|---|---|---|", flush=True)
        for part in PARTS:
            subprocess.run(
                [sys.executable, "-m", "benchmarks.review", "--part", part],
                env=os.environ | {"MUDRA_WORKSPACE": str(places.workspace)}, check=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
