"""Live depth cameras, started when opened, read for the newest picture, then closed: the base, and
one class for each maker, by its optional library.

Convention: every exception of a maker's library becomes a one-sentence MediaError. Nothing is
mirrored. Lens distortion is ignored: cameras are pinholes. Colours are those that the library
registers to the depth; without that there are none.
"""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import numpy as np

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthSource, check_frame_size
from core.errors import MediaError
from core.pose.types import Picture
from core.words import words

TIMEOUT_MS = 2000  # for the next picture of a camera that gives 30 a second
_QUEUED_TIMEOUT_MS = 1  # for a picture that the library has queued already
_MAX_QUEUED = 30

Capture = tuple[Depth, float, Picture | None]  # mm, s by the camera's clock, registered colours


class LiveSensor(DepthSource):
    """A camera that is started when created; subclasses list, start and read one kind.

    Args:
        library: its maker's module.
        number: of the devices that are plugged in.

    Raises:
        MediaError: it can't be started.
    """

    def __init__(self, name: str, library: Any, number: int) -> None:
        super().__init__(name, None)
        self._first_s: float | None = None
        self._numbers = count()
        self._is_open = True
        try:
            with wrap_driver_errors(words("{name} can't be started", name=name)):
                self.camera = self._start_device(library, number)
        except BaseException:
            self.close()
            raise

    @staticmethod
    @abstractmethod
    def list_devices(library: Any) -> list[str]:
        """Return the names of the devices that are plugged in, in the order of their numbers."""

    @abstractmethod
    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the device, register in `resources` how to stop it, and return its intrinsics."""

    @abstractmethod
    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return the next picture: depth in mm, time and colours; None on timeout."""

    def read(self, index: int) -> DepthFrame:
        """Return the camera's newest frame, whatever `index`, and discard older queued ones; raise
        MediaError if none arrives within 2 s."""
        if not self._is_open:
            raise MediaError(words("{name} was closed: open it again", name=self.name))
        with wrap_driver_errors(words("{name} gives no picture", name=self.name)):
            capture = newer = self._capture_frame(TIMEOUT_MS)
            for _ in range(_MAX_QUEUED):
                if newer is None:
                    break
                capture, newer = newer, self._capture_frame(_QUEUED_TIMEOUT_MS)
        if capture is None:
            raise MediaError(
                words(
                    "{name} gave no picture for {seconds:g} s: is it still plugged in?",
                    name=self.name,
                    seconds=TIMEOUT_MS / 1000,
                )
            )
        depth_mm, time_s, rgb = capture
        check_frame_size(depth_mm.shape, self.camera, self.name)
        if self._first_s is None:
            self._first_s = time_s
        rgb = rgb if rgb is not None and rgb.shape[:2] == depth_mm.shape else None
        number = next(self._numbers)
        return DepthFrame(depth_mm, self.camera, time_s - self._first_s, number, rgb)

    def close(self) -> None:
        """Stop the camera. Safe to call more than once."""
        self._is_open = False
        with suppress(Exception):  # drivers raise anything once a device is unplugged
            super().close()


def shorten_error(error: BaseException) -> str:
    """Return an exception's text as one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def wrap_driver_errors(problem: str) -> Iterator[None]:
    """Turn any exception except MediaError in a `with` block into a one-sentence MediaError that
    starts with `problem`."""
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(
            words(
                "{problem} ({error}): unplug it and plug it in again, and close other "
                "programs that use it",
                problem=problem,
                error=shorten_error(error),
            )
        ) from error


_DEFAULT_FPS = 0  # RealSense's library chooses


class OpenNI2(LiveSensor):
    """Orbbec Astra and Astra Mini, PrimeSense, Asus Xtion, by `openni` (or the older `primesense`).
    The maker's build of OpenNI 2 itself must be installed, too.

    The device's field of view is that of the whole width and height, u0 = width / 2, as OpenNI
    computes. No colours: they are not registered.
    """

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        """List the devices' URIs; raise MediaError if the OpenNI 2 library is missing."""
        try:
            library.initialize()
        except Exception as error:
            raise MediaError(
                words(
                    "the camera maker's OpenNI 2 is missing: install it, and set "
                    "OPENNI2_REDIST64 to the folder of its library ({error})",
                    error=shorten_error(error),
                )
            ) from error
        uris = library.Device.enumerate_uris()
        return [u.decode(errors="replace") if isinstance(u, bytes) else str(u) for u in uris]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the unmirrored depth stream, and return the camera built from its field of view."""
        self._library = library
        device = library.Device(library.Device.enumerate_uris()[number])
        self.resources.callback(device.close)
        self._stream = device.create_depth_stream()
        if self._stream is None:
            raise MediaError(words("{name} has no depth: choose another camera", name=self.name))
        self.resources.callback(self._stream.close)
        units = {library.PIXEL_FORMAT_DEPTH_1_MM: 1.0, library.PIXEL_FORMAT_DEPTH_100_UM: 0.1}
        if self._find_pixel_unit_mm(units) is None:
            self._stream.configure_mode(640, 480, 30, library.PIXEL_FORMAT_DEPTH_1_MM)
        self._stream.set_mirroring_enabled(False)
        self._stream.start()
        unit_mm = self._find_pixel_unit_mm(units)
        if unit_mm is None:
            raise MediaError(
                words("{name} gives no distances in mm: choose another camera", name=self.name)
            )
        self._mm = np.float32(unit_mm)
        mode = self._stream.get_video_mode()
        fov = self._stream.get_horizontal_fov(), self._stream.get_vertical_fov()
        size_hw = int(mode.resolutionY), int(mode.resolutionX)
        return Camera.from_field_of_view(self.name, *fov, size_hw)

    def _find_pixel_unit_mm(self, units: dict[Any, float]) -> float | None:
        pixel_format = int(self._stream.get_video_mode().pixelFormat)
        return next((mm for known, mm in units.items() if int(known) == pixel_format), None)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        if self._library.wait_for_any_stream([self._stream], timeout_ms / 1000) is None:
            return None
        frame = self._stream.read_frame()
        try:
            numbers = np.frombuffer(frame.get_buffer_as_uint16(), np.uint16)
            rows = numbers.reshape(frame.height, frame.stride // 2)[:, : frame.width]
            return rows.astype(np.float32) * self._mm, frame.timestamp / 1e6, None
        finally:
            frame.close()


class RealSense(LiveSensor):
    """Intel RealSense, by `pyrealsense2`, with colours if it has them."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        info = library.camera_info
        return [
            f"{device.get_info(info.name)} {device.get_info(info.serial_number)}"
            for device in library.context().query_devices()
        ]

    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the depth stream and, if the device has one, the colour stream; return the depth
        camera's intrinsics."""
        device = list(library.context().query_devices())[number]
        config = library.config()
        config.enable_device(device.get_info(library.camera_info.serial_number))
        config.enable_stream(library.stream.depth, library.format.z16, _DEFAULT_FPS)
        profiles = [p for sensor in device.query_sensors() for p in sensor.get_stream_profiles()]
        self._has_rgb = any(p.stream_type() == library.stream.color for p in profiles)
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
        has_frames, frames = self._pipeline.try_wait_for_frames(timeout_ms)
        if not has_frames:
            return None
        frames = self._align.process(frames) if self._has_rgb else frames
        depth = frames.get_depth_frame()
        depth_mm = np.asanyarray(depth.get_data()).astype(np.float32) * self._mm
        colours = frames.get_color_frame() if self._has_rgb else None
        rgb = np.array(colours.get_data(), np.uint8) if colours else None
        return depth_mm, depth.get_timestamp() / 1000, rgb


class Orbbec(LiveSensor):
    """Orbbec's newer cameras (Gemini, Femto, Astra 2), by `pyorbbecsdk`, without colours; the Astra
    Mini is OpenNI 2's."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        devices = library.Context().query_devices()
        return [
            f"{devices.get_device_name_by_index(n)} {devices.get_device_serial_number_by_index(n)}"
            for n in range(devices.get_count())
        ]

    def _start_device(self, library: Any, number: int) -> Camera:
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
        frames = self._pipeline.wait_for_frames(timeout_ms)
        depth = frames.get_depth_frame() if frames is not None else None
        if depth is None:
            return None
        numbers = np.frombuffer(depth.get_data(), np.uint16)
        rows = numbers.reshape(depth.get_height(), depth.get_width())
        depth_mm = rows.astype(np.float32) * np.float32(depth.get_depth_scale())
        return depth_mm, depth.get_timestamp_us() / 1e6, None


class AzureKinect(LiveSensor):
    """Azure Kinect, by `pyk4a`. Its lens distorts by some pixels at the edges, which is ignored."""

    @staticmethod
    def list_devices(library: Any) -> list[str]:
        return [f"Azure Kinect {n}" for n in range(library.connected_device_count())]

    def _start_device(self, library: Any, number: int) -> Camera:
        self._timeout = library.K4ATimeoutException
        self._device = library.PyK4A(library.Config(), device_id=number)
        self._device.start()
        self.resources.callback(self._device.stop)
        matrix = self._device.calibration.get_camera_matrix(library.CalibrationType.DEPTH)
        first = self._capture_frame(TIMEOUT_MS)
        if first is None:
            raise MediaError(words("{name} gave no picture: plug it in again", name=self.name))
        height, width = first[0].shape
        (fx, _, u0), (_, fy, v0), _ = np.asarray(matrix, float).tolist()
        return Camera(self.name, fx, fy, u0, v0, width, height)

    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        try:
            capture = self._device.get_capture(timeout_ms)
        except self._timeout:
            return None
        if capture.depth is None:
            return None
        bgra = capture.transformed_color
        rgb = None if bgra is None else np.ascontiguousarray(bgra[..., 2::-1])
        return capture.depth.astype(np.float32), capture.depth_timestamp_usec / 1e6, rgb
