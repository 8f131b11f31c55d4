"""The hand's placement and surroundings: a forearm, a person, walls, a table, objects.

Convention: mm in the camera's space, x right, y down, z forward; everything drawn comes from one
generator, in a fixed order.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.depth.cameras import Camera, Points
from core.lab.renderer.hand import (
    HandShape,
    build_hand_solids,
    collect_keypoints,
    compute_finger_chains,
    sample_hand_shape,
)
from core.lab.renderer.poses import sample_finger_angles, sample_wrist_angles
from core.lab.renderer.solids import Plane, Solids, join_solids

_TOWARDS_CAMERA = np.diag([-1.0, -1.0, 1.0])  # palm to the camera, fingers up
_EDGE_SHARE = 0.16  # margin without palms, of the picture's width and height
_MOST_AWAY = 0.45  # of pointing straight away from the camera; no elbow is before the lens
_UPPER_ARM_MM = 290.0
_NO_CONES = np.empty((0, 2), np.intp)


@dataclass(frozen=True, eq=False)
class Scene:
    """A hand and its surroundings as solids and planes, with the hand's true keypoints."""

    solids: Solids
    planes: list[Plane]
    joints_mm: Points  # (24, 3) as `hand.collect_keypoints`
    left: bool


def sample_scene(
    rng: np.random.Generator, camera: Camera, depth_range_mm: tuple[float, float]
) -> Scene:
    """Draw a scene: a hand in the picture, its palm in a depth range, with surroundings."""
    shape = sample_hand_shape(rng)
    angles = sample_finger_angles(rng, shape)
    left = bool(rng.random() < 0.5)
    turn = _sample_hand_rotation(rng)
    u, v = rng.uniform(_EDGE_SHARE, 1 - _EDGE_SHARE, 2) * (camera.width, camera.height)
    palm = camera.to_mm([u, v, rng.uniform(*depth_range_mm)])
    arm = sample_wrist_angles(rng)
    return build_scene(rng, HandPlacement(shape, angles, left, turn, palm, arm))


@dataclass(frozen=True, eq=False)
class HandPlacement:
    """A hand's shape, joint angles, rotation and position."""

    shape: HandShape
    angles: Points  # (5, 4) radians, as in `hand.py`
    left: bool
    turn: Points  # (3, 3) of a right hand's frame in the camera's
    palm: Points  # x, y, z
    arm: tuple[float, float]  # the wrist, as `sample_wrist_angles`


def build_scene(
    rng: np.random.Generator, placement: HandPlacement, surroundings_palm: Points | None = None
) -> Scene:
    """Build the scene of a placed hand with random surroundings, placed behind `surroundings_palm`
    if given, else behind its own palm."""
    chains = compute_finger_chains(placement.shape, placement.angles[None])[0]
    own = collect_keypoints(placement.shape, chains)
    to_camera = placement.turn * np.array([-1.0 if placement.left else 1.0, 1.0, 1.0])
    wrist = placement.palm - to_camera @ own[-1]
    upright = build_hand_solids(placement.shape, chains, placement.arm)
    hand = replace(upright, centres=upright.centres @ to_camera.T + wrist)
    things, planes = _sample_surroundings(
        rng, hand, placement.palm if surroundings_palm is None else surroundings_palm
    )
    joints_mm = own @ to_camera.T + wrist
    return Scene(join_solids([hand, *things]), planes, joints_mm, placement.left)


def _sample_hand_rotation(rng: np.random.Generator) -> Points:
    """Draw the (3, 3) rotation from hand to camera: mostly raised, a third arbitrary."""
    if rng.random() < 0.35:
        drawn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        drawn = drawn * np.sign(np.linalg.det(drawn))
        return _make_axis_rotation(0, np.pi) @ drawn if drawn[2, 1] > _MOST_AWAY else drawn
    roll, pitch, yaw = np.radians(rng.normal((0, 25, 0), (45, 26, 55)))
    return make_raised_rotation(float(roll), float(pitch), float(yaw))


def make_raised_rotation(roll: float, pitch: float, yaw: float) -> Points:
    """Return the (3, 3) rotation of a raised hand, rotated by these angles in radians."""
    return (
        _make_axis_rotation(2, roll)
        @ _make_axis_rotation(0, pitch)
        @ _make_axis_rotation(1, yaw)
        @ _TOWARDS_CAMERA
    )


def _make_axis_rotation(axis: int, angle: float) -> Points:
    """Return the (3, 3) rotation matrix about a coordinate axis (0 to 2), angle in radians."""
    turned = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turned[[first, second], [first, second]] = np.cos(angle)
    turned[first, second], turned[second, first] = -np.sin(angle), np.sin(angle)
    return turned


def _sample_surroundings(
    rng: np.random.Generator, hand: Solids, palm: Points
) -> tuple[list[Solids], list[Plane]]:
    """Draw a person or an upper arm, often a wall, sometimes a table or a flat object behind the
    hand, and clutter."""
    things: list[Solids] = []
    elbow = hand.centres[-5:-3].mean(0)
    person = _sample_person(rng, elbow, float(palm[2]))
    shown = rng.random() < 0.67 and elbow[2] > palm[2] - 150
    things.append(person if shown else _sample_upper_arm(rng, elbow))
    planes = []
    wall_mm = palm[2] + rng.uniform(300, 2500)
    tilt = rng.normal(0, 0.15, 2)
    if rng.random() < 0.6:
        planes.append(Plane((tilt[0], tilt[1], 1.0), wall_mm))
    floor_mm, flat_mm = rng.uniform(250, 900), palm[2] + rng.uniform(70, 300)
    tilt = rng.normal(0, 0.3, 2)
    kind = rng.random()
    if kind < 0.15:
        planes.append(Plane((0.0, 1.0, float(rng.normal(0, 0.1))), floor_mm))
    elif kind < 0.25:
        planes.append(Plane((tilt[0], tilt[1], 1.0), flat_mm + float(tilt @ palm[:2])))
    things.append(_sample_clutter(rng, int(rng.integers(0, 5)), float(palm[2])))
    return things, planes


def _sample_upper_arm(rng: np.random.Generator, elbow: Points) -> Solids:
    """Draw a random upper arm from the elbow to outside the picture."""
    away = rng.normal((0, 0.2, 1), 0.5)
    ends = np.stack([elbow, elbow + away / np.linalg.norm(away) * 2 * _UPPER_ARM_MM])
    return Solids(ends, np.array([46.0, 62.0]), np.array([[0, 1]]))


def _sample_person(rng: np.random.Generator, elbow: Points, palm_z: float) -> Solids:
    """Draw a random person behind the hand: head, trunk, thighs and the upper arm to the elbow."""
    size, turn = rng.normal(1, 0.07), _make_axis_rotation(1, rng.normal(0, 0.35))
    side = 1.0 if rng.random() < 0.5 else -1.0  # where the trunk is, seen from the shoulder
    joints = np.array(
        [
            [0, 0, 0],
            [360 * side, 0, 0],
            [95 * side, 470, 10],
            [265 * side, 470, 10],
            [180 * side, -60, 0],
            [180 * side, -135, -25],
            [180 * side, -230, -15],
            [370 * side, 270, 20],
            [70 * side, 960, -60],
            [290 * side, 960, -60],
        ]
    )
    reach = rng.normal((-0.2 * side, -1.0, 0.7), 0.35)
    shoulder = elbow + reach / np.linalg.norm(reach) * _UPPER_ARM_MM * size
    radii = np.array([66, 66, 105, 105, 62, 78, 92, 45, 72, 72]) * size
    chains = [(0, 1), (0, 2), (1, 3), (2, 3), (4, 5), (5, 6), (1, 7), (2, 8), (3, 9)]
    cones = np.array([*chains, (0, 4), (1, 4), (0, len(joints))])
    faces = np.array([(0, 1, 2), (1, 2, 3), (0, 1, 4)])
    body = joints * size @ turn.T + shoulder
    body[:, 2] += max(0, palm_z + rng.uniform(20, 350) - (body[:, 2] - radii).min())
    return Solids(np.concatenate([body, elbow[None]]), np.append(radii, 48 * size), cones, faces)


def _sample_clutter(rng: np.random.Generator, count: int, palm_z: float) -> Solids:
    """Draw up to four random poles, boards and balls behind the hand."""
    middle = rng.uniform((-700, -500, palm_z + 200), (700, 500, palm_z + 1600), (4, 3))[:count]
    offsets = rng.normal(0, 260, (4, 2, 3))[:count]
    radii = rng.uniform(8, 70, 4)[:count]
    centres = np.concatenate([middle, middle + offsets[:, 0], middle + offsets[:, 1]])
    centres[:, 2] = np.maximum(centres[:, 2], palm_z + 170)
    first = np.arange(count)
    boards = first[radii < 30]
    return Solids(
        centres,
        np.tile(radii, 3),
        np.stack([first, first + count], 1) if count else _NO_CONES,
        np.stack([boards, boards + count, boards + 2 * count], 1),
    )
