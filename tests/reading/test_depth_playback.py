"""A recording that is looked through: what was found stays, and its errors are those of its truth.
The hand is a board, see `tests/support/massing_net.py`."""

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame, DepthRecording
from core.errors import MediaError
from core.pose.skeletons.table import HAND_21, MSRA_21, convert_keypoints
from core.reading.depth_playback import DepthPlayback
from tests.support.massing_net import star

CAMERA = Camera("mine", 250.0, 250.0, 160.0, 120.0, 320, 240)
REACH = (400.0, 1500.0)
OFF_MM = 12.0


class Boards(DepthRecording):
    """A board of a hand's size that moves to the right, 10 px a frame; its truth is off by 12 mm.

    In frame 3 nobody is there; frame 5 is damaged. In another skeleton than HAND_21, "" an unknown
    one, the first frame has no truth.
    """

    def __init__(self, skeleton: str = "hand_21") -> None:
        super().__init__("boards", CAMERA, 8)
        self.skeleton = skeleton

    def _read_frame(self, index: int) -> DepthFrame:
        if index == 5:
            raise MediaError("frame 5 is damaged")
        depth, u = np.full((240, 320), 1400, np.float32), 80 + 10 * index
        if index != 3:
            depth[95:146, u - 20 : u + 21] = 500
        truth = CAMERA.to_mm([u, 120, 500]) + 125 * star() + (0, OFF_MM, 0)
        if self.skeleton == "msra_21":
            truth = convert_keypoints(truth, HAND_21, MSRA_21)
        elif self.skeleton == "nyu_14":
            truth = truth[:14]
        if self.skeleton != "hand_21" and index == 0:
            truth = None
        return DepthFrame(depth, CAMERA, index / 30, index, None, truth, self.skeleton)


def test_a_hand_is_followed_in_order_and_looked_for_where_one_jumps_to(net):
    playback = DepthPlayback(Boards(), net)
    hows = [playback.view(index, REACH).result.method for index in (0, 1, 2, 6, 7, 1)]
    assert hows == ["slices", "tracked", "tracked", "slices", "tracked", "tracked"]
    assert playback.count_hands() == (5, 5)


@pytest.mark.parametrize("skeleton", ["msra_21", "", "nyu_14"])
def test_truth_is_measured_by_its_names_where_they_are_the_net_s(net, skeleton):
    playback = DepthPlayback(Boards(skeleton), net)
    assert playback.has_unnamed_truth == (not skeleton)
    assert (playback.truth.name if playback.truth else "") == skeleton
    assert playback.view(0, REACH).error_mm is None
    wanted = pytest.approx(OFF_MM, abs=2) if skeleton == "msra_21" else None
    assert playback.view(1, REACH).error_mm == wanted


def test_without_a_net_it_is_looked_for_in_every_frame_and_nothing_is_measured():
    playback = DepthPlayback(Boards(), None)
    assert [playback.view(index, REACH).result.method for index in (0, 1, 2)] == ["slices"] * 3
    assert playback.skeleton is None and playback.truth == HAND_21
    assert playback.errors_mm().size == 0 and playback.view(0, REACH).error_mm is None


def test_errors_are_those_of_the_frames_that_were_read(net):
    playback = DepthPlayback(Boards(), net)
    errors = [playback.view(index, REACH).error_mm for index in (0, 1, 2, 3)]
    assert errors[3] is None and playback.count_hands() == (3, 4)
    assert playback.errors_mm().shape == (3, 21)
    assert np.mean(errors[:3]) == pytest.approx(OFF_MM, abs=3)  # a px of the crop is 2.6 mm
    assert playback.errors_mm().mean() == pytest.approx(np.mean(errors[:3]))


def test_keypoints_are_told_as_a_table_in_the_order_of_the_frames(net):
    playback = DepthPlayback(Boards(), net)
    views = {index: playback.view(index, REACH) for index in (3, 1)}
    head, first, second = playback.keypoints_csv().decode().splitlines()
    assert head.startswith("frame,time_s,wrist_x,wrist_y,wrist_z,thumb_cmc_x")
    said = [float(text) for text in first.split(",")]
    np.testing.assert_allclose(said[2:], views[1].result.joints_mm.ravel(), atol=0.006)
    assert said[:2] == [1, 0.033] and second == "3,0.100" + "," * 63


def test_a_view_has_the_picture_the_crop_and_the_cube_round_the_board(net):
    view = DepthPlayback(Boards(), net).view(0, REACH)
    assert view.jpeg[:3] == b"\xff\xd8\xff" and view.camera == CAMERA
    u0, v0, u1, v1 = view.result.cube.bounds
    assert u0 < 60 < 100 < u1 and v0 < 95 < 145 < v1
    on_board = view.steps[48, 48]
    assert abs(int(on_board) - 128) < 3 and (view.steps == 255).mean() > 0.5


def test_a_damaged_frame_is_told_and_the_others_are_there(net):
    playback = DepthPlayback(Boards(), net)
    with pytest.raises(MediaError, match="frame 5 is damaged"):
        playback.view(5, REACH)
    assert playback.view(6, REACH).result.method == "slices"
    assert playback.count_hands() == (1, 2)
    assert playback.usual_reach == (500.0, 1400.0) and playback.truth == HAND_21
