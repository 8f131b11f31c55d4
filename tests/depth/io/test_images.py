"""Depth frames: the real ones to the millimetre, and files that are none."""

import csv
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.depth.io.images import read_depth
from core.depth.io.joint_files import read_joints
from core.errors import MediaError
from tests.support.depth_recordings import pack_msra


def test_nyu_s_packed_frame_is_read_to_the_millimetre(shared_data: Path) -> None:
    depth = read_depth(shared_data / "depth" / "depth_1_0000001.png")
    assert depth.shape == (480, 640) and depth.dtype == np.float32
    assert (depth.min(), depth.max()) == (731, 2001)
    label = read_joints(shared_data / "depth" / "nyu_test_label.txt")[0]
    columns, rows = np.rint(label[:, :2]).astype(int).T
    before = label[:, 2] - depth[rows, columns]  # the surface is before the keypoint
    assert depth[rows, columns][13] == 754
    assert 2.5 < before.min() < 2.7 and 32.7 < before.max() < 32.9


def test_a_16_bit_frame_is_read_in_its_unit(shared_data: Path) -> None:
    folder = shared_data / "depth"
    hands = read_depth(folder / "hands2017" / "image_D00000030.png")
    assert hands.shape == (480, 640) and 100 < np.median(hands[hands > 0]) < 5000
    file = folder / "sr305" / "20210326-230536_030.png"
    eighths = read_depth(file, unit_mm=0.125)
    np.testing.assert_array_equal(eighths * 8, np.asarray(Image.open(file)))
    with (folder / "sr305" / "frames.csv").open() as table:
        row = next(row for row in csv.DictReader(table) if row["image"] == file.name)
    at_palm = eighths[int(row["palm_v"]), int(row["palm_u"])]
    assert abs(at_palm - float(row["palm_d_mm"])) < 5


@pytest.mark.parametrize(
    "content",
    [
        pack_msra(np.ones((30, 20)), 40, 100)[:-4],
        b"abc",
        pack_msra(np.ones((30, 20)), 310, 100),
        struct.pack("<6i", 320, 240, 10, 10, 5, 5),
        struct.pack("<6i", 2**30, 2**30, 0, 0, 0, 0),
    ],
    ids=["cut", "short", "outside", "negative", "endless"],
)
def test_a_damaged_frame_of_msra_is_an_error(tmp_path, content) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.bin is not a depth file of MSRA"):
        read_depth(tmp_path / "a.bin")


def test_a_picture_without_depth_is_an_error(tmp_path, shared_data) -> None:
    Image.new("L", (4, 3)).save(tmp_path / "grey.png")
    (tmp_path / "text.png").write_text("no picture")
    whole = (shared_data / "depth" / "depth_1_0000001.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:5000])
    for path, message in (
        (shared_data / "depth" / "rgb_1_0000001.png", r"rgb_1_0000001\.png is a colour picture"),
        (tmp_path / "grey.png", "kind L; depth has one channel of 16 bits"),
        (tmp_path / "text.png", "no PNG of depth"),
        (tmp_path / "cut.png", "can't be decoded"),
        (tmp_path / "missing.png", "can't be read"),
    ):
        with pytest.raises(MediaError, match=message):
            read_depth(path)
