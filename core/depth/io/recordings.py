"""Opens any recording of depth by its kind."""

from collections.abc import Callable
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DepthSource
from core.depth.io.depth_videos import NVGESTURE_FILE, VIDEO_SUFFIXES, DepthVideo
from core.depth.io.folders import DepthFolder, has_frames
from core.depth.io.oni import OniRecording
from core.depth.io.stacks import DepthStack
from core.errors import MediaError
from core.words import words

_READERS: dict[str, Callable[..., DepthSource]] = {
    ".npy": DepthStack,
    ".npz": DepthStack,
    ".oni": OniRecording,
    **dict.fromkeys(VIDEO_SUFFIXES, DepthVideo),
}
_NAMES_IN_ERROR = 5


def open_depth(
    path: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> DepthSource:
    """Open a depth recording on disk; close it after use. Raises MediaError: none of these,
    several, damaged, too large, or of an unknown camera; TableError: a table beside it that can't
    be read.

    Args:
        path: a folder of 16-bit PNGs, or of frames of NYU, ICVL, MSRA or HANDS 2017; a .npy or
            .npz; a video with 16 bits a pixel (.mkv); OpenNI's .oni; nvGesture's folder, or its
            sk_depth.avi; a folder with one such file and no pictures.
        camera: None: from the recording, camera.json beside it, or the names of its frames where
            only one published set has these.
        unit_mm: of its numbers; None: from the recording or camera.json, else 1.
    """
    path = _find_recording(path) if path.is_dir() else path
    if path.is_dir():
        return DepthFolder(path, camera, unit_mm)
    if not path.is_file():
        raise MediaError(words("no recording of depth at {path}", path=path))
    if reader := _READERS.get(path.suffix.lower()):
        return reader(path, camera, unit_mm)
    raise MediaError(
        words(
            "{file} is no recording of depth: expected is a folder of 16-bit PNGs, .npy, "
            ".npz, .oni or a video ({suffixes})",
            file=path.name,
            suffixes=", ".join(VIDEO_SUFFIXES),
        )
    )


def _find_recording(folder: Path) -> Path:
    """Return a folder's only recording file, or the folder itself if it has frames or no files."""
    if (folder / NVGESTURE_FILE).is_file():
        return folder / NVGESTURE_FILE
    if has_frames(folder):
        return folder
    visible = [path for path in folder.iterdir() if not path.name.startswith(".")]
    files = sorted(p for p in visible if p.suffix.lower() in _READERS and p.is_file())
    if len(files) > 1:
        names = [path.name for path in files[:_NAMES_IN_ERROR]]
        names += ["…"] * (len(files) > _NAMES_IN_ERROR)
        raise MediaError(
            words(
                "{count} recordings in {folder} ({names}): give one of them",
                count=len(files),
                folder=folder.resolve().name,
                names=", ".join(names),
            )
        )
    return files[0] if files else folder
