"""Spheres, cones, faces and planes lie where geometry says."""

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.lab.renderer.solids import Plane, Solids, join_solids, render_depth

CAMERA = Camera("wide", 100.0, 90.0, 30.0, 20.0, 64, 48)
FINE = Camera("fine", 400.0, 360.0, 120.0, 80.0, 256, 192)  # every fourth ray is one of CAMERA's
NONE = np.empty((0, 2), np.intp)


def sphere(centre: tuple[float, float, float], radius: float) -> Solids:
    return Solids(np.array([centre], float), np.array([radius], float), NONE)


def many_spheres(a, ra, b, rb, count: int = 3000) -> Solids:
    """What a cone is the hull of."""
    share = np.linspace(0, 1, count)[:, None]
    return Solids(a + share * (np.array(b) - a), (ra + share[:, 0] * (rb - ra)), NONE)


def test_the_nearest_point_of_a_sphere_on_the_axis_is_a_radius_before_its_centre() -> None:
    depth = render_depth(sphere((0, 0, 500), 40), [], CAMERA)
    assert depth.shape == (48, 64)
    assert depth[20, 30] == pytest.approx(460, abs=1e-3)
    assert np.isinf(depth[20, 60])


def test_a_ray_beside_the_axis_meets_a_sphere_where_it_was_worked_out() -> None:
    """Ray (0.05, 0, 1): t² · 1.0025 − 2 t · 500 + 250000 − 1600 = 0."""
    depth = render_depth(sphere((0, 0, 500), 40), [], CAMERA)
    expected = (500 - np.sqrt(500**2 - 1.0025 * 248400)) / 1.0025
    assert depth[20, 35] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("a", "ra", "b", "rb"),
    [
        ((-40, 0, 400), 20, (50, 10, 420), 20),
        ((-40, -20, 400), 25, (30, 15, 500), 9),
        ((0, 0, 300), 12, (10, 5, 420), 25),
        ((5, 0, 420), 12, (0, 8, 300), 6),
    ],
    ids=["a cylinder", "away and thinner", "away and thicker", "towards the camera"],
)
def test_a_cone_is_the_hull_of_the_spheres_between_its_ends(a, ra, b, rb) -> None:
    cone = Solids(np.array([a, b], float), np.array([ra, rb], float), np.array([[0, 1]]))
    depth, dense = render_depth(cone, [], FINE), render_depth(many_spheres(a, ra, b, rb), [], FINE)
    both = np.isfinite(depth) & np.isfinite(dense)
    assert both.sum() > 400
    assert (np.isfinite(depth) != np.isfinite(dense)).sum() <= 8  # grazing rays
    apart = np.abs(depth[both] - dense[both])
    assert np.percentile(apart, 95) < 0.05
    assert apart.max() < 0.5


def test_a_face_touches_its_three_spheres() -> None:
    """Filled with spheres, a leaning face of different thickness looks the same."""
    corners = np.array([[-60, -40, 420], [60, -30, 380], [0, 50, 450]], float)
    radii = np.array([12, 20, 8], float)
    wedge = Solids(corners, radii, np.array([[0, 1], [1, 2], [0, 2]]), np.array([[0, 1, 2]]))
    first, second = np.meshgrid(np.linspace(0, 1, 140), np.linspace(0, 1, 140))
    inside = first + second <= 1 + 1e-9
    shares = np.stack([1 - first - second, first, second], -1)[inside]
    dense = render_depth(Solids(shares @ corners, shares @ radii, NONE), [], CAMERA)
    depth = render_depth(wedge, [], CAMERA)
    both = np.isfinite(depth) & np.isfinite(dense)
    assert (np.isfinite(depth) != np.isfinite(dense)).sum() <= 2
    assert np.abs(depth[both] - dense[both]).max() < 0.2
    hull = render_depth(Solids(corners, radii, wedge.cones), [], CAMERA)
    assert (depth < hull - 1).sum() > 150  # the cones alone leave its middle open


def test_a_leaning_plane_is_where_it_was_worked_out() -> None:
    """0.1 x + z = 800: on the ray (0.2, ·, 1) at 800 / 1.02."""
    depth = render_depth(sphere((0, 0, 5000), 1), [Plane((0.1, 0.0, 1.0), 800.0)], CAMERA)
    assert depth[0, 50] == pytest.approx(800 / 1.02, abs=1e-2)
    assert depth[47, 30] == pytest.approx(800, abs=1e-2)


def test_a_floor_is_seen_below_the_horizon_only() -> None:
    depth = render_depth(sphere((0, 0, 5000), 1), [Plane((0.0, 1.0, 0.0), 300.0)], CAMERA)
    assert np.isinf(depth[:20]).all()
    assert depth[38, 5] == pytest.approx(300 / 0.2, rel=1e-4)


def test_what_is_nearer_hides_what_is_behind_it_whatever_the_order() -> None:
    near, far = sphere((0, 0, 300), 20), sphere((10, 0, 600), 100)
    wall = [Plane((0.0, 0.0, 1.0), 550.0)]
    one, other = (
        render_depth(join_solids([near, far]), wall, CAMERA),
        render_depth(join_solids([far, near]), wall, CAMERA),
    )
    assert np.array_equal(one, other)
    assert one[20, 30] == pytest.approx(280, abs=1e-3)
    t = (601.5 - np.sqrt(601.5**2 - 1.0225 * 350100)) / 1.0225  # on the ray (0.15, 0, 1)
    assert one[20, 45] == pytest.approx(t, abs=1e-2)
    assert one[2, 2] == pytest.approx(550)


def test_what_is_behind_the_camera_is_not_seen_and_what_passes_it_is() -> None:
    assert np.isinf(render_depth(sphere((0, 0, -400), 50), [], CAMERA)).all()
    ends = np.array([[40, 30, 500], [40, 60, -300]], float)
    arm = Solids(ends, np.array([30.0, 40.0]), np.array([[0, 1]]))
    depth = render_depth(arm, [], CAMERA)
    assert np.isfinite(depth).any()
    assert depth[np.isfinite(depth)].min() >= 60


def test_a_sphere_inside_the_other_gives_a_cone_nothing() -> None:
    ends = np.array([[0, 0, 500], [5, 0, 500]], float)
    egg = Solids(ends, np.array([60.0, 10.0]), np.array([[0, 1]]))
    assert np.array_equal(
        render_depth(egg, [], CAMERA), render_depth(sphere((0, 0, 500), 60), [], CAMERA)
    )
