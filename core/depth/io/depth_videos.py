"""Videos of depth as a source: ours (FFV1 with 16 bits in .mkv), others in gray16, nvGesture's.

Convention: the camera stands in the file's note `mudra_depth`, or in camera.json beside it; a
second video stream of the same size is the colours in the same view.

nvGesture's sk_depth.avi is 8 bits of motion JPEG, the brighter the nearer: in its sample fingertips
held to the camera are brighter than their wrist. What a grey level means is said nowhere; 900 mm
less 3 mm for each is our estimate: by it the hands of its sample are as broad as a hand's. Take its
distances to be right within a quarter. It is read so where its camera is named, or where it is
called as it is published and is such a video. Its sk_color.avi is another camera's view, some 45 px
apart: no colours come with it.
"""

import json
from pathlib import Path

import numpy as np

from core.depth.cameras import CAMERAS, Camera
from core.depth.frames import DepthFrame, check_size
from core.depth.io.camera_files import camera_of, read_camera_beside, unknown_camera
from core.depth.io.recorded import Recorded
from core.errors import MediaError
from core.media.exact_videos import RGB, VideoTrack, count_tracks

VIDEO_SUFFIXES = (".mkv", ".avi", ".mp4", ".mov")
NOTE = "mudra_depth"
NVGESTURE = "sk_depth.avi"
_OF_NVGESTURE = CAMERAS["nvgesture"]
_NVGESTURE_UNIT_MM, _NVGESTURE_BLACK_MM = 3.0, 900.0
_NVGESTURE_UP_TO_MM = 750.0  # farther, there is JPEG's noise round edges


def open_depth_video(
    path: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> "DepthVideo":
    """The frames of a video.

    Args:
        camera: it was taken by; None: as the file or camera.json beside it tells. nvGesture's also
            says what a grey level means.
        unit_mm: of its numbers; None: as the file or camera.json tells, else 1 of 16 bits; of
            8 bits somebody must tell it.

    Raises:
        MediaError: no video of depth, an unknown camera or unit, too large or damaged.
    """
    has_rgb = count_tracks(path) > 1
    depth = VideoTrack(path)
    try:
        said, said_unit = _said(path, depth)
        found, unit = camera or said, unit_mm or said_unit
        if found is None:
            raise unknown_camera(path.name, depth.size_hw)
        if found.name == _OF_NVGESTURE.name and not depth.is_deep:
            unit = unit or _NVGESTURE_UNIT_MM
        if unit is None and not depth.is_deep:
            raise MediaError(
                f"{path.name} has 8 bits a pixel, and how many mm a grey level is isn't said: "
                f"put unit_mm into camera.json beside it, or give it; name the camera "
                f"{_OF_NVGESTURE.name} if it is nvGesture's"
            )
        rgb = VideoTrack(path, number=1, pixel_format=RGB) if has_rgb else None
        if rgb and rgb.size_hw != depth.size_hw:  # not registered
            rgb.close()
            rgb = None
    except MediaError:
        depth.close()
        raise
    return DepthVideo(path.name, found, unit or 1.0, depth, rgb)


def _said(path: Path, track: VideoTrack) -> tuple[Camera | None, float | None]:
    if NOTE in track.metadata:
        try:
            return camera_of(json.loads(track.metadata[NOTE]), path.name)
        except (ValueError, RecursionError):
            raise MediaError(f"{path.name}: its note {NOTE} is no JSON") from None
    said, unit_mm = read_camera_beside(path.parent, track.size_hw)
    if said is None and _is_nvgesture(path, track):
        said = _OF_NVGESTURE
    return said, unit_mm


def _is_nvgesture(path: Path, track: VideoTrack) -> bool:
    """Whether it is called so, also by a browser that had the name already (sk_depth (1).avi), and
    is 8 bits of motion JPEG of that size."""
    stem, suffix = NVGESTURE.split(".")
    called = path.name.startswith(stem) and path.suffix.lower() == f".{suffix}"
    size_hw = _OF_NVGESTURE.height, _OF_NVGESTURE.width
    return called and track.codec == "mjpeg" and track.size_hw == size_hw


class DepthVideo(Recorded):
    """See `open_depth_video`."""

    def __init__(
        self,
        name: str,
        camera: Camera,
        unit_mm: float,
        depth: VideoTrack,
        rgb: VideoTrack | None,
    ) -> None:
        count = min(len(track.times_s) for track in (depth, rgb) if track)
        super().__init__(name, camera, count)
        self._unit_mm, self._depth, self._rgb = unit_mm, depth, rgb
        for track in (depth, rgb):
            if track is not None:
                self.resources.callback(track.close)

    def _frame(self, index: int) -> DepthFrame:
        depth_mm = self._depth.read(index).astype(np.float32) * np.float32(self._unit_mm)
        check_size(depth_mm.shape, self.camera, self.name)
        if self.camera.name == _OF_NVGESTURE.name and not self._depth.is_deep:
            depth_mm = _NVGESTURE_BLACK_MM - depth_mm
            depth_mm[depth_mm > _NVGESTURE_UP_TO_MM] = 0
        rgb = self._rgb.read(index) if self._rgb else None
        return DepthFrame(depth_mm, self.camera, self._depth.times_s[index], index, rgb)
