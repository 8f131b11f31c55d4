"""Scenes that are rendered while a net trains: without end, the same again for the same seed."""

import itertools

import numpy as np
import pytest

from core.depth.cameras import CAMERAS
from core.lab.renderer.rendered_scenes import (
    HELD_OUT,
    RenderedScenes,
    render_palm_scene,
    shrink_camera,
)

HW = (120, 160)


@pytest.fixture(scope="module")
def samples() -> list:
    scenes = RenderedScenes()
    return list(itertools.islice(scenes.samples(scenes.rows(""), HW, 3), 80))


def test_most_frames_show_a_palm_where_something_is_at_its_depth(samples) -> None:
    """Fingers may be before it, so most, not all, and not the whole palm."""
    near, missing = [], []
    for frame, keypoint, weight in samples:
        assert frame.shape == (120, 160, 1) and keypoint.shape == (1, 3)
        assert frame.dtype == keypoint.dtype == np.float32
        assert weight == 1.0
        missing.append(bool(np.isnan(keypoint).all()))
        if not missing[-1]:
            u, v, d = keypoint[0]
            seen = frame[round(float(v)), round(float(u)), 0]
            near.append(d * 100 - 80 < seen < d * 100 + 20)
    assert np.mean(near) > 0.85
    assert 0.03 < np.mean(missing) < 0.45


def test_samples_of_a_seed_are_the_same_again(samples) -> None:
    scenes = RenderedScenes()
    again = itertools.islice(scenes.samples(scenes.rows(""), HW, 3), 5)
    for (frame, keypoint, _), (frame_2, keypoint_2, _) in zip(samples[:5], again, strict=True):
        assert np.array_equal(frame, frame_2)
        assert np.array_equal(keypoint, keypoint_2, equal_nan=True)


def test_what_measures_always_has_its_palm_in_the_picture_and_a_length_of_500_mm() -> None:
    scenes = RenderedScenes(held_out=12)
    assert scenes.held_out_sets == [HELD_OUT]
    assert list(scenes.rows(HELD_OUT)) == list(range(12))
    for row in scenes.rows(HELD_OUT):
        _, keypoint, unit_px = scenes.load_evaluation_sample(int(row), HW)
        u, v, d = keypoint[0]
        assert 0 <= u < 160 and 0 <= v < 120
        camera = scenes.scene(int(row)).camera
        beside = camera.to_pixels(camera.to_mm([u, v, d * 100]) + np.array([500, 0, 0]))
        assert unit_px == pytest.approx(beside[0] - u, rel=1e-5)


def test_a_scene_seen_from_beside_has_no_palm() -> None:
    for number in range(6):
        assert np.isnan(render_palm_scene(1, number, empty_fraction=1.0).palm_uvd).all()


def test_a_reduced_camera_sees_the_middle_of_as_many_pixels() -> None:
    nyu, small = CAMERAS["nyu"], shrink_camera(CAMERAS["nyu"])
    assert (small.width, small.height) == (160, 120)
    u, v, _ = nyu.to_pixels([50, -30, 700])
    # the four pixels 0 to 3, whose middle is 1.5, are pixel 0
    np.testing.assert_allclose(small.to_pixels([50, -30, 700])[:2] * 4 + 1.5, (u, v))
