"""The commands about sources of depth."""

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from core.cli import app
from core.depth.sources.recordings import open_depth
from core.errors import MediaError


def test_record_depth_converts_a_recording_to_a_film_and_a_folder(tmp_path, shared_data) -> None:
    source, film, folder = shared_data / "depth" / "rgbd21", tmp_path / "a.mkv", tmp_path / "b"
    done = CliRunner().invoke(
        app, ["record-depth", str(source), str(film), "--frames", "3", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"n": 3, "out": str(film)}
    done = CliRunner().invoke(app, ["record-depth", str(film), str(folder), "--seconds", "0.05"])
    assert done.exit_code == 0 and "2 frames of a.mkv" in done.stdout
    with open_depth(source) as was, open_depth(folder) as now:
        assert now.count == 2
        assert np.array_equal(now.read(1).depth_mm, was.read(1).depth_mm)


def test_record_depth_takes_a_camera_and_a_unit(tmp_path, shared_data) -> None:
    source = shared_data / "depth" / "sr305"
    command = ["record-depth", str(source), str(tmp_path / "a"), "--frames", "1"]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, MediaError) and "which camera" in str(done.exception)
    done = CliRunner().invoke(app, [*command, "--camera", "nyu", "--unit-mm", "0.125"])
    assert done.exit_code == 0, done.output
    with open_depth(tmp_path / "a") as copy:
        assert copy.camera.name == "nyu" and abs(copy.read(0).depth_mm[313, 305] - 610.5) < 5


def test_depth_sensors_lists_every_kind_whatever_is_installed() -> None:
    done = CliRunner().invoke(app, ["depth-sensors", "--json"])
    assert done.exit_code == 0, done.output
    sensors = json.loads(done.stdout)["sensors"]
    assert [one["name"] for one in sensors] == ["openni2", "realsense", "orbbec", "azure"]
    assert all(bool(one["devices"]) != bool(one["problem"]) for one in sensors)
    plain = CliRunner().invoke(app, ["depth-sensors"])
    assert "openni2 (Orbbec Astra and Astra Mini" in plain.stdout


def test_record_depth_names_a_camera_that_isn_t_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["record-depth", "sensor:kinect", str(tmp_path / "a")])
    assert isinstance(done.exception, MediaError) and "openni2" in str(done.exception)
    assert not (tmp_path / "a").exists()
