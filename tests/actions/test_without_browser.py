"""Real videos and depth, read and acted on without a browser."""

import socket
import time
from itertools import pairwise

import cv2
import numpy as np
import pytest

from core.actions.actions import Actions, Settings, open_actions, run_actions
from core.depth.io.recordings import open_depth
from core.errors import ActionError, ModelError
from core.estimators import create_estimator
from core.estimators.depth_nets import DepthNet
from core.gestures.modelfile.gesture_model import GestureModel
from core.media.pictures import read_picture
from core.media.videos import VideoWriter
from core.paths import Paths
from core.reading.depth_reading import DepthReader
from core.reading.reading import predict_hands
from core.recording.sources import open_frames
from tests.support.massing_net import save_massing_net


@pytest.fixture
def videos(shared_data):
    return shared_data / "hand_videos"


class Watched:
    """A real estimator of which every estimate is kept."""

    def __init__(self, estimator):
        self.name, self.skeleton = estimator.name, estimator.skeleton
        self.estimator, self.seen = estimator, []

    def estimate(self, frame):
        self.seen.append(self.estimator.estimate(frame))
        return self.seen[-1]


def test_a_video_gives_few_changes_in_its_own_order(videos, make_estimator, starter):
    path = videos / "slideshow_emrecandir.mp4"  # thumbs_up until 6.0 s, then thumbs_down
    actions, told = Actions(), []
    with make_estimator() as hands:
        watched = Watched(hands)
        frames = open_frames(str(path))
        for change in run_actions(
            frames, watched.estimate, starter, actions, seconds=7.0, own_speed=False
        ):
            assert actions.status().last is change
            told.append(change.name)
    names = [name for name in told if name]
    assert names == sorted(names, reverse=True) and {*names} == {"thumbs_up", "thumbs_down"}
    rows = [[p.probabilities for p in predict_hands(starter, e)] for e in watched.seen]
    raw = [max(row[0], key=lambda pair: pair[1])[0].name if row else "" for row in rows]
    assert len(told) < sum(a != b for a, b in pairwise(["", *raw]))
    assert actions.status().last.number == 0  # the end takes the last one back


def test_two_hands_of_a_video_are_told_each_no_faster_than_it_was_taken(
    videos, make_estimator, starter
):
    with make_estimator(num_poses=2) as hands:
        frames, begun = open_frames(str(videos / "two_palms.mp4")), time.monotonic()
        told = list(run_actions(frames, hands.estimate, starter, Actions(), seconds=0.7))
    assert time.monotonic() - begun > 0.6
    assert {change.hand for change in told if change.name == "open_palm"} == {"Left", "Right"}


@pytest.fixture
def upright(shared_data, tmp_path):
    """A film of a real person in a T pose, then nobody, then one with hands up."""
    nobody = np.full((480, 640, 3), 90, np.uint8)
    frames = [nobody]
    for name in ("im03319", "im01121"):
        picture = read_picture(shared_data / "body" / "lspet" / "images" / f"{name}.jpg")
        scale = min(480 / picture.shape[0], 640 / picture.shape[1])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        person = nobody.copy()
        person[: small.shape[0], : small.shape[1]] = small
        frames += [person] * 10 + [nobody] * 8
    with VideoWriter(tmp_path / "poses.webm", 10, (480, 640)) as writer:
        for frame in frames:
            writer.write(frame)
    return tmp_path / "poses.webm"


def test_a_body_s_poses_are_told_as_a_hand_s_gestures_are(upright, weights_folder):
    arms, actions = GestureModel.load(Paths.arms), Actions()
    with create_estimator("mediapipe-pose", weights_folder) as bodies:
        frames = open_frames(str(upright))
        told = [*run_actions(frames, bodies.estimate, arms, actions, own_speed=False)]
    said = [(change.name, change.number, change.hand) for change in told]
    number = {gesture.name: place for place, gesture in enumerate(arms.gestures, 1)}
    assert said == [
        ("t_pose", number["t_pose"], "body"),
        ("", 0, "body"),
        ("hands_up", number["hands_up"], "body"),
        ("", 0, "body"),
    ]
    assert told[0].text.endswith("%, body")


def test_a_model_of_other_keypoints_is_refused_and_the_outputs_are_closed(
    videos, starter, weights_folder
):
    actions = open_actions(Settings(websocket=True, websocket_port=0, token="x" * 16))
    frames = open_frames(str(videos / "fist.mp4"))
    with (
        create_estimator("mediapipe-pose", weights_folder) as bodies,
        pytest.raises(ModelError, match="knows hand_21 keypoints, these are body_33"),
    ):
        list(run_actions(frames, bodies.estimate, starter, actions))
    assert actions.status().address == ""


def test_outputs_that_can_not_be_opened_are_an_error_and_none_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ActionError, match=rf"port {port}"):
            open_actions(Settings(osc=True, websocket=True, websocket_port=port, token="x" * 16))


def test_every_hand_of_a_recording_of_depth_is_told_in_mm_from_the_camera(tmp_path, shared_data):
    """The net is a stand-in whose keypoints lie round what it sees."""
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
