"""Fakes of the makers' libraries: modules with the functions that the real ones document, over a
camera of 8 x 6 pixels whose frames count up.
"""

import ctypes
import math
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

WIDTH, HEIGHT = 8, 6


def numbered_picture(count: int) -> np.ndarray:
    """The camera's picture of that number, from 1."""
    return (np.arange(HEIGHT * WIDTH, dtype=np.uint16) + 100 * count).reshape(HEIGHT, WIDTH)


class Maker:
    """The state that a fake library shares with its test."""

    def __init__(self) -> None:
        self.plugged = ["A1", "B2"]
        self.opened: list[object] = []
        self.running = 0
        self.pictures = 0
        self.silent = False
        self.queued = 0  # pictures that were not read yet
        self.broken = ""

    def start(self, serial: object) -> None:
        self.opened.append(serial)
        self.running += 1

    def stop(self) -> None:
        self.running -= 1

    def has_picture(self, timeout_ms: float) -> bool:
        """Whether a picture is queued or comes in that time: 30 come a second."""
        was_queued, self.queued = self.queued > 0, max(0, self.queued - 1)
        return not self.silent and (was_queued or timeout_ms > 33)

    def picture(self) -> np.ndarray:
        if self.broken:
            raise RuntimeError(self.broken)
        self.pictures += 1
        return numbered_picture(self.pictures)


def openni2(maker: Maker) -> dict[str, ModuleType]:
    """`openni.openni2`: oniInitialize, enumerate_uris, streams, frames with a stride."""
    package, module = ModuleType("openni"), ModuleType("openni.openni2")
    mode = SimpleNamespace(pixelFormat=102, resolutionX=0, resolutionY=0)

    class Frame:
        width, height, stride = WIDTH, HEIGHT, 2 * (WIDTH + 2)

        def __init__(self) -> None:
            padded = np.full((HEIGHT, WIDTH + 2), 9999, np.uint16)
            padded[:, :WIDTH] = maker.picture()
            self._buffer = (ctypes.c_uint16 * padded.size)(*padded.ravel().tolist())
            self.timestamp = 5_000_000 + 40_000 * maker.pictures

        def get_buffer_as_uint16(self) -> object:
            return self._buffer

        def close(self) -> None:
            self._buffer = (ctypes.c_uint16 * 0)()

    class Stream:
        mirrored = True

        def get_video_mode(self) -> SimpleNamespace:
            return mode

        def configure_mode(self, width: int, height: int, fps: int, pixel_format: int) -> None:
            assert (width, height, fps) == (640, 480, 30)
            mode.pixelFormat, mode.resolutionX, mode.resolutionY = pixel_format, WIDTH, HEIGHT

        def set_mirroring_enabled(self, enabled: bool) -> None:
            self.mirrored = enabled

        def start(self) -> None:
            assert not self.mirrored

        def get_horizontal_fov(self) -> float:
            return math.pi / 2

        def get_vertical_fov(self) -> float:
            return 2 * math.atan(3 / 5)

        def read_frame(self) -> Frame:
            return Frame()

        def close(self) -> None:
            maker.stop()

    class Device:
        def __init__(self, uri: bytes) -> None:
            assert uri in self.enumerate_uris()
            self.uri = uri

        @classmethod
        def enumerate_uris(cls) -> list[bytes]:
            return [serial.encode() for serial in maker.plugged]

        def create_depth_stream(self) -> Stream:
            maker.start(self.uri.decode())
            return Stream()

        def close(self) -> None: ...

    module.initialize = lambda: None
    module.Device = Device
    module.PIXEL_FORMAT_DEPTH_1_MM, module.PIXEL_FORMAT_DEPTH_100_UM = 100, 101
    module.wait_for_any_stream = lambda streams, timeout_s: (
        streams[0] if maker.has_picture(1000 * timeout_s) else None
    )
    package.openni2 = module
    return {"openni": package, "openni.openni2": module}


def realsense(maker: Maker) -> dict[str, ModuleType]:
    """`pyrealsense2`: context, config, pipeline, align, depth in 0.1 mm."""
    module = ModuleType("pyrealsense2")
    module.camera_info = SimpleNamespace(name="name", serial_number="serial")
    module.stream = SimpleNamespace(depth="depth", color="color")
    module.format = SimpleNamespace(z16="z16", rgb8="rgb8")
    wanted: dict[str, object] = {}

    class Device:
        def __init__(self, serial: str) -> None:
            self.serial = serial

        def get_info(self, what: str) -> str:
            return "RealSense" if what == "name" else self.serial

        def query_sensors(self) -> list[object]:
            kinds = ["depth", "color"]
            profiles = [SimpleNamespace(stream_type=lambda kind=kind: kind) for kind in kinds]
            return [SimpleNamespace(get_stream_profiles=lambda: profiles)]

        def first_depth_sensor(self) -> object:
            return SimpleNamespace(get_depth_scale=lambda: 0.0001)

    class Config:
        def enable_device(self, serial: str) -> None:
            wanted["serial"] = serial

        def enable_stream(self, stream: str, form: str, framerate: int) -> None:
            wanted[stream] = form  # the real one has no default for the rate

    class Frames:
        is_aligned = False

        def get_depth_frame(self) -> object:
            picture = maker.picture()
            return SimpleNamespace(get_data=lambda: picture, get_timestamp=lambda: 7000.0 + 40)

        def get_color_frame(self) -> object:
            size = (HEIGHT, WIDTH, 3) if self.is_aligned else (12, 16, 3)
            return SimpleNamespace(get_data=lambda: np.full(size, 7, np.uint8))

    class Pipeline:
        def start(self, config: Config) -> object:
            assert wanted["depth"] == "z16" and wanted["color"] == "rgb8"
            maker.start(wanted["serial"])
            seen = SimpleNamespace(fx=9.0, fy=9.5, ppx=3.6, ppy=2.6, width=WIDTH, height=HEIGHT)
            video = SimpleNamespace(get_intrinsics=lambda: seen)
            stream = SimpleNamespace(as_video_stream_profile=lambda: video)
            device = Device(str(wanted["serial"]))
            return SimpleNamespace(get_device=lambda: device, get_stream=lambda kind: stream)

        def try_wait_for_frames(self, timeout_ms: int) -> tuple[bool, Frames]:
            return maker.has_picture(timeout_ms), Frames()

        def stop(self) -> None:
            maker.stop()

    class Align:
        def __init__(self, to: str) -> None:
            assert to == "depth"

        def process(self, frames: Frames) -> Frames:
            frames.is_aligned = True
            return frames

    devices = lambda: [Device(serial) for serial in maker.plugged]  # noqa: E731
    module.context = lambda: SimpleNamespace(query_devices=devices)
    module.config, module.pipeline, module.align = Config, Pipeline, Align
    return {"pyrealsense2": module}


def orbbec(maker: Maker) -> dict[str, ModuleType]:
    """`pyorbbecsdk`: Context, Pipeline of a device, depth in 0.5 mm as bytes."""
    module = ModuleType("pyorbbecsdk")
    module.OBSensorType = SimpleNamespace(DEPTH_SENSOR="depth")
    profile = SimpleNamespace(
        get_intrinsic=lambda: SimpleNamespace(fx=9.0, fy=9.5, cx=3.6, cy=2.6),
        get_width=lambda: WIDTH,
        get_height=lambda: HEIGHT,
    )

    class Config:
        def enable_stream(self, wanted: object) -> None:
            assert wanted is profile

    class Pipeline:
        def __init__(self, serial: str) -> None:
            self.serial = serial

        def get_stream_profile_list(self, kind: str) -> object:
            assert kind == "depth"
            return SimpleNamespace(get_default_video_stream_profile=lambda: profile)

        def start(self, config: Config) -> None:
            maker.start(self.serial)

        def wait_for_frames(self, timeout_ms: int) -> object:
            if not maker.has_picture(timeout_ms):
                return None
            frame = SimpleNamespace(
                get_data=maker.picture().tobytes,
                get_width=lambda: WIDTH,
                get_height=lambda: HEIGHT,
                get_depth_scale=lambda: 0.5,
                get_timestamp_us=lambda: 40_000 * maker.pictures,
            )
            return SimpleNamespace(get_depth_frame=lambda: frame)

        def stop(self) -> None:
            maker.stop()

    found = SimpleNamespace(
        get_count=lambda: len(maker.plugged),
        get_device_name_by_index=lambda n: "Gemini",
        get_device_serial_number_by_index=lambda n: maker.plugged[n],
        get_device_by_index=lambda n: maker.plugged[n],
    )
    module.Context = lambda: SimpleNamespace(query_devices=lambda: found)
    module.Config, module.Pipeline = Config, Pipeline
    return {"pyorbbecsdk": module}


def azure(maker: Maker) -> dict[str, ModuleType]:
    """`pyk4a`: PyK4A, captures with BGRA in the depth camera's view, a matrix."""
    module = ModuleType("pyk4a")
    timeout = type("K4ATimeoutException", (Exception,), {})

    class PyK4A:
        def __init__(self, config: object, device_id: int = 0) -> None:
            self._serial = maker.plugged[device_id]
            matrix = np.array([[9.0, 0, 3.6], [0, 9.5, 2.6], [0, 0, 1]])
            self.calibration = SimpleNamespace(get_camera_matrix=lambda kind: matrix)

        def start(self) -> None:
            maker.start(self._serial)

        def get_capture(self, timeout_ms: int) -> object:
            if not maker.has_picture(timeout_ms):
                raise timeout
            bgra = np.zeros((HEIGHT, WIDTH, 4), np.uint8) + np.array([1, 2, 3, 255], np.uint8)
            picture = maker.picture()
            time_us = 40_000 * maker.pictures
            return SimpleNamespace(
                depth=picture, transformed_color=bgra, depth_timestamp_usec=time_us
            )

        def stop(self) -> None:
            maker.stop()

    module.PyK4A, module.Config, module.K4ATimeoutException = PyK4A, object, timeout
    module.CalibrationType = SimpleNamespace(DEPTH="depth")
    module.connected_device_count = lambda: len(maker.plugged)
    return {"pyk4a": module}


FAKE_LIBRARIES = {"openni2": openni2, "realsense": realsense, "orbbec": orbbec, "azure": azure}


@pytest.fixture
def install(monkeypatch):
    """Make a fake library importable."""

    def install(kind: str) -> Maker:
        maker = Maker()
        for name, module in FAKE_LIBRARIES[kind](maker).items():
            monkeypatch.setitem(sys.modules, name, module)
        return maker

    return install
