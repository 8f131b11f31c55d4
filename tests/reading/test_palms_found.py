"""The net of palms that ships finds hands in real frames of three cameras, and in rendered ones
that it never learned from; what stands nearest is often something else."""

from pathlib import Path

import pytest

from core.depth.frames import DepthFrame
from core.lab.palm_frames import RENDERED, measure_finding, read_palm_frames
from core.lab.renderer.rendered_scenes import render_palm_scene
from core.paths import Paths
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import (
    HandFinder,
    create_finder,
    default_finders,
)


@pytest.fixture(scope="module")
def net() -> HandFinder:
    return create_finder("depth", Paths.find())


@pytest.mark.parametrize("folder", ["sr305", "rgbd21", "."])
def test_nine_of_ten_real_hands_are_found(net, shared_data: Path, folder: str) -> None:
    assert measure_finding([net], shared_data / "depth" / folder)["found"] >= 0.9


def test_nine_of_ten_rendered_palms_are_found(net) -> None:
    assert measure_finding([net], Path(RENDERED))["found"] >= 0.9


def test_where_no_palm_is_seen_mostly_none_is_found(net) -> None:
    """Arms, persons and things are there."""
    numbers = range(1000, 1040)
    empty = [render_palm_scene(0, number, empty_fraction=1.0) for number in numbers]
    found = [net.find(DepthFrame(one.depth_mm, one.camera, 0.0, 0)) for one in empty]
    assert sum(one is not None for one in found) <= 0.3 * len(empty)


def test_it_is_asked_where_nothing_else_is_chosen_and_there_are_no_colours(shared_data) -> None:
    one = next(iter(read_palm_frames(shared_data / "depth" / "sr305"))).frame
    reader = DepthReader(None, default_finders(Paths.find()))
    reading = reader.read(one)
    reader.close()
    assert reading.method == "depth"
    assert reading.score is not None and reading.score > 0.5
