"""Depth cameras: points in space and in the picture, by hand and on NYU's real labels."""

import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera, camera_named
from core.errors import MediaError


def test_a_point_is_projected_as_the_pinhole_does_and_comes_back() -> None:
    camera = Camera("mine", 500.0, 400.0, 320.0, 100.0, 640, 200)
    # 100 mm right and 50 mm up at 1 m: 500 * 0.1 px right, 400 * 0.05 px up
    np.testing.assert_allclose(camera.to_pixels([100, -50, 1000]), [370, 80, 1000])
    np.testing.assert_allclose(camera.to_mm([370, 80, 1000]), [100, -50, 1000])


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=lambda c: c.name)
def test_pixels_and_mm_are_each_other_s_inverse(camera: Camera) -> None:
    xyz = np.random.default_rng(0).uniform((-200, -150, 300), (200, 150, 1500), (5, 14, 3))
    np.testing.assert_allclose(camera.to_mm(camera.to_pixels(xyz)), xyz, atol=1e-9)
    in_the_middle = camera.to_pixels([0.0, 0.0, 700.0])
    assert abs(in_the_middle[0] - camera.width / 2) < 8
    assert abs(in_the_middle[1] - camera.height / 2) < 8


def test_a_missing_point_stays_missing() -> None:
    points = CAMERAS["nyu"].to_pixels([[0, 0, 500], [np.nan] * 3])
    assert np.isfinite(points[0]).all() and np.isnan(points[1]).all()


def test_an_unknown_camera_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(MediaError, match="no depth camera “kinect”; there are: nyu, icvl"):
        camera_named("kinect")
