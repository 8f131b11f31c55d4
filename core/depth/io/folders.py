"""A folder of depth pictures as a source: our own recordings and rendered hands, and the published
sets' folders.

Convention: frames in the order of the numbers in their names. Beside them there may be camera.json,
rgb/ with pictures of the same names in the same view, times.csv (picture, time_s) and joints.csv
(see `joint_tables`). All of it is untrusted.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame, check_size
from core.depth.io.camera_files import read_camera_beside, unknown_camera
from core.depth.io.images import read_depth
from core.depth.io.joint_tables import JOINTS_FILE, JointTable, read_joint_table, read_times
from core.depth.io.published import DEPTH_SETS
from core.depth.io.recorded import MOST_FRAMES, RATE, Recorded
from core.errors import MediaError
from core.media.pictures import read_picture
from core.pose.types import Picture

TIMES_FILE = "times.csv"
RGB_FOLDER = "rgb"


@dataclass(frozen=True)
class Layout:
    """How a folder's frames are called.

    Attributes:
        depth: what a frame's whole name matches.
        rgb: where its picture in colours is, in terms of that match.
        camera: where only one camera's frames are called so.
    """

    depth: re.Pattern[str]
    rgb: tuple[str, ...] = ()
    camera: Camera | None = None


_PUBLISHED_RGB = {"nyu": (r"rgb_1_\1.png",)}
# The first one that a folder has a frame of counts
LAYOUTS = (
    *(Layout(s.frame, _PUBLISHED_RGB.get(n, ()), s.camera) for n, s in DEPTH_SETS.items()),
    Layout(re.compile(r"(.+)_depth\.png"), (r"\1_rgb.jpg", r"\1_rgb.png")),
    Layout(re.compile(r"(?!rgb_)(.+)\.png"), (rf"{RGB_FOLDER}/\1.jpg", rf"{RGB_FOLDER}/\1.png")),
)


def open_folder(
    folder: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> "DepthFolder":
    """The pictures of a folder.

    Args:
        camera: it was taken by; None: as files in the folder or the names of its frames tell.
        unit_mm: of its 16-bit numbers; None: as camera.json says, else 1.

    Raises:
        MediaError: no depth in it, an unknown camera, or a file beside that can't be read.
        TableError: joints.csv or times.csv that can't be read.
    """
    folder = folder.resolve()
    layout, names = _find(folder)
    if not names:
        raise MediaError(
            f"no depth pictures in {folder.name}: expected are .png of 16 bits, NYU's "
            "depth_1_….png or MSRA's …_depth.bin; or one recording as a file"
        )
    size_hw = read_depth(folder / names[0]).shape
    said, said_unit = read_camera_beside(folder, (size_hw[0], size_hw[1]))
    path = folder / JOINTS_FILE
    table, skeleton = read_joint_table(path).ordered() if path.is_file() else (JointTable(), "")
    path = folder / TIMES_FILE
    times = read_times(path) if path.is_file() else {}
    began_s = min((times[name] for name in names if name in times), default=0.0)
    times = {name: time_s - began_s for name, time_s in times.items()}
    found = camera or said or table.cameras.get(names[0]) or _known(layout, size_hw)
    if found is None:
        raise unknown_camera(folder.name, (size_hw[0], size_hw[1]))
    table = replace(table, cameras={}) if camera else table
    unit_mm = unit_mm or said_unit or 1.0
    return DepthFolder(folder, layout, names, found, unit_mm, table, skeleton, times)


class DepthFolder(Recorded):
    """See `open_folder`."""

    def __init__(
        self,
        folder: Path,
        layout: Layout,
        names: list[str],
        camera: Camera,
        unit_mm: float,
        table: JointTable,
        skeleton: str,
        times_s: dict[str, float],
    ) -> None:
        super().__init__(folder.name, camera, len(names))
        self._folder, self._layout, self._names = folder, layout, names
        self._unit_mm, self._times_s = unit_mm, times_s
        self._table, self._skeleton = table, skeleton

    def _frame(self, index: int) -> DepthFrame:
        name = self._names[index]
        depth_mm = read_depth(self._folder / name, unit_mm=self._unit_mm)
        camera = self._table.cameras.get(name, self.camera)
        check_size(depth_mm.shape, camera, name)
        return DepthFrame(
            depth_mm,
            camera,
            self._times_s.get(name, index / RATE),
            index,
            self._rgb(name, (depth_mm.shape[0], depth_mm.shape[1])),
            self._table.truths.get(name),
            self._skeleton,
        )

    def _rgb(self, name: str, size_hw: tuple[int, int]) -> Picture | None:
        """None also where it has another size: such a one isn't registered."""
        match = self._layout.depth.fullmatch(name)
        for place in self._layout.rgb if match else ():
            if match and (path := self._folder / match.expand(place)).is_file():
                rgb = read_picture(path)
                return rgb if rgb.shape[:2] == size_hw else None
        return None


def has_frames(folder: Path) -> bool:
    """Whether some of its files are called as frames are.

    Raises:
        MediaError: it can't be read.
    """
    return any(layout.depth.fullmatch(name) for name in _names(folder) for layout in LAYOUTS)


def _names(folder: Path) -> Iterator[str]:
    """Of what may be frames; hidden ones are drafts of what is being written."""
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if one.name.endswith((".png", ".bin")) and not one.name.startswith("."):
                    yield one.name
    except OSError as error:
        raise MediaError(f"{folder.name} can't be read: {error.strerror}") from error


def _find(folder: Path) -> tuple[Layout, list[str]]:
    """The layout of a folder and its frames' names, in order."""
    names = list(_names(folder))
    for layout in LAYOUTS:
        if found := [name for name in names if layout.depth.fullmatch(name)]:
            if len(found) > MOST_FRAMES:
                raise MediaError(
                    f"{folder.name} has {len(found):,} frames, at most {MOST_FRAMES:,}"
                )
            return layout, sorted(found, key=_in_order)
    return LAYOUTS[-1], []


def _in_order(name: str) -> list[tuple[int, str]]:
    """9.png comes before 10.png."""
    parts = re.split(r"(\d+)", name)
    return [(int(part) if part.isdecimal() else 0, part) for part in parts]


def _known(layout: Layout, size_hw: tuple[int, ...]) -> Camera | None:
    camera = layout.camera
    fits = camera is not None and (camera.height, camera.width) == size_hw
    return camera if fits else None
