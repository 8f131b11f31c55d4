"""Measure the cost of a live frame, a training run, an import and a net."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.frames import DepthFrame
from core.errors import WeightsError
from core.estimators.depth_nets import DepthNet
from core.estimators.heatmap_net import HeatmapNet
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.movenet_bodies import PeopleNet
from core.files import temporary_folder
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.active_model import active_model
from core.jobs.trainings import TrainingManager, preload_training
from core.lab.bench_live import bench_hand
from core.lab.renderer.render import NYU_HANDS, render_hand
from core.modelfiles.model_folder import (
    METADATA,
    MODEL,
    DepthMetadata,
    PeopleMetadata,
    is_net_folder,
)
from core.nets import NETS, build_net
from core.paths import Paths
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import FoundHand, SliceFinder
from core.recording.imports.importing import ImportOptions, import_path
from core.store import Project, Store
from core.training.net_export import save_net
from core.training.runs import Run

SAMPLES, TRAININGS = (200, 1000, 2000), 3  # training samples; training runs of each
BATCHES, MIN_S, MIN_TIMES = (1, 4, 16), 3.0, 5  # pictures at once; how long each is repeated
DEPTH_NET = Path("crossinfonet.synthetic_light")


def bench_train(paths: Paths, table: Path) -> dict[str, Any]:
    """Time a training run on a keypoint table in a temporary workspace, with *Train*'s settings.

    Returns:
        The number of rows; the seconds, without loading torch, until the first epoch
        (first_point_s), a preliminary model (usable_s) and the final one (final_s); epochs;
        accuracy and its interval.
    """
    preload_training().join()  # loading torch isn't measured
    with _open_temporary_store() as (store, own):
        report = import_path(store, "bench", table)
        run, seconds = _time_training(store, own, TrainingManager.start_training)
        [result] = run.records("result")
        figures = {"rows": report.added, **seconds, "epochs": len(run.records("epoch"))}
    return figures | {name: result["figures"][name] for name in ("accuracy", "interval")}


def bench_learn(paths: Paths, table: Path) -> dict[str, Any]:
    """Time retraining after a recording, with 200, 1,000 and 2,000 samples of a keypoint table.

    Returns:
        For each number of samples, the seconds of `bench_train`, medians of TRAININGS runs; as
        "first" those of the process's first run, which loads torch.
    """
    found: dict[str, Any] = {}
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    for count in SAMPLES:
        with _open_temporary_store() as (store, own):
            few = own.database.with_name("few.csv")
            chosen = np.linspace(0, len(rows) - 1, count).astype(int)
            few.write_text("\n".join([head, *(rows[i] for i in chosen)]), encoding="utf-8")
            import_path(store, "bench", few)
            if not found:
                found["first"] = _time_training(store, own, TrainingManager.restart_training)[1]
            times = [
                _time_training(store, own, TrainingManager.restart_training)[1]
                for _ in range(TRAININGS)
            ]
        medians = {name: statistics.median(one[name] for one in times) for name in times[0]}
        found[f"{count} samples"] = {name: round(value, 2) for name, value in medians.items()}
    return found


def _time_training(
    store: Store, paths: Paths, start_training: Callable[[TrainingManager, Project], Run]
) -> tuple[Run, dict[str, float]]:
    """Train the project "bench"; return the run, and seconds to first epoch, model and end."""
    manager, project = TrainingManager(store, paths), store.project("bench")
    begun_s, begun_at = time.perf_counter(), time.time()
    run = start_training(manager, project)
    thread = manager.thread(run)
    while thread.alive and active_model(paths, project).name != run.name:
        time.sleep(0.01)
    if thread.alive:
        GestureModel.load(run.path)
    usable_s = time.perf_counter() - begun_s
    thread.wait()
    if thread.error is not None:
        raise thread.error
    GestureModel.load(run.path)
    final_s = time.perf_counter() - begun_s
    first_point_s = run.records("epoch")[0]["time"] - begun_at
    seconds = {"first_point_s": first_point_s, "usable_s": usable_s, "final_s": final_s}
    return run, {name: round(value, 2) for name, value in seconds.items()}


def bench_import(paths: Paths, folder: Path) -> dict[str, Any]:
    """Time an import into an empty store; return counts added and refused, seconds, and rate."""
    with _open_temporary_store() as (store, _):
        begun_s = time.perf_counter()
        report = import_path(
            store, "bench", folder, ImportOptions(lambda: MediapipeHands(paths.weights))
        )
        seconds = time.perf_counter() - begun_s
    return {
        "added": report.added,
        "refused": len(report.skipped),
        "seconds": round(seconds, 2),
        "a_second": round((report.added + len(report.skipped)) / seconds, 1),
    }


@contextmanager
def _open_temporary_store() -> Iterator[tuple[Store, Paths]]:
    """Open an empty store in a temporary workspace."""
    with temporary_folder("bench-") as folder:
        own = Paths.find(folder)
        with closing(Store(own.store)) as store:
            yield store, own


def bench_net(paths: Paths, source: Path) -> dict[str, Any]:
    """Time a pose net in onnxruntime by batch size, from cropped pictures to heatmaps.

    Args:
        source: a net's name or folder; or an architecture, which is timed with random weights.

    Returns:
        net, input, threads of onnxruntime, mb of the file, and for each of the batches its
        pictures, ms (the median by the wall's clock) and pictures_per_s.
    """
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = paths.net(str(source))
        if is_net_folder(folder, PeopleMetadata):
            return _time_people_net(PeopleNet(folder, threads=threads), folder, threads)
        if not (folder / METADATA).is_file():
            folder = _save_untrained_net(str(source), Path(scratch))
        net = HeatmapNet(folder, threads=threads)
        about = _describe_net(net.name, net.input_hw, folder, threads)
    rng = np.random.default_rng(0)
    shapes = [(count, *net.input_hw, 3) for count in BATCHES]
    pictures = [rng.integers(0, 256, shape, np.uint8) for shape in shapes]
    return about | {"batches": [_time_batch(net.predict_heatmaps, batch) for batch in pictures]}


def _time_people_net(net: PeopleNet, folder: Path, threads: int) -> dict[str, Any]:
    """Time a net that finds people in whole pictures, as `bench_net`, one picture at a time."""
    height, width = net.longer_side * 3 // 4, net.longer_side
    pictures = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    timed = _time_batch(lambda batch: net.find_people(batch[0]), pictures)
    return _describe_net(net.name, (height, width), folder, threads) | {"batches": [timed]}


def _describe_net(
    name: str, input_hw: tuple[int, int], folder: Path, threads: int
) -> dict[str, Any]:
    """Return the net's name, input, threads of onnxruntime and file size."""
    megabytes = round((folder / MODEL).stat().st_size / 1e6, 1)
    size = "x".join(map(str, input_hw))
    return {"net": name, "input": size, "threads": threads, "mb": megabytes}


def _save_untrained_net(name: str, folder: Path) -> Path:
    """Save a net with random weights; raise WeightsError if its input isn't a picture."""
    known = [net for net, spec in NETS.items() if not spec.depth]
    if name not in known:
        raise WeightsError(
            f"no net “{name}” of pictures: name one that you have, or one of {', '.join(known)}, "
            "which is timed with random weights"
        )
    save_net(build_net(name), folder, name, {"skeleton": NETS[name].skeleton})
    return folder


def _time_batch(
    run: Callable[[NDArray[np.uint8]], Any], pictures: NDArray[np.uint8]
) -> dict[str, Any]:
    """Time a run on a batch: median milliseconds, and pictures per second."""
    count = len(pictures)
    run(pictures)  # the first allocates
    times_ms: list[float] = []
    while len(times_ms) < MIN_TIMES or sum(times_ms) < 1000 * MIN_S:
        times_ms.append(_time_call_ms(run, pictures))
    median_ms = statistics.median(times_ms)
    rate = round(1000 * count / median_ms, 2)
    return {"pictures": count, "ms": round(median_ms, 1), "pictures_per_s": rate}


class _TrueHandFinder(SliceFinder):
    """Returns the true position of the hand, so that tracking is timed without finding."""

    def find(self, frame: DepthFrame) -> FoundHand:
        assert frame.truth_mm is not None
        u, v, d = frame.camera.to_pixels(frame.truth_mm.mean(0))
        return FoundHand((float(u), float(v), float(d)))


def bench_depth(
    paths: Paths, source: Path = DEPTH_NET, frames: int = 10, reads: int = 30
) -> dict[str, Any]:
    """Time a depth net on a tracked hand in rendered 640 x 480 frames, and the search for that
    hand. Raises WeightsError if the net doesn't exist.

    Returns:
        net, mb of the file, frames, reads of each, load of the machine before, find_ms (the median
        of finding a hand), and by_threads of onnxruntime: ms and p90_ms of a frame by the wall's
        clock, cpu_ms of the process in it, and the fraction of frames with a tracked hand.
    """
    load, folder = round(os.getloadavg()[0], 2), paths.net(str(source))
    if not is_net_folder(folder, DepthMetadata):
        raise WeightsError(f"no net “{source}” of depth: name one that you have, like {DEPTH_NET}")
    hands = []
    for number in range(frames):
        hand = render_hand(0, number, replace(NYU_HANDS, window_mm=None))
        depth_mm, truth_mm = hand.depth_mm.astype(np.float32), hand.joints_mm("hand_21")
        hands.append(DepthFrame(depth_mm, hand.camera, 0.0, number, truth_mm=truth_mm))
    find_ms = [_time_call_ms(SliceFinder().find, hand) for hand in hands]
    rows = [_time_depth_reading(DepthNet(folder, threads=count), hands, reads) for count in (1, 2)]
    return {
        "net": str(source),
        "mb": round((folder / MODEL).stat().st_size / 1e6, 1),
        "frames": frames,
        "reads": reads,
        "load": load,
        "find_ms": round(statistics.median(find_ms), 2),
        "by_threads": [{"threads": count, **row} for count, row in enumerate(rows, 1)],
    }


def _time_depth_reading(net: DepthNet, hands: list[DepthFrame], reads: int) -> dict[str, float]:
    """Return wall and CPU milliseconds per frame, and the fraction tracked."""
    whole_ms, cpu_ms, followed = [], [], 0
    for frame in hands:
        with closing(DepthReader(net, [_TrueHandFinder()])) as reader:
            reader.read(frame)
            for _ in range(reads):
                begun_s, cpu_s = time.perf_counter(), time.process_time()
                followed += reader.read(frame).method == "tracked"
                cpu_ms.append(1000 * (time.process_time() - cpu_s))
                whole_ms.append(1000 * (time.perf_counter() - begun_s))
    return {
        "ms": round(statistics.median(whole_ms), 2),
        "p90_ms": round(float(np.percentile(whole_ms, 90)), 2),
        "cpu_ms": round(statistics.median(cpu_ms), 2),
        "followed": round(followed / len(whole_ms), 2),
    }


def _time_call_ms(call: Callable[..., Any], *arguments: Any) -> float:
    begun_s = time.perf_counter()
    call(*arguments)
    return 1000 * (time.perf_counter() - begun_s)


BENCHES: dict[str, Callable[[Paths, Path], dict[str, Any]]] = {
    "live": bench_hand,
    "train": bench_train,
    "learn": bench_learn,
    "import": bench_import,
    "net": bench_net,
    "depth": bench_depth,
}
