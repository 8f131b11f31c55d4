"""Videos of depth as a source: ours (FFV1 with 16 bits in .mkv), others in gray16, nvGesture's.

Convention: the camera is in the file's metadata `mudra_depth`, or in camera.json beside it; a
second video stream of the same size is the registered colour.

nvGesture's sk_depth.avi is 8 bits of motion JPEG, the brighter the nearer. No publication states
what a grey level means; 900 mm less 3 mm for each is our estimate, by which the hands of its sample
are as broad as real ones: its distances are right within a quarter. A video is read so if its
camera is named, or if it has the published file's name and format. nvGesture's sk_color.avi is
another camera's view, some 45 px away, so no colours are read.
"""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from core.depth.cameras import CAMERAS, Camera
from core.depth.frames import DepthFrame, DepthRecording, check_frame_size
from core.depth.io.camera_files import choose_camera, parse_camera, parse_json, read_camera_file
from core.errors import MediaError
from core.media.exact_videos import RGB, VideoTrack, count_tracks
from core.words import words

VIDEO_SUFFIXES = (".mkv", ".avi", ".mp4", ".mov")
NOTE = "mudra_depth"
NVGESTURE_FILE = "sk_depth.avi"
_NVGESTURE = CAMERAS["nvgesture"]
_NVGESTURE_UNIT_MM, _NVGESTURE_BLACK_MM = 3.0, 900.0
_NVGESTURE_MAX_MM = 750.0  # farther away there is JPEG noise at edges


class DepthVideo(DepthRecording):
    """The frames of a video.

    Args:
        camera: overrides the file's own; nvGesture's also defines what a grey level means.
        unit_mm: of its numbers; None: from the file or camera.json, else 1 for 16 bits.
    """

    def __init__(self, path: Path, camera: Camera | None, unit_mm: float | None) -> None:
        with ExitStack() as tracks:
            depth = VideoTrack(path)
            tracks.callback(depth.close)
            own_camera, own_unit = _read_video_camera(path, depth)
            camera = choose_camera(path.name, depth.size_hw, camera, own_camera)
            unit_mm, is_grey = unit_mm or own_unit, not depth.is_deep
            self._is_nvgesture = camera.name == _NVGESTURE.name and is_grey
            if unit_mm is None and is_grey and not self._is_nvgesture:
                raise MediaError(
                    words(
                        "{file} has 8 bits a pixel, and the mm of a grey level are unknown: "
                        "put unit_mm into camera.json beside it, or give it; name the camera "
                        "{camera} for nvGesture's videos",
                        file=path.name,
                        camera=_NVGESTURE.name,
                    )
                )
            rgb = VideoTrack(path, number=1, pixel_format=RGB) if count_tracks(path) > 1 else None
            if rgb is not None:
                tracks.callback(rgb.close)
            self._depth = depth
            self._rgb = rgb if rgb is not None and rgb.size_hw == depth.size_hw else None
            counts = [len(track.times_s) for track in (self._depth, self._rgb) if track]
            super().__init__(path.name, camera, min(counts))
            self._unit_mm = unit_mm or (_NVGESTURE_UNIT_MM if self._is_nvgesture else 1.0)
            self.resources = tracks.pop_all()

    def _read_frame(self, index: int) -> DepthFrame:
        """Decode a frame's depth to mm and its colours, if the video has them."""
        depth_mm = self._depth.read(index).astype(np.float32) * np.float32(self._unit_mm)
        check_frame_size(depth_mm.shape, self.camera, self.name)
        if self._is_nvgesture:
            depth_mm = _NVGESTURE_BLACK_MM - depth_mm
            depth_mm[depth_mm > _NVGESTURE_MAX_MM] = 0
        rgb = self._rgb.read(index) if self._rgb else None
        return DepthFrame(depth_mm, self.camera, self._depth.times_s[index], index, rgb)


def _read_video_camera(path: Path, track: VideoTrack) -> tuple[Camera | None, float | None]:
    """Read the camera and mm per depth unit from a video's metadata, else from the file beside it,
    else recognise nvGesture's camera by the video's name; None if unknown."""
    if NOTE in track.metadata:
        return parse_camera(parse_json(track.metadata[NOTE], f"{path.name}: {NOTE}"), path.name)
    camera, unit_mm = read_camera_file(path.parent, track.size_hw)
    if camera is None and _is_nvgesture_file(path, track):
        camera = _NVGESTURE
    return camera, unit_mm


def _is_nvgesture_file(path: Path, track: VideoTrack) -> bool:
    """Return whether a file has nvGesture's name (or sk_depth (1).avi), codec and size."""
    stem, suffix = NVGESTURE_FILE.split(".")
    has_name = path.name.startswith(stem) and path.suffix.lower() == f".{suffix}"
    size_hw = _NVGESTURE.height, _NVGESTURE.width
    return has_name and track.codec == "mjpeg" and track.size_hw == size_hw
