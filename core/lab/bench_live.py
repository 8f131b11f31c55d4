"""Measure the CPU time of a live frame beside a bare MediaPipe loop: the same frames by turns.

Medians over frames of milliseconds of the whole process's CPU (`time.process_time`); Mudra's own
work runs in one thread, whose CPU alone is counted of it.
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
from core.media.videos import read_video
from core.modelfiles.mediapipe_models import path_of
from core.offline.bodies import BodyTrace
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


class Clock:
    """CPU milliseconds by name."""

    def __init__(self) -> None:
        self.counts = False
        self.ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Count the CPU time of the block."""
        begun_s = time.process_time()
        yield
        self.add(name, time.process_time() - begun_s)

    def add(self, name: str, seconds: float) -> None:
        """Count one more measurement of that name, unless this frame is one of the first."""
        if self.counts:
            self.ms[name].append(1000 * seconds)

    def each(self, pictures: list[Picture]) -> Iterator[Picture]:
        """Yield the pictures; the first are not counted."""
        for index, rgb in enumerate(pictures):
            self.counts = index >= WARM_UP_FRAMES
            yield rgb

    def median(self, name: str) -> float:
        """Median milliseconds."""
        return round(statistics.median(self.ms[name]), 3)


def bench_hand(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """Measure a frame of the Live page, and its steps.

    Args:
        video: shows a hand; its frames are resized to 640x480 and repeated.

    Returns:
        frames, with_hand, stages {name: ms}, whole_ms (`LiveProcessor.process`), bare_ms, ratio of
        these two frame by frame, own_ms (the whole without the vendor's call), and maps_ms: what
        the light CPM's maps of all stages, drawn beside the video, cost more than the whole.
    """
    pictures, clock = read_pictures(video, frames + WARM_UP_FRAMES), Clock()
    model = GestureModel.load(paths.starter)
    plain = Options(model)
    with_maps = Options(keypoints=KeypointSource(LIGHT), maps=Maps("multi"))

    def make(options: Options) -> MediapipeTask:
        return cast(MediapipeTask, options.keypoints.open(paths, isolated=False))

    compare(clock, paths, HAND, lambda: make(plain), plain, pictures)
    with MediapipeHands(paths.weights, isolated=False) as estimator:
        hands = _measure_steps(clock, estimator, model, pictures)
    maps_ms = _extra_ms(clock, (make, plain), (make, with_maps), pictures)
    stages = {name: clock.median(name) for name in STEPS}
    figures = {"frames": frames, "with_hand": hands, "stages": stages}
    return figures | _whole_figures(clock) | {"maps_ms": maps_ms}


def bench_body(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """Measure a frame of the Body page.

    Returns:
        frames, with_person, whole_ms, bare_ms, ratio and own_ms as of `bench_hand`, and blurred_ms:
        what the blurred background costs more, the person's pixels included.
    """
    pictures, clock = read_pictures(video, frames + WARM_UP_FRAMES), Clock()
    trace, people = BodyTrace(), 0

    def watch(frame: AnyFrame, estimate: Estimate, version: str) -> str:
        nonlocal people
        people += bool(estimate.poses) and clock.counts
        return trace.remember(frame, estimate, version)

    def make(options: Options) -> MediapipeTask:
        masks = options.body == BodyView(BLUR)
        return MediapipePose(paths.weights, masks=masks, isolated=False)

    plain = Options(smoothing=Smoothing(joints=False), body=BodyView())
    compare(clock, paths, POSE, lambda: make(plain), plain, pictures, watch)
    blurred = replace(plain, body=BodyView(BLUR))
    blurred_ms = _extra_ms(clock, (make, plain), (make, blurred), pictures)
    figures = {"frames": frames, "with_person": people, "blurred_ms": blurred_ms}
    return figures | _whole_figures(clock)


def _whole_figures(clock: Clock) -> dict[str, float]:
    """The figures of `compare`; the ratio is a median: what slows a frame slows both of it."""
    pairs = zip(clock.ms["whole"], clock.ms["bare"], strict=True)
    return {
        "own_ms": clock.median("own"),
        "whole_ms": clock.median("whole"),
        "bare_ms": clock.median("bare"),
        "ratio": round(statistics.median(whole / bare for whole, bare in pairs), 3),
    }


def compare(
    clock: Clock,
    paths: Paths,
    kind: str,
    make: Callable[[], MediapipeTask],
    options: Options,
    pictures: list[Picture],
    watch: Watch | None = None,
) -> None:
    """Measure each picture: “bare” (MediaPipe's call alone), “whole” (`LiveProcessor.process`) and
    “own” (the whole without the vendor's call). The landmarkers are opened anew ROUNDS times."""
    each = -(-(len(pictures) - WARM_UP_FRAMES) // ROUNDS)
    for start in range(0, len(pictures) - WARM_UP_FRAMES, each):
        few = pictures[start : start + each + WARM_UP_FRAMES]
        with closing(_open_landmarkers(paths, kind)) as bare, make() as timed:
            _compare_by_turns(clock, bare, timed, options, few, watch)


def _open_landmarkers(paths: Paths, kind: str) -> Landmarkers:
    bundle = {HAND: "hand_landmarker_full", POSE: "pose_landmarker_full"}[kind]
    content = np.frombuffer(path_of(bundle, paths.weights).read_bytes(), np.uint8)
    landmarkers = Landmarkers()
    landmarkers.call("open", {"kind": kind, "masks": False, "num_poses": 1}, [content])
    return landmarkers


def _compare_by_turns(
    clock: Clock,
    bare: Landmarkers,
    timed: MediapipeTask,
    options: Options,
    pictures: list[Picture],
    watch: Watch | None,
) -> None:
    def run_bare(rgb: Picture, index: int) -> None:
        with clock.measure("bare"):
            bare.call("follow", {"time_ms": index * 1000 // FPS}, [rgb])

    def run_live(rgb: Picture, index: int) -> None:
        begun_s = time.thread_time()
        with clock.measure("whole"):
            live.process(rgb)
            own_s = time.thread_time() - begun_s - timed.vendor_s
        clock.add("own", own_s)

    with closing(LiveProcessor(lambda options: timed, options, watch=watch)) as live:
        for index, rgb in enumerate(clock.each(pictures)):
            for run in (run_bare, run_live) if index % 2 else (run_live, run_bare):
                run(rgb, index)
        check(live)


def _extra_ms(
    clock: Clock,
    plain: tuple[Callable[[Options], MediapipeTask], Options],
    other: tuple[Callable[[Options], MediapipeTask], Options],
    pictures: list[Picture],
) -> float:
    """Milliseconds that the other stream's frames take more than the plain one's."""
    with closing(LiveProcessor(*plain)) as first, closing(LiveProcessor(*other)) as second:
        for rgb in clock.each(pictures):
            with clock.measure("plain"):
                first.process(rgb)
            with clock.measure("other"):
                second.process(rgb)
        check(first, second)
    return round(clock.median("other") - clock.median("plain"), 3)


def check(*streams: LiveProcessor) -> None:
    """Raise the error that a stream met."""
    for live in streams:
        if error := live.latest().error:
            raise MediaError(error)


def read_pictures(video: Path, count: int) -> list[Picture]:
    """Read so many 640x480 pictures of the video, which is repeated where it is too short."""
    found = [
        np.asarray(cv2.resize(frame.rgb, SIZE_WH), np.uint8)
        for frame in islice(read_video(video), count)
    ]
    return [found[i % len(found)] for i in range(count)]


def _measure_steps(
    clock: Clock, estimator: MediapipeHands, model: GestureModel, pictures: list[Picture]
) -> int:
    """Measure the steps of `LiveProcessor.process` one by one; count the frames with a hand."""
    joints, label, hands = OneEuro(), LabelHysteresis(), 0
    for index, rgb in enumerate(clock.each(pictures)):
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
