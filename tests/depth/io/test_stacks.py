"""Stacks of depth pictures in numpy's files, and what strangers may put into them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.io.recordings import open_depth
from core.errors import MediaError

SMALL = Camera("small", 50.0, 51.0, 3.5, 2.5, 8, 6)
STACK = np.arange(3 * 6 * 8, dtype=np.uint16).reshape(3, 6, 8)


def test_a_npy_is_read_in_the_given_camera_and_unit(tmp_path) -> None:
    np.save(tmp_path / "a.npy", STACK)
    with open_depth(tmp_path / "a.npy", camera=SMALL, unit_mm=0.5) as source:
        assert (source.count, source.camera) == (3, SMALL)
        assert np.array_equal(source.read(2).depth_mm, STACK[2] / 2)
        assert source.read(2).depth_mm.dtype == np.float32
        assert source.read(1).time_s == pytest.approx(1 / 30)


def test_a_npz_tells_camera_times_colours_and_truth(tmp_path) -> None:
    rgb = np.arange(3 * 6 * 8 * 3, dtype=np.uint8).reshape(3, 6, 8, 3)
    truth = np.arange(3 * 2 * 3).reshape(3, 2, 3)
    numbers = np.array([50.0, 51.0, 3.5, 2.5])
    np.savez_compressed(
        tmp_path / "a.npz",
        depth=STACK,
        camera=numbers,
        times=[7, 7.1, 7.5],
        rgb=rgb,
        truth_mm=truth,
        unit_mm=0.125,
    )
    with open_depth(tmp_path / "a.npz") as source:
        frame = source.read(2)
    assert (frame.camera.fy, frame.camera.width) == (51, 8)
    assert np.array_equal(frame.depth_mm, STACK[2] / 8) and frame.time_s == 0.5
    assert np.array_equal(frame.rgb, rgb[2]) and np.array_equal(frame.truth_mm, truth[2])


def test_suffixes_may_be_in_capitals(tmp_path) -> None:
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.npy").rename(tmp_path / "a.NPY")
    np.savez(tmp_path / "b.npz", depth=STACK, camera=np.array([50.0, 51.0, 3.5, 2.5]))
    (tmp_path / "b.npz").rename(tmp_path / "b.NPZ")
    assert open_depth(tmp_path / "a.NPY", camera=SMALL).count == 3
    assert open_depth(tmp_path / "b.NPZ").camera.fy == 51


def test_what_was_not_seen_is_0_whatever_the_stack_wrote(tmp_path) -> None:
    depth = np.array([[[np.nan, np.inf, -5], [400, 0, 500.5]]])
    np.savez(tmp_path / "a.npz", depth)
    (frame,) = open_depth(tmp_path / "a.npz", camera=Camera("", 1.0, 1.0, 0, 0, 3, 2))
    assert frame.depth_mm.tolist() == [[0, 0, 0], [400, 0, 500.5]]


def test_one_picture_alone_is_a_stack_of_one(tmp_path) -> None:
    np.save(tmp_path / "a.npy", STACK[1])
    with open_depth(tmp_path / "a.npy", camera=SMALL) as source:
        assert source.count == 1 and np.array_equal(source.read(0).depth_mm, STACK[1])


def header(shape: str, descr: str = "'<u2'") -> bytes:
    return header_of(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")


def header_of(said: str) -> bytes:
    text = said.encode() + b" " * (-(len(said) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        header("(3, 6, 8)"),
        header("(99999999999, 640, 480)"),
        header("(-1, 6, 8)"),
        header("(3, 6, 8", "'<u2'"),
        header("(3, 6, 8)", "'<u2"),
        header("(" * 200),
        header("(9" + "0" * 400 + ", 6, 8)"),
        header("(3, 6, 8)", "()"),
        header("(3, 6, 8)", "('<u2',)"),
        header_of("{[]: 1}"),
        header_of("{1: 2, 'a': 3}"),
        header_of("-" * 9_000),
        pickled(),
        b"no array",
    ],
)
def test_a_damaged_or_hostile_npy_is_told(tmp_path, content) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.npy is no whole \.npy of numbers"):
        open_depth(tmp_path / "a.npy", camera=SMALL)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((2, 3, 4, 5)), r"holds float64 \(2, 3, 4, 5\)"),
        (np.zeros((0, 6, 8)), "0 frames"),
        (np.zeros((2, 0, 8)), r"\(2, 0, 8\)"),
        (np.zeros((2, 6, 8), bool), "holds bool"),
        (np.zeros((2, 6, 8), complex), "holds complex128"),
        (np.zeros(()), r"holds float64 \(\)"),
        (np.zeros((2, 8, 6)), "has 6 x 8 pixels, its camera 8 x 6"),
    ],
)
def test_another_array_is_told(tmp_path, array, told) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(MediaError, match=told):
        open_depth(tmp_path / "a.npy", camera=SMALL)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"times": np.zeros(2)}, r"“times” is float64 \(2,\)"),
        ({"rgb": np.zeros((3, 6, 8, 3))}, "of uint8"),
        ({"rgb": np.zeros((3, 6, 9, 3), np.uint8)}, r"expected is \(3, 6, 8, 3\)"),
        ({"truth_mm": np.zeros((3, 2, 2))}, "truth_mm"),
        ({"camera": np.array([1.0, 2.0])}, "u0 is None"),
        ({"camera": np.array([1.0, 2.0, 3.0, np.nan])}, "v0 is nan"),
        ({"times": np.array([0, np.nan, 1])}, "“times” holds what is no number"),
        ({"times": np.array([0, 1, np.inf])}, "“times” holds what is no number"),
        ({"unit_mm": np.array(np.nan)}, "unit_mm is nan"),
        ({"unit_mm": np.array([-1.0])}, "unit_mm is -1"),
    ],
)
def test_arrays_that_don_t_fit_the_depth_are_told(tmp_path, others, told) -> None:
    np.savez(tmp_path / "a.npz", depth=STACK, **others)
    with pytest.raises(MediaError, match=told):
        open_depth(tmp_path / "a.npz", camera=SMALL)


def test_a_npz_without_depth_among_others_is_told(tmp_path) -> None:
    np.savez(tmp_path / "a.npz", a=STACK, b=STACK)
    with pytest.raises(MediaError, match="no array “depth” among a, b"):
        open_depth(tmp_path / "a.npz", camera=SMALL)


def bomb(path: Path) -> None:
    """A few hundred kB that would be 4 GB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("depth.npy", "w", force_zip64=True) as file,
    ):
        file.write(header("(8192, 512, 512)"))
        file.write(bytes(2**20))
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24  # the directory's word for it
    content[size : size + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(content)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path) -> None:
    bomb(tmp_path / "a.npz")
    with pytest.raises(MediaError, match="1 arrays of 4,294,967,294 bytes; the limit"):
        open_depth(tmp_path / "a.npz", camera=SMALL)
