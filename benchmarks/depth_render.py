"""How many depth pictures of hands a second are rendered: `python -m benchmarks.depth_render`.

What the cores give is shared with other work: the machine's load is printed beside the figures.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from core.depth.cameras import Camera
from core.lab.renderer.render import NYU_HANDS, Settings, render_hand

SMALL = Camera("detector", 147.0, 146.8, 79.6, 59.6, 160, 120)
KINDS = {
    "round the hand, NYU's camera": NYU_HANDS,
    "whole pictures, 160 x 120": Settings(SMALL, window_mm=None),
    "whole pictures, 640 x 480": Settings(window_mm=None),
}


def main() -> None:
    """Print pictures a second, and CPU milliseconds of one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    print(
        "| pictures | CPU ms, one | a second, one process | … |".replace("…", _many(asked.workers))
    )
    print("|---|---|---|---|")
    for name, settings in KINDS.items():
        render_hand(1, 0, settings)
        count = asked.n // 10 if settings.window_mm is None else asked.n
        begun, begun_cpu = time.perf_counter(), time.process_time()
        _render(settings, count, 0)
        alone, cpu_ms = time.perf_counter() - begun, 1000 * (time.process_time() - begun_cpu)
        with ProcessPoolExecutor(asked.workers) as pool:
            list(pool.map(partial(_render, settings, 1), range(asked.workers)))  # started
            begun = time.perf_counter()
            list(pool.map(partial(_render, settings, count), range(1, asked.workers + 1)))
            together = time.perf_counter() - begun
        rate = asked.workers * count / together
        print(f"| {name} | {cpu_ms / count:.1f} | {count / alone:.0f} | {rate:.0f} |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


def _many(workers: int) -> str:
    return f"a second, {workers} processes"


def _render(settings: Settings, count: int, seed: int) -> None:
    for number in range(count):
        render_hand(seed, number, settings)


if __name__ == "__main__":
    main()
