"""A recording of real depth played to the outputs; the net is a stand-in whose keypoints lie round
what it sees."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.actions.actions import Actions, Settings, run_actions
from core.cli import app
from core.depth.io.recordings import open_depth
from core.errors import ModelError
from core.estimators.depth_nets import DepthNet
from core.reading.depth_reading import DepthReader
from tests.support.massing_net import save_massing_net


@pytest.fixture(scope="module")
def net_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets") / "crossinfonet.massing"
    save_massing_net(folder)
    return folder


@pytest.fixture
def recording(shared_data):
    return shared_data / "depth" / "rgbd21"


def actions():
    made = Actions()
    made.configure(Settings(joints=True))
    return made


def estimates_of(reader):
    return lambda frame: reader.read(frame).to_estimate(frame.camera, "a.net", frame.time_s)


def test_every_frame_s_hand_is_told_in_mm_from_the_camera(net_folder, recording):
    net = DepthNet(net_folder)
    with open_depth(recording) as source:
        reader, again = DepthReader(net), DepthReader(net)
        estimate = estimates_of(reader)
        told = [*run_actions(source, estimate, None, actions(), own_speed=False)]
        read = [again.read(frame).joints_mm for frame in source]
    assert len(told) == len(read) == 26
    assert {(one.origin, one.hand, one.skeleton) for one in told} == {("camera", "hand", "hand_21")}
    for one, joints_mm in zip(told, read, strict=True):
        np.testing.assert_allclose(one.joints_mm, joints_mm, atol=0.01)
        assert ((one.points > 0) & (one.points < 1)).all()
    palms = np.array([one.joints_mm[0] for one in told])
    assert palms[:, 2].min() > 200 and palms[:, 2].max() < 1500
    assert np.linalg.norm(np.diff(palms, axis=0), axis=1).max() < 60  # it is followed


def test_a_model_of_a_webcam_s_keypoints_is_refused(net_folder, recording, starter):
    reader = DepthReader(DepthNet(net_folder))
    with open_depth(recording) as source, pytest.raises(ModelError, match=r"come from a\.net"):
        list(run_actions(source, estimates_of(reader), starter, actions(), own_speed=False))


def test_the_command_plays_a_recording_of_depth(net_folder, recording, weights_folder):
    command = ["act", "-i", str(recording), "--depth", str(net_folder), "--joints", "--json"]
    done = CliRunner().invoke(app, [*command, "--seconds", "0.2"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(told) >= 5 and {one["origin"] for one in told} == {"camera"}
