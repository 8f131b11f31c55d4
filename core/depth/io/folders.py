"""A folder of depth pictures as a source: recordings, rendered hands, and published sets' folders.

Convention: frames in the order of the numbers in their names. Beside them there may be camera.json,
rgb/ with registered pictures of the same names, times.csv (picture, time_s) and joints.csv (see
`joint_files`). All of it is untrusted.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DEFAULT_FPS, DepthFrame, DepthRecording, check_frame_size
from core.depth.io.camera_files import choose_camera, read_camera_file
from core.depth.io.images import read_depth
from core.depth.io.joint_files import JOINTS_FILE, JointTable, read_joint_table, read_times
from core.depth.io.published import DEPTH_SETS
from core.errors import MediaError
from core.files import wrap_os_errors
from core.media.limits import DEPTH
from core.media.pictures import read_picture
from core.pose.types import Picture
from core.words import words

TIMES_FILE = "times.csv"
RGB_FOLDER = "rgb"


@dataclass(frozen=True)
class FolderLayout:
    """How a folder's frames are named."""

    depth: str  # a pattern of a frame's whole name
    rgb: tuple[str, ...] = ()  # templates of its colour picture's path, expanded from that match
    camera: Camera | None = None  # where only one camera's frames are named so


_PUBLISHED_RGB = {"nyu": (r"rgb_1_\1.png",)}
# The first layout that matches any file of a folder is used
LAYOUTS = (
    *(FolderLayout(s.frame, _PUBLISHED_RGB.get(n, ()), s.camera) for n, s in DEPTH_SETS.items()),
    FolderLayout(r"(.+)_depth\.png", (r"\1_rgb.jpg", r"\1_rgb.png")),
    FolderLayout(r"(?!rgb_)(.+)\.png", (rf"{RGB_FOLDER}/\1.jpg", rf"{RGB_FOLDER}/\1.png")),
)


class DepthFolder(DepthRecording):
    """The pictures of a folder.

    Args:
        camera: overrides the folder's own.
        unit_mm: of its 16-bit numbers; None: from camera.json, else 1.
    """

    def __init__(self, folder: Path, camera: Camera | None, unit_mm: float | None) -> None:
        self._folder = folder = folder.resolve()
        self._layout, self._names = _find_frames(folder)
        first = self._names[0]
        size_hw = read_depth(folder / first).shape
        own_camera, own_unit = read_camera_file(folder, size_hw)
        path = folder / JOINTS_FILE
        self._table = read_joint_table(path).to_known_order() if path.is_file() else JointTable()
        self._frame_cameras = {} if camera else self._table.cameras
        self._times_s = _read_times_from_zero(folder, self._names)
        published = self._layout.camera
        if published is not None and (published.height, published.width) != size_hw:
            published = None
        known = (camera, own_camera, self._table.cameras.get(first), published)
        super().__init__(folder.name, choose_camera(folder.name, size_hw, *known), len(self._names))
        self._unit_mm = unit_mm or own_unit or 1.0

    def _read_frame(self, index: int) -> DepthFrame:
        """Read a frame's depth in mm and camera, with time, colours and true keypoints if the
        folder has them."""
        name = self._names[index]
        depth_mm = read_depth(self._folder / name, unit_mm=self._unit_mm)
        camera = self._frame_cameras.get(name, self.camera)
        check_frame_size(depth_mm.shape, camera, name)
        return DepthFrame(
            depth_mm,
            camera,
            self._times_s.get(name, index / DEFAULT_FPS),
            index,
            self._read_rgb(name, depth_mm.shape),
            self._table.truths.get(name),
            self._table.skeleton,
        )

    def _read_rgb(self, name: str, size_hw: tuple[int, ...]) -> Picture | None:
        """Read a frame's colour picture; None if there is none or its size differs."""
        match = re.fullmatch(self._layout.depth, name)
        for template in self._layout.rgb if match else ():
            if match and (path := self._folder / match.expand(template)).is_file():
                rgb = read_picture(path)
                return rgb if rgb.shape[:2] == size_hw else None
        return None


def has_frames(folder: Path) -> bool:
    """Return whether a folder has a file named as a depth frame."""
    return any(
        re.fullmatch(layout.depth, n) for n in _list_file_names(folder) for layout in LAYOUTS
    )


def _list_file_names(folder: Path) -> Iterator[str]:
    """Yield the names of a folder's .png and .bin files, except hidden ones (being written)."""
    with (
        wrap_os_errors(MediaError, words("{folder} can't be read", folder=folder.name)),
        os.scandir(folder) as entries,
    ):
        for entry in entries:
            if entry.name.endswith((".png", ".bin")) and not entry.name.startswith("."):
                yield entry.name


def _find_frames(folder: Path) -> tuple[FolderLayout, list[str]]:
    """Return a folder's layout and its frames' names in numeric order."""
    names = list(_list_file_names(folder))
    for layout in LAYOUTS:
        if found := [name for name in names if re.fullmatch(layout.depth, name)]:
            if len(found) > DEPTH.max_frames:
                raise MediaError(
                    words(
                        "{folder} has {count:,} frames, at most {limit:,}",
                        folder=folder.name,
                        count=len(found),
                        limit=DEPTH.max_frames,
                    )
                )
            return layout, sorted(found, key=_make_natural_sort_key)
    raise MediaError(
        words(
            "no depth pictures in {folder}: expected are .png of 16 bits, NYU's depth_1_….png "
            "or MSRA's …_depth.bin; or one recording as a file",
            folder=folder.name,
        )
    )


def _make_natural_sort_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which 9.png comes before 10.png."""
    parts = re.split(r"(\d+)", name)
    return [(int(part) if part.isdecimal() else 0, part) for part in parts]


def _read_times_from_zero(folder: Path, names: list[str]) -> dict[str, float]:
    """Read times.csv as frame name → seconds since the first frame; {} if the file is missing."""
    path = folder / TIMES_FILE
    times_s = read_times(path) if path.is_file() else {}
    first_s = min((times_s[name] for name in names if name in times_s), default=0.0)
    return {name: time_s - first_s for name, time_s in times_s.items()}
