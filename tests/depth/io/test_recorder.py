"""What is recorded reads back as it was, from any source to any form, and whenever it stops."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.frames import DepthFrame
from core.depth.io.recorder import record
from core.depth.io.recordings import open_depth
from core.depth.io.stacks import DepthStack
from core.errors import MediaError
from core.lab.renderer.files import write_rendered_hands
from core.lab.renderer.render import NYU_HANDS

SMALL = Camera("small", 50.0, 51.5, 3.5, 2.5, 8, 6)


def stack(depth: np.ndarray, **others: np.ndarray) -> DepthStack:
    return DepthStack("a stack", SMALL, depth, 1.0, {"depth": depth} | others)


@pytest.mark.parametrize("out", ["a folder", "a.mkv"])
def test_a_real_sequence_is_the_same_after_it_was_written(tmp_path, shared_data, out) -> None:
    with open_depth(shared_data / "depth" / "rgbd21") as source:
        assert record(source, tmp_path / out, frames=5) == 5
        with open_depth(tmp_path / out) as copy:
            assert copy.count == 5
            assert copy.camera == source.camera
            for index in (4, 0, 2):
                was, now = source.read(index), copy.read(index)
                assert np.array_equal(now.depth_mm, was.depth_mm)
                assert now.time_s == pytest.approx(was.time_s, abs=1e-3)
                assert np.abs(now.rgb.astype(int) - was.rgb).mean() < 2
                if copy.name == "a folder":
                    assert now.truth_mm == pytest.approx(was.truth_mm, abs=1e-3)


def test_rendered_hands_keep_their_cameras_and_joints(tmp_path) -> None:
    write_rendered_hands(tmp_path / "hands", 3, 7, NYU_HANDS, "nyu_14")
    with open_depth(tmp_path / "hands") as source:
        record(source, tmp_path / "copy")
        with open_depth(tmp_path / "copy") as copy:
            for was, now in zip(source, copy, strict=True):
                assert np.array_equal(now.depth_mm, was.depth_mm)
                assert now.truth_mm == pytest.approx(was.truth_mm, abs=1e-3)
                assert now.skeleton == was.skeleton == "nyu_14"
                assert now.camera.u0 == pytest.approx(was.camera.u0)
        with pytest.raises(MediaError, match="several cameras don't make one film"):
            record(source, tmp_path / "a.mkv")


def test_depth_is_rounded_to_mm_and_what_16_bits_can_t_hold_is_not_seen(tmp_path) -> None:
    depth = np.zeros((1, 6, 8), np.float32)
    depth[0, 0] = [0.4, 0.6, 499.4, 65_535, 65_536, 1e9, 3, 0]
    record(stack(depth), tmp_path / "a")
    with open_depth(tmp_path / "a") as copy:
        assert copy.camera == SMALL
        assert copy.read(0).depth_mm[0].tolist() == [0, 1, 499, 65_535, 0, 0, 3, 0]


def test_a_recording_ends_by_frames_or_by_time(tmp_path) -> None:
    depth = np.full((10, 6, 8), 500, np.uint16)
    source = stack(depth, times=np.arange(10) * 0.1)
    told: list[tuple[int, int | None]] = []
    assert record(source, tmp_path / "a", frames=3, progress=lambda *n: told.append(n)) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert record(source, tmp_path / "b", seconds=0.35) == 4
    assert record(source, tmp_path / "c.mkv") == 10


def test_times_that_stand_still_are_told_apart_in_a_film(tmp_path) -> None:
    depth = np.arange(4 * 48, dtype=np.uint16).reshape(4, 6, 8)
    record(stack(depth, times=np.array([0, 0, 0, 0.5])), tmp_path / "a.mkv")
    with open_depth(tmp_path / "a.mkv") as copy:
        assert [frame.time_s for frame in copy] == pytest.approx([0, 0.001, 0.002, 0.5])
        assert np.array_equal(copy.read(2).depth_mm, depth[2])


def test_what_is_there_is_not_overwritten(tmp_path) -> None:
    source = stack(np.ones((1, 6, 8), np.uint16))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("mine")
    (tmp_path / "a.mkv").write_text("mine")
    with pytest.raises(MediaError, match="is not empty"):
        record(source, tmp_path / "a")
    with pytest.raises(MediaError, match="is there already"):
        record(source, tmp_path / "a.mkv")
    assert (tmp_path / "a.mkv").read_text() == "mine"
    with pytest.raises(MediaError, match="can't be written"):
        record(source, tmp_path / "a.mkv" / "folder")


class Breaking(DepthStack):
    """Its third frame can't be read."""

    def _frame(self, index: int) -> DepthFrame:
        if index == 2:
            raise MediaError("the sensor is gone")
        return super()._frame(index)


@pytest.mark.parametrize("out", ["a", "a.mkv"])
def test_what_came_before_a_source_broke_off_stays(tmp_path, out) -> None:
    depth = np.arange(4 * 48, dtype=np.uint16).reshape(4, 6, 8)
    with pytest.raises(MediaError, match="the sensor is gone"):
        record(Breaking("a", SMALL, depth, 1.0, {}), tmp_path / out)
    with open_depth(tmp_path / out) as copy:
        assert [frame.depth_mm[0, 1] for frame in copy] == [1, 49]


class Changing(DepthStack):
    """Its frames come from a camera each."""

    def _frame(self, index: int) -> DepthFrame:
        return replace(super()._frame(index), camera=replace(SMALL, u0=float(index)))


def test_frames_of_several_cameras_are_refused_where_nothing_would_tell(tmp_path) -> None:
    source = Changing("a", SMALL, np.ones((2, 6, 8), np.uint16), 1.0, {})
    with pytest.raises(MediaError, match="several cameras don't make one recording"):
        record(source, tmp_path / "a")


RECORDING = """
import sys
from pathlib import Path
import numpy as np
from core.depth.cameras import CAMERAS
from core.depth.io.recorder import record
from core.depth.io.stacks import DepthStack
import core.depth.io.recorded

class Endless(DepthStack):
    def __iter__(self):
        for number in range(100_000):
            depth = np.full((240, 320), 1 + number, np.float32)
            from core.depth.frames import DepthFrame
            rgb = np.full((240, 320, 3), number % 200, np.uint8)
            yield DepthFrame(depth, self.camera, number / 30, number, rgb)
            print(number, flush=True)

empty = np.zeros((1, 240, 320), np.uint16)
record(Endless("a", CAMERAS["icvl"], empty, 1.0, {}), Path(sys.argv[1]))
"""


def killed_while_recording(out: Path, root: Path, after: int) -> None:
    command = [sys.executable, "-c", RECORDING, str(out)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: Iterator[str] = iter(process.stdout)
        for line in lines:
            if int(line) >= after:
                break
        os.kill(process.pid, signal.SIGKILL)


def test_a_recording_that_was_killed_has_whole_frames_alone(tmp_path, root) -> None:
    killed_while_recording(tmp_path / "a", root, 40)
    with open_depth(tmp_path / "a") as copy:
        assert copy.count > 40 and copy.camera == CAMERAS["icvl"]
        for index, frame in enumerate(copy):
            assert (frame.depth_mm == index + 1).all()
            assert frame.time_s == pytest.approx(index / 30, abs=1e-6)
            assert frame.rgb is not None and abs(int(frame.rgb[9, 9, 0]) - index % 200) <= 1
    assert json.loads((tmp_path / "a" / "camera.json").read_text())["unit_mm"] == 1
