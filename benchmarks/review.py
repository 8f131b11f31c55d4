"""Measures Mudra with many samples: a page of Review, the look for suspected label errors, the map,
the start of a training, and the memory that each takes.

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
from core.paths import Paths
from core.store import NewSample, Store

PROJECT = "Many"
IN_A_RECORDING = 100
PARTS = ("page", "doubt", "map", "train")


def fill(store: Store, samples: int, *, crops: int = 200) -> None:
    """A project of so many samples, in whole recordings of 100; `crops` different pictures, or
    none."""
    hands = read_demo(Paths.find().demo)
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
    for number in range(samples // IN_A_RECORDING):
        name = names[number % len(names)]
        own = hands.of(name)
        noise = rng.normal(0, 3, (IN_A_RECORDING, 21, 2))
        recording = store.start_recording(sessions[number // 10 % len(sessions)], gestures[name])
        taken = (own[rng.integers(len(own))] * 180 + 300 + noise).astype(np.float32)
        store.add_samples(recording, [_sample(k, i, number, pictures) for i, k in enumerate(taken)])


def _crop(rng: np.random.Generator) -> bytes:
    small = rng.integers(0, 255, (16, 16, 3), np.uint8)
    large = cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC)
    return encode_jpeg(np.asarray(large, np.uint8))


def _sample(keypoints: np.ndarray, i: int, number: int, pictures: list[bytes]) -> NewSample:
    return NewSample(
        keypoints,
        np.full(21, 0.9, np.float32),
        "camera",
        True,
        "mediapipe-hands",
        handedness=("Left", "Right")[number % 2],
        size_hw=(480, 640),
        region=(200.0, 200.0, 200.0),
        crop_jpeg=pictures[(number + i) % len(pictures)] if pictures else None,
    )


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


def measure_label_noise() -> None:
    """The look at all samples, with the starter model in use."""
    import shutil

    from core.review.reviewing import SUSPECTED, Wanted, find, opinions, score_labels
    from core.store.index import read_index

    paths = Paths.find()
    store = Store(paths.store)
    shutil.copytree(paths.starter, paths.runs / "model", dirs_exist_ok=True)
    store.set_active_model(store.project(PROJECT).id, "model")
    project = store.project(PROJECT)
    label_noise = _timed(
        "label-noise scores of all", lambda: score_labels(store, paths, project, lambda x: None)
    )
    sample_index = _timed("which samples there are", lambda: read_index(store, project.id))
    found = _timed(
        "ordered by label noise",
        lambda: find(sample_index, Wanted(order=SUSPECTED), label_noise=label_noise),
    )
    _timed("opinions of a page", lambda: opinions(label_noise, sample_index, found[:48]))
    store.set_active_model(project.id, None)


def measure_map() -> None:
    """The map by PCA, and t-SNE."""
    from core.review.data_map import PCA, TSNE, draw_map
    from core.store.index import read_index

    store = Store(Paths.find().store)
    project = store.project(PROJECT)
    for method in (PCA, TSNE):
        sample_index = read_index(store, project.id)
        _timed(f"map, {method}", lambda m=method, r=sample_index: draw_map(store, project.id, m, r))


def measure_train() -> None:
    """The start of a training, up to its first curve point."""
    from core.jobs.trainings import TrainingManager

    paths = Paths.find()
    store = Store(paths.store)
    manager, project = TrainingManager(store, paths), store.project(PROJECT)
    begun = time.perf_counter()
    run = _timed("training begun", lambda: manager.begin(project, epochs=3))
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
        paths = Paths.find(asked.workspace or Path(temporary))
        if not paths.database.is_file():
            fill(Store(paths.store), asked.samples)
        print("| what | time | CPU |\n|---|---|---|", flush=True)
        for part in PARTS:
            subprocess.run(
                [sys.executable, "-m", "benchmarks.review", "--part", part],
                env=os.environ | {"MUDRA_WORKSPACE": str(paths.workspace)},
                check=True,
            )


if __name__ == "__main__":
    main()
