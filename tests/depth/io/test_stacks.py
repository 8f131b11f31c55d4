"""Stacks of depth pictures in numpy's files, and hostile ones."""

import io

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.io.recordings import open_depth
from core.errors import MediaError

SMALL = Camera("small", 50.0, 51.0, 3.5, 2.5, 8, 6)
STACK = np.arange(3 * 6 * 8, dtype=np.uint16).reshape(3, 6, 8)


def test_a_npz_has_camera_times_colours_and_truth(tmp_path) -> None:
    rgb = np.arange(3 * 6 * 8 * 3, dtype=np.uint8).reshape(3, 6, 8, 3)
    truth = np.arange(3 * 2 * 3).reshape(3, 2, 3)
    arrays = {"rgb": rgb, "truth_mm": truth, "times": [7, 7.1, 7.5], "unit_mm": 0.125}
    np.savez_compressed(tmp_path / "a.npz", depth=STACK, camera=[50.0, 51.0, 3.5, 2.5], **arrays)
    with open_depth(tmp_path / "a.npz") as source:
        frame = source.read(2)
    assert (frame.camera.fy, frame.camera.width) == (51, 8)
    assert np.array_equal(frame.depth_mm, STACK[2] / 8) and frame.time_s == 0.5
    assert np.array_equal(frame.rgb, rgb[2]) and np.array_equal(frame.truth_mm, truth[2])


def test_unseen_depth_is_0_whatever_the_stack_wrote(tmp_path) -> None:
    depth = np.array([[[np.nan, np.inf, -5], [400, 0, 500.5]]])
    np.savez(tmp_path / "a.npz", depth)
    (frame,) = open_depth(tmp_path / "a.npz", camera=Camera("", 1.0, 1.0, 0, 0, 3, 2))
    assert frame.depth_mm.tolist() == [[0, 0, 0], [400, 0, 500.5]]

    np.save(tmp_path / "a.npy", STACK[1])  # one picture alone is a stack of one
    with open_depth(tmp_path / "a.npy", camera=SMALL) as source:
        assert source.count == 1 and np.array_equal(source.read(0).depth_mm, STACK[1])


def npy_header(shape: str, descr: str = "'<u2'") -> bytes:
    return npy_header_of(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")


def npy_header_of(document: str) -> bytes:
    text = document.encode() + b" " * (-(len(document) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def pickle_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        npy_header("(3, 6, 8)"),
        npy_header("(99999999999, 640, 480)"),
        npy_header("(-1, 6, 8)"),
        npy_header("(3, 6, 8", "'<u2'"),
        npy_header("(3, 6, 8)", "'<u2"),
        npy_header("(" * 200),
        npy_header("(9" + "0" * 400 + ", 6, 8)"),
        npy_header("(3, 6, 8)", "()"),
        npy_header("(3, 6, 8)", "('<u2',)"),
        npy_header_of("{[]: 1}"),
        npy_header_of("{1: 2, 'a': 3}"),
        npy_header_of("-" * 9_000),
        pickle_array(),
        b"no array",
    ],
)
def test_a_damaged_or_hostile_npy_is_an_error(tmp_path, content) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.npy is no whole \.npy of numbers"):
        open_depth(tmp_path / "a.npy", camera=SMALL)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"depth": np.zeros((2, 3, 4, 5))}, r"holds float64 \(2, 3, 4, 5\)"),
        ({"depth": np.zeros((0, 6, 8))}, "0 frames"),
        ({"depth": np.zeros((2, 0, 8))}, r"\(2, 0, 8\)"),
        ({"depth": np.zeros((2, 6, 8), bool)}, "holds bool"),
        ({"depth": np.zeros((2, 6, 8), complex)}, "complex128"),
        ({"depth": np.zeros(())}, r"holds float64 \(\)"),
        ({"depth": np.zeros((2, 8, 6))}, "has 6 x 8 pixels, its camera 8 x 6"),
        ({"times": np.zeros(2)}, r"“times” is float64 \(2,\)"),
        ({"times": np.array([0, np.nan, 1])}, "“times” has NaN or infinity"),
        ({"times": np.array([0, 1, np.inf])}, "“times” has NaN or infinity"),
        ({"rgb": np.zeros((3, 6, 8, 3))}, "of uint8"),
        ({"rgb": np.zeros((3, 6, 9, 3), np.uint8)}, r"expected is \(3, 6, 8, 3\)"),
        ({"truth_mm": np.zeros((3, 2, 2))}, "truth_mm"),
        ({"camera": np.array([1.0, 2.0])}, "u0 is None"),
        ({"camera": np.array([1.0, 2.0, 3.0, np.nan])}, "v0 is nan"),
        ({"unit_mm": np.array(np.nan)}, "unit_mm is nan"),
        ({"unit_mm": np.array([-1.0])}, "unit_mm is -1"),
        ({"a": STACK, "b": STACK}, "no array “depth” among a, b"),
    ],
)
def test_arrays_of_another_shape_or_kind_are_an_error(tmp_path, arrays, message) -> None:
    np.savez(tmp_path / "a.npz", **arrays if "a" in arrays else {"depth": STACK} | arrays)
    with pytest.raises(MediaError, match=message):
        open_depth(tmp_path / "a.npz", camera=SMALL)
