"""A depth sensor's errors: quantisation, ragged edges, shadows, holes, flying pixels.

Convention: depth in mm, (H, W); true depth is infinite, measured depth 0 without a measurement.
Noise parameters in pixels refer to a camera with a focal length of 580 px; they are scaled."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.pose.types import Floats

Mask = NDArray[np.bool_]
_FOCAL_PX = 580.0
_EDGE_MM = 20.0  # a step in depth, not a slope
_PATCH_PX, _SURE = 18.0, 2.8  # their grain; standard deviations that are lost at no depth at all
_RARE = 2.6  # standard deviations; patches of a field beyond it are holes


@dataclass(frozen=True)
class DepthNoise:
    """Error parameters of a depth sensor; the defaults add no noise."""

    step_mm: float = 0.0  # from one depth to the next at 1 m, growing with depth²; 0: whole mm
    error_steps: float = 0.0  # standard deviation of the depth, in such steps
    shadow_mm: float = 0.0  # from the projector, at the left, to the camera
    ragged_px: float = 0.0  # standard deviation of a pixel's position
    grain_px: float = 1.0  # correlation length of the noise
    grazing: float = np.inf  # tangent of the angle to a surface from which on it may be lost
    flying: float = 0.0  # fraction of edge pixels between both surfaces
    holes: float = 0.0  # fraction of edge pixels without a value
    patches: float = 0.0  # how much more of a surface is lost, in patches, the farther it is
    range_mm: tuple[float, float] = (0.0, 60_000.0)  # nearest and farthest depth


# PrimeSense's steps as in NYU's frame 1: 731, 733, 735, 736, 738 … 749 mm, 1.64 at 740 mm; its
# shadow there, 9 px between 760 and 900 mm, is that of 75 mm. Coded light: a SR305 near by.
NOISES = {
    "primesense": DepthNoise(3.0, 0.4, 75.0, 0.9, 3.0, 7.0, 0.04, 0.03, 0.0, (400.0, 4500.0)),
    "coded_light": DepthNoise(1.0, 0.5, 40.0, 0.6, 1.5, 4.0, 0.1, 0.1, 2.2, (200.0, 1500.0)),
    "none": DepthNoise(),
}


def add_sensor_noise(
    depth: Floats, camera: Camera, noise: DepthNoise, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Add a depth sensor's errors to a true depth picture (H, W), mm: shadows, holes, jitter,
    quantisation and range limits; 0 for pixels without a measurement."""
    low, high = noise.range_mm
    seen = np.where(depth <= high, depth, 0).astype(np.float32)
    scale = camera.fx / _FOCAL_PX
    if noise.shadow_mm:
        seen[_find_projector_shadow(seen, noise.shadow_mm * camera.fx)] = 0
    if noise.grazing < np.inf:
        seen[_find_grazing_surfaces(seen, camera, noise, rng)] = 0
    if noise.ragged_px:
        seen = _jitter_edges(seen, noise, scale, rng)
    if noise.patches:
        lost = _sample_correlated_noise(rng, (*depth.shape, 1), _PATCH_PX * scale)[..., 0]
        seen[lost > _SURE - np.float32(noise.patches / high) * seen] = 0
    if noise.step_mm:
        seen = _quantise_disparity(seen, noise, scale, rng)
    seen[seen < low] = 0
    return np.round(seen).astype(np.uint16)


def _find_projector_shadow(depth: Floats, focal_mm: float) -> Mask:
    """Return the (H, W) mask of pixels that the sensor's projector doesn't light."""
    with np.errstate(divide="ignore"):
        disparity = np.where(depth > 0, np.float32(focal_mm) / depth, 0)
    ray = disparity + np.arange(depth.shape[1], dtype=np.float32)
    return ray < np.maximum.accumulate(ray, axis=1) - 1


def _find_grazing_surfaces(
    depth: Floats, camera: Camera, noise: DepthNoise, rng: np.random.Generator
) -> Mask:
    """Return a random (H, W) mask of lost pixels on surfaces seen at a grazing angle."""
    step = np.zeros_like(depth)
    step[:, 1:-1] = np.abs(depth[:, 2:] - depth[:, :-2])
    down = np.abs(depth[2:] - depth[:-2])
    np.maximum(step[1:-1], down, out=step[1:-1])
    slope = step * np.float32(camera.fx / 2) / np.maximum(depth, 1)
    lost: Mask = slope * rng.random(depth.shape, np.float32) > noise.grazing
    return lost & (step < 2 * _EDGE_MM)


def _jitter_edges(
    depth: Floats, noise: DepthNoise, scale: float, rng: np.random.Generator
) -> Floats:
    """Shift pixels by correlated noise, adding flying pixels and holes at depth edges."""
    height, width = depth.shape
    drawn = _sample_correlated_noise(rng, (height, width, 3), noise.grain_px * scale)
    u, v = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    beside = drawn[..., :2] * np.float32(noise.ragged_px * scale)
    moved = cv2.remap(
        depth,
        u + beside[..., 0],
        v + beside[..., 1],
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )
    kernel = np.ones((5, 5), np.uint8)
    near_edge = cv2.dilate(depth, kernel) - cv2.erode(depth, kernel) > _EDGE_MM
    moved[near_edge & (drawn[..., 2] > _RARE)] = 0
    before, after = depth.ravel(), moved.ravel()
    crossed = np.flatnonzero((np.abs(before - after) > _EDGE_MM) & (before > 0) & (after > 0))
    chance, part = rng.random((2, len(crossed)), np.float32)
    between = after[crossed] + part * (before[crossed] - after[crossed])
    after[crossed] = np.where(chance < noise.flying, between, after[crossed])
    after[crossed[chance > 1 - noise.holes]] = 0
    return np.asarray(moved, np.float32)


def _quantise_disparity(
    depth: Floats, noise: DepthNoise, scale: float, rng: np.random.Generator
) -> Floats:
    """Add correlated noise to the disparity and round it to steps; return depth in mm."""
    error = _sample_correlated_noise(rng, (*depth.shape, 1), noise.grain_px * scale)[..., 0]
    unit = np.float32(1e6 / noise.step_mm)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.round(unit / depth + error * np.float32(noise.error_steps))
        return np.where((depth > 0) & (steps > 0), unit / steps, 0).astype(np.float32)


def _sample_correlated_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], grain: float
) -> Floats:
    """Draw (H, W, C) Gaussian noise of unit variance, correlated within `grain` pixels."""
    height, width, channels = shape
    grain = max(grain, 1.0)
    small = (int(height / grain) + 2, int(width / grain) + 2, channels)
    drawn = rng.standard_normal(small, np.float32)
    grown = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.float32).reshape(shape)
