"""Orbbec's newer cameras (Gemini, Femto, Astra 2) by `pyorbbecsdk`; the Astra Mini is OpenNI 2's.

Convention: depth without colours.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import Capture, LiveSensor


class Orbbec(LiveSensor):
    """The depth stream of an Orbbec camera."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        """List names and serial numbers of the Orbbec devices that are plugged in."""
        devices = library.Context().query_devices()
        return [
            f"{devices.get_device_name_by_index(n)} {devices.get_device_serial_number_by_index(n)}"
            for n in range(devices.get_count())
        ]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the depth stream and return its intrinsics."""
        self._context = library.Context()  # keeps the device alive
        device = self._context.query_devices().get_device_by_index(number)
        self._pipeline = library.Pipeline(device)
        profiles = self._pipeline.get_stream_profile_list(library.OBSensorType.DEPTH_SENSOR)
        profile = profiles.get_default_video_stream_profile()
        config = library.Config()
        config.enable_stream(profile)
        self._pipeline.start(config)
        self.resources.callback(self._pipeline.stop)
        lens = profile.get_intrinsic()
        size = profile.get_width(), profile.get_height()
        return Camera(self.name, lens.fx, lens.fy, lens.cx, lens.cy, *size)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return depth in mm and time, without colours; None on timeout."""
        frames = self._pipeline.wait_for_frames(timeout_ms)
        depth = frames.get_depth_frame() if frames is not None else None
        if depth is None:
            return None
        numbers = np.frombuffer(depth.get_data(), np.uint16)
        rows = numbers.reshape(depth.get_height(), depth.get_width())
        depth_mm = rows.astype(np.float32) * np.float32(depth.get_depth_scale())
        return depth_mm, depth.get_timestamp_us() / 1e6, None
