"""Cameras of OpenNI 2 by `openni` (or the older `primesense`): Orbbec Astra and Astra Mini,
PrimeSense, Asus Xtion. The maker's build of OpenNI 2 itself must be installed, too.

Convention: the field of view, which the device tells, is that of the whole width and height, u0 =
width / 2, as OpenNI computes. No colours: where a device has some, they are another view.
"""

import math
from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.sensors.live import LiveSensor, Shot
from core.errors import MediaError


def _text(uri: Any) -> str:
    return uri.decode(errors="replace") if isinstance(uri, bytes) else str(uri)


class OpenNI2(LiveSensor):
    """The depth stream of a camera."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        """As `LiveSensor.list_devices`.

        Raises:
            MediaError: OpenNI 2 itself is missing.
        """
        try:
            library.initialize()
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            raise MediaError(
                "the camera maker's OpenNI 2 isn't found: install it, and set OPENNI2_REDIST64 to "
                f"the folder of its library ({said})"
            ) from error
        return [_text(uri) for uri in library.Device.enumerate_uris()]

    def _start(self, library: Any, number: int) -> Camera:
        self._library = library
        device = library.Device(library.Device.enumerate_uris()[number])
        self.resources.callback(device.close)
        self._stream = device.create_depth_stream()
        if self._stream is None:
            raise MediaError(f"{self.name} has no depth: choose another camera")
        self.resources.callback(self._stream.close)
        units = {library.PIXEL_FORMAT_DEPTH_1_MM: 1.0, library.PIXEL_FORMAT_DEPTH_100_UM: 0.1}
        if self._unit_mm(units) is None:
            self._stream.configure_mode(640, 480, 30, library.PIXEL_FORMAT_DEPTH_1_MM)
        self._stream.set_mirroring_enabled(False)
        self._stream.start()
        unit_mm = self._unit_mm(units)
        if unit_mm is None:
            raise MediaError(f"{self.name} gives no distances in mm: choose another camera")
        self._mm = np.float32(unit_mm)
        mode = self._stream.get_video_mode()
        width, height = int(mode.resolutionX), int(mode.resolutionY)
        fx = width / 2 / math.tan(self._stream.get_horizontal_fov() / 2)
        fy = height / 2 / math.tan(self._stream.get_vertical_fov() / 2)
        return Camera(self.name, fx, fy, width / 2, height / 2, width, height)

    def _unit_mm(self, units: dict[Any, float]) -> float | None:
        form = int(self._stream.get_video_mode().pixelFormat)
        return next((mm for known, mm in units.items() if int(known) == form), None)

    def _shot(self, patience_ms: int) -> Shot | None:
        if self._library.wait_for_any_stream([self._stream], patience_ms / 1000) is None:
            return None
        frame = self._stream.read_frame()
        try:
            numbers = np.frombuffer(frame.get_buffer_as_uint16(), np.uint16)
            rows = numbers.reshape(frame.height, frame.stride // 2)[:, : frame.width]
            return rows.astype(np.float32) * self._mm, frame.timestamp / 1e6, None
        finally:
            frame.close()
