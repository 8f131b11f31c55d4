"""Fakes of the makers' libraries: modules with the functions that the real ones document, over a
camera of 8 x 6 pixels whose frames count up.
"""

import ctypes
import math
import sys
from functools import partial
from types import ModuleType
from types import SimpleNamespace as Fake

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


def make_module(name: str, **members: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


def fake_openni2(maker: Maker) -> dict[str, ModuleType]:
    """`openni.openni2`: oniInitialize, enumerate_uris, streams, frames with a stride."""
    mode = Fake(pixelFormat=102, resolutionX=0, resolutionY=0)

    def make_frame() -> Fake:
        padded = np.full((HEIGHT, WIDTH + 2), 9999, np.uint16)
        padded[:, :WIDTH] = maker.picture()
        frame = Fake(width=WIDTH, height=HEIGHT, stride=2 * (WIDTH + 2))
        frame.buffer = (ctypes.c_uint16 * padded.size)(*padded.ravel().tolist())
        frame.timestamp = 5_000_000 + 40_000 * maker.pictures
        frame.get_buffer_as_uint16 = lambda: frame.buffer
        frame.close = lambda: setattr(frame, "buffer", (ctypes.c_uint16 * 0)())
        return frame

    class Stream:
        mirrored = True
        read_frame = staticmethod(make_frame)
        close = staticmethod(maker.stop)
        get_video_mode = staticmethod(lambda: mode)
        get_horizontal_fov = staticmethod(lambda: math.pi / 2)
        get_vertical_fov = staticmethod(lambda: 2 * math.atan(3 / 5))

        def configure_mode(self, width: int, height: int, fps: int, pixel_format: int) -> None:
            assert (width, height, fps) == (640, 480, 30)
            mode.pixelFormat, mode.resolutionX, mode.resolutionY = pixel_format, WIDTH, HEIGHT

        def set_mirroring_enabled(self, enabled: bool) -> None:
            self.mirrored = enabled

        def start(self) -> None:
            assert not self.mirrored

    class Device:
        enumerate_uris = staticmethod(lambda: [serial.encode() for serial in maker.plugged])
        close = staticmethod(lambda: None)

        def __init__(self, uri: bytes) -> None:
            self.uri = uri

        def create_depth_stream(self) -> Stream:
            maker.start(self.uri.decode())
            return Stream()

    module = make_module(
        "openni.openni2",
        initialize=lambda: None,
        Device=Device,
        PIXEL_FORMAT_DEPTH_1_MM=100,
        PIXEL_FORMAT_DEPTH_100_UM=101,
        wait_for_any_stream=lambda streams, timeout_s: (
            streams[0] if maker.has_picture(1000 * timeout_s) else None
        ),
    )
    return {"openni": make_module("openni", openni2=module), "openni.openni2": module}


def fake_realsense(maker: Maker) -> dict[str, ModuleType]:
    """`pyrealsense2`: context, config, pipeline, align, depth in 0.1 mm."""
    wanted: dict[str, object] = {}

    def make_device(serial: str) -> Fake:
        profiles = [Fake(stream_type=lambda kind=kind: kind) for kind in ("depth", "color")]
        return Fake(
            get_info=lambda key: "RealSense" if key == "name" else serial,
            query_sensors=lambda: [Fake(get_stream_profiles=lambda: profiles)],
            first_depth_sensor=lambda: Fake(get_depth_scale=lambda: 0.0001),
        )

    def enable_stream(stream: str, form: str, framerate: int) -> None:
        wanted[stream] = form  # the real one has no default for the rate

    config = Fake(enable_stream=enable_stream, enable_device=partial(wanted.__setitem__, "serial"))

    class Frames:
        is_aligned = False

        def get_depth_frame(self) -> Fake:
            picture = maker.picture()
            return Fake(get_data=lambda: picture, get_timestamp=lambda: 7000.0 + 40)

        def get_color_frame(self) -> Fake:
            size = (HEIGHT, WIDTH, 3) if self.is_aligned else (12, 16, 3)
            return Fake(get_data=lambda: np.full(size, 7, np.uint8))

    def start(config: Fake) -> Fake:
        assert wanted["depth"] == "z16" and wanted["color"] == "rgb8"
        maker.start(wanted["serial"])
        lens = Fake(fx=9.0, fy=9.5, ppx=3.6, ppy=2.6, width=WIDTH, height=HEIGHT)
        stream = Fake(as_video_stream_profile=lambda: Fake(get_intrinsics=lambda: lens))
        device = make_device(str(wanted["serial"]))
        return Fake(get_device=lambda: device, get_stream=lambda kind: stream)

    def try_wait_for_frames(timeout_ms: int) -> tuple[bool, Frames]:
        return maker.has_picture(timeout_ms), Frames()

    def align_to_depth(frames: Frames) -> Frames:
        frames.is_aligned = True
        return frames

    pipeline = Fake(start=start, stop=maker.stop, try_wait_for_frames=try_wait_for_frames)
    module = make_module(
        "pyrealsense2",
        camera_info=Fake(name="name", serial_number="serial"),
        stream=Fake(depth="depth", color="color"),
        format=Fake(z16="z16", rgb8="rgb8"),
        context=lambda: Fake(query_devices=lambda: [make_device(s) for s in maker.plugged]),
        config=lambda: config,
        pipeline=lambda: pipeline,
        align=lambda to: {"depth": Fake(process=align_to_depth)}[to],
    )
    return {"pyrealsense2": module}


def fake_orbbec(maker: Maker) -> dict[str, ModuleType]:
    """`pyorbbecsdk`: Context, Pipeline of a device, depth in 0.5 mm as bytes."""
    size = {"get_width": lambda: WIDTH, "get_height": lambda: HEIGHT}
    profile = Fake(get_intrinsic=lambda: Fake(fx=9.0, fy=9.5, cx=3.6, cy=2.6), **size)
    profiles = {"depth": Fake(get_default_video_stream_profile=lambda: profile)}

    def enable_stream(wanted: object) -> None:
        assert wanted is profile

    def wait_for_frames(timeout_ms: int) -> Fake | None:
        if not maker.has_picture(timeout_ms):
            return None
        picture = maker.picture()
        time_us = 40_000 * maker.pictures
        depth = Fake(get_data=picture.tobytes, get_depth_scale=lambda: 0.5, **size)
        depth.get_timestamp_us = lambda: time_us
        return Fake(get_depth_frame=lambda: depth)

    devices = Fake(
        get_count=lambda: len(maker.plugged),
        get_device_name_by_index=lambda n: "Gemini",
        get_device_serial_number_by_index=lambda n: maker.plugged[n],
        get_device_by_index=lambda n: maker.plugged[n],
    )
    module = make_module(
        "pyorbbecsdk",
        OBSensorType=Fake(DEPTH_SENSOR="depth"),
        Context=lambda: Fake(query_devices=lambda: devices),
        Config=lambda: Fake(enable_stream=enable_stream),
        Pipeline=lambda serial: Fake(
            get_stream_profile_list=profiles.__getitem__,
            start=lambda config: maker.start(serial),
            wait_for_frames=wait_for_frames,
            stop=maker.stop,
        ),
    )
    return {"pyorbbecsdk": module}


def fake_azure(maker: Maker) -> dict[str, ModuleType]:
    """`pyk4a`: PyK4A, captures with BGRA in the depth camera's view, a matrix."""
    timeout = type("K4ATimeoutException", (Exception,), {})
    matrix = np.array([[9.0, 0, 3.6], [0, 9.5, 2.6], [0, 0, 1]])

    def get_capture(timeout_ms: int) -> Fake:
        if not maker.has_picture(timeout_ms):
            raise timeout
        bgra = np.zeros((HEIGHT, WIDTH, 4), np.uint8) + np.array([1, 2, 3, 255], np.uint8)
        picture = maker.picture()
        time_us = 40_000 * maker.pictures
        return Fake(depth=picture, transformed_color=bgra, depth_timestamp_usec=time_us)

    module = make_module(
        "pyk4a",
        Config=object,
        K4ATimeoutException=timeout,
        CalibrationType=Fake(DEPTH="depth"),
        connected_device_count=lambda: len(maker.plugged),
        PyK4A=lambda config, device_id=0: Fake(
            calibration=Fake(get_camera_matrix=lambda kind: matrix),
            start=lambda: maker.start(maker.plugged[device_id]),
            get_capture=get_capture,
            stop=maker.stop,
        ),
    )
    return {"pyk4a": module}


FAKE_LIBRARIES = {
    "openni2": fake_openni2,
    "realsense": fake_realsense,
    "orbbec": fake_orbbec,
    "azure": fake_azure,
}


@pytest.fixture
def install(monkeypatch):
    """Make a fake library importable."""

    def install(kind: str) -> Maker:
        maker = Maker()
        for name, module in FAKE_LIBRARIES[kind](maker).items():
            monkeypatch.setitem(sys.modules, name, module)
        return maker

    return install
