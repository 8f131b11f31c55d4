"""What a hand in depth costs on this machine: from a frame to its keypoints, milliseconds by the
wall's clock."""

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Points
from core.depth.cubes import Cube
from core.depth.sources.frames import DepthFrame
from core.errors import WeightsError
from core.estimators.depth_net import DepthNet
from core.lab.renderer.render import NYU_HANDS, render_hand
from core.learning.netfile import save_depth_net
from core.nets import NETS, build_net
from core.nets.crossinfonet import CrossInfoNet
from core.paths import Paths
from core.recognition.depth_reading import DepthReader
from core.recognition.hand_finding import SIDE_MM, FoundHand, SliceFinder
from core.weights.model_folder import DepthMetadata, is_net

LIGHT = Path("crossinfonet.synthetic_light")
_FRAMES, _READS = 10, 30  # different hands; times that each is read


class _Placed(SliceFinder):
    """Knows where the hand is: what follows a hand is timed, not what finds one."""

    def find(self, frame: DepthFrame) -> FoundHand:
        u, v, d = frame.camera.to_pixels(_truth(frame).mean(0))
        return FoundHand((float(u), float(v), float(d)))


class _Untrained(DepthNet):
    """Runs a net and answers what is true, as a trained one would: the hand is then followed."""

    truth: Points

    def keypoints(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        super().keypoints(crops)
        return self.truth[None].astype(np.float32)


def bench_depth(
    paths: Paths, source: Path = LIGHT, frames: int = _FRAMES, reads: int = _READS
) -> dict[str, Any]:
    """Time a hand's keypoints in rendered frames of 640 x 480 while it is followed, and finding it.

    Args:
        source: a net of depth by its name or folder; one of ours that is not there is timed with
            random weights, which takes as long.

    Returns:
        net, weights ("trained" or "untrained"), mb of the file, frames, reads of each, load of the
        machine before, find_ms (the median of finding a hand in depth), and by_threads of
        onnxruntime: ms and p90_ms of a frame in which the hand is followed, cpu_ms of the whole
        process in it (which other work on the machine hardly changes), cut_ms and net_ms of the
        wall's, and the share of frames in which it was followed.

    Raises:
        WeightsError: no such net.
    """
    load = round(os.getloadavg()[0], 2)
    hands = [_frame(number) for number in range(frames)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = paths.net(str(source))
        trained = is_net(folder, DepthMetadata)
        folder = folder if trained else _random(str(source), Path(scratch))
        kind = DepthNet if trained else _Untrained
        rows = [_timed(kind(folder, threads=threads), hands, reads) for threads in (1, 2)]
        size = (folder / "model.onnx").stat().st_size
    return {
        "net": str(source),
        "weights": "trained" if trained else "untrained: the time does not depend on them",
        "mb": round(size / 1e6, 1),
        "frames": frames,
        "reads": reads,
        "load": load,
        "find_ms": round(float(np.median([_ms(SliceFinder().find, one) for one in hands])), 2),
        "by_threads": [{"threads": n, **row} for n, row in enumerate(rows, 1)],
    }


def _frame(number: int) -> DepthFrame:
    hand = render_hand(0, number, replace(NYU_HANDS, window_mm=None))
    depth_mm, truth_mm = hand.depth_mm.astype(np.float32), hand.joints_mm("hand_21")
    return DepthFrame(depth_mm, hand.camera, 0.0, number, truth_mm=truth_mm)


def _truth(frame: DepthFrame) -> Points:
    assert frame.truth_mm is not None
    return frame.truth_mm


def _random(name: str, scratch: Path) -> Path:
    """The folder of a net with random weights."""
    ours = [net for net in NETS if net.startswith("crossinfonet.")]
    if name not in ours:
        raise WeightsError(
            f"no net “{name}” of depth: name one that you have, or one of {', '.join(ours)}"
        )
    net = build_net(name)
    assert isinstance(net, CrossInfoNet)
    save_depth_net(net, scratch, name, {})
    return scratch


def _timed(net: DepthNet, hands: Sequence[DepthFrame], reads: int) -> dict[str, float]:
    whole, cpu, cut, by_net, followed = [], [], [], [], 0
    for frame in hands:
        cube = Cube(frame.camera, _Placed().find(frame).centre_uvd, SIDE_MM)
        if isinstance(net, _Untrained):
            net.truth = np.resize(cube.to_units(_truth(frame)), (net.joints, 3))
        with closing(DepthReader(net, [_Placed()])) as reader:
            reader.read(frame)
            for _ in range(reads):
                begun, busy = time.perf_counter(), time.process_time()
                followed += reader.read(frame).how == "tracked"
                cpu.append(1000 * (time.process_time() - busy))
                whole.append(1000 * (time.perf_counter() - begun))
        crop = cube.cut(frame.depth_mm)
        cut += [_ms(cube.cut, frame.depth_mm) for _ in range(reads)]
        by_net += [_ms(net.in_cube, cube, crop) for _ in range(reads)]
    return {
        "ms": _rounded(np.median(whole)),
        "p90_ms": _rounded(np.percentile(whole, 90)),
        "cpu_ms": _rounded(np.median(cpu)),
        "cut_ms": _rounded(np.median(cut)),
        "net_ms": _rounded(np.median(by_net)),
        "followed": _rounded(followed / len(whole)),
    }


def _rounded(value: Any) -> float:
    return round(float(value), 2)


def _ms(call: Any, *arguments: Any) -> float:
    begun = time.perf_counter()
    call(*arguments)
    return 1000 * (time.perf_counter() - begun)
