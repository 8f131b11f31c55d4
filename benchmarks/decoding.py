"""How exactly each way of decoding finds a keypoint again, and what it costs.

    python -m benchmarks.decoding

Gaussians of two widths on 32 x 44 maps of stride 4, 4,000 keypoints anywhere between the cells,
with and without noise on the maps; errors in input pixels, time for one (22, 32, 32) stack.
"""

from collections.abc import Callable
from functools import partial
from timeit import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pose.heatmaps import decode, decode_seed, encode, peaks
from core.pose.types import Floats

STRIDE, HW, JOINTS = 4, (32, 44), 4000
REACH = 2  # cells round the peak that the centre of mass takes


def centre_of_mass(maps: Floats) -> Floats:
    """Mean of the cells round the peak, each weighing its value; (J, 2) x, y in cells."""
    (cells, _), width = peaks(maps), 2 * REACH + 1
    padded = np.pad(maps, ((0, 0), (REACH, REACH), (REACH, REACH)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(1, 2))
    near = np.maximum(windows[np.arange(len(maps)), cells[:, 1], cells[:, 0]], 0)
    step = np.arange(-REACH, REACH + 1)
    total = near.sum(axis=(1, 2))
    shift = np.stack([near.sum(axis=1) @ step, near.sum(axis=2) @ step], axis=1) / total[:, None]
    return cells + shift


def quarter_cell(maps: Floats) -> Floats:
    """A quarter cell from the highest towards its higher neighbour (Newell et al. 2016, 3.2), at
    the map's border not across it; (J, 2) x, y in cells."""
    cells, _ = peaks(maps)
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)), "reflect")
    joint, (x, y) = np.arange(len(maps)), cells.T + 1
    right = padded[joint, y, x + 1] - padded[joint, y, x - 1]
    below = padded[joint, y + 1, x] - padded[joint, y - 1, x]
    return (cells + 0.25 * np.sign(np.stack([right, below], axis=1))).astype(np.float32)


def to_input(cells: NDArray[Any]) -> NDArray[Any]:
    """Cells → input pixels."""
    return cells * STRIDE + (STRIDE - 1) / 2


WAYS: dict[str, Callable[[Floats], NDArray[Any]]] = {
    "highest cell": lambda maps: to_input(peaks(maps)[0]),
    "seed (enlarged)": lambda maps: decode_seed(
        maps, (maps.shape[1] * STRIDE, maps.shape[2] * STRIDE)
    )[0],
    "quarter cell": lambda maps: to_input(quarter_cell(maps)),
    "centre of mass": lambda maps: to_input(centre_of_mass(maps)),
    "parabola of logs": lambda maps: to_input(decode(maps)[0]),
}


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    joints = rng.uniform([8, 8], [HW[1] * STRIDE - 9, HW[0] * STRIDE - 9], (JOINTS, 2))
    cases = [(sigma, noise) for sigma in (1.0, 1.5) for noise in (0.0, 0.02)]
    stack = encode(joints[:21], (32, 32), STRIDE)
    print("mean error, px   " + "".join(f"  σ {s} ±{n:<4}" for s, n in cases) + "     ms")
    for name, way in WAYS.items():
        errors = []
        for sigma, noise in cases:
            maps = encode(joints, HW, STRIDE, sigma=sigma)[:-1]
            maps += np.random.default_rng(1).normal(0, noise, maps.shape).astype(np.float32)
            errors.append(np.linalg.norm(way(maps) - joints, axis=1).mean())
        took_ms = min(repeat(partial(way, stack), number=50, repeat=5)) / 50 * 1000
        print(f"{name:17}" + "".join(f"{error:13.3f}" for error in errors) + f"{took_ms:7.2f}")


if __name__ == "__main__":
    main()
