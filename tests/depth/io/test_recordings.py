"""Folders that hold a recording as one file: it is opened; of several, their names are told."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.io.recordings import open_depth
from core.errors import MediaError

SMALL = Camera("small", 50.0, 51.0, 3.5, 2.5, 8, 6)
CAMERA_JSON = '{"fx": 50, "fy": 51, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6, "unit_mm": 0.5}'


def stack(path: Path, mm: int) -> Path:
    """Two frames of a wall."""
    np.save(path, np.full((2, 6, 8), mm, np.uint16))
    return path


def test_the_folder_of_a_real_oni_is_that_recording(shared_data) -> None:
    with open_depth(shared_data / "depth" / "openni") as source:
        assert (source.name, source.count) == ("Captured.oni", 4)


def test_a_stack_in_a_folder_is_read_by_the_camera_beside_it(tmp_path) -> None:
    stack(tmp_path / "a.npy", 700)
    (tmp_path / "notes.txt").write_text("a wall")
    (tmp_path / "camera.json").write_text(CAMERA_JSON)
    with open_depth(tmp_path) as source:
        assert source.count == 2 and (source.read(1).depth_mm == 350).all()


def test_a_stack_in_a_folder_is_read_by_the_camera_that_is_given(tmp_path) -> None:
    np.savez(tmp_path / "a.NPZ", depth=np.full((2, 6, 8), 700, np.uint16))
    (tmp_path / "a.NPZ.npz").rename(tmp_path / "a.NPZ")
    with open_depth(tmp_path, camera=SMALL, unit_mm=2) as source:
        assert source.camera == SMALL and (source.read(0).depth_mm == 1400).all()


def test_a_folder_s_pictures_go_before_a_recording_beside_them(tmp_path) -> None:
    stack(tmp_path / "a.npy", 700)
    assert cv2.imwrite(str(tmp_path / "1.png"), np.full((6, 8), 900, np.uint16))
    with open_depth(tmp_path, camera=SMALL) as source:
        assert source.count == 1 and (source.read(0).depth_mm == 900).all()


def test_hidden_files_are_none(tmp_path) -> None:
    stack(tmp_path / "a.npy", 700)
    (tmp_path / "._a.npy").write_bytes(b"what a Mac leaves")
    (tmp_path / ".1.png").write_bytes(b"a draft")
    with open_depth(tmp_path, camera=SMALL) as source:
        assert source.name == "a.npy"
    (tmp_path / "a.npy").unlink()
    with pytest.raises(MediaError, match="no depth pictures in"):
        open_depth(tmp_path, camera=SMALL)


def test_several_recordings_in_a_folder_are_named(tmp_path, shared_data) -> None:
    folder = tmp_path / "hands"
    folder.mkdir()
    stack(folder / "b.npy", 700)
    shutil.copy(shared_data / "depth" / "openni" / "Captured.oni", folder / "a.oni")
    with pytest.raises(MediaError, match=r"^2 recordings in hands \(a\.oni, b\.npy\): give one"):
        open_depth(folder)
    for name in "cdefg":
        stack(folder / f"{name}.npy", 700)
    with pytest.raises(MediaError, match=r"7 recordings in hands \(a.oni, b.npy, .*e\.npy, …\)"):
        open_depth(folder)
    with open_depth(folder / "a.oni") as source:
        assert source.count == 4


def test_a_folder_called_like_a_recording_is_none(tmp_path) -> None:
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(MediaError, match="no depth pictures in"):
        open_depth(tmp_path)
