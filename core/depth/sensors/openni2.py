"""Cameras of OpenNI 2 by `openni` (or the older `primesense`): Orbbec Astra and Astra Mini,
PrimeSense, Asus Xtion. The maker's build of OpenNI 2 itself must be installed, too.

Convention: the device's field of view is that of the whole width and height, u0 = width / 2, as
OpenNI computes. No colours: they are not registered.
"""

from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import Capture, LiveSensor, shorten_error
from core.errors import MediaError


class OpenNI2(LiveSensor):
    """The depth stream of an OpenNI 2 camera."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        """List the URIs of the OpenNI 2 devices that are plugged in; raise MediaError where OpenNI
        2 itself is missing."""
        try:
            library.initialize()
        except Exception as error:
            raise MediaError(
                "the camera maker's OpenNI 2 is missing: install it, and set OPENNI2_REDIST64 to "
                f"the folder of its library ({shorten_error(error)})"
            ) from error
        uris = library.Device.enumerate_uris()
        return [u.decode(errors="replace") if isinstance(u, bytes) else str(u) for u in uris]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the depth stream, unmirrored, and return the camera by its field of view."""
        self._library = library
        device = library.Device(library.Device.enumerate_uris()[number])
        self.resources.callback(device.close)
        self._stream = device.create_depth_stream()
        if self._stream is None:
            raise MediaError(f"{self.name} has no depth: choose another camera")
        self.resources.callback(self._stream.close)
        units = {library.PIXEL_FORMAT_DEPTH_1_MM: 1.0, library.PIXEL_FORMAT_DEPTH_100_UM: 0.1}
        if self._pixel_unit_mm(units) is None:
            self._stream.configure_mode(640, 480, 30, library.PIXEL_FORMAT_DEPTH_1_MM)
        self._stream.set_mirroring_enabled(False)
        self._stream.start()
        unit_mm = self._pixel_unit_mm(units)
        if unit_mm is None:
            raise MediaError(f"{self.name} gives no distances in mm: choose another camera")
        self._mm = np.float32(unit_mm)
        mode = self._stream.get_video_mode()
        fov = self._stream.get_horizontal_fov(), self._stream.get_vertical_fov()
        size_hw = int(mode.resolutionY), int(mode.resolutionX)
        return Camera.from_field_of_view(self.name, *fov, size_hw)

    def _pixel_unit_mm(self, units: dict[Any, float]) -> float | None:
        pixel_format = int(self._stream.get_video_mode().pixelFormat)
        return next((mm for known, mm in units.items() if int(known) == pixel_format), None)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return depth in mm and time, without colours; None on timeout."""
        if self._library.wait_for_any_stream([self._stream], timeout_ms / 1000) is None:
            return None
        frame = self._stream.read_frame()
        try:
            numbers = np.frombuffer(frame.get_buffer_as_uint16(), np.uint16)
            rows = numbers.reshape(frame.height, frame.stride // 2)[:, : frame.width]
            return rows.astype(np.float32) * self._mm, frame.timestamp / 1e6, None
        finally:
            frame.close()
