"""Depth cameras of four makers by fakes of their libraries, and missing or broken ones."""

import importlib.util
import sys
from itertools import islice

import numpy as np
import pytest

from core.depth.io.recorder import record_depth
from core.depth.io.recordings import open_depth
from core.depth.sensors.finding import SENSOR_KINDS, list_sensors, open_sensor
from core.errors import MediaError
from tests.depth.sensors.conftest import FAKE_LIBRARIES, HEIGHT, WIDTH, numbered_picture

UNIT_MM = {"openni2": 1, "realsense": 0.1, "orbbec": 0.5, "azure": 1}
OPENNI_INTRINSICS = (4, 5, 4, 3)  # from its field of view: 90°, and 2 atan(3/5)
RGB = {"openni2": None, "realsense": [7, 7, 7], "orbbec": None, "azure": [3, 2, 1]}


def status(name: str):
    return next(s for s in list_sensors() if s.name == name)


@pytest.mark.parametrize("kind", FAKE_LIBRARIES)
def test_a_camera_gives_its_newest_picture_with_its_own_intrinsics(install, kind) -> None:
    maker = install(kind)
    with open_sensor(kind) as sensor:
        assert maker.running == 1 and maker.opened == ["A1"]
        assert (sensor.count, sensor.camera.width, sensor.camera.height) == (None, WIDTH, HEIGHT)
        lens = (sensor.camera.fx, sensor.camera.fy, sensor.camera.u0, sensor.camera.v0)
        expected = OPENNI_INTRINSICS if kind == "openni2" else (9.0, 9.5, 3.6, 2.6)
        assert lens == pytest.approx(expected)
        before = maker.pictures
        frames = [sensor.read(0), *islice(sensor, 2)]
        maker.queued = 5
        newest = sensor.read(1)
    assert maker.running == 0 and maker.pictures == before + 8
    wanted = numbered_picture(before + 8) * np.float32(UNIT_MM[kind])
    np.testing.assert_allclose(newest.depth_mm, wanted, rtol=1e-6)  # queued ones are skipped
    assert newest.index == 3
    for index, frame in enumerate(frames):
        expected = numbered_picture(before + 1 + index) * np.float32(UNIT_MM[kind])
        np.testing.assert_allclose(frame.depth_mm, expected, rtol=1e-6)
        assert frame.index == index and frame.camera == sensor.camera
        assert (None if frame.rgb is None else frame.rgb[2, 3].tolist()) == RGB[kind]
    assert frames[0].time_s == 0


@pytest.mark.parametrize("kind", FAKE_LIBRARIES)
def test_the_second_camera_of_a_kind_is_opened_by_its_number(install, kind) -> None:
    maker = install(kind)
    assert len(status(kind).devices) == 2 and status(kind).problem == ""
    with open_sensor(f"{kind}:1"):
        assert maker.opened == ["B2"]
    with pytest.raises(MediaError, match="number 2 isn't plugged in, there are 2"):
        open_sensor(f"{kind}:2")
    maker.plugged.clear()
    assert status(kind).problem == "none is plugged in"
    with pytest.raises(MediaError, match="number 0 isn't plugged in, there are 0"):
        open_sensor(kind)


@pytest.mark.parametrize("kind", FAKE_LIBRARIES)
def test_a_camera_that_times_out_or_breaks_is_an_error(install, kind) -> None:
    maker = install(kind)
    with open_sensor(kind) as sensor:
        maker.silent = True
        with pytest.raises(MediaError, match="gave no picture for 2 s: is it still plugged in"):
            sensor.read(0)
        maker.silent, maker.broken = False, "USB\nbroke"
        with pytest.raises(MediaError, match=r"gives no picture \(USB broke\): unplug it"):
            sensor.read(0)
    assert maker.running == 0
    sensor.close()
    with pytest.raises(MediaError, match="was closed"):
        sensor.read(0)


@pytest.mark.parametrize("kind", ["openni2", "azure"])
def test_a_camera_that_can_t_be_started_is_released(install, monkeypatch, kind) -> None:
    maker = install(kind)
    if kind == "azure":
        maker.broken = "no light"
    else:
        monkeypatch.setattr(sys.modules["openni.openni2"], "PIXEL_FORMAT_DEPTH_1_MM", "a word")
    with pytest.raises(MediaError, match="can't be started"):
        open_sensor(kind)
    assert maker.running == 0


@pytest.mark.parametrize("kind", FAKE_LIBRARIES)
def test_a_library_that_isn_t_installed_is_one_sentence(kind) -> None:
    modules = SENSOR_KINDS[kind].modules
    if any(importlib.util.find_spec(module.partition(".")[0]) for module in modules):
        pytest.skip(f"{kind}'s library is installed here")
    assert status(kind).problem.endswith(
        f"isn't installed: pip install {SENSOR_KINDS[kind].package}"
    )
    with pytest.raises(MediaError, match=f"pip install {SENSOR_KINDS[kind].package}"):
        open_sensor(kind)


@pytest.mark.parametrize(
    ("kind", "module", "text", "message"),
    [
        ("realsense", "pyrealsense2", "import nothing_like_this", "No module named 'nothing_l"),
        ("realsense", "pyrealsense2", "print 'old'", "installed but can't be loaded: "),
        (
            "openni2",
            "primesense/openni2",
            "def initialize(): raise RuntimeError('could not be loaded:\\n    /lib: no')",
            "set OPENNI2_REDIST64 to the folder of its library (could not be loaded: /lib: no)",
        ),
    ],
)
def test_a_library_that_can_t_be_loaded_is_another_problem(
    tmp_path, monkeypatch, kind, module, text, message
) -> None:
    file = tmp_path / f"{module}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert message in status(kind).problem
    for name in [name for name in sys.modules if name.startswith(("pyrealsense2", "primesense"))]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("name", ["", "kinect", "azure:x", "azure:-1"])
def test_an_unknown_camera_is_an_error(name) -> None:
    with pytest.raises(MediaError, match="there are openni2, realsense, orbbec, azure"):
        open_sensor(name)


def test_a_camera_is_recorded_as_it_was_seen(install, tmp_path) -> None:
    install("realsense")
    with open_sensor("realsense") as sensor:
        assert record_depth(sensor, tmp_path / "a", frames=3) == 3
        camera = sensor.camera
    with open_depth(tmp_path / "a") as copy:
        assert copy.count == 3 and copy.camera == camera
        expected = np.rint(numbered_picture(2) * np.float32(0.1))
        np.testing.assert_array_equal(copy.read(1).depth_mm, expected)
        assert copy.read(1).rgb is not None
