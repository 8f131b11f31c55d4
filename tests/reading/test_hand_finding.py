"""Hands found by colours, by a net of depth or by slices: on real frames, and depths by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame
from core.errors import EstimatorError, WeightsError
from core.lab.palm_frames import RENDERED, PalmFrame, measure_finding, read_palm_frames
from core.lab.renderer.rendered_scenes import render_palm_scene
from core.paths import Paths
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import (
    IN_DEPTH,
    HandFinder,
    RgbFinder,
    SliceFinder,
    create_finder,
    default_finders,
    median_palm_depth_mm,
)


@pytest.fixture(scope="module")
def rgbd(shared_data: Path) -> list[PalmFrame]:
    """Every fifth of the real frames with colours."""
    frames = list(read_palm_frames(shared_data / "depth" / "rgbd21"))
    assert len(frames) == 26
    return frames[::5]


@pytest.fixture
def rgb(weights_folder: Path):
    finder = RgbFinder(weights_folder)
    yield finder
    finder.close()


def away_mm(one: PalmFrame, uvd: tuple[float, float, float]) -> float:
    return float(np.linalg.norm(one.frame.camera.to_mm(uvd) - one.palm_mm))


def test_palms_are_found_by_colours_at_their_depth(rgbd, rgb) -> None:
    for one in rgbd:
        found = rgb.find(one.frame)
        assert found is not None and found.score is None  # MediaPipe says none
        assert away_mm(one, found.centre_uvd) < 50
    unseen = np.zeros_like(rgbd[0].frame.depth_mm)
    assert rgb.find(replace(rgbd[0].frame, depth_mm=unseen)) is None


def test_colours_come_before_depth_and_a_reading_says_what_found_the_hand(rgbd, rgb) -> None:
    reader = DepthReader(None, [rgb, SliceFinder()])
    first = reader.read(rgbd[0].frame)
    assert first.method == "rgb" and first.score is None
    followed = reader.read(rgbd[0].frame)
    assert followed.method == "tracked" and followed.score is None
    reader.reset()
    assert reader.read(replace(rgbd[0].frame, rgb=None)).method == "slices"
    reader.reset()
    black = replace(rgbd[0].frame, rgb=np.zeros_like(rgbd[0].frame.rgb), time_s=9.0)
    assert reader.read(black).method == "slices"  # nobody is seen


def test_a_palm_s_depth_is_the_middle_one_of_those_seen() -> None:
    depth = np.zeros((20, 30), np.float32)
    palm = np.array([[10, 4], [14, 8], [10, 12], [6, 8]], np.float32)  # round 10, 8
    assert median_palm_depth_mm(depth, palm) is None
    depth[8, 10] = 500  # the middle, seen four times
    assert median_palm_depth_mm(depth, palm) == 500
    depth[4, 10] = depth[8, 14] = depth[12, 10] = 900  # keypoints beside the hand
    assert median_palm_depth_mm(depth, palm) == 500
    depth[6, 10] = depth[8, 12] = 520  # half way: four of 500, two of 520, three of 900
    assert median_palm_depth_mm(depth, palm) == 520
    depth[:] = 700
    for left, wanted in (((-5, 25), None), ((9, 3), 700)):  # outside the picture there is none
        palm = np.array([[-9, 3], left], np.float32)
        assert median_palm_depth_mm(depth, palm) == wanted


def test_an_unknown_finder_is_refused_with_those_there_are() -> None:
    with pytest.raises(EstimatorError, match=r"no finder of hands “smell”.*rgb, depth, slices"):
        create_finder("smell", Paths.find())


def test_colours_are_left_out_where_mediapipe_is_not_prepared(tmp_path: Path) -> None:
    paths = replace(Paths.find(), weights=tmp_path)
    with pytest.raises(WeightsError, match="hand_landmarker_full"):
        create_finder("rgb", paths)
    assert [finder.method for finder in default_finders(paths)] == [IN_DEPTH]


def test_slices_find_what_stands_nearest_on_a_real_frame(shared_data: Path) -> None:
    (one,) = read_palm_frames(shared_data / "depth")  # NYU's
    found = SliceFinder().find(one.frame)
    assert found is not None and away_mm(one, found.centre_uvd) < 50
    nothing = DepthFrame(np.zeros((24, 32), np.float32), Camera("", 30, 30, 16, 12, 32, 24), 0, 0)
    assert SliceFinder().find(nothing) is None


# ----------------------------------------------------------------- the net of palms that ships


@pytest.fixture(scope="module")
def palm_net() -> HandFinder:
    return create_finder("depth", Paths.find())


@pytest.mark.parametrize("folder", ["sr305", "rgbd21", "."])
def test_nine_of_ten_real_hands_are_found(palm_net, shared_data: Path, folder: str) -> None:
    assert measure_finding([palm_net], shared_data / "depth" / folder)["found"] >= 0.9


def test_nine_of_ten_rendered_palms_are_found(palm_net) -> None:
    assert measure_finding([palm_net], Path(RENDERED))["found"] >= 0.9


def test_where_no_palm_is_seen_mostly_none_is_found(palm_net) -> None:
    """Arms, persons and things are there."""
    numbers = range(1000, 1040)
    empty = [render_palm_scene(0, number, empty_fraction=1.0) for number in numbers]
    found = [palm_net.find(DepthFrame(one.depth_mm, one.camera, 0.0, 0)) for one in empty]
    assert sum(one is not None for one in found) <= 0.3 * len(empty)


def test_it_is_asked_where_nothing_else_is_chosen_and_there_are_no_colours(shared_data) -> None:
    one = next(iter(read_palm_frames(shared_data / "depth" / "sr305"))).frame
    reader = DepthReader(None, default_finders(Paths.find()))
    reading = reader.read(one)
    reader.close()
    assert reading.method == "depth"
    assert reading.score is not None and reading.score > 0.5
