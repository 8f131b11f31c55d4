"""What a frame of Body costs: CPU time beside a bare loop over MediaPipe's pose landmarker."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.estimators.mediapipe_pose import MediapipePose
from core.paths import Paths
from core.pose.body_drawing import BLUR, BodyView
from core.pose.smoothing import Smoothing
from core.pose.types import AnyFrame, Estimate
from core.recipes.frame_costs import WARM_UP, Clock, check, closing, compare, pictures_of
from core.recognition.bodies import BodyTrace
from core.recognition.live import LiveProcessor, Options


def bench_bodies(paths: Paths, video: Path, frames: int = 300) -> dict[str, Any]:
    """A frame of the Body page beside a bare loop over MediaPipe's pose landmarker, on the same
    frames by turns.

    Args:
        video: shows a person; its frames are resized to 640x480 and repeated.

    Returns:
        frames, with_person, whole_ms, bare_ms, ratio, own_ms as of `bench_live`, and blurred_ms:
        what the blurred background costs more, the person's pixels included.
    """
    pictures, clock, trace = pictures_of(video, frames + WARM_UP), Clock(), BodyTrace()
    seen = 0

    def watch(frame: AnyFrame, estimate: Estimate, version: str) -> str:
        nonlocal seen
        seen += bool(estimate.poses) and clock.counts
        return trace.remember(frame, estimate, version)

    plain = Options(smoothing=Smoothing(joints=False), body=BodyView())
    compare(clock, lambda: MediapipePose(paths.weights, isolated=False), plain, pictures, watch)
    with (
        closing(
            LiveProcessor(lambda options: MediapipePose(paths.weights, isolated=False), plain)
        ) as sharp,
        closing(
            LiveProcessor(
                lambda options: MediapipePose(paths.weights, masks=True, isolated=False),
                replace(plain, body=BodyView(BLUR)),
            )
        ) as blurred,
    ):
        for rgb in clock.each(pictures):
            with clock.measured("sharp"):
                sharp.process(rgb)
            with clock.measured("blurred"):
                blurred.process(rgb)
        check(sharp, blurred)
    ms = clock.medians()
    return {
        "frames": frames,
        "with_person": seen,
        "own_ms": ms["own"],
        "whole_ms": ms["whole"],
        "bare_ms": ms["bare MediaPipe"],
        "ratio": clock.ratio("whole", "bare MediaPipe"),
        "blurred_ms": round(ms["blurred"] - ms["sharp"], 3),
    }
