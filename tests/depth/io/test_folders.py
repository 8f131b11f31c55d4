"""Folders of depth pictures, real ones and our own: each frame with its camera, time, colours and
truth; and one clear line for what is none."""

import csv
import json
import shutil
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.io.recordings import open_depth
from core.errors import MediaError, TableError
from core.lab.renderer.files import write_rendered_hands
from core.lab.renderer.render import NYU_HANDS, render_hand
from core.media.pictures import read_picture
from core.pose.skeletons.table import HAND_21, MSRA_21

SMALL = Camera("small", 50.0, 51.0, 3.5, 2.5, 8, 6)
NUMBERS = {"fx": 50, "fy": 51.0, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6}


def picture(value: int, size_hw: tuple[int, int] = (6, 8)) -> np.ndarray:
    return np.full(size_hw, value, np.uint16)


def folder_of(folder: Path, names: dict[str, int], document: object = NUMBERS) -> Path:
    """A folder with a picture of each value."""
    folder.mkdir(exist_ok=True)
    for name, value in names.items():
        assert cv2.imwrite(str(folder / name), picture(value))
    if document is not None:
        (folder / "camera.json").write_text(json.dumps(document))
    return folder


def test_nyu_s_frames_come_with_their_colours_and_camera(shared_data: Path) -> None:
    with open_depth(shared_data / "depth") as source:
        assert source.count == 1 and source.camera == CAMERAS["nyu"]
        (frame,) = source
    assert (frame.depth_mm.min(), frame.depth_mm.max()) == (731, 2001)
    assert frame.rgb is not None and frame.rgb.shape == (480, 640, 3)
    rgb = read_picture(shared_data / "depth" / "rgb_1_0000001.png")
    assert np.array_equal(frame.rgb, rgb) and frame.truth_mm is None


def test_a_real_sequence_in_colour_comes_with_the_truth_beside_it(shared_data: Path) -> None:
    with open_depth(shared_data / "depth" / "rgbd21") as source:
        frames = list(source)
    assert source.count == len(frames) == 26
    assert (source.camera.fx, source.camera.u0) == (498.136505, 317.334106)
    assert all(frame.rgb is not None and frame.truth_mm.shape == (21, 3) for frame in frames)
    last = frames[-1]
    with (shared_data / "depth" / "rgbd21" / "joints.csv").open() as file:
        row = list(csv.reader(file))[-1]
    assert last.skeleton == "hand_21"
    assert last.truth_mm.ravel() == pytest.approx([float(field) for field in row[2:]])
    u, v, d = source.camera.to_pixels(last.truth_mm[9])  # the middle finger's knuckle
    assert abs(last.depth_mm[round(v), round(u)] - d) < 40


def test_rendered_hands_have_a_camera_and_joints_each(tmp_path) -> None:
    write_rendered_hands(tmp_path / "hands", 3, 7, NYU_HANDS, "nyu_14")
    with open_depth(tmp_path / "hands") as source:
        assert source.count == 3
        for index, frame in enumerate(source):
            hand = render_hand(7, index)
            assert np.array_equal(frame.depth_mm, hand.depth_mm)
            assert frame.truth_mm == pytest.approx(hand.joints_mm("nyu_14"), abs=1e-3)
            assert frame.camera.u0 == pytest.approx(hand.camera.u0)
            assert frame.camera.width == hand.depth_mm.shape[1]


def test_a_camera_of_short_range_tells_its_unit_by_camera_json(tmp_path, shared_data) -> None:
    name = "20210326-230536_030.png"
    shutil.copy(shared_data / "depth" / "sr305" / name, tmp_path / name)
    with pytest.raises(MediaError, match=r"which camera took it \(640 x 480 pixels\)"):
        open_depth(tmp_path)
    sr305 = Camera("sr305", 476.007, 476.007, 313.683, 242.755, 640, 480)
    (given,) = open_depth(tmp_path, camera=sr305, unit_mm=0.125)
    document = {"fx": 476.007, "fy": 476.007, "u0": 313.683, "v0": 242.755}
    document |= {"width": 640, "height": 480, "unit_mm": 0.125, "name": "sr305"}
    (tmp_path / "camera.json").write_text(json.dumps(document))
    with open_depth(tmp_path) as source:
        assert source.camera == sr305
        assert np.array_equal(source.read(0).depth_mm, given.depth_mm)
    assert abs(given.depth_mm[313, 305] - 610.5) < 5  # the palm, as the table beside it has it


def test_frames_come_in_the_order_of_their_numbers_with_their_times(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"10.png": 10, "9.png": 9, ".11.png": 11, "100.png": 100})
    (folder / "times.csv").write_text("picture,time_s\n9.png,0.5\n10.png,0.75\n100.p")
    with open_depth(folder) as source:
        frames = list(source)
        assert source.camera == Camera("", 50.0, 51.0, 3.5, 2.5, 8, 6)
    assert [frame.depth_mm[0, 0] for frame in frames] == [9, 10, 100]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.time_s for frame in frames] == [0, 0.25, pytest.approx(2 / 30)]


def test_colours_of_another_size_are_not_registered(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1, "2.png": 2})
    (folder / "rgb").mkdir()
    cv2.imwrite(str(folder / "rgb" / "1.png"), np.full((6, 8, 3), (3, 2, 1), np.uint8))
    cv2.imwrite(str(folder / "rgb" / "2.png"), np.zeros((12, 16, 3), np.uint8))
    first, second = open_depth(folder)
    assert first.rgb is not None and first.rgb[0, 0].tolist() == [1, 2, 3]
    assert second.rgb is None


@pytest.mark.parametrize(
    ("name", "size_hw", "camera"),
    [
        ("image_D00000030.png", (480, 640), "hands17"),
        ("image_0000.png", (240, 320), "icvl"),
    ],
)
def test_a_set_s_camera_is_known_by_how_its_frames_are_called_and_their_size(
    tmp_path, name, size_hw, camera
) -> None:
    cv2.imwrite(str(tmp_path / name), picture(500, size_hw))
    with open_depth(tmp_path) as source:
        assert source.camera == CAMERAS[camera]
    cv2.imwrite(str(tmp_path / name), picture(500, (6, 8)))
    with pytest.raises(MediaError, match="which camera took it"):
        open_depth(tmp_path)


def test_msra_s_patches_are_frames_of_its_camera(tmp_path) -> None:
    for number in range(2):
        head = struct.pack("<6i", 320, 240, 100, 50, 140, 80)
        patch = np.full(40 * 30, 300 + number, "<f4")
        (tmp_path / f"{number:06d}_depth.bin").write_bytes(head + patch.tobytes())
    with open_depth(tmp_path) as source:
        assert (source.count, source.camera) == (2, CAMERAS["msra"])
        assert source.read(1).depth_mm[79, 139] == 301 and source.read(1).depth_mm[80, 139] == 0


def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    content = bytearray((folder / "1.png").read_bytes())
    content[16:24] = struct.pack(">2I", 60_000, 60_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (folder / "1.png").write_bytes(content)
    with pytest.raises(MediaError, match=r"1\.png has 60000 x 60000 pixels|1\.png is no PNG"):
        open_depth(folder)


def test_there_is_no_frame_beyond_the_last(tmp_path) -> None:
    with open_depth(folder_of(tmp_path / "a", {"1.png": 1})) as source:
        for index in (-1, 1):
            with pytest.raises(MediaError, match=f"frames 0 to 0; number {index}"):
                source.read(index)


def test_a_frame_of_another_size_is_named(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    cv2.imwrite(str(folder / "2.png"), picture(2, (8, 6)))
    with open_depth(folder) as source, pytest.raises(MediaError, match=r"2\.png has 6 x 8 pixels"):
        source.read(1)
    with pytest.raises(MediaError, match="its camera 320 x 240"):
        open_depth(folder, camera=CAMERAS["icvl"]).read(0)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "fx is None"),
        (NUMBERS | {"fx": 0}, "fx is 0, expected is a number from 1 to 100000"),
        (NUMBERS | {"fy": float("nan")}, "fy is nan"),
        (NUMBERS | {"u0": "320"}, "u0 is 320"),
        (NUMBERS | {"width": 10**9}, "width is 1000000000"),
        (NUMBERS | {"unit_mm": -1}, "unit_mm is -1"),
    ],
)
def test_a_camera_that_can_t_be_is_told(tmp_path, document, told) -> None:
    with pytest.raises(MediaError, match=told):
        open_depth(folder_of(tmp_path / "a", {"1.png": 1}, document))


@pytest.mark.parametrize("content", ["[" * 50_000, '{"fx": 1', "x" * 70_000, "\0"])
def test_a_camera_file_that_is_no_json_is_told(tmp_path, content) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    (folder / "camera.json").write_text(content)
    with pytest.raises(MediaError, match=r"camera\.json"):
        open_depth(folder)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("joints.csv", "", "no table of joints"),
        ("joints.csv", "picture,a_x,a_y\n", "no table of joints"),
        ("joints.csv", "file,a_x,a_y,a_z\n", "no table of joints"),
        ("joints.csv", "picture,a_x,b_y,a_z\n", "no table of joints"),
        ("joints.csv", "picture,a_x,a_y,a_z,a_z\n", "no table of joints"),
        (
            "joints.csv",
            "picture,thumb1_x,thumb1_y,thumb1_z,thumb_cmc_x,thumb_cmc_y,thumb_cmc_z\n",
            "no table of joints: .* once each",
        ),
        ("joints.csv", "picture,a_x,a_y,a_z\n1.png,1,2\n2.png,1,2,3\n", "line 2 has 3 fields, the"),
        ("joints.csv", "picture,a_x,a_y,a_z\n1.png,1,2,3,4\n", "line 2 has 5 fields, the header"),
        ("joints.csv", "picture,a_x,a_y,a_z\n1.png,1,2,b\n", "line 2: “b” is no number"),
        ("joints.csv", "picture,a_x,a_y,a_z\n1.png,1,2,inf\n", "line 2: inf is beyond"),
        ("joints.csv", "picture,fx,fy,u0,v0,width,height\n1.png,1,1,1,1,0,1\n", "width is 0.0"),
        ("joints.csv", "picture\n" + "x" * 200_000, "no table that can be read"),
        ("times.csv", "picture,time_s\n1.png\n2.png,1\n", "line 2 has not two fields"),
        ("times.csv", "picture,time_s\n1.png,soon\n", "line 2: “soon” is no number"),
        ("times.csv", "picture,time_s\n1.png,nan\n", "line 2: “nan” is no time"),
        ("times.csv", "picture,time_s\n1.png,inf\n", "line 2: inf is beyond"),
        ("times.csv", "picture,time_s\n1.png,\n2.png,1\n", "line 2 has not two fields"),
    ],
)
def test_a_damaged_table_is_told_by_its_line(tmp_path, name, content, told) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    (folder / name).write_text(content)
    with pytest.raises(TableError, match=told):
        open_depth(folder)


def test_a_last_line_of_joints_that_was_cut_short_is_left_out(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1, "2.png": 2})
    (folder / "joints.csv").write_text("picture,a_x,a_y,a_z\n1.png,1,2,3\n2.png,4,")
    first, second = open_depth(folder)
    assert first.truth_mm.tolist() == [[1, 2, 3]] and second.truth_mm is None


def named(joints, axes="xyz") -> str:
    """A table of one picture: joint n at n, n + 100, n + 200."""
    columns = [f"{joint}_{axis}" for joint in joints for axis in axes]
    at = {"x": 0, "y": 100, "z": 200}
    numbers = [str(n + at[axis]) for n in range(len(joints)) for axis in axes]
    return ",".join(["picture", *columns]) + "\n" + ",".join(["1.png", *numbers]) + "\n"


def test_joints_are_read_by_name_in_whatever_order_they_stand(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    (folder / "joints.csv").write_text(named(MSRA_21.joints, "zyx"))
    (frame,) = open_depth(folder)
    assert frame.skeleton == "hand_21"
    # the thumb is MSRA's last finger: its tip is the table's joint 20, the index's tip joint 4
    assert frame.truth_mm[HAND_21.index("thumb_tip")].tolist() == [20, 120, 220]
    assert frame.truth_mm[HAND_21.index("index_tip")].tolist() == [4, 104, 204]


def test_joints_that_no_skeleton_has_are_said_to_be_none_s(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1})
    (folder / "joints.csv").write_text(named([f"joint{n}" for n in range(21)]))
    (frame,) = open_depth(folder)
    assert frame.skeleton == "" and frame.truth_mm[20].tolist() == [20, 120, 220]


def test_a_joint_that_isn_t_known_is_nan(tmp_path) -> None:
    folder = folder_of(tmp_path / "a", {"1.png": 1, "2.png": 2})
    (folder / "joints.csv").write_text("picture,a_x,a_y,a_z,b_x,b_y,b_z\n1.png,1,2,3,,,\n")
    first, second = open_depth(folder)
    assert first.truth_mm[0].tolist() == [1, 2, 3] and np.isnan(first.truth_mm[1]).all()
    assert second.truth_mm is None


def test_what_is_no_recording_is_told(tmp_path) -> None:
    with pytest.raises(MediaError, match="no depth pictures in"):
        open_depth(tmp_path)
    with pytest.raises(MediaError, match="no recording of depth at"):
        open_depth(tmp_path / "none")
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(MediaError, match=r"a\.txt is no recording of depth"):
        open_depth(tmp_path / "a.txt")
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    with pytest.raises(MediaError, match=r"1\.png"):
        open_depth(tmp_path)
