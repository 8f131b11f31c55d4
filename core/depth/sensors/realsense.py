"""Intel's RealSense cameras by `pyrealsense2`.

Convention: colours are brought into the depth camera's view by the library itself.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import LiveSensor, Shot

_ANY_RATE = 0  # the library takes the usual one


class RealSense(LiveSensor):
    """Depth, and colours where the camera has them."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        info = library.camera_info
        return [
            f"{one.get_info(info.name)} {one.get_info(info.serial_number)}"
            for one in library.context().query_devices()
        ]

    def _start(self, library: Any, number: int) -> Camera:
        device = list(library.context().query_devices())[number]
        config = library.config()
        config.enable_device(device.get_info(library.camera_info.serial_number))
        config.enable_stream(library.stream.depth, library.format.z16, _ANY_RATE)
        self._has_rgb = _has_colours(library, device)
        if self._has_rgb:
            config.enable_stream(library.stream.color, library.format.rgb8, _ANY_RATE)
        self._pipeline = library.pipeline()
        profile = self._pipeline.start(config)
        self.resources.callback(self._pipeline.stop)
        self._align = library.align(library.stream.depth)
        self._mm = np.float32(1000 * profile.get_device().first_depth_sensor().get_depth_scale())
        stream = profile.get_stream(library.stream.depth).as_video_stream_profile()
        seen = stream.get_intrinsics()
        return Camera(self.name, seen.fx, seen.fy, seen.ppx, seen.ppy, seen.width, seen.height)

    def _shot(self, patience_ms: int) -> Shot | None:
        came, frames = self._pipeline.try_wait_for_frames(patience_ms)
        if not came:
            return None
        frames = self._align.process(frames) if self._has_rgb else frames
        depth = frames.get_depth_frame()
        depth_mm = np.asanyarray(depth.get_data()).astype(np.float32) * self._mm
        colours = frames.get_color_frame() if self._has_rgb else None
        rgb = np.array(colours.get_data(), np.uint8) if colours else None
        return depth_mm, depth.get_timestamp() / 1000, rgb


def _has_colours(library: Any, device: Any) -> bool:
    return any(
        profile.stream_type() == library.stream.color
        for sensor in device.query_sensors()
        for profile in sensor.get_stream_profiles()
    )
