"""Azure Kinect by `pyk4a`.

Convention: the library registers the colours to the depth. The depth camera's lens distorts by some
pixels at the edges, which is ignored.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import TIMEOUT_MS, Capture, LiveSensor
from core.errors import MediaError


class AzureKinect(LiveSensor):
    """The depth and the registered colours of an Azure Kinect."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        return [f"Azure Kinect {n}" for n in range(library.connected_device_count())]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the depth stream and return its intrinsics."""
        self._timeout = library.K4ATimeoutException
        self._device = library.PyK4A(library.Config(), device_id=number)
        self._device.start()
        self.resources.callback(self._device.stop)
        matrix = self._device.calibration.get_camera_matrix(library.CalibrationType.DEPTH)
        first = self._capture_frame(TIMEOUT_MS)
        if first is None:
            raise MediaError(f"{self.name} gave no picture: plug it in again")
        height, width = first[0].shape
        (fx, _, u0), (_, fy, v0), _ = np.asarray(matrix, float).tolist()
        return Camera(self.name, fx, fy, u0, v0, width, height)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return depth in mm, time, and colours aligned to the depth; None on timeout or without
        depth."""
        try:
            capture = self._device.get_capture(timeout_ms)
        except self._timeout:
            return None
        if capture.depth is None:
            return None
        bgra = capture.transformed_color
        rgb = None if bgra is None else np.ascontiguousarray(bgra[..., 2::-1])
        return capture.depth.astype(np.float32), capture.depth_timestamp_usec / 1e6, rgb
