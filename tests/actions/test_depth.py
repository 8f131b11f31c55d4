"""A recording of real depth played to the outputs; the net is a stand-in whose keypoints lie round
what it sees."""

import numpy as np

from core.actions.actions import Actions, Settings
from core.actions.without_browser import run_actions
from core.depth.io.recordings import open_depth
from core.estimators.depth_nets import DepthNet
from core.reading.depth_reading import DepthReader
from tests.support.massing_net import save_massing_net


def test_every_frame_s_hand_is_told_in_mm_from_the_camera(tmp_path, shared_data):
    folder = tmp_path / "crossinfonet.massing"
    save_massing_net(folder)
    net, actions = DepthNet(folder), Actions()
    reader, again = DepthReader(net), DepthReader(net)
    actions.configure(Settings(joints=True))

    def estimate(frame):
        return reader.read(frame).to_estimate(frame.camera, "a.net", frame.time_s)

    with open_depth(shared_data / "depth" / "rgbd21") as source:
        told = [*run_actions(source, estimate, None, actions, own_speed=False)]
        read = [again.read(frame).joints_mm for frame in source]
    assert len(told) == len(read) == 26
    assert {(one.origin, one.hand, one.skeleton) for one in told} == {("camera", "hand", "hand_21")}
    for one, joints_mm in zip(told, read, strict=True):
        np.testing.assert_allclose(one.joints_mm, joints_mm, atol=0.01)
        assert ((one.points > 0) & (one.points < 1)).all()
    palms = np.array([one.joints_mm[0] for one in told])
    assert palms[:, 2].min() > 200 and palms[:, 2].max() < 1500
    assert np.linalg.norm(np.diff(palms, axis=0), axis=1).max() < 60  # it is followed
