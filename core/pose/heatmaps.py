"""Heatmaps, which CPM calls belief maps: keypoints → maps to learn from, and maps → keypoints.

Convention: cell x of a map of stride s lies at input pixel s·x + (s − 1)/2, a pixel's centre being
at an integer, unless `MapDecoding` says otherwise. The last of J+1 maps is the background.
Legend: S stages, J keypoints, h w map, H W picture, I side of the net's input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats, Heatmaps

Centre = Literal["exact", "round"]
Alignment = Literal["cells", "stride", "ends"]
PeakDecoder = Literal["parabola", "quarter", "dark"]

_FLAT = 1e-12  # below this a logarithm says nothing
_DARK_RANGE = (1e-3, 50.0)  # of the values that DARK takes the logarithm of, as mmpose limits them


@dataclass(frozen=True)
class MapDecoding:
    """How a top-down net's maps are decoded, as it was trained."""

    # how the cells lie on the input, W and w wide. "cells": in the middle of their stride's pixels;
    # "stride": x = W/w · cell (Xiao et al. 2018); "ends": x = (W − 1)/(w − 1) · cell (Huang et al.
    # 2020)
    alignment: Alignment = "cells"
    decode: PeakDecoder = "parabola"  # how a peak is placed between cells


CELL_CENTRED = MapDecoding()


def heatmap_keypoints(heatmaps: Heatmaps, stage: int = -1) -> tuple[Floats, Floats]:
    """Decode a stage's keypoints in picture pixels, (J, 2), and their peaks' values, (J,)."""
    cells, values = decode_parabola(heatmaps.maps[stage, :-1])
    return heatmaps.to_picture(cells), values


def encode_heatmaps(
    keypoints: Any,
    size_hw: tuple[int, int],
    stride: int,
    *,
    sigma: float = 1.5,
    centre: Centre = "exact",
    cut_off: float | None = None,
    xp: Any = np,
) -> Any:
    """Render Gaussians at the keypoints, and the background map as 1 − their maximum, as (..., J+1,
    h, w) float32.

    Args:
        keypoints: (..., J, 2) input pixels, NaN where missing: its map is empty.
        size_hw: (h, w) of the maps.
        sigma: of the Gaussians, in cells.
        centre: where the peak is: the keypoint itself, or the nearest cell by pixel / stride + 0.5
            (Xiao et al. 2018).
        cut_off: sigmas beyond which the Gaussian is 0, else nowhere.
        xp: the array library of the keypoints, numpy or torch.
    """
    if centre == "round":
        cells = xp.trunc(keypoints / stride + 0.5)
    else:
        cells = (keypoints - (stride - 1) / 2) / stride
    far = np.inf if cut_off is None else cut_off * sigma
    across, down = (
        _evaluate_gaussians(cells[..., axis : axis + 1], size_hw[1 - axis], sigma, far, xp)
        for axis in (0, 1)
    )
    joints = down[..., :, None] * across[..., None, :]
    background = 1 - xp.amax(joints, -3)[..., None, :, :]
    maps = xp.concatenate([joints, background], -3)
    return xp.asarray(maps, dtype=xp.float32)


def _evaluate_gaussians(centres: Any, length: int, sigma: float, far: float, xp: Any) -> Any:
    """Evaluate (..., J, length) Gaussians along one axis; 0 where the centre is NaN."""
    distance = abs(xp.arange(length, device=centres.device) - centres)
    return xp.where(distance <= far, xp.exp(-(distance**2) / (2 * sigma**2)), 0.0)


def find_peaks(maps: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Find each map's highest cell, (..., 2) as x, y, and its value (...)."""
    flat = maps.reshape(*maps.shape[:-2], -1)
    place = flat.argmax(axis=-1)
    y, x = np.divmod(place, maps.shape[-1])
    value = np.take_along_axis(flat, place[..., None], axis=-1)[..., 0]
    return np.stack([x, y], axis=-1), value


def decode_parabola(maps: Floats) -> tuple[Floats, Floats]:
    """Decode each map's peak to sub-cell precision by a parabola along each axis: (..., 2) x, y in
    cells, and values (...).

    The offset from the highest cell is the vertex of the parabola through the logarithms of three
    neighbours along each axis, which is exact for a Gaussian (Zhang et al. 2020, DARK, 3.2); at
    the map's border, along that axis, there is none.
    """
    cells, values = find_peaks(maps)
    offset = np.stack(
        [_compute_parabola_offset(*_read_peak_neighbours(maps, cells, axis)) for axis in (0, 1)],
        axis=-1,
    )
    return (cells + offset).astype(np.float32), values.astype(np.float32)


def decode_quarter(maps: Floats) -> tuple[Floats, Floats]:
    """Decode each map's peak, shifted by a quarter of a cell towards the higher neighbour along
    each axis (Newell et al. 2016), except at the map's border.

    Returns:
        (..., J, 2) x, y in cells, NaN where no value is above 0; (..., J) peak values, 0 there.
    """
    cells, values = find_peaks(maps)
    size_wh = np.array(maps.shape[:-3:-1])
    inside = np.all((cells > 1) & (cells < size_wh - 1), axis=-1, keepdims=True)
    across, down = (_read_peak_neighbours(maps, cells, axis) for axis in (0, 1))
    slope = np.stack([across[2] - across[0], down[2] - down[0]], axis=-1)
    return _mask_empty_peaks(cells + 0.25 * np.sign(slope) * inside, values)


def decode_dark(maps: Floats, blur: int = 11) -> tuple[Floats, Floats]:
    """Decode each map's peak by DARK (Zhang et al. 2020, 3.2): blur the map, then take one Newton
    step on its logarithm. Returns as `decode_quarter`.

    Args:
        blur: side of the Gaussian kernel that evens the map out, cells, odd: 11 for maps that were
            trained on a sigma of 2, 17 for 3.
    """
    cells, values = find_peaks(maps)
    flat = maps.reshape(-1, *maps.shape[-2:])
    offsets = [
        _compute_newton_offset(one, int(x), int(y), blur // 2)
        for one, (x, y) in zip(flat, cells.reshape(-1, 2), strict=True)
    ]
    return _mask_empty_peaks(cells + np.reshape(offsets, cells.shape), values)


DECODERS = {"parabola": decode_parabola, "quarter": decode_quarter, "dark": decode_dark}


def _compute_newton_offset(heatmap: Floats, x: int, y: int, reach: int) -> NDArray[np.float64]:
    """Return DARK's (2,) offset from a cell, at most ±1: a Newton step on the blurred map's
    logarithm; 0 at the map's border or if there is no maximum."""
    height, width = heatmap.shape
    reach = min(reach, x - 1, y - 1, width - 2 - x, height - 2 - y)
    if reach < 0:
        return np.zeros(2)
    near = heatmap[y - reach - 1 : y + reach + 2, x - reach - 1 : x + reach + 2]
    even = cv2.GaussianBlur(np.ascontiguousarray(near), (2 * reach + 1, 2 * reach + 1), 0)
    peak = even[reach : reach + 3, reach : reach + 3]
    wide = np.log(np.clip(peak, *_DARK_RANGE, dtype=np.float64))
    slope = np.array([wide[1, 2] - wide[1, 0], wide[2, 1] - wide[0, 1]]) / 2
    across = wide[1, 2] - 2 * wide[1, 1] + wide[1, 0]
    down = wide[2, 1] - 2 * wide[1, 1] + wide[0, 1]
    mixed = (wide[2, 2] - wide[2, 0] - wide[0, 2] + wide[0, 0]) / 4
    bend = np.array([[across, mixed], [mixed, down]])
    if not (across < 0 and np.linalg.det(bend) > _FLAT):
        return np.zeros(2)  # no peak there
    return np.clip(-np.linalg.solve(bend, slope), -1.0, 1.0)


def _mask_empty_peaks(cells: Any, values: Floats) -> tuple[Floats, Floats]:
    """Replace peaks whose value is not above 0 by NaN, and their values by 0."""
    above = values > 0
    found = np.where(above[..., None], cells, np.nan)
    return found.astype(np.float32), np.where(above, values, 0).astype(np.float32)


def decode_simcc(along_x: Floats, along_y: Floats, bins: float = 2.0) -> tuple[Floats, Floats]:
    """Decode keypoints of a SimCC net (Li et al. 2022): the position of the highest value in each
    of its outputs, (..., J, W·bins) and (..., J, H·bins).

    Returns:
        (..., J, 2) x, y in input pixels, NaN where no value is above 0; (..., J) the lower of both
        axes' highest values (as mmpose scores them), 0 there.
    """
    place = np.stack([along_x.argmax(axis=-1), along_y.argmax(axis=-1)], axis=-1) / bins
    return _mask_empty_peaks(place, np.minimum(along_x.max(axis=-1), along_y.max(axis=-1)))


def unflip_heatmaps(
    maps: Floats, mirrored: Sequence[int], *, shift: bool = True, background: bool = False
) -> Floats:
    """Flip a mirrored picture's maps back and swap left and right keypoints, to average them with
    the unmirrored picture's maps (flip test).

    Args:
        maps: (..., J, h, w), or J+1 with a background.
        mirrored: see `Skeleton.mirror_order`.
        shift: one cell to the right: for nets whose maps lie so that cell x is input pixel x·stride
            (Xiao et al. 2018), where a mirrored map comes out one cell too far left.
    """
    order = [*mirrored, len(mirrored)] if background else list(mirrored)
    turned = maps[..., order, :, ::-1].copy()
    if shift:
        turned[..., 1:] = turned[..., :-1].copy()
    return turned


def decode_upsampled_argmax(maps: Floats, input_hw: tuple[int, int]) -> tuple[Floats, Floats]:
    """Resize maps to the input's size; return the position of each map's maximum, (J, 2) x, y, and
    its value (J,)."""
    size_wh = (input_hw[1], input_hw[0])
    large = [cv2.resize(np.ascontiguousarray(one), size_wh) for one in maps]
    pixels, values = find_peaks(np.stack(large))
    return pixels.astype(np.float32), values.astype(np.float32)


def _read_peak_neighbours(
    maps: Floats, cells: NDArray[np.int64], axis: int
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Return the values before, at and after each peak along x (0) or y (1), and whether both
    neighbours are in the map; if not, all three values are the peak's."""
    height, width = maps.shape[-2:]
    flat = maps.reshape(*maps.shape[:-2], -1)
    step, length = ((1, width), (width, height))[axis]
    inside = (cells[..., axis] > 0) & (cells[..., axis] < length - 1)
    place = cells[..., 1] * width + cells[..., 0]
    at = [
        np.take_along_axis(flat, np.where(inside, place + way * step, place)[..., None], axis=-1)
        for way in (-1, 0, 1)
    ]
    return at[0][..., 0], at[1][..., 0], at[2][..., 0], inside


def _compute_parabola_offset(
    before: Floats, peak: Floats, after: Floats, inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the offset of the vertex of a parabola through three values' logarithms, at most ±0.5
    cells; 0 if not `inside` or if there is no maximum."""
    low, middle, high = np.log(np.maximum([before, peak, after], _FLAT, dtype=np.float64))
    curve = low - 2 * middle + high
    bent = inside & (curve < -_FLAT)
    offset = np.where(bent, (low - high) / np.where(bent, 2 * curve, 1.0), 0.0)
    return np.clip(offset, -0.5, 0.5)
