"""Orbbec's newer cameras (Gemini, Femto, Astra 2) by `pyorbbecsdk`; the Astra Mini is OpenNI 2's.

Convention: no colours are given, only depth.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import LiveSensor, Shot


class Orbbec(LiveSensor):
    """The depth stream of a camera."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        found = library.Context().query_devices()
        return [
            f"{found.get_device_name_by_index(n)} {found.get_device_serial_number_by_index(n)}"
            for n in range(found.get_count())
        ]

    def _start(self, library: Any, number: int) -> Camera:
        self._context = library.Context()  # a device lives as long as what listed it
        device = self._context.query_devices().get_device_by_index(number)
        self._pipeline = library.Pipeline(device)
        profiles = self._pipeline.get_stream_profile_list(library.OBSensorType.DEPTH_SENSOR)
        profile = profiles.get_default_video_stream_profile()
        config = library.Config()
        config.enable_stream(profile)
        self._pipeline.start(config)
        self.resources.callback(self._pipeline.stop)
        seen = profile.get_intrinsic()
        return Camera(
            self.name, seen.fx, seen.fy, seen.cx, seen.cy, profile.get_width(), profile.get_height()
        )

    def _shot(self, patience_ms: int) -> Shot | None:
        frames = self._pipeline.wait_for_frames(patience_ms)
        depth = frames.get_depth_frame() if frames is not None else None
        if depth is None:
            return None
        numbers = np.frombuffer(depth.get_data(), np.uint16)
        rows = numbers.reshape(depth.get_height(), depth.get_width())
        depth_mm = rows.astype(np.float32) * np.float32(depth.get_depth_scale())
        return depth_mm, depth.get_timestamp_us() / 1e6, None
