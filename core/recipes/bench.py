"""What Mudra costs: CPU time a live frame, a training, an import. Milliseconds of the whole
process's CPU (`time.process_time`), medians over frames; other work on the machine hardly counts.
Mudra's own work a frame runs in one thread, and that thread's CPU is what is counted of it.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np

from core.capture.importing import import_path
from core.estimators.mediapipe_hands import MediapipeHands
from core.files import temporary_folder
from core.gestures.model.gesture_model import GestureModel
from core.jobs.answering import answering
from core.jobs.net_training import LIGHT
from core.jobs.trainings import TrainingManager, warm_up
from core.learning.runs import Run
from core.media.stream_frames import frame_of, picture_of
from core.paths import Paths
from core.pose.drawing import draw_estimate
from core.pose.heatmap_layout import Maps
from core.pose.smoothing import LabelHysteresis, OneEuro
from core.pose.types import Estimate, Frame, Picture
from core.recipes.bench_depth import bench_depth
from core.recipes.bench_net import bench_net
from core.recipes.frame_costs import (
    FPS,
    WARM_UP,
    Clock,
    check,
    closing,
    compare,
    pictures_of,
)
from core.recognition.keypoint_sources import KeypointSource
from core.recognition.live import LiveProcessor, Options
from core.recognition.reading import probabilities
from core.store import Project, Store

SAMPLES, _TIMES = (200, 1000, 2000), 3  # that are learned from; trainings of each


def bench_live(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """A live frame beside a bare MediaPipe loop, on the same frames by turns, and its steps.

    Args:
        video: shows a hand; its frames are resized to 640x480 and repeated.

    Returns:
        frames, with_hand, stages {name: ms}, whole_ms (`LiveProcessor.process`), bare_ms, ratio of
        these two frame by frame, own_ms (the whole but the vendor's call), and maps_ms: what the
        light CPM's maps of all stages, drawn beside the video, cost more than the whole.
    """
    pictures = pictures_of(video, frames + WARM_UP)
    model = GestureModel.load(paths.starter)
    with_maps = Options(keypoints=KeypointSource(LIGHT), maps=Maps("multi"))
    clock = Clock()

    def opened(options: Options) -> LiveProcessor:
        return LiveProcessor(lambda options: options.keypoints.open(paths, isolated=False), options)

    compare(clock, lambda: MediapipeHands(paths.weights, isolated=False), Options(model), pictures)
    with MediapipeHands(paths.weights, isolated=False) as estimator:
        hands = _take_apart(clock, _Pipeline(clock, estimator, model), pictures)
    with closing(opened(Options(model))) as live, closing(opened(with_maps)) as mapped:
        for rgb in clock.each(pictures):
            with clock.measured("without maps"):
                live.process(rgb)
            with clock.measured("maps"):
                mapped.process(rgb)
        check(live, mapped)
    ratio = clock.ratio("whole", "bare MediaPipe")
    return live_figures(clock.medians(), ratio, frames, hands)


def _take_apart(clock: Clock, pipeline: "_Pipeline", pictures: list[Picture]) -> int:
    """Each step of each frame; how many of them had a hand."""
    packets, hands = _Codec(clock), 0
    for index, rgb in enumerate(clock.each(pictures)):
        shown, found = pipeline.run(Frame(rgb, index / FPS, index, mirrored_view=True))
        packets.run(shown)
        hands += bool(found.poses) and clock.counts
    return hands


def bench_train(paths: Paths, table: Path) -> dict[str, Any]:
    """Train on a keypoint table in a workspace of its own, as a click on Train does.

    Returns:
        rows; after torch was loaded, seconds until first_point_s, until a model answers (usable_s)
        and until the final one does (final_s); epochs; accuracy and its interval.
    """
    warm_up().join()  # torch's loading is not what is measured
    with _own_store() as (store, own):
        report = import_path(store, "bench", table)
        run, seconds = _learned(store, own, TrainingManager.begin)
        [result] = run.records("result")
        epochs = len(run.records("epoch"))
    return {
        "rows": report.added,
        **seconds,
        "epochs": epochs,
        "accuracy": result["figures"]["accuracy"],
        "interval": result["figures"]["interval"],
    }


def bench_learn(paths: Paths, table: Path) -> dict[str, Any]:
    """Learn as one goes: from the end of a recording until the new model answers, with so many
    samples, taken evenly from a keypoint table.

    Returns:
        By number of samples, medians of `_TIMES` trainings of the seconds that `bench_train`
        gives; before them those of the process's first, which loads torch.
    """
    found: dict[str, Any] = {}
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    for count in SAMPLES:
        with _own_store() as (store, own):
            few = own.database.with_name("few.csv")
            chosen = np.linspace(0, len(rows) - 1, count).astype(int)
            few.write_text("\n".join([head, *(rows[i] for i in chosen)]), encoding="utf-8")
            import_path(store, "bench", few)
            if not found:
                found["first"] = _learned(store, own, TrainingManager.learn_anew)[1]
            times = [_learned(store, own, TrainingManager.learn_anew)[1] for _ in range(_TIMES)]
        medians = {name: statistics.median(one[name] for one in times) for name in times[0]}
        found[f"{count} samples"] = {name: round(value, 2) for name, value in medians.items()}
    return found


def _learned(
    store: Store, paths: Paths, begin: Callable[[TrainingManager, Project], Run]
) -> tuple[Run, dict[str, float]]:
    """A training of the project “bench”, and the seconds from the call until its first epoch was
    learned, until its model answers, loaded, and until the final one does."""
    manager, project = TrainingManager(store, paths), store.project("bench")
    begun_s, begun_at = time.perf_counter(), time.time()
    run = begin(manager, project)
    thread = manager.thread(run)
    while thread.alive and answering(paths, project).name != run.name:
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
    """Import a folder per class, or a keypoint table, into a store of its own.

    Returns:
        added, refused, seconds, a_second.
    """
    with _own_store() as (store, _):
        begun_s = time.perf_counter()
        report = import_path(
            store, "bench", folder, estimator_factory=lambda: MediapipeHands(paths.weights)
        )
        seconds = time.perf_counter() - begun_s
    return {
        "added": report.added,
        "refused": len(report.refused),
        "seconds": round(seconds, 2),
        "a_second": round((report.added + len(report.refused)) / seconds, 1),
    }


class _Pipeline:
    """The steps of `LiveProcessor.process`, one by one."""

    def __init__(self, clock: Clock, estimator: MediapipeHands, model: GestureModel) -> None:
        self._clock, self._estimator, self._model = clock, estimator, model
        self._joints, self._label = OneEuro(), LabelHysteresis()

    def run(self, frame: Frame) -> tuple[Picture, Estimate]:
        clock = self._clock
        with clock.measured("landmarks"):
            estimate = self._estimator.estimate(frame)
        with clock.measured("features + classifier"):
            table = probabilities(self._model, estimate)
        name, emoji = "", ""
        with clock.measured("smoothing"):
            for pose, row in zip(estimate.poses, table, strict=True):
                self._joints(pose.keypoints, frame.time_s)
                best, probability = max(row, key=lambda pair: pair[1])
                self._label(best.name, probability, frame.time_s)
                name, emoji = best.name, best.emoji
        with clock.measured("drawing"):
            hands = len(estimate.poses)
            shown = draw_estimate(
                frame.rgb, estimate, mirror=True, labels=[name] * hands, emoji=[emoji] * hands
            )
        return shown, estimate


class _Codec:
    """VP8 by aiortc, as the browser's stream has it: what leaves is encoded, what comes decoded."""

    def __init__(self, clock: Clock) -> None:
        from aiortc.codecs.vpx import Vp8Decoder, Vp8Encoder

        self._clock = clock
        self._encoder, self._decoder = Vp8Encoder(), Vp8Decoder()
        self._index = 0

    def run(self, rgb: Picture) -> None:
        from aiortc.codecs.vpx import vp8_depayload
        from aiortc.jitterbuffer import JitterFrame

        with self._clock.measured("colour conversion"):
            frame = frame_of(rgb)
        frame.pts, frame.time_base = self._index, Fraction(1, FPS)
        self._index += 1
        with self._clock.measured("encode"):
            payloads, timestamp = self._encoder.encode(frame)
        data = b"".join(vp8_depayload(payload) for payload in payloads)
        with self._clock.measured("decode"):
            decoded = self._decoder.decode(JitterFrame(data=data, timestamp=timestamp))
        for back in decoded:
            with self._clock.measured("colour conversion back"):
                picture_of(cast(av.VideoFrame, back))


def live_figures(ms: dict[str, float], ratio: float, frames: int, hands: int) -> dict[str, Any]:
    """What `bench_live` returns, of each step's median milliseconds by name."""
    ms = dict(ms)
    conversion = ms.pop("colour conversion") + ms.pop("colour conversion back", 0.0)
    whole, bare, own = ms.pop("whole"), ms.pop("bare MediaPipe"), ms.pop("own")
    maps = ms.pop("maps") - ms.pop("without maps")
    return {
        "frames": frames,
        "with_hand": hands,
        "stages": {
            "decode": ms.pop("decode", 0.0),
            "colour conversion": round(conversion, 3),
            **ms,
        },
        "own_ms": own,
        "whole_ms": whole,
        "bare_ms": bare,
        "ratio": ratio,
        "maps_ms": round(maps, 3),
    }


@contextmanager
def _own_store() -> Iterator[tuple[Store, Paths]]:
    with temporary_folder("bench-") as folder:
        own = Paths.find(folder)
        store = Store(own.store)
        try:
            yield store, own
        finally:
            store.close()


BENCHES: dict[str, Callable[[Paths, Path], dict[str, Any]]] = {
    "live": bench_live,
    "train": bench_train,
    "learn": bench_learn,
    "import": bench_import,
    "net": bench_net,
    "depth": bench_depth,
}
