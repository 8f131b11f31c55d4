"""Renders depth of spheres, of cones and faces that wrap two or three spheres, and of planes.

Convention: mm in the camera's space (x right, y down, z forward); each ray is solved in closed
form. A pixel's ray is (x, y, 1): how far along it is depth. N spheres, M cones, T faces, H W
picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera, Points
from core.pose.types import Floats

Indices = NDArray[np.intp]
_NEAR_MM = 60.0  # nothing nearer is seen
_EDGE = 1e-3  # faces reach so far (of their size) beyond their border, lest a slit shows


@dataclass(frozen=True, eq=False)
class Solids:
    """Solids built from spheres."""

    centres: Points  # (N, 3) mm
    radii: Points  # (N,) mm
    cones: Indices  # (M, 2) spheres that a cone wraps
    # (T, 3) spheres that a flat face wraps, on both its sides
    faces: Indices = field(default_factory=lambda: np.empty((0, 3), np.intp))


@dataclass(frozen=True)
class Plane:
    """A wall, a floor, a table top: all points x with normal · x = offset_mm."""

    normal: tuple[float, float, float]
    offset_mm: float


def join_solids(solids: list[Solids]) -> Solids:
    """Concatenate several solids into one; shift the sphere indices of cones and faces."""
    shifts = np.cumsum([0, *(len(one.radii) for one in solids[:-1])])
    return Solids(
        np.concatenate([one.centres for one in solids]),
        np.concatenate([one.radii for one in solids]),
        np.concatenate([one.cones + at for one, at in zip(solids, shifts, strict=True)]),
        np.concatenate([one.faces + at for one, at in zip(solids, shifts, strict=True)]),
    )


def render_depth(solids: Solids, planes: list[Plane], camera: Camera) -> Floats:
    """Render the (H, W) depth in mm of the nearest surface; infinite for rays without a hit."""
    rays = _CameraRays(camera)
    depth = rays.render_planes(planes)
    boxes = rays.bound_spheres(solids)
    faces, around = _precompute_faces(solids, _merge_bounds(boxes[solids.faces]))
    spheres, sizes = solids.centres, solids.radii
    table = np.column_stack([spheres, (spheres * spheres).sum(1) - sizes * sizes])
    rays.draw_solids(depth, _intersect_spheres, table.T.astype(np.float32), boxes)
    rays.draw_solids(
        depth, _intersect_cones, _precompute_cones(solids), _merge_bounds(boxes[solids.cones])
    )
    rays.draw_solids(depth, _intersect_faces, faces, around)
    return depth


# a table's numbers of one solid or of each pair, the rays' x, their y → depths
_Solver = Callable[[Floats, Floats, Floats], Floats]


class _CameraRays:
    """The rays of a camera's pixels, and their intersections."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._x = ((np.arange(camera.width) - camera.u0) / camera.fx).astype(np.float32)
        self._y = ((np.arange(camera.height) - camera.v0) / camera.fy).astype(np.float32)

    def render_planes(self, planes: list[Plane]) -> Floats:
        """Render the (H, W) depth of the nearest plane; infinite if there is none."""
        depth = np.full((len(self._y), len(self._x)), np.inf, np.float32)
        for plane in planes:
            a, b, c = (np.float32(value / plane.offset_mm) for value in plane.normal)
            inverse = (a * self._x)[None] + (b * self._y + c)[:, None]
            with np.errstate(divide="ignore"):
                np.minimum(depth, np.where(inverse > 0, 1 / inverse, np.inf), out=depth)
        return depth

    def bound_spheres(self, solids: Solids) -> NDArray[np.int32]:
        """Return (N, 4) first and last column and row of each sphere, unclipped; the whole picture
        for a sphere too near."""
        x, y, z = solids.centres.T
        near = z - solids.radii
        safe = np.maximum(near, 1.0)
        camera, found = self._camera, []
        for place, focal, middle, size in (
            (x, camera.fx, camera.u0, camera.width),
            (y, camera.fy, camera.v0, camera.height),
        ):
            first, last = place - solids.radii, place + solids.radii
            low = np.where(first < 0, first / safe, first / (z + solids.radii))
            high = np.where(last > 0, last / safe, last / (z + solids.radii))
            low, high = low * focal + middle, high * focal + middle
            found.append(np.where(near < _NEAR_MM, 0, np.floor(low)))
            found.append(np.where(near < _NEAR_MM, size, np.ceil(high)))
        return np.clip(np.stack(found, 1), -1e6, 1e6).astype(np.int32)

    def draw_solids(
        self, depth: Floats, solve: _Solver, table: Floats, boxes: NDArray[np.int32]
    ) -> None:
        """Draw solids into a depth picture within their bounds, keeping the nearest depth."""
        height, width = depth.shape
        left, right = np.clip(boxes[:, 0], 0, width), np.clip(boxes[:, 1] + 1, 0, width)
        top, bottom = np.clip(boxes[:, 2], 0, height), np.clip(boxes[:, 3] + 1, 0, height)
        for i in np.flatnonzero((right > left) & (bottom > top)):
            rows, columns = slice(top[i], bottom[i]), slice(left[i], right[i])
            part = depth[rows, columns]
            found = solve(table[:, i], self._x[None, columns], self._y[rows, None])
            np.minimum(part, found, out=part)


def _merge_bounds(boxes: NDArray[np.int32]) -> NDArray[np.int32]:
    """(M, k, 4) bounds of each solid's spheres → (M, 4) bounds of the solid."""
    low, high = boxes.min(1), boxes.max(1)
    return np.stack([low[:, 0], high[:, 1], low[:, 2], high[:, 3]], 1)


# Each `_precompute_…` returns the constants, a column a solid, that its `_intersect_…` needs.


def _intersect_spheres(table: Floats, x: Floats, y: Floats) -> Floats:
    """Return the depth of the first hit, or infinity: |t ray − c|² = r², the smaller t."""
    cx, cy, cz, rest = table
    square = x * x + (y * y + 1)
    toward = cx * x + (cy * y + cz)
    with np.errstate(invalid="ignore"):  # NaN: the ray passes by
        depth = (toward - np.sqrt(toward * toward - square * rest)) / square
    return np.where(depth > _NEAR_MM, depth, np.float32(np.inf))


def _precompute_cones(solids: Solids) -> Floats:
    """Return the constants that `_intersect_cones` needs, a column per cone."""
    a, b = solids.centres[solids.cones[:, 0]], solids.centres[solids.cones[:, 1]]
    ra, rb = solids.radii[solids.cones[:, 0]], solids.radii[solids.cones[:, 1]]
    axis, taper = b - a, ra - rb
    square = (axis * axis).sum(1)
    outside = square - taper**2  # not positive if one sphere contains the other
    unit = np.sqrt(np.maximum(outside, 1e-6))
    start = -(axis * a).sum(1)
    shift = (ra * taper - start) / unit
    rest = (a * a).sum(1) - ra**2 - shift**2
    half = np.where(outside > 1e-3, unit, -1.0) / 2
    unit_axis = axis / unit[:, None]
    nearest = a - shift[:, None] * unit_axis
    return np.column_stack([unit_axis, nearest, rest, shift + half, half]).T.astype(np.float32)


def _intersect_cones(table: Floats, x: Floats, y: Floats) -> Floats:
    """Return the depth of each ray's hit on a cone, or infinity: |q − s (b − a)| = ra − s (ra −
    rb), q = t ray − a, has a double root in s, which must be in 0..1."""
    axis_x, axis_y, axis_z, nx, ny, nz, rest, middle, half = table
    along = axis_x * x + (axis_y * y + axis_z)
    toward = nx * x + (ny * y + nz)
    square = x * x + (y * y + 1) - along * along
    with np.errstate(divide="ignore", invalid="ignore"):  # NaN: the ray passes by
        depth = (toward - np.sqrt(toward * toward - square * rest)) / square
        hit = (np.abs(depth * along - middle) <= half) & (depth > _NEAR_MM)
    return np.where(hit, depth, np.float32(np.inf))


def _precompute_faces(solids: Solids, boxes: NDArray[np.int32]) -> tuple[Floats, NDArray[np.int32]]:
    """Return the constants of each visible triangle that touches three spheres, a column per
    triangle, and its bounds."""
    c, r = solids.centres[solids.faces], solids.radii[solids.faces]
    edges, falls = c[:, 1:] - c[:, :1], r[:, :1] - r[:, 1:]
    upright = np.cross(edges[:, 0], edges[:, 1])
    upright /= np.maximum(np.linalg.norm(upright, axis=1, keepdims=True), 1e-9)
    frames = np.concatenate(
        [edges, upright[:, None]], 1
    )  # normal · edge = fall, normal · upright 0
    flat = np.abs(np.linalg.det(frames)) > 1e-3
    frames[~flat] = np.eye(3)
    lean = np.linalg.solve(frames, np.pad(falls, ((0, 0), (0, 1)))[..., None])[..., 0]
    rise = 1 - (lean * lean).sum(1)
    steep = np.sqrt(np.maximum(rise, 0))[:, None] * upright
    normals = np.concatenate([lean + steep, lean - steep])
    corners = np.concatenate([c, c]) + np.concatenate([r, r])[..., None] * normals[:, None]
    seen = (normals * corners[:, 0]).sum(1) < -1e-3
    seen &= np.concatenate([flat & (rise > 0)] * 2)
    corners, around = corners[seen], np.concatenate([boxes, boxes])[seen]
    sides = corners[:, 1:] - corners[:, :1]
    inverse = np.linalg.inv(np.stack([corners[:, 0], sides[:, 0], sides[:, 1]], 2))
    return inverse.reshape(-1, 9).T.astype(np.float32), around


def _intersect_faces(table: Floats, x: Floats, y: Floats) -> Floats:
    """Return the depth of each ray's hit on a triangle, or infinity."""
    d0, d1, d2, e0, e1, e2, f0, f1, f2 = table
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = 1 / (d0 * x + (d1 * y + d2))
        first = (e0 * x + (e1 * y + e2)) * depth
        second = (f0 * x + (f1 * y + f2)) * depth
        hit = (first >= -_EDGE) & (second >= -_EDGE) & (first + second <= 1 + _EDGE)
        hit &= depth > _NEAR_MM
    return np.where(hit, depth, np.float32(np.inf))
