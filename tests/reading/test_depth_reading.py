"""A hand is followed through frames, lost, and found again: made frames, whose hand is a board."""

from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.depth.frames import DepthFrame
from core.estimators.depth_nets import PalmDetector
from core.lab.palm_frames import read_palm_frames
from core.reading.depth_reading import DepthReader, is_hand
from core.reading.hand_finding import DepthFinder
from tests.support.massing_net import star
from tests.support.seeing_net import save_seeing_net

# 1 px is 2 mm at 500 mm
CAMERA = Camera("mine", 250.0, 250.0, 160.0, 120.0, 320, 240)
WALL_MM = 1400.0
EMPTY = DepthFrame(np.zeros((240, 320), np.float32), CAMERA, 1.5, 7)


def frame(u: int | None, v: int = 120, mm: float = 500.0, wall: float = WALL_MM) -> DepthFrame:
    """A hand of 80 x 100 mm round a place, or none, before a wall."""
    depth = np.full((240, 320), wall, np.float32)
    if u is not None:
        depth[v - 25 : v + 26, u - 20 : u + 21] = mm
    return DepthFrame(depth, CAMERA, 0.0, 0)


@pytest.fixture(params=[True, False], ids=["with a net", "without a net"])
def reader(request, net) -> DepthReader:
    return DepthReader(net if request.param else None)


def hows(reader: DepthReader, frames: list[DepthFrame]) -> list[str]:
    return [reader.read(one).method for one in frames]


def test_a_hand_is_found_and_then_followed(reader) -> None:
    moving = [frame(100 + 10 * step, 120 + 5 * step, 500 + 10 * step) for step in range(8)]
    readings = [reader.read(one) for one in moving]
    assert [one.method for one in readings] == ["slices"] + ["tracked"] * 7
    for step, one in enumerate(readings):
        seen = CAMERA.to_mm([100 + 10 * step, 120 + 5 * step, 500 + 10 * step])
        assert np.linalg.norm(one.cube.centre_mm - seen) < 20
    reader.close()
    reader.close()


def test_a_net_s_keypoints_are_in_space(net) -> None:
    reading = DepthReader(net).read(frame(100, 140, 600.0))
    expected = CAMERA.to_mm([100, 140, 600]) + 125 * star()
    np.testing.assert_allclose(reading.joints_mm, expected, atol=3)  # a px of the crop is 2.6 mm
    assert reading.skeleton == "hand_21"
    estimate = reading.to_estimate(CAMERA, "a.net", 1.5)
    [pose] = estimate.poses
    np.testing.assert_allclose(pose.keypoints, CAMERA.to_pixels(reading.joints_mm)[:, :2], 1e-5)
    np.testing.assert_allclose(pose.world, reading.joints_mm, 1e-5)
    about = (estimate.size_hw, estimate.estimator, estimate.time_s, pose.space)
    assert about == ((240, 320), "a.net", 1.5, "millimetres")
    without = DepthReader().read(frame(100))
    assert (without.joints_mm, without.skeleton, without.method) == (None, "", "slices")
    nobody = DepthReader(net).read(EMPTY)
    assert (nobody.cube, nobody.method, nobody.joints_mm) == (None, "", None)
    nobody = nobody.to_estimate(CAMERA, "a.net")
    assert nobody.poses == () and nobody.skeleton == "hand_21"


def test_a_hand_that_leaves_is_no_more_there_and_one_that_comes_back_is_found(reader) -> None:
    seen = hows(reader, [frame(100), frame(110), frame(None), frame(None), frame(250), frame(250)])
    assert seen == ["slices", "tracked", "", "", "slices", "tracked"]


def test_a_hand_that_jumps_is_found_at_its_new_place(reader) -> None:
    assert hows(reader, [frame(60), frame(60)]) == ["slices", "tracked"]
    for _ in range(3):
        last = reader.read(frame(260, 80, 700.0))
    # a pixel of the frame is 2.8 mm there
    assert np.linalg.norm(last.cube.centre_mm - CAMERA.to_mm([260, 80, 700])) < 6


def test_a_wall_that_fills_the_cube_is_no_hand(reader) -> None:
    assert hows(reader, [frame(100), frame(100)]) == ["slices", "tracked"]
    # the hand is gone, the wall came to where it was
    assert hows(reader, [frame(None, wall=500.0)] * 3)[-1] == ""


@pytest.fixture
def palms(tmp_path) -> DepthFinder:
    """To it, what is 500 mm deep is a palm; 24 x 32 cells of 10 px."""
    save_seeing_net(tmp_path)
    return DepthFinder(PalmDetector(tmp_path))


def test_what_a_finder_sees_no_hand_in_for_three_frames_is_lost(net, palms) -> None:
    reader = DepthReader(net, [palms])
    hand, other = frame(140, 100, 500.0), frame(140, 100, 510.0)
    assert hows(reader, [hand, hand, other, other, other]) == ["depth", *["tracked"] * 3, ""]
    # one frame in which it is seen is enough
    again = [hand, other, other, hand, other, other, hand]
    assert hows(reader, again) == ["depth"] + ["tracked"] * 6


def test_a_lost_hand_is_looked_for_elsewhere_in_the_same_frame(net, palms) -> None:
    reader = DepthReader(net, [palms])
    both = frame(140, 100, 510.0)
    both.depth_mm[155:206, 240:281] = 500.0
    assert hows(reader, [frame(140, 100, 500.0), both, both]) == ["depth", "tracked", "tracked"]
    last = reader.read(both)
    assert last.method == "depth"
    assert np.linalg.norm(last.cube.centre_mm - CAMERA.to_mm([260, 180, 500])) < 20


def test_another_camera_and_a_reset_begin_anew(reader) -> None:
    reader.read(frame(100))
    other = Camera("other", 240.0, 240.0, 160.0, 120.0, 320, 240)
    moved = frame(100)
    assert reader.read(DepthFrame(moved.depth_mm, other, 0.0, 0)).method == "slices"
    assert reader.read(DepthFrame(moved.depth_mm, other, 0.0, 0)).method == "tracked"
    reader.reset()
    assert reader.read(DepthFrame(moved.depth_mm, other, 0.0, 0)).method == "slices"


def test_true_keypoints_are_a_hand_s_and_those_beside_it_are_not(shared_data: Path) -> None:
    frames = [one.frame for one in read_palm_frames(shared_data / "depth" / "rgbd21")][::5]
    frames += [one.frame for one in read_palm_frames(shared_data / "depth")]  # NYU's
    for one in frames:
        u, v, d = one.camera.to_pixels(one.truth_mm.mean(0))
        cube = Cube(one.camera, (u, v, d), 250.0)
        assert is_hand(one, cube, one.truth_mm)
        for aside in ([150, 0, 0], [-150, 0, 0], [0, 0, -120], [0, 0, 120]):
            moved = one.truth_mm + np.array(aside)
            assert not is_hand(one, cube, moved)
        assert not is_hand(one, cube, 0.9 * one.truth_mm.mean(0) + 0.1 * one.truth_mm)  # too small
        assert not is_hand(one, cube, one.truth_mm - np.array([0, 0, 2000]))  # behind the camera
