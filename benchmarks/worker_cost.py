"""What it costs that MediaPipe runs in a process of its own: the same frames of a video to a
landmarker in this process and to one in a worker, by turns.

    python -m benchmarks.worker_cost VIDEO

Prints medians: the call's wall-clock time and the CPU of both processes without the vendor's call,
in milliseconds, and the memory that a worker has of its own.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from core.estimators import mediapipe_worker
from core.estimators.mediapipe_hands import MediapipeHands
from core.paths import Paths
from core.pose.types import Frame
from core.recipes.frame_costs import FPS, WARM_UP, pictures_of
from core.workers.process import worker_pids


def own_megabytes(pid: int) -> float:
    """Memory that no other process shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    chosen = parser.parse_args()
    weights = Paths.find().weights
    content = np.frombuffer((weights / "hand_landmarker_full.task").read_bytes(), np.uint8)
    mediapipe_worker.handle("open", {"kind": "hand", "num_poses": 1}, [content])
    rows = []
    with MediapipeHands(weights) as hands:
        for index, rgb in enumerate(pictures_of(chosen.video, chosen.frames + WARM_UP)):
            frame, own = Frame(rgb, index / FPS, index), hands.cpu.thread_s
            started_s, cpu_s = time.perf_counter(), time.thread_time()
            hands.count(frame)
            there_s = time.perf_counter() - started_s
            there_cpu_s = time.thread_time() - cpu_s + hands.cpu.thread_s - own - hands.cpu.vendor_s
            started_s, cpu_s = time.perf_counter(), time.thread_time()
            answer, _ = mediapipe_worker.handle("follow", {"time_ms": index * 66}, [rgb])
            here_s = time.perf_counter() - started_s
            here_cpu_s = time.thread_time() - cpu_s - answer["vendor_s"]
            if index >= WARM_UP:
                rows.append((there_s, here_s, there_s - here_s, there_cpu_s, here_cpu_s))
        memory = [own_megabytes(pid) for pid in worker_pids()]
    names = ("wall in a worker", "wall here", "difference", "own CPU with a worker", "own CPU here")
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        print(f"{name}: {1000 * statistics.median(values):.2f} ms")
    print(f"a worker's own memory: {memory[0]:.0f} MB")


if __name__ == "__main__":
    main()
