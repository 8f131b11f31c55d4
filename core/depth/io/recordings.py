"""Opens any recording of depth by what it is."""

from pathlib import Path

from core.depth.cameras import Camera
from core.depth.frames import DepthSource
from core.depth.io.depth_videos import NVGESTURE, VIDEO_SUFFIXES, open_depth_video
from core.depth.io.folders import has_frames, open_folder
from core.depth.io.oni import open_oni
from core.depth.io.stacks import open_stack
from core.errors import MediaError

_STACKS = (".npy", ".npz")
_WHOLE = (*_STACKS, ".oni", *VIDEO_SUFFIXES)  # a recording in one file
_NAMED = 5


def open_depth(
    path: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> DepthSource:
    """A recording on disk, to be closed after use.

    Args:
        path: a folder of 16-bit PNGs, or of frames of NYU, ICVL, MSRA or HANDS 2017; a .npy or
            .npz; a video with 16 bits a pixel (.mkv); OpenNI's .oni; nvGesture's folder, or its
            sk_depth.avi; a folder with one such file and no pictures.
        camera: it was taken by; None: as the recording tells, by camera.json in or beside it, by
            its own numbers, or because its frames are called as one published set's alone.
        unit_mm: of its numbers; None: as the recording tells, else 1.

    Raises:
        MediaError: none of these, several, damaged, too large, or of a camera that isn't known.
        TableError: a table beside it that can't be read.
    """
    path = _recording_in(path) if path.is_dir() else path
    if path.is_dir():
        return open_folder(path, camera=camera, unit_mm=unit_mm)
    if not path.is_file():
        raise MediaError(f"no recording of depth at {path}")
    if path.suffix.lower() in _STACKS:
        return open_stack(path, camera=camera, unit_mm=unit_mm)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return open_depth_video(path, camera=camera, unit_mm=unit_mm)
    if path.suffix.lower() == ".oni":
        return open_oni(path, camera=camera, unit_mm=unit_mm)
    raise MediaError(
        f"{path.name} is no recording of depth: expected is a folder of 16-bit PNGs, .npy, .npz, "
        f".oni or a video ({', '.join(VIDEO_SUFFIXES)})"
    )


def _recording_in(folder: Path) -> Path:
    """The one file in it that is a whole recording; the folder itself where its pictures are."""
    if (folder / NVGESTURE).is_file():
        return folder / NVGESTURE
    if has_frames(folder):
        return folder
    visible = [one for one in folder.iterdir() if not one.name.startswith(".")]
    whole = sorted(one for one in visible if one.suffix.lower() in _WHOLE and one.is_file())
    if len(whole) > 1:
        named = ", ".join([one.name for one in whole[:_NAMED]] + ["…"] * (len(whole) > _NAMED))
        raise MediaError(
            f"{len(whole)} recordings in {folder.resolve().name} ({named}): give one of them"
        )
    return whole[0] if whole else folder
