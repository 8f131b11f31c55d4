"""What it costs that MediaPipe runs in a process of its own: the same frames of a video to a
landmarker in this process and to one in a worker, by turns.

    python -m benchmarks.worker_cost VIDEO

Prints medians: the call's wall-clock time and the CPU of both processes without the vendor's call,
in milliseconds, and the memory that a worker has of its own.
"""

import argparse
import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from core.estimators.landmarkers import HAND, Landmarkers
from core.paths import Paths
from core.pose.types import Picture
from core.recipes.frame_costs import FPS, WARM_UP, pictures_of
from core.workers.process import Worker


def own_megabytes(pid: int) -> float:
    """Memory that no other process shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def measure(
    landmarkers: Worker | Landmarkers, rgb: Picture, index: int
) -> tuple[float, float, dict[str, Any]]:
    """Seconds of the clock and of this thread's CPU for a frame, and the answer."""
    started_s, cpu_s = time.perf_counter(), time.thread_time()
    options = {"time_ms": round(1000 * index / FPS)}
    answer, _ = landmarkers.call("follow", options, [rgb], timeout_s=20)
    return time.perf_counter() - started_s, time.thread_time() - cpu_s, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    chosen = parser.parse_args()
    weights = Paths.find().weights
    content = np.frombuffer((weights / "hand_landmarker_full.task").read_bytes(), np.uint8)
    worker, here = Worker("core.estimators.landmarkers"), Landmarkers()
    with closing(worker), closing(here):
        for one in (worker, here):
            one.call("open", {"kind": HAND, "num_poses": 1}, [content], timeout_s=60)
        rows, before_s = [], 0.0
        for index, rgb in enumerate(pictures_of(chosen.video, chosen.frames + WARM_UP)):
            wall_s, cpu_s, answer = measure(worker, rgb, index)
            there = wall_s, cpu_s + answer["thread_s"] - before_s - answer["vendor_s"]
            before_s = answer["thread_s"]
            wall_s, cpu_s, answer = measure(here, rgb, index)
            own = wall_s, cpu_s - answer["vendor_s"]
            rows.append((there[0], own[0], there[0] - own[0], there[1], own[1]))
        memory = own_megabytes(worker.pid or 0)
    names = ("wall in a worker", "wall here", "difference", "own CPU with a worker", "own CPU here")
    for name, values in zip(names, zip(*rows[WARM_UP:], strict=True), strict=True):
        print(f"{name}: {1000 * statistics.median(values):.2f} ms")
    print(f"a worker's own memory: {memory:.0f} MB")


if __name__ == "__main__":
    main()
