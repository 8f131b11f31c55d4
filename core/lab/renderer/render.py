"""Endless depth pictures of hands with their joints: `render_hand(seed, number)`.

Convention: seed and number determine the picture, in any process and any order. Depth in mm, 0
without a measurement; joints in mm in the camera's space. `write_rendered_hands` makes a folder of
000000.png, …, 16 bits, and joints.csv with the intrinsics, which differ between crops, and joints.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.io.joint_files import JOINTS_FILE, joint_columns, joint_fields
from core.depth.io.recorder import encode_depth
from core.errors import MediaError, SkeletonError
from core.files import write_whole
from core.lab.renderer.hand import FINGERS, MARKS
from core.lab.renderer.noise import NOISES, DepthNoise, add_sensor_noise
from core.lab.renderer.scenes import sample_scene
from core.lab.renderer.solids import render_depth
from core.parallel import map_parallel
from core.pose.skeletons.table import SKELETONS
from core.progress import Progress, ignore_progress

WINDOW_MM = 300.0  # room for a hand's usual cube of 250 mm, moved and enlarged a little
_MARGIN_PX = 4  # more than the window's cube, for what the noise draws in


@dataclass(frozen=True)
class RenderSettings:
    """Camera, depth range, noise and window of rendered hands."""

    camera: Camera = CAMERAS["nyu"]
    noise: DepthNoise = NOISES["primesense"]
    reach_mm: tuple[float, float] = (500.0, 1150.0)  # nearest and farthest palm
    window_mm: float | None = WINDOW_MM  # cube that is rendered; None: the whole picture


@dataclass(frozen=True, eq=False)
class RenderedHand:
    """A rendered depth picture, or its crop around the hand, with its true keypoints."""

    depth_mm: NDArray[np.uint16]  # (H, W), 0 without a measurement
    camera: Camera  # of exactly this picture
    points_mm: Points  # (24, 3) as `hand.collect_keypoints`
    left: bool  # it is a left hand

    def joints_mm(self, skeleton: str) -> Points:
        """Return true keypoints (K, 3), mm; raise SkeletonError as `keypoint_weights`."""
        return keypoint_weights(skeleton) @ self.points_mm


NYU_HANDS = RenderSettings()


def render_hand(seed: int, number: int, settings: RenderSettings = NYU_HANDS) -> RenderedHand:
    """Render a random hand in a random scene with sensor noise, determined by seed and number."""
    rng = np.random.default_rng([seed, number])
    scene = sample_scene(rng, settings.camera, settings.reach_mm)
    camera = settings.camera
    if settings.window_mm is not None:
        camera = crop_camera(camera, scene.joints_mm[:-3].mean(0), settings.window_mm)
    depth = add_sensor_noise(
        render_depth(scene.solids, scene.planes, camera), camera, settings.noise, rng
    )
    return RenderedHand(depth, camera, scene.joints_mm, scene.left)


def crop_camera(camera: Camera, center_mm: Points, side_mm: float) -> Camera:
    """Return the camera of the crop that shows a cube's front face."""
    u, v, d = camera.to_pixels(center_mm)
    nearest = d - side_mm / 2
    wide, high = (side_mm / 2 * focal / nearest + _MARGIN_PX for focal in (camera.fx, camera.fy))
    left, right = (int(np.clip(round(u + s * wide), 0, camera.width)) for s in (-1, 1))
    top, bottom = (int(np.clip(round(v + s * high), 0, camera.height)) for s in (-1, 1))
    name, u0, v0 = f"{camera.name} {left},{top}", camera.u0 - left, camera.v0 - top
    return replace(camera, name=name, u0=u0, v0=v0, width=right - left, height=bottom - top)


_POINTS = ("wrist", *(f"{finger}_{joint}" for finger in FINGERS for joint in range(4)))
_POINTS += MARKS
_FINGERS_AWAY = FINGERS[:0:-1]  # from the little finger on

# Each joint as shares of the points. NYU: its roots are the second joints; its thumb's tip and root
# lie nearer to the wrist than the bones' ends (of a mean hand, its labels have them 20.5 and 40 mm
# from the thumb's last joint). ICVL's are taken as knuckle, second joint and tip, its palm as a
# third of the way from NYU's to the wrist: this was not checked on its pictures
JOINTS: dict[str, list[dict[str, float]]] = {
    "hand_21": [{name: 1.0} for name in _POINTS[:-3]],
    "nyu_14": [
        *({f"{finger}_{joint}": 1.0} for finger in _FINGERS_AWAY for joint in (3, 1)),
        {"thumb_3": 0.87, "thumb_2": 0.13},
        {"thumb_2": 1.0},
        {"thumb_1": 0.85, "thumb_0": 0.15},
        {"wrist_ulnar": 1.0},
        {"wrist_radial": 1.0},
        {"palm": 1.0},
    ],
    "icvl_16": [
        {"palm": 0.67, "wrist": 0.33},
        *({f"thumb_{joint}": 1.0} for joint in (1, 2, 3)),
        *({f"{finger}_{joint}": 1.0} for finger in FINGERS[1:] for joint in (0, 1, 3)),
    ],
}


@cache
def keypoint_weights(skeleton: str) -> Points:
    """Return (K, 24) weights of the hand's 24 points per keypoint; SkeletonError if unsupported."""
    if skeleton not in JOINTS:
        raise SkeletonError(
            f"rendered hands have no joints of “{skeleton}”; there are: {', '.join(JOINTS)}"
        )
    shares = np.zeros((len(JOINTS[skeleton]), len(_POINTS)))
    for row, parts in zip(shares, JOINTS[skeleton], strict=True):
        for name, share in parts.items():
            row[_POINTS.index(name)] = share
    return shares


_LAST = 10_000_000  # file names stay sortable


def write_rendered_hands(
    folder: Path,
    count: int,
    seed: int,
    settings: RenderSettings,
    skeleton: str = "hand_21",
    workers: int = 1,
    progress: Progress = ignore_progress,
) -> None:
    """Render hands into an empty or new folder: depth PNGs, then the table of their keypoints.
    Raises MediaError: wrong count or folder; SkeletonError: unsupported skeleton."""
    keypoint_weights(skeleton)  # raises before the first picture
    if not 1 <= count < _LAST:
        raise MediaError(f"{count} pictures were asked for; expected are 1 to {_LAST - 1}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise MediaError(f"{folder} is not empty: name another folder, or empty it")
        rows: list[list[str]] = []
        write = partial(_write_hands, folder, seed, settings, skeleton)
        with map_parallel(write, range(count), workers=workers) as made:
            for row in made:
                rows.append(row)
                progress(len(rows), count)
        header = ["picture", "hand", *joint_columns(SKELETONS[skeleton].joints)]
        table = "".join(",".join(row) + "\n" for row in [header, *rows])
        write_whole(folder / JOINTS_FILE, table.encode())
    except OSError as error:
        raise MediaError(f"{folder} can't be written: {error.strerror}") from error


def _write_hands(
    folder: Path, seed: int, settings: RenderSettings, skeleton: str, numbers: Iterable[int]
) -> Iterator[list[str]]:
    """Render hands and write their depth PNGs; yield each hand's row of the keypoint table."""
    for number in numbers:
        hand = render_hand(seed, number, settings)
        name = f"{number:06d}.png"
        write_whole(folder / name, encode_depth(hand.depth_mm))
        fields = joint_fields(hand.camera, hand.joints_mm(skeleton))
        yield [name, "left" if hand.left else "right", *fields]
