"""Intel's RealSense cameras by `pyrealsense2`.

Convention: the library registers the colours to the depth.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import Capture, LiveSensor

_DEFAULT_FPS = 0  # the library chooses


class RealSense(LiveSensor):
    """The depth of a RealSense camera, and registered colours if it has them."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        """List names and serial numbers of the RealSense devices that are plugged in."""
        info = library.camera_info
        return [
            f"{device.get_info(info.name)} {device.get_info(info.serial_number)}"
            for device in library.context().query_devices()
        ]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the depth stream, and the colours' if the device has one, and return the depth
        camera's intrinsics."""
        device = list(library.context().query_devices())[number]
        config = library.config()
        config.enable_device(device.get_info(library.camera_info.serial_number))
        config.enable_stream(library.stream.depth, library.format.z16, _DEFAULT_FPS)
        self._has_rgb = _has_colour_stream(library, device)
        if self._has_rgb:
            config.enable_stream(library.stream.color, library.format.rgb8, _DEFAULT_FPS)
        self._pipeline = library.pipeline()
        profile = self._pipeline.start(config)
        self.resources.callback(self._pipeline.stop)
        self._align = library.align(library.stream.depth)
        self._mm = np.float32(1000 * profile.get_device().first_depth_sensor().get_depth_scale())
        stream = profile.get_stream(library.stream.depth).as_video_stream_profile()
        lens = stream.get_intrinsics()
        return Camera(self.name, lens.fx, lens.fy, lens.ppx, lens.ppy, lens.width, lens.height)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return depth in mm, time, and colours aligned to the depth, if the device has them; None
        on timeout."""
        has_frames, frames = self._pipeline.try_wait_for_frames(timeout_ms)
        if not has_frames:
            return None
        frames = self._align.process(frames) if self._has_rgb else frames
        depth = frames.get_depth_frame()
        depth_mm = np.asanyarray(depth.get_data()).astype(np.float32) * self._mm
        colours = frames.get_color_frame() if self._has_rgb else None
        rgb = np.array(colours.get_data(), np.uint8) if colours else None
        return depth_mm, depth.get_timestamp() / 1000, rgb


def _has_colour_stream(library: Any, device: Any) -> bool:
    """Whether any sensor of the device has a colour stream."""
    return any(
        profile.stream_type() == library.stream.color
        for sensor in device.query_sensors()
        for profile in sensor.get_stream_profiles()
    )
