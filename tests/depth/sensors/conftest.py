"""Fakes of the makers' libraries, with the functions that the real ones document, over a camera of
8 x 6 pixels whose frames count up.
"""

import math
import sys
from types import SimpleNamespace as Fake

import numpy as np
import pytest

WIDTH, HEIGHT = 8, 6
SIZE = {"get_width": lambda: WIDTH, "get_height": lambda: HEIGHT}


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

    def time_us(self) -> int:
        return 40_000 * self.pictures


def fake_openni2(maker: Maker) -> Fake:
    """oniInitialize, enumerate_uris, streams, frames with a stride."""
    mode = Fake(pixelFormat=102, resolutionX=0, resolutionY=0)

    def configure_mode(width, height, fps, pixel_format) -> None:
        assert (width, height, fps) == (640, 480, 30)
        mode.pixelFormat, mode.resolutionX, mode.resolutionY = pixel_format, WIDTH, HEIGHT

    def start() -> None:
        assert stream.mirrored is False

    def read_frame() -> Fake:
        padded = np.full((HEIGHT, WIDTH + 2), 9999, np.uint16)
        padded[:, :WIDTH] = maker.picture()
        return Fake(
            width=WIDTH,
            height=HEIGHT,
            stride=2 * (WIDTH + 2),
            timestamp=5_000_000 + maker.time_us(),
            get_buffer_as_uint16=lambda: padded,
            close=lambda: padded.fill(0),
        )

    stream = Fake(
        configure_mode=configure_mode,
        get_video_mode=lambda: mode,
        get_horizontal_fov=lambda: math.pi / 2,
        get_vertical_fov=lambda: 2 * math.atan(3 / 5),
        set_mirroring_enabled=lambda enabled: setattr(stream, "mirrored", enabled),
        start=start,
        read_frame=read_frame,
        close=maker.stop,
    )

    class Device:
        def __init__(self, uri: bytes) -> None:
            self.uri = uri

        @staticmethod
        def enumerate_uris() -> list[bytes]:
            return [serial.encode() for serial in maker.plugged]

        def create_depth_stream(self) -> Fake:
            maker.start(self.uri.decode())
            return stream

        def close(self) -> None:
            pass

    return Fake(
        initialize=lambda: None,
        Device=Device,
        PIXEL_FORMAT_DEPTH_1_MM=100,
        PIXEL_FORMAT_DEPTH_100_UM=101,
        wait_for_any_stream=lambda streams, timeout_s: (
            streams[0] if maker.has_picture(1000 * timeout_s) else None
        ),
    )


def fake_realsense(maker: Maker) -> Fake:
    """Context, config, pipeline, align, depth in 0.1 mm."""
    wanted = {}
    lens = Fake(fx=9.0, fy=9.5, ppx=3.6, ppy=2.6, width=WIDTH, height=HEIGHT)
    stream = Fake(as_video_stream_profile=lambda: Fake(get_intrinsics=lambda: lens))
    profiles = [Fake(stream_type=lambda: "depth"), Fake(stream_type=lambda: "color")]

    def make_device(serial: str) -> Fake:
        return Fake(
            get_info=lambda key: "RealSense" if key == "name" else serial,
            query_sensors=lambda: [Fake(get_stream_profiles=lambda: profiles)],
            first_depth_sensor=lambda: Fake(get_depth_scale=lambda: 0.0001),
        )

    def enable_stream(stream, form, framerate) -> None:
        wanted[stream] = form  # the real one has no default for the rate

    def start(config: Fake) -> Fake:
        assert wanted["depth"] == "z16" and wanted["color"] == "rgb8"
        maker.start(wanted["serial"])
        return Fake(
            get_device=lambda: make_device(wanted["serial"]), get_stream=lambda kind: stream
        )

    def make_frames(color_hw: tuple[int, int]) -> Fake:
        color = np.full((*color_hw, 3), 7, np.uint8)

        def get_depth_frame() -> Fake:
            picture = maker.picture()
            return Fake(get_data=lambda: picture, get_timestamp=lambda: 7000.0 + 40)

        return Fake(
            get_depth_frame=get_depth_frame, get_color_frame=lambda: Fake(get_data=lambda: color)
        )

    align = Fake(process=lambda frames: make_frames((HEIGHT, WIDTH)))
    pipeline = Fake(
        start=start,
        stop=maker.stop,
        try_wait_for_frames=lambda timeout_ms: (
            maker.has_picture(timeout_ms),
            make_frames((12, 16)),
        ),
    )
    return Fake(
        camera_info=Fake(name="name", serial_number="serial"),
        stream=Fake(depth="depth", color="color"),
        format=Fake(z16="z16", rgb8="rgb8"),
        context=lambda: Fake(query_devices=lambda: [make_device(s) for s in maker.plugged]),
        config=lambda: Fake(
            enable_stream=enable_stream, enable_device=lambda serial: wanted.update(serial=serial)
        ),
        pipeline=lambda: pipeline,
        align=lambda to: {"depth": align}[to],
    )


def fake_orbbec(maker: Maker) -> Fake:
    """Context, Pipeline of a device, depth in 0.5 mm as bytes."""
    profile = Fake(get_intrinsic=lambda: Fake(fx=9.0, fy=9.5, cx=3.6, cy=2.6), **SIZE)
    profiles = {"depth": Fake(get_default_video_stream_profile=lambda: profile)}

    def enable_stream(wanted: object) -> None:
        assert wanted is profile

    def wait_for_frames(timeout_ms: int) -> Fake | None:
        if not maker.has_picture(timeout_ms):
            return None
        depth = Fake(get_data=maker.picture().tobytes, get_depth_scale=lambda: 0.5, **SIZE)
        depth.get_timestamp_us = maker.time_us
        return Fake(get_depth_frame=lambda: depth)

    devices = Fake(
        get_count=lambda: len(maker.plugged),
        get_device_name_by_index=lambda n: "Gemini",
        get_device_serial_number_by_index=lambda n: maker.plugged[n],
        get_device_by_index=lambda n: maker.plugged[n],
    )
    return Fake(
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


def fake_azure(maker: Maker) -> Fake:
    """PyK4A, captures with BGRA in the depth camera's view, a matrix."""
    timeout = type("K4ATimeoutException", (Exception,), {})
    matrix = np.array([[9.0, 0, 3.6], [0, 9.5, 2.6], [0, 0, 1]])
    bgra = np.full((HEIGHT, WIDTH, 4), (1, 2, 3, 255), np.uint8)

    def get_capture(timeout_ms: int) -> Fake:
        if not maker.has_picture(timeout_ms):
            raise timeout
        picture = maker.picture()
        return Fake(depth=picture, transformed_color=bgra, depth_timestamp_usec=maker.time_us())

    return Fake(
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


FAKE_LIBRARIES = {
    "openni2": ("openni.openni2", fake_openni2),
    "realsense": ("pyrealsense2", fake_realsense),
    "orbbec": ("pyorbbecsdk", fake_orbbec),
    "azure": ("pyk4a", fake_azure),
}


@pytest.fixture
def install(monkeypatch):
    """Make a fake library importable."""

    def install(kind: str) -> Maker:
        maker, (name, make_library) = Maker(), FAKE_LIBRARIES[kind]
        monkeypatch.setitem(sys.modules, name, make_library(maker))
        return maker

    return install
