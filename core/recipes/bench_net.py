"""What a pose net costs on this machine: milliseconds a batch by onnxruntime, pictures a second."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import WeightsError
from core.estimators.heatmap_model import HeatmapNet
from core.learning.netfile import save_net
from core.nets import NETS, build_net
from core.paths import Paths
from core.weights.model_folder import METADATA

_BATCHES = (1, 4, 16)
_LEAST_S, _LEAST_TIMES = 3.0, 5  # that each batch is repeated


def bench_net(
    paths: Paths, source: Path, batches: tuple[int, ...] = _BATCHES, least_s: float = _LEAST_S
) -> dict[str, Any]:
    """Time one net, preprocessing included, from the cut-out pictures to the maps.

    Args:
        source: a net by its name or folder; or an architecture ("pose_resnet50"), which is timed
            with random weights, as fast as with any.
        batches: numbers of pictures that are shown at once.
        least_s: how long each is repeated at least.

    Returns:
        net, input, threads of onnxruntime, mb of the file, and for each of the batches its
        pictures, ms (the median by the wall's clock) and pictures_per_s.

    Raises:
        WeightsError: no such net.
    """
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = _folder(paths, str(source), Path(scratch))
        net = HeatmapNet(folder, threads=threads)
        size = (folder / "model.onnx").stat().st_size
    height, width = net.input_hw
    return {
        "net": net.name,
        "input": f"{height}x{width}",
        "threads": threads,
        "mb": round(size / 1e6, 1),
        "batches": [_timed(net, count, least_s) for count in batches],
    }


def _folder(paths: Paths, name: str, scratch: Path) -> Path:
    folder = paths.net(name)
    if (folder / METADATA).is_file():
        return folder
    timed = [net for net, spec in NETS.items() if not spec.depth]
    if name not in timed:
        raise WeightsError(
            f"no net “{name}” of pictures: name one that you have, or one of {', '.join(timed)}, "
            "which is timed with random weights"
        )
    save_net(build_net(name), scratch, name, {"skeleton": NETS[name].skeleton})
    return scratch


def _timed(net: HeatmapNet, count: int, least_s: float) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, *net.input_hw, 3), np.uint8)
    net.heatmaps(pictures)  # the first allocates
    seconds: list[float] = []
    while len(seconds) < _LEAST_TIMES or sum(seconds) < least_s:
        begun = time.perf_counter()
        net.heatmaps(pictures)
        seconds.append(time.perf_counter() - begun)
    middle = statistics.median(seconds)
    return {
        "pictures": count,
        "ms": round(1000 * middle, 1),
        "pictures_per_s": round(count / middle, 2),
    }
