"""The commands about sources of depth."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.depth.io.recordings import open_depth
from core.errors import MediaError
from core.paths import Paths
from tests.support.massing_net import save_massing_net

BY_NET = ["--depth", "crossinfonet.mine"]
RECORD = ["record", "--project", "P", "--gesture", "fist", *BY_NET]
ACT = ["act", "--joints", *BY_NET]


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
    assert isinstance(done.exception, MediaError) and "its camera" in str(done.exception)
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


@pytest.fixture
def at(tmp_path) -> list[str]:
    """A workspace with a net of depth."""
    save_massing_net(Paths.find(tmp_path / "home").own_nets / BY_NET[1])
    return ["--workspace", str(tmp_path / "home"), "--json"]


@pytest.mark.usefixtures("weights_folder")
def test_record_of_depth_takes_a_camera_and_a_unit(at, shared_data) -> None:
    command = [*RECORD, "-i", str(shared_data / "depth" / "sr305"), "--rate", "30", *at]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, MediaError) and "its camera" in str(done.exception)
    done = CliRunner().invoke(app, [*command, "--camera", "nyu", "--unit-mm", "0.125"])
    assert done.exit_code == 0, done.output
    listed = CliRunner().invoke(app, ["samples", "list", "--project", "P", *at])
    assert len(json.loads(listed.stdout)["samples"]) == json.loads(done.stdout)["kept"] > 0


@pytest.mark.usefixtures("weights_folder")
def test_act_on_depth_takes_a_camera_and_a_unit(at, tmp_path, shared_data) -> None:
    shutil.copy(shared_data / "samples" / "nvgesture" / "sk_depth.avi", tmp_path / "hand.avi")
    command = [*ACT, "-i", str(tmp_path / "hand.avi"), "--seconds", "0.5", *at]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, MediaError) and "its camera" in str(done.exception)
    command += ["--camera", "nvgesture"]
    usual = np.median(wrists_mm(CliRunner().invoke(app, command))[:, 2])
    assert 300 < usual < 600
    less = np.median(wrists_mm(CliRunner().invoke(app, [*command, "--unit-mm", "2"]))[:, 2])
    assert abs(less - (900 - 2 / 3 * (900 - usual))) < 30  # where black is 900 mm


def wrists_mm(done) -> np.ndarray:
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return np.array([one["joints"][0] for one in told])


@pytest.mark.parametrize("command", [RECORD, ACT], ids=["record", "act"])
def test_a_camera_that_there_is_not_is_told(command, at, shared_data) -> None:
    source = ["-i", str(shared_data / "depth" / "sr305"), "--camera", "kinect"]
    done = CliRunner().invoke(app, [*command, *source, *at])
    assert isinstance(done.exception, MediaError)
    assert str(done.exception).startswith("no depth camera “kinect”; there are: nyu, icvl")


@pytest.mark.parametrize("option", [["--camera", "nyu"], ["--unit-mm", "1"]], ids=lambda o: o[0])
@pytest.mark.parametrize("command", [RECORD, ACT], ids=["record", "act"])
def test_what_is_said_of_depth_needs_depth(command, option, at) -> None:
    done = CliRunner().invoke(app, [*(one for one in command if one not in BY_NET), *option, *at])
    assert done.exit_code == 2 and f"Invalid value for {option[0]}" in done.output
    assert "it is for --depth alone" in done.output


@pytest.mark.parametrize("option", [["--camera", "nyu"], ["--unit-mm", "1"]], ids=lambda o: o[0])
@pytest.mark.parametrize("command", ["record-depth", "record", "act"])
def test_a_sensor_tells_itself_what_it_is(command, option, at, tmp_path) -> None:
    sensor = "sensor:openni2"
    words = {"record": [*RECORD, "-i", sensor, *at], "act": [*ACT, "-i", sensor, *at]}
    given = words.get(command, [command, sensor, str(tmp_path / "out")])
    done = CliRunner().invoke(app, [*given, *option])
    assert done.exit_code == 2 and f"Invalid value for {option[0]}" in done.output
    assert "a sensor tells it itself" in done.output
