"""Every kind of recording by one contract, and folders that hold one recording as a file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.io.recordings import open_depth
from core.errors import MediaError
from core.media.exact_videos import LosslessWriter
from tests.support.oni_files import make_oni

SMALL = Camera("small", 50.0, 51.0, 3.5, 2.5, 8, 6)
CAMERA_JSON = {"fx": 50, "fy": 51.0, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6}


def write_folder(path: Path, depth: np.ndarray) -> None:
    for number, frame in enumerate(depth):
        assert cv2.imwrite(str(path / f"{number}.png"), frame)


def write_video(path: Path, depth: np.ndarray) -> None:
    with LosslessWriter(path / "a.mkv", (6, 8), {}, rgb=False) as writer:
        for number, frame in enumerate(depth):
            writer.write(frame, None, 0.04 * number)


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "folder": write_folder,
    "npy": lambda path, depth: np.save(path / "a.npy", depth),
    "npz": lambda path, depth: np.savez(path / "a.npz", depth=depth),
    "mkv": write_video,
    "oni": lambda path, depth: (path / "a.oni").write_bytes(
        make_oni(codec=b"NONE", contents=[frame.tobytes() for frame in depth], fov=bytes(16))
    ),
}


@pytest.fixture(params=WRITERS)
def recording(request, tmp_path) -> Path:
    """Two frames of 8 x 6 pixels that tell no camera: 700, 701, … and 800, 801, …."""
    pixels = np.arange(48, dtype=np.uint16).reshape(6, 8)
    WRITERS[request.param](tmp_path, np.stack([700 + pixels, 800 + pixels]))
    return tmp_path


def test_a_recording_without_a_camera_asks_for_one(recording) -> None:
    unknown = r"its camera \(8 x 6 pixels\) is unknown: put camera.json"
    with pytest.raises(MediaError, match=unknown):
        open_depth(recording)
    with pytest.raises(MediaError, match="has 8 x 6 pixels, its camera 320 x 240"):
        open_depth(recording, camera=CAMERAS["icvl"]).read(0)


def test_camera_and_unit_are_the_given_ones_else_those_of_the_file_beside(recording) -> None:
    with open_depth(recording, camera=SMALL, unit_mm=2) as source:
        assert (source.camera, source.count) == (SMALL, 2)
        assert source.read(0).depth_mm[0, 1] == 1402
    (recording / "camera.json").write_text(json.dumps(CAMERA_JSON | {"unit_mm": 0.5}))
    with open_depth(recording) as source:
        assert source.camera == Camera("", 50.0, 51.0, 3.5, 2.5, 8, 6)
        assert source.read(1).depth_mm[0, 1] == 400.5
        assert source.read(1).depth_mm.dtype == np.float32
    with open_depth(recording, camera=SMALL, unit_mm=2) as source:
        assert source.camera == SMALL and source.read(0).depth_mm[0, 0] == 1400
    (recording / "camera.json").unlink()
    (recording / "intrinsics.txt").write_text("50 51 3.5 2.5\n")
    with open_depth(recording) as source:
        assert source.camera == Camera(recording.name, 50.0, 51.0, 3.5, 2.5, 8, 6)
    (recording / "intrinsics.txt").write_text("50 wide 3.5 2.5\n")
    with pytest.raises(MediaError, match=r"intrinsics\.txt: fy is wide, expected is a number"):
        open_depth(recording)


def test_there_is_no_frame_beyond_the_last(recording) -> None:
    with open_depth(recording, camera=SMALL) as source:
        assert [frame.index for frame in source] == [0, 1] and source.read(1).time_s > 0
        for index in (-1, 2):
            with pytest.raises(MediaError, match=f"has the frames 0 to 1, not {index}"):
                source.read(index)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[]", "fx is None"),
        (CAMERA_JSON | {"fx": 0}, "fx is 0, expected is a number from 1 to 100000"),
        (CAMERA_JSON | {"fy": float("nan")}, "fy is nan"),
        (CAMERA_JSON | {"u0": "320"}, "u0 is 320"),
        (CAMERA_JSON | {"width": 10**9}, "width is 1000000000"),
        (CAMERA_JSON | {"unit_mm": -1}, "unit_mm is -1"),
        ('{"fx": 1', r"camera\.json is no JSON"),
        ("x" * 70_000, r"camera\.json has over 65,536 bytes"),
        ("\0", r"camera\.json is no JSON"),
    ],
)
def test_an_invalid_camera_file_is_an_error(tmp_path, document, message) -> None:
    np.save(tmp_path / "a.npy", np.ones((1, 6, 8), np.uint16))
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / "camera.json").write_text(text)
    with pytest.raises(MediaError, match=message):
        open_depth(tmp_path)


def write_stack(path: Path, mm: int) -> Path:
    np.save(path, np.full((2, 6, 8), mm, np.uint16))
    return path


def test_a_folder_s_pictures_go_before_a_recording_beside_them(tmp_path) -> None:
    write_stack(tmp_path / "a.npy", 700)
    write_folder(tmp_path, np.full((1, 6, 8), 900, np.uint16))
    with open_depth(tmp_path, camera=SMALL) as source:
        assert source.count == 1 and (source.read(0).depth_mm == 900).all()


def test_hidden_files_and_folders_are_no_recordings(tmp_path) -> None:
    (tmp_path / "._a.npy").write_bytes(b"metadata of a Mac")
    (tmp_path / ".1.png").write_bytes(b"a draft")
    (tmp_path / "b.npy").mkdir()
    with pytest.raises(MediaError, match="no depth pictures in"):
        open_depth(tmp_path, camera=SMALL)
    write_stack(tmp_path / "a.npy", 700).rename(tmp_path / "a.NPY")
    assert open_depth(tmp_path, camera=SMALL).name == "a.NPY"


def test_several_recordings_in_a_folder_are_named(tmp_path, shared_data) -> None:
    folder = tmp_path / "hands"
    folder.mkdir()
    write_stack(folder / "b.npy", 700)
    shutil.copy(shared_data / "depth" / "openni" / "Captured.oni", folder / "a.oni")
    for name in "cdefg":
        write_stack(folder / f"{name}.npy", 700)
    with pytest.raises(MediaError, match=r"7 recordings in hands \(a.oni, b.npy, .*e\.npy, …\)"):
        open_depth(folder)


def test_other_files_are_no_recordings(tmp_path) -> None:
    with pytest.raises(MediaError, match="no recording of depth at"):
        open_depth(tmp_path / "none")
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(MediaError, match=r"a\.txt is no recording of depth"):
        open_depth(tmp_path / "a.txt")
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    with pytest.raises(MediaError, match=r"1\.png"):
        open_depth(tmp_path)
