"""The commands about hands in depth, rendered ones and those of sources."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.depth.io.recordings import open_depth
from core.errors import MediaError
from core.paths import Paths
from tests.cli.conftest import invoke, said, told
from tests.support.massing_net import save_massing_net


def test_render_depth_writes_a_folder_and_says_where(tmp_path) -> None:
    out = tmp_path / "hands"
    command = ["render-depth", out, "--n", 2, "--seed", 5, "--camera", "icvl"]
    assert said(*command, "--skeleton", "icvl_16", "--whole")["n"] == 2
    head, first, *_ = (out / "joints.csv").read_text(encoding="utf-8").splitlines()
    assert head.startswith(
        "picture,hand,fx,fy,u0,v0,width,height,palm_x,palm_y,palm_z,thumb_root_x"
    )
    assert first.split(",")[2:8] == ["240.99", "240.96", "160", "120", "320", "240"]


def test_render_depth_names_what_it_does_not_know(tmp_path) -> None:
    for wrong in (
        ["--noise", "none?"],
        ["--skeleton", "coco_17"],
        ["--near", "900", "--far", "800"],
    ):
        done = invoke("render-depth", tmp_path / "new", *wrong)
        assert done.exit_code == 2
        assert wrong[-2] in done.output or wrong[-1] in done.output
    assert not (tmp_path / "new").exists()


BY_NET = ["--depth", "crossinfonet.mine"]
RECORD = ["record", "--project", "P", "--gesture", "fist", *BY_NET]
ACT = ["act", "--joints", *BY_NET]


def test_record_depth_converts_a_recording_to_a_film_and_a_folder(tmp_path, shared_data) -> None:
    source, film, folder = shared_data / "depth" / "rgbd21", tmp_path / "a.mkv", tmp_path / "b"
    assert said("record-depth", source, film, "--frames", 3) == {"n": 3, "out": str(film)}
    assert "2 frames of a.mkv" in told("record-depth", film, folder, "--seconds", "0.05")
    with open_depth(source) as was, open_depth(folder) as now:
        assert now.count == 2
        assert np.array_equal(now.read(1).depth_mm, was.read(1).depth_mm)


def test_record_depth_takes_a_camera_and_a_unit(tmp_path, shared_data) -> None:
    command = ["record-depth", shared_data / "depth" / "sr305", tmp_path / "a", "--frames", 1]
    with pytest.raises(MediaError, match="its camera"):
        told(*command)
    told(*command, "--camera", "nyu", "--unit-mm", "0.125")
    with open_depth(tmp_path / "a") as copy:
        assert copy.camera.name == "nyu" and abs(copy.read(0).depth_mm[313, 305] - 610.5) < 5


def test_depth_sensors_lists_every_kind_whatever_is_installed() -> None:
    sensors = said("depth-sensors")["sensors"]
    assert [one["name"] for one in sensors] == ["openni2", "realsense", "orbbec", "azure"]
    assert all(bool(one["devices"]) != bool(one["problem"]) for one in sensors)
    assert "openni2 (Orbbec Astra and Astra Mini" in told("depth-sensors")


def test_record_depth_names_a_camera_that_isn_t_there(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="openni2"):
        told("record-depth", "sensor:kinect", tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.fixture
def at(tmp_path) -> list[str]:
    """A workspace with a net of depth."""
    save_massing_net(Paths.find(tmp_path / "home").own_nets / BY_NET[1])
    return ["--workspace", str(tmp_path / "home")]


@pytest.mark.usefixtures("weights_folder")
def test_record_of_depth_takes_a_camera_and_a_unit(at, shared_data) -> None:
    command = [*RECORD, "-i", shared_data / "depth" / "sr305", "--rate", 30, *at]
    with pytest.raises(MediaError, match="its camera"):
        told(*command)
    kept = said(*command, "--camera", "nyu", "--unit-mm", "0.125")["kept"]
    assert len(said("samples", "list", "--project", "P", *at)["samples"]) == kept > 0


@pytest.mark.usefixtures("weights_folder")
def test_act_on_depth_takes_a_camera_and_a_unit(at, tmp_path, shared_data) -> None:
    shutil.copy(shared_data / "samples" / "nvgesture" / "sk_depth.avi", tmp_path / "hand.avi")
    command = [*ACT, "-i", tmp_path / "hand.avi", "--seconds", "0.5", "--json", *at]
    with pytest.raises(MediaError, match="its camera"):
        told(*command)
    command += ["--camera", "nvgesture"]
    usual = median_depth_mm(told(*command))
    assert 300 < usual < 600
    less = median_depth_mm(told(*command, "--unit-mm", "2"))
    assert abs(less - (900 - 2 / 3 * (900 - usual))) < 30  # where black is 900 mm


def median_depth_mm(lines: str) -> float:
    hands = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return float(np.median([hand["joints"][0][2] for hand in hands]))


@pytest.mark.parametrize("command", [RECORD, ACT], ids=["record", "act"])
def test_a_camera_that_there_is_not_is_told(command, at, shared_data) -> None:
    source = ["-i", shared_data / "depth" / "sr305", "--camera", "kinect"]
    with pytest.raises(MediaError, match=r"^no depth camera “kinect”; there are: nyu, icvl"):
        told(*command, *source, *at)


OPTIONS = [["--camera", "nyu"], ["--unit-mm", "1"]]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o[0])
@pytest.mark.parametrize("command", [RECORD, ACT], ids=["record", "act"])
def test_what_is_said_of_depth_needs_depth(command, option, at) -> None:
    done = invoke(*(one for one in command if one not in BY_NET), *option, *at)
    assert done.exit_code == 2 and f"Invalid value for {option[0]}" in done.output
    assert "it is for --depth alone" in done.output


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o[0])
@pytest.mark.parametrize("command", [["record-depth"], [*RECORD, "-i"], [*ACT, "-i"]])
def test_a_sensor_tells_itself_what_it_is(command, option, at, tmp_path) -> None:
    more = [str(tmp_path / "out")] if command == ["record-depth"] else at
    done = invoke(*command, "sensor:openni2", *more, *option)
    assert done.exit_code == 2 and f"Invalid value for {option[0]}" in done.output
    assert "a sensor provides its own" in done.output
