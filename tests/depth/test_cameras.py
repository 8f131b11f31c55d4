"""Depth cameras: points in space and in the picture, by hand."""

import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera, get_camera
from core.errors import MediaError


def test_a_point_is_projected_as_the_pinhole_does_and_comes_back() -> None:
    camera = Camera("mine", 500.0, 400.0, 320.0, 100.0, 640, 200)
    # 100 mm right and 50 mm up at 1 m: 500 * 0.1 px right, 400 * 0.05 px up; a missing point stays
    xyz = np.array([[100, -50, 1000], [np.nan] * 3])
    uvd = np.array([[370, 80, 1000], [np.nan] * 3])
    np.testing.assert_allclose(camera.to_pixels(xyz), uvd)
    np.testing.assert_allclose(camera.to_mm(uvd), xyz)


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=lambda c: c.name)
def test_a_published_camera_looks_at_the_middle_of_its_picture(camera: Camera) -> None:
    u, v, _ = camera.to_pixels([0.0, 0.0, 700.0])
    assert abs(u - camera.width / 2) < 8 and abs(v - camera.height / 2) < 8
    with pytest.raises(MediaError, match="no depth camera “kinect”; there are: nyu, icvl"):
        get_camera("kinect")
