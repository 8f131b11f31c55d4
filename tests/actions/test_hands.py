"""Hands in space as messages: millimetres, where the viewer saw them, pinch, grab, and when a hand
is gone."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.actions.actions import Settings
from core.actions.hands import SpatialHandDetector
from core.actions.websocket import new_token
from core.pose.types import Estimate, Pose
from core.reading.motions import FORGET_S
from core.reading.reading import HandReading
from tests.actions.conftest import connect, heard, osc_port
from tests.conftest import wait_until

WORLD = np.full((21, 3), 0.05, np.float32)  # metres
WORLD[0], WORLD[[5, 9, 13, 17]] = 0, (0, -0.08, 0)
WORLD[4], WORLD[8] = (0.05, -0.1, -0.02), (0.05, -0.1, -0.04)  # 20 mm apart: a quarter of the palm


def seen(world=WORLD, space="metres", at=(99.5, 29.5), mirrored=True, hand="Right"):
    """A reading and the estimate that it is of, in a picture 200 wide and 120 high."""
    pose = Pose(np.full((21, 2), at, np.float32), np.ones(21, np.float32), 1, None, world, space)
    size_hw = (120, 200)
    return (HandReading(pose, hand=hand),), Estimate((pose,), size_hw, "any", 1.0, mirrored)


@pytest.fixture
def hands():
    return SpatialHandDetector(wall_clock=lambda: 1000.0)


def test_a_webcam_s_hand_is_told_in_millimetres_from_its_own_middle(hands):
    [one] = hands.update(*seen())
    told = json.loads(one.json_line)
    assert (told["time"], told["hand"]) == (1000.0, "Right")
    assert (told["skeleton"], told["origin"]) == ("hand_21", "hand")
    assert told["joints"][8] == [50.0, -100.0, -40.0] and len(told["joints"]) == 21
    assert told["pinch"] == {"on": True, "distance": 0.25, "at": [50.0, -100.0, -30.0]}
    assert not told["grab"]["on"]


def test_a_depth_camera_s_hand_is_told_as_measured_from_the_camera(hands):
    [one] = hands.update(*seen((1000 * WORLD + (0, 0, 600)).astype(np.float32), "millimetres"))
    told = json.loads(one.json_line)
    assert told["origin"] == "camera" and told["joints"][8] == [50.0, -100.0, 560.0]


@pytest.mark.parametrize("mirrored, x", [(False, 0.25), (True, 0.75)])
def test_points_are_where_the_viewer_saw_them_and_joints_are_never_mirrored(hands, mirrored, x):
    [one] = hands.update(*seen(at=(49.5, 29.5), mirrored=mirrored))
    told = json.loads(one.json_line)
    assert told["points"][8] == [x, 0.25] and told["joints"][8][0] == 50.0


def test_a_missing_keypoint_is_null(hands):
    world = WORLD.copy()
    world[8] = np.nan
    told = json.loads(hands.update(*seen(world))[0].json_line)
    assert told["joints"][8] == [None, None, None] and told["joints"][7] is not None
    assert told["pinch"] == {"on": False, "distance": None, "at": [None, None, None]}


def test_a_body_is_told_from_the_middle_of_its_hips_and_has_no_grips(hands):
    world = np.zeros((33, 3), np.float32)
    world[[23, 24]] = (0.1, 0, 0), (-0.1, 0, 0)  # the hips
    pose = Pose(np.ones((33, 2), np.float32), np.ones(33, np.float32), 1, None, world)
    estimate = Estimate((pose,), (120, 200), "mediapipe-pose", 1.0, skeleton="body_33")
    told = json.loads(hands.update((HandReading(pose, hand="body"),), estimate)[0].json_line)
    assert (told["hand"], told["skeleton"], told["origin"]) == ("body", "body_33", "body")
    assert told["joints"][23] == [100.0, 0.0, 0.0] and not {"pinch", "grab"} & {*told}


def test_what_is_known_in_the_picture_alone_is_not_told(hands):
    assert hands.update(*seen(world=None)) == []


def test_a_hand_that_is_gone_is_told_once_and_pinches_no_more(hands):
    readings, estimate = seen()
    hands.update(readings, estimate)
    nobody = Estimate((), estimate.size_hw, "any", 1.0 + FORGET_S / 2)
    assert hands.update((), nobody) == []
    [gone] = hands.update((), Estimate((), estimate.size_hw, "any", 1.0 + FORGET_S))
    told = json.loads(gone.json_line)
    assert told["joints"] is told["points"] is None and not told["pinch"]["on"]
    assert hands.update((), Estimate((), estimate.size_hw, "any", 9.0)) == [] == hands.end_all()


def test_the_end_of_the_stream_takes_every_hand_back(hands):
    hands.update(*seen(hand="Right"))
    hands.update(*seen(hand="Left"))
    assert {one.hand for one in hands.end_all()} == {"Left", "Right"} and hands.end_all() == []


def test_both_outputs_tell_every_frame_once_it_is_wanted(actions):
    with osc_port() as (receiver, port):
        outputs = {"osc": True, "osc_port": port, "websocket": True, "websocket_port": 0}
        actions.configure(Settings(**outputs, token=new_token(), joints=True))
        readings, estimate = seen()
        with connect(actions.status().address) as client:
            wait_until(lambda: actions.status().clients == 1)
            for _ in range(2):
                told = actions.offer(readings, 1.0, estimate)
                assert client.recv(5) == told[0].json_line
                came = dict(heard(receiver) for _ in range(4))
                assert came["/mudra/joints"][:2] == ["Right", "hand"]
                assert came["/mudra/joints"][2:] == pytest.approx(1000 * WORLD.ravel())
                assert came["/mudra/points"][0] == "Right" and len(came["/mudra/points"]) == 43
                assert came["/mudra/pinch"][:2] == ["Right", 1]
                assert came["/mudra/pinch"][2:] == pytest.approx([0.25, 50, -100, -30], rel=1e-4)
                assert came["/mudra/grab"][:2] == ["Right", 0]
            actions.close()
            assert json.loads(client.recv(5))["joints"] is None
        assert heard(receiver) == ("/mudra/joints", ["Right", "hand"])


@pytest.mark.parametrize("later", [{"joints": False}, {"osc": False}], ids=["hands", "output"])
def test_hands_are_taken_back_when_they_or_their_output_are_switched_off(actions, later):
    with osc_port() as (receiver, port):
        settings = Settings(osc=True, osc_port=port, joints=True)
        actions.configure(settings)
        readings, estimate = seen()
        actions.offer(readings, 1.0, estimate)
        told = [heard(receiver)[0] for _ in range(4)]
        assert told == ["/mudra/joints", "/mudra/points", "/mudra/pinch", "/mudra/grab"]
        actions.configure(replace(settings, **later))
        actions.offer(readings, 1.1, estimate)
        assert heard(receiver) == ("/mudra/joints", ["Right", "hand"])


def test_unasked_no_frame_is_told(actions):
    actions.configure(Settings(sound=True))
    assert actions.offer(*seen()[:1], 1.0, seen()[1]) == []
