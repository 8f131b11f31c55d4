"""How often a hand is found in depth frames in which it is known where the palm is."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.depth.frames import DepthFrame
from core.errors import TableError
from core.lab.palm_frames import PalmFrame, read_palm_frames
from core.lab.renderer.rendered_hands import RENDERED
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import HandFinder

FOUND_MM = 50.0
_DIGITS = 4


def measure_finding(
    finders: Sequence[HandFinder],
    data: Path,
    progress: Callable[[int, int | None], None] = lambda *_: None,
) -> dict[str, Any]:
    """Measure how often finders locate a hand in depth frames whose palm is known. They are tried
    in order, as on the Depth page, without tracking; `RENDERED` is the scenes that training holds
    out.

    Returns:
        n frames; found: the share within 50 mm of the palm's middle; seen: the share in which a
        hand was said to be anywhere; median_mm of the seen ones' distances, None without any; by:
        how many each way saw; ms: median time of a frame; missed: names of the frames not found.

    Raises:
        MudraError: no such data, none in it, or damaged.
    """
    names: list[str] = []
    apart_mm, times_s = [], []
    by = dict.fromkeys((str(finder.method) for finder in finders), 0)
    reader = DepthReader(finders=finders)
    for one in _iterate_palm_frames(data):
        reader.reset()
        began = time.perf_counter()
        found = reader.read(one.frame)
        times_s.append(time.perf_counter() - began)
        names.append(one.name)
        apart_mm.append(np.inf)
        if found.cube is not None:
            by[found.method] += 1
            apart_mm[-1] = float(np.linalg.norm(found.cube.centre_mm - one.palm_mm))
        progress(len(names), None)
    if not names:
        raise TableError(f"{data} has no frames of depth with a palm to measure on")
    ms = round(1000 * float(np.median(times_s)), 2)
    return _summarise_distances(names, apart_mm) | {"by": by, "ms": ms}


def _summarise_distances(names: Sequence[str], distances_mm: Sequence[float]) -> dict[str, Any]:
    """Summarise distances to the palm, infinite where no hand was found."""
    apart = np.array(distances_mm)
    near, seen = apart <= FOUND_MM, np.isfinite(apart)
    return {
        "n": len(names),
        "found": round(float(near.mean()), _DIGITS),
        "seen": round(float(seen.mean()), _DIGITS),
        "median_mm": round(float(np.median(apart[seen])), 1) if seen.any() else None,
        "missed": [name for name, is_near in zip(names, near, strict=True) if not is_near],
    }


def _iterate_palm_frames(data: Path) -> Iterator[PalmFrame]:
    """Yield the palm frames of a folder, or of the held-out rendered scenes for `RENDERED`."""
    if str(data) != RENDERED or data.exists():
        yield from read_palm_frames(data)
        return
    scenes = RenderedScenes()
    for held_out in scenes.held_out_sets:
        for number in scenes.rows(held_out):
            scene = scenes.scene(int(number))
            frame = DepthFrame(scene.depth_mm, scene.camera, 0.0, int(number))
            yield PalmFrame(f"scene {number}", frame, scene.palm_mm)
