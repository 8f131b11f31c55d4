"""What is recorded reads back as it was, from any source to any form, also after a crash."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.frames import DepthFrame, DepthRecording
from core.depth.io.recorder import FolderWriter, record_depth
from core.depth.io.recordings import open_depth
from core.errors import MediaError
from core.lab.renderer.render import NYU_HANDS, write_rendered_hands

SMALL = Camera("small", 50.0, 51.5, 3.5, 2.5, 8, 6)


class Frames(DepthRecording):
    """Frames in memory; None is one that can't be read."""

    def __init__(self, depths: list[np.ndarray | None], step_s: float = 0.1) -> None:
        super().__init__("frames", SMALL, len(depths))
        self.depths, self.step_s = depths, step_s

    def _read_frame(self, index: int) -> DepthFrame:
        depth = self.depths[index]
        if depth is None:
            raise MediaError("the sensor is gone")
        return DepthFrame(depth, self.camera, index * self.step_s, index)


def counted_frames(count: int) -> list[np.ndarray | None]:
    return [*np.arange(count * 48, dtype=np.float32).reshape(count, 6, 8)]


@pytest.mark.parametrize("out", ["a folder", "a.mkv"])
def test_a_real_sequence_is_the_same_after_it_was_written(tmp_path, shared_data, out) -> None:
    with open_depth(shared_data / "depth" / "rgbd21") as source:
        assert record_depth(source, tmp_path / out, frames=5) == 5
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


def test_depth_is_rounded_to_mm_and_what_16_bits_can_t_hold_is_not_seen(tmp_path) -> None:
    depth = np.zeros((6, 8), np.float32)
    depth[0] = [0.4, 0.6, 499.4, 65_535, 65_536, 1e9, 3, 0]
    record_depth(Frames([depth]), tmp_path / "a")
    with open_depth(tmp_path / "a") as copy:
        assert copy.camera == SMALL
        assert copy.read(0).depth_mm[0].tolist() == [0, 1, 499, 65_535, 0, 0, 3, 0]


def test_frames_of_several_cameras_need_a_folder_with_a_table(tmp_path) -> None:
    write_rendered_hands(tmp_path / "hands", 3, 7, NYU_HANDS, "nyu_14")
    with open_depth(tmp_path / "hands") as source:
        record_depth(source, tmp_path / "copy")
        with open_depth(tmp_path / "copy") as copy:
            for was, now in zip(source, copy, strict=True):
                assert np.array_equal(now.depth_mm, was.depth_mm)
                assert now.truth_mm == pytest.approx(was.truth_mm, abs=1e-3)
                assert now.skeleton == was.skeleton == "nyu_14"
                assert now.camera.u0 == pytest.approx(was.camera.u0)
        with pytest.raises(MediaError, match="several cameras don't make one video"):
            record_depth(source, tmp_path / "a.mkv")
    frames = [
        replace(frame, camera=replace(SMALL, u0=float(index)))
        for index, frame in enumerate(Frames(counted_frames(2)))
    ]
    writer = FolderWriter(tmp_path / "a")
    writer.write(frames[0])
    with pytest.raises(MediaError, match="several cameras don't make one recording"):
        writer.write(frames[1])


def test_a_recording_ends_by_frames_or_by_time(tmp_path) -> None:
    source, progress = Frames(counted_frames(10)), []
    assert record_depth(source, tmp_path / "a", frames=3, progress=lambda *n: progress.append(n))
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert record_depth(source, tmp_path / "b", seconds=0.35) == 4
    assert record_depth(source, tmp_path / "c.mkv") == 10
    with pytest.raises(MediaError, match="gave no frame: nothing was written"):
        record_depth(source, tmp_path / "d", frames=0)
    record_depth(Frames(counted_frames(3), step_s=0), tmp_path / "e.mkv")
    with open_depth(tmp_path / "e.mkv") as copy:  # equal times are made a millisecond apart
        assert [frame.time_s for frame in copy] == pytest.approx([0, 0.001, 0.002])


def test_existing_files_are_not_overwritten(tmp_path) -> None:
    source = Frames(counted_frames(1))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("mine")
    (tmp_path / "a.mkv").write_text("mine")
    for out, message in (("a", "is not empty"), ("a.mkv", "exists"), ("a.mkv/b", "can't be wr")):
        with pytest.raises(MediaError, match=message):
            record_depth(source, tmp_path / out)
    assert (tmp_path / "a.mkv").read_text() == "mine"


@pytest.mark.parametrize("out", ["a", "a.mkv"])
def test_frames_before_a_source_broke_off_stay(tmp_path, out) -> None:
    with pytest.raises(MediaError, match="the sensor is gone"):
        record_depth(Frames([*counted_frames(2), None]), tmp_path / out)
    with open_depth(tmp_path / out) as copy:
        assert [frame.depth_mm[0, 1] for frame in copy] == [1, 49]


ENDLESS_RECORDING = """
import sys
from pathlib import Path
import numpy as np
from core.depth.cameras import CAMERAS
from core.depth.frames import DepthFrame, DepthRecording
from core.depth.io.recorder import record_depth

class Endless(DepthRecording):
    def _read_frame(self, index):
        print(index - 1, flush=True)
        depth = np.full((240, 320), 1 + index, np.float32)
        rgb = np.full((240, 320, 3), index % 200, np.uint8)
        return DepthFrame(depth, self.camera, index / 30, index, rgb)

record_depth(Endless("a", CAMERAS["icvl"], 100_000), Path(sys.argv[1]))
"""


def test_a_killed_recording_has_only_whole_frames(tmp_path, root) -> None:
    command = [sys.executable, "-c", ENDLESS_RECORDING, str(tmp_path / "a")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: Iterator[str] = iter(process.stdout)
        for line in lines:
            if int(line) >= 40:
                break
        os.kill(process.pid, signal.SIGKILL)
    with open_depth(tmp_path / "a") as copy:
        assert copy.count > 40 and copy.camera == CAMERAS["icvl"]
        for index, frame in enumerate(copy):
            assert (frame.depth_mm == index + 1).all()
            assert frame.time_s == pytest.approx(index / 30, abs=1e-6)
            assert frame.rgb is not None and abs(int(frame.rgb[9, 9, 0]) - index % 200) <= 1
    assert json.loads((tmp_path / "a" / "camera.json").read_text())["unit_mm"] == 1
