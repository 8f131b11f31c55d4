"""Measure the CPU time of a live frame against a bare MediaPipe loop on the same frames.

Median milliseconds per frame of the process's CPU (`time.process_time`); for Mudra's own work, only
the CPU time of its single thread.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from core.errors import MediaError
from core.estimators.landmarkers import HAND, POSE, Landmarkers
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.mediapipe_pose import MediapipePose
from core.estimators.mediapipe_task import MediapipeTask
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.net_training import LIGHT
from core.live.live import LiveProcessor, Options, Watch
from core.live.traces import BodyTrace
from core.media.videos import read_video
from core.modelfiles.mediapipe_models import find_prepared_model
from core.paths import Paths
from core.pose.drawing.bodies import BLUR, BodyView
from core.pose.drawing.heatmap_layout import Maps
from core.pose.drawing.poses import draw_estimate
from core.pose.smoothing import LabelHysteresis, OneEuro, Smoothing
from core.pose.types import AnyFrame, Estimate, Frame, Picture
from core.reading.keypoint_sources import KeypointSource
from core.reading.reading import predict_hands

SIZE_WH = (640, 480)
FPS = 15
WARM_UP_FRAMES = 10  # that are not counted
ROUNDS = 10  # one landmarker may be a fifth slower than another for as long as it is open
STEPS = ("landmarks", "features + classifier", "smoothing", "drawing")

MakeEstimator = Callable[[Options], MediapipeTask]


class CpuClock:
    """Collects CPU milliseconds by name."""

    def __init__(self) -> None:
        self.counts = False
        self.ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Measure the CPU time of a `with` block under this name."""
        begun_s = time.process_time()
        yield
        self.add_measurement(name, time.process_time() - begun_s)

    def add_measurement(self, name: str, seconds: float) -> None:
        """Add a measurement, except during the warm-up."""
        if self.counts:
            self.ms[name].append(1000 * seconds)

    def iterate_pictures(self, pictures: list[Picture]) -> Iterator[Picture]:
        """Yield the pictures; measurements of the first WARM_UP_FRAMES are ignored."""
        for index, rgb in enumerate(pictures):
            self.counts = index >= WARM_UP_FRAMES
            yield rgb

    def median_ms(self, name: str) -> float:
        """Median milliseconds."""
        return round(statistics.median(self.ms[name]), 3)


def bench_hand(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """Measure the Live page's CPU time per frame: in total, per step, and relative to MediaPipe.

    Args:
        video: shows a hand; its frames are resized to 640x480 and repeated.

    Returns:
        frames, with_hand, stages {name: ms}, whole_ms (`LiveProcessor.process`), bare_ms, ratio:
        median per-frame ratio of these two, own_ms (the whole without MediaPipe's call), and
        maps_ms: the extra cost of drawing the light CPM's heatmaps of all stages.
    """
    pictures, clock = read_bench_pictures(video, frames + WARM_UP_FRAMES), CpuClock()
    model = GestureModel.load(paths.starter)
    plain = Options(model)
    with_maps = Options(keypoints=KeypointSource(LIGHT), maps=Maps("multi"))

    def make(options: Options) -> MediapipeTask:
        return cast(MediapipeTask, options.keypoints.open(paths, isolated=False))

    compare_with_bare_loop(clock, paths, HAND, make, plain, pictures)
    with MediapipeHands(paths.weights, isolated=False) as estimator:
        hands = _measure_steps(clock, estimator, model, pictures)
    maps_ms = _measure_extra_ms(clock, make, plain, with_maps, pictures)
    stages = {name: clock.median_ms(name) for name in STEPS}
    figures = {"frames": frames, "with_hand": hands, "stages": stages}
    return figures | _summarise_comparison(clock) | {"maps_ms": maps_ms}


def bench_body(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """Measure the Body page's CPU time per frame, in total and relative to MediaPipe alone.

    Returns:
        frames, with_person, whole_ms, bare_ms, ratio and own_ms as in `bench_hand`, and blurred_ms:
        the extra cost of the blurred background, including the segmentation mask.
    """
    pictures, clock = read_bench_pictures(video, frames + WARM_UP_FRAMES), CpuClock()
    trace, people = BodyTrace(), 0

    def watch(frame: AnyFrame, estimate: Estimate, version: str) -> str:
        nonlocal people
        people += bool(estimate.poses) and clock.counts
        return trace.remember(frame, estimate, version)

    def make(options: Options) -> MediapipeTask:
        masks = options.body == BodyView(BLUR)
        return MediapipePose(paths.weights, masks=masks, isolated=False)

    plain = Options(smoothing=Smoothing(joints=False), body=BodyView())
    compare_with_bare_loop(clock, paths, POSE, make, plain, pictures, watch)
    blurred = replace(plain, body=BodyView(BLUR))
    blurred_ms = _measure_extra_ms(clock, make, plain, blurred, pictures)
    figures = {"frames": frames, "with_person": people, "blurred_ms": blurred_ms}
    return figures | _summarise_comparison(clock)


def _summarise_comparison(clock: CpuClock) -> dict[str, float]:
    """Return the medians that `compare_with_bare_loop` measured, and the median of whole / bare."""
    pairs = zip(clock.ms["whole"], clock.ms["bare"], strict=True)
    return {
        "own_ms": clock.median_ms("own"),
        "whole_ms": clock.median_ms("whole"),
        "bare_ms": clock.median_ms("bare"),
        "ratio": round(statistics.median(whole / bare for whole, bare in pairs), 3),
    }


def compare_with_bare_loop(
    clock: CpuClock,
    paths: Paths,
    kind: str,
    make_estimator: MakeEstimator,
    options: Options,
    pictures: list[Picture],
    watch: Watch | None = None,
) -> None:
    """Measure each picture: "bare" (MediaPipe's call alone), "whole" (`LiveProcessor.process`) and
    "own" (the whole without MediaPipe's call); results go to the clock. The landmarkers are
    reopened ROUNDS times."""
    bundle = {HAND: "hand_landmarker_full", POSE: "pose_landmarker_full"}[kind]
    content = np.frombuffer(find_prepared_model(bundle, paths.weights).read_bytes(), np.uint8)
    each = -(-(len(pictures) - WARM_UP_FRAMES) // ROUNDS)
    for start in range(0, len(pictures) - WARM_UP_FRAMES, each):
        few = pictures[start : start + each + WARM_UP_FRAMES]
        with closing(Landmarkers()) as bare, make_estimator(options) as timed:
            bare.call("open", {"kind": kind, "masks": False, "num_poses": 1}, [content])
            _compare_alternately(clock, bare, timed, options, few, watch)


def _compare_alternately(
    clock: CpuClock,
    bare: Landmarkers,
    estimator: MediapipeTask,
    options: Options,
    pictures: list[Picture],
    watch: Watch | None,
) -> None:
    """Add to `clock` the CPU times of MediaPipe alone, the whole live stream and its own share, on
    each picture, in alternating order."""

    def run_bare(rgb: Picture, index: int) -> None:
        with clock.measure("bare"):
            bare.call("track", {"time_ms": index * 1000 // FPS}, [rgb])

    def run_live(rgb: Picture, index: int) -> None:
        """Measure "whole", and "own", which excludes MediaPipe's time."""
        begun_s = time.thread_time()
        with clock.measure("whole"):
            live.process(rgb)
            own_s = time.thread_time() - begun_s - estimator.vendor_s
        clock.add_measurement("own", own_s)

    with closing(LiveProcessor(lambda options: estimator, options, watch=watch)) as live:
        for index, rgb in enumerate(clock.iterate_pictures(pictures)):
            for run in (run_bare, run_live) if index % 2 else (run_live, run_bare):
                run(rgb, index)
        _raise_stream_error(live)


def _measure_extra_ms(
    clock: CpuClock,
    make_estimator: MakeEstimator,
    baseline: Options,
    variant: Options,
    pictures: list[Picture],
) -> float:
    """Return how many more CPU milliseconds per frame a stream with `variant` options takes."""
    first = LiveProcessor(make_estimator, baseline)
    second = LiveProcessor(make_estimator, variant)
    with closing(first), closing(second):
        for rgb in clock.iterate_pictures(pictures):
            with clock.measure("plain"):
                first.process(rgb)
            with clock.measure("other"):
                second.process(rgb)
        _raise_stream_error(first, second)
    return round(clock.median_ms("other") - clock.median_ms("plain"), 3)


def _raise_stream_error(*streams: LiveProcessor) -> None:
    """Raise MediaError with the first error that a stream reports, if any."""
    for live in streams:
        if error := live.latest().error:
            raise MediaError(error)


def read_bench_pictures(video: Path, count: int) -> list[Picture]:
    """Read `count` frames of a video, 640x480; repeat them if the video is too short."""
    found = [
        np.asarray(cv2.resize(frame.rgb, SIZE_WH), np.uint8)
        for frame in islice(read_video(video), count)
    ]
    return [found[i % len(found)] for i in range(count)]


def _measure_steps(
    clock: CpuClock, estimator: MediapipeHands, model: GestureModel, pictures: list[Picture]
) -> int:
    """Measure the steps of `LiveProcessor.process`; return how many frames contain a hand."""
    joints, label, hands = OneEuro(), LabelHysteresis(), 0
    for index, rgb in enumerate(clock.iterate_pictures(pictures)):
        frame, name, emoji = Frame(rgb, index / FPS, index, mirrored_view=True), "", ""
        with clock.measure("landmarks"):
            estimate = estimator.estimate(frame)
        with clock.measure("features + classifier"):
            table = [p.probabilities for p in predict_hands(model, estimate)]
        with clock.measure("smoothing"):
            for pose, row in zip(estimate.poses, table, strict=True):
                joints(pose.keypoints, frame.time_s)
                best, probability = max(row, key=lambda pair: pair[1])
                label(best.name, probability, frame.time_s)
                name, emoji = best.name, best.emoji
        with clock.measure("drawing"):
            count = len(estimate.poses)
            names, signs = [name] * count, [emoji] * count
            draw_estimate(rgb, estimate, mirror=True, labels=names, emoji=signs)
        hands += bool(estimate.poses) and clock.counts
    return hands
