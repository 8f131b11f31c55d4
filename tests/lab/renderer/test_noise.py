"""Rendered depth errs as a PrimeSense does."""

import cv2
import numpy as np
import pytest

from core.depth.cameras import get_camera
from core.lab.renderer.noise import NOISES, DepthNoise, add_sensor_noise

NYU = get_camera("nyu")
PRIMESENSE = NOISES["primesense"]


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def box_before_wall(near: float = 760, far: float = 900) -> np.ndarray:
    """A wall, and before it a box over columns 100 to 159 and rows 60 to 139."""
    depth = np.full((200, 260), far, np.float32)
    depth[60:140, 100:160] = near
    return depth


def test_without_noise_depth_is_only_rounded() -> None:
    depth = np.array([[300, 700.4, 700.6, 5000, np.inf]], np.float32)
    found = add_sensor_noise(depth, NYU, NOISES["none"], rng())
    assert found.tolist() == [[300, 700, 701, 5000, 0]]
    within = add_sensor_noise(depth, NYU, DepthNoise(range_mm=(400.0, 4500.0)), rng())
    assert within.tolist() == [[0, 700, 701, 0, 0]]


def test_depth_comes_in_the_steps_of_nyus_camera(shared_data) -> None:
    picture = cv2.imread(str(shared_data / "depth" / "depth_1_0000001.png"))
    packed = picture.astype(int)
    real = np.unique(packed[..., 1] * 256 + packed[..., 0])
    slope = np.tile(np.linspace(700, 1000, 260, dtype=np.float32), (200, 1))
    made = np.unique(add_sensor_noise(slope, NYU, DepthNoise(step_mm=PRIMESENSE.step_mm), rng()))
    for low, high in ((731, 800), (800, 900), (900, 980)):
        steps = [((values >= low) & (values < high)).sum() for values in (real, made)]
        assert steps[1] == pytest.approx(steps[0], abs=3)


def test_a_shadow_lies_at_the_right_as_wide_as_the_projector_makes_it() -> None:
    """588.03 · 75 · (1/760 − 1/900) = 9.03 px."""
    found = add_sensor_noise(box_before_wall(), NYU, DepthNoise(shadow_mm=75.0), rng())
    row = found[100]
    assert np.flatnonzero(row == 0).tolist() in ([*range(160, 168)], [*range(160, 169)])
    assert (found[:60] == 900).all()


def test_edges_are_ragged_and_surfaces_are_not() -> None:
    found = add_sensor_noise(box_before_wall(), NYU, DepthNoise(ragged_px=1.0, grain_px=3.0), rng())
    borders = [np.flatnonzero(row == 760)[0] for row in found[65:135]]
    assert 3 <= len(set(borders)) <= 9
    assert np.mean(borders) == pytest.approx(100, abs=1)
    assert (found[70:130, 110:150] == 760).all()
    assert set(np.unique(found)) == {760, 900}


def test_pixels_in_mid_air_and_holes_are_found_at_edges_only() -> None:
    noise = DepthNoise(ragged_px=1.0, grain_px=2.0, flying=0.3, holes=0.2)
    found = add_sensor_noise(box_before_wall(), NYU, noise, rng())
    air, holes = (found > 770) & (found < 890), found == 0
    near_edge = np.zeros_like(air)
    near_edge[52:148, 92:168] = True
    near_edge[68:132, 108:152] = False
    for some in (air, holes):
        assert some.sum() > 10
        assert not some[~near_edge].any()


def test_surfaces_seen_along_themselves_have_holes() -> None:
    """A floor that falls away by 15 mm a pixel, and one that does by 1."""
    noise = DepthNoise(grazing=4.0)
    steep, flat = (
        np.tile(700 + np.arange(60, dtype=np.float32)[:, None] * step, (1, 80)) for step in (15, 1)
    )
    assert 0.3 < np.mean(add_sensor_noise(steep, NYU, noise, rng())[1:-1] == 0) < 0.9
    assert (add_sensor_noise(flat, NYU, noise, rng()) > 0).all()


@pytest.mark.parametrize("name", ["primesense", "coded_light"])
def test_what_a_sensor_measures_is_near_the_truth(name: str) -> None:
    depth = box_before_wall()
    found = add_sensor_noise(depth, NYU, NOISES[name], rng()).astype(float)
    seen = found > 0
    assert np.median(np.abs(found - depth)[seen]) < 2
    assert 0.7 < seen.mean() < 1


def test_far_surfaces_are_lost_in_patches_and_near_ones_hardly() -> None:
    noise = DepthNoise(patches=2.2, range_mm=(200.0, 1500.0))
    near, far = (
        add_sensor_noise(np.full((120, 160), depth, np.float32), NYU, noise, rng()) == 0
        for depth in (500, 1400)
    )
    assert near.mean() < 0.02
    assert 0.04 < far.mean() < 0.4
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(far.astype(np.uint8), kernel).mean()
    assert inner > far.mean() / 3  # patches, not single pixels
