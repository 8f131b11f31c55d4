"""Folders of depth pictures, real ones and our own: each frame with its camera, time, colours and
truth; damaged tables."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.depth.cameras import CAMERAS
from core.depth.io.recordings import open_depth
from core.errors import MediaError, TableError
from core.lab.renderer.render import NYU_HANDS, render_hand, write_rendered_hands
from core.media.pictures import read_picture
from core.pose.skeletons.table import HAND_21, MSRA_21
from tests.support.depth_recordings import pack_msra


def picture(value: int, size_hw: tuple[int, int] = (6, 8)) -> np.ndarray:
    return np.full(size_hw, value, np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """9.png, 10.png, a hidden draft and a camera."""
    for name, value in {"10.png": 10, "9.png": 9, ".11.png": 11}.items():
        assert cv2.imwrite(str(tmp_path / name), picture(value))
    camera = {"fx": 50, "fy": 51.0, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6}
    (tmp_path / "camera.json").write_text(json.dumps(camera))
    return tmp_path


def test_nyu_s_frames_come_with_their_colours_and_camera(shared_data: Path) -> None:
    with open_depth(shared_data / "depth") as source:
        assert source.count == 1 and source.camera == CAMERAS["nyu"]
        (frame,) = source
    assert (frame.depth_mm.min(), frame.depth_mm.max()) == (731, 2001)
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


def test_rendered_hands_have_a_camera_and_keypoints_each(tmp_path) -> None:
    write_rendered_hands(tmp_path / "hands", 3, 7, NYU_HANDS, "nyu_14")
    with open_depth(tmp_path / "hands") as source:
        assert source.count == 3
        for index, frame in enumerate(source):
            hand = render_hand(7, index)
            assert np.array_equal(frame.depth_mm, hand.depth_mm)
            assert frame.truth_mm == pytest.approx(hand.joints_mm("nyu_14"), abs=1e-3)
            assert frame.camera.u0 == pytest.approx(hand.camera.u0)
            assert frame.camera.width == hand.depth_mm.shape[1]


def test_frames_come_in_the_order_of_their_numbers_with_times_and_registered_colours(
    folder,
) -> None:
    (folder / "rgb").mkdir()
    cv2.imwrite(str(folder / "rgb" / "9.png"), np.full((6, 8, 3), (3, 2, 1), np.uint8))
    cv2.imwrite(str(folder / "rgb" / "10.png"), np.zeros((12, 16, 3), np.uint8))  # another size
    assert cv2.imwrite(str(folder / "100.png"), picture(100))
    (folder / "times.csv").write_text("picture,time_s\n9.png,0.5\n10.png,0.75\n100.p")
    frames = list(open_depth(folder))
    assert [frame.depth_mm[0, 0] for frame in frames] == [9, 10, 100]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].rgb[0, 0].tolist() == [1, 2, 3] and frames[1].rgb is None
    assert [frame.time_s for frame in frames] == [0, 0.25, pytest.approx(2 / 30)]
    (folder / "times.csv").write_text("picture,time_s\n9.png,0.5\n10.png,")
    assert [frame.time_s for frame in open_depth(folder)] == pytest.approx([0, 1 / 30, 2 / 30])


@pytest.mark.parametrize(
    ("name", "size_hw", "camera"),
    [("image_D00000030.png", (480, 640), "hands17"), ("image_0000.png", (240, 320), "icvl")],
)
def test_a_set_s_camera_is_known_by_the_names_of_its_frames_and_their_size(
    tmp_path, name, size_hw, camera
) -> None:
    cv2.imwrite(str(tmp_path / name), picture(500, size_hw))
    assert open_depth(tmp_path).camera == CAMERAS[camera]
    cv2.imwrite(str(tmp_path / name), picture(500, (6, 8)))
    with pytest.raises(MediaError, match=r"its camera .* is unknown"):
        open_depth(tmp_path)


def test_msra_s_patches_are_at_their_place_in_empty_frames_of_its_camera(tmp_path) -> None:
    patch = np.arange(30 * 40, dtype=np.float32).reshape(30, 40) + 300
    for number in range(2):
        content = pack_msra(patch + number, 100, 50)
        (tmp_path / f"{number:06d}_depth.bin").write_bytes(content)
    with open_depth(tmp_path) as source:
        assert (source.count, source.camera) == (2, CAMERAS["msra"])
        depth_mm = source.read(1).depth_mm
    assert depth_mm.shape == (240, 320) and np.count_nonzero(depth_mm) == patch.size
    np.testing.assert_array_equal(depth_mm[50:80, 100:140], patch + 1)


def test_a_frame_of_another_size_is_named(folder) -> None:
    cv2.imwrite(str(folder / "10.png"), picture(2, (8, 6)))
    with open_depth(folder) as source, pytest.raises(MediaError, match=r"10\.png has 6 x 8 pixels"):
        source.read(1)


NO_TABLE = "no table of joints: .* once each"
HEADER = "picture,a_x,a_y,a_z"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("joints.csv", "", NO_TABLE),
        ("joints.csv", "file,a_x,a_y,a_z\n", NO_TABLE),
        ("joints.csv", "picture,a_x,b_y,a_z\n", NO_TABLE),
        ("joints.csv", "picture,a_x,a_y,a_z,a_z\n", NO_TABLE),
        ("joints.csv", f"{HEADER},thumb1_x,thumb_cmc_x\n".replace("a_", "thumb1_"), NO_TABLE),
        ("joints.csv", f"{HEADER}\n1.png,1,2\n2.png,1,2,3\n", "line 2 has 3 fields, the header"),
        ("joints.csv", f"{HEADER}\n1.png,1,2,3,4\n", "line 2 has 5 fields, the header has 4"),
        ("joints.csv", f"{HEADER}\n1.png,1,2,b\n", "line 2: “b” is no number"),
        ("joints.csv", f"{HEADER}\n1.png,1,2,inf\n", "line 2: number 3 is inf"),
        ("joints.csv", "picture,fx,fy,u0,v0,width,height\n1.png,1,1,1,1,0,1\n", "width is 0.0"),
        ("joints.csv", "picture\n" + "x" * 200_000, "line 2 has over 10,000 characters"),
        ("times.csv", "picture,time_s\n1.png\n2.png,1\n", "line 2 has 1 fields, the header has 2"),
        ("times.csv", "picture,time_s,x\n", "other columns than picture and time_s"),
        ("times.csv", "picture,time_s\n1.png,soon\n", "line 2: “soon” is no number"),
        ("times.csv", "picture,time_s\n1.png,nan\n", "line 2: number 1 is nan"),
        ("times.csv", "picture,time_s\n1.png,\n2.png,1\n", "line 2 has no time"),
    ],
)
def test_a_damaged_table_is_an_error_with_its_line(folder, name, content, message) -> None:
    (folder / name).write_text(content)
    with pytest.raises(TableError, match=message):
        open_depth(folder)


def joint_table(joints, axes="xyz") -> str:
    """A table of one picture: joint n at n, n + 100, n + 200."""
    columns = [f"{joint}_{axis}" for joint in joints for axis in axes]
    at = {"x": 0, "y": 100, "z": 200}
    numbers = [str(n + at[axis]) for n in range(len(joints)) for axis in axes]
    return ",".join(["picture", *columns]) + "\n" + ",".join(["9.png", *numbers]) + "\n"


def test_keypoints_are_read_by_name_in_any_order(folder) -> None:
    (folder / "joints.csv").write_text(joint_table(MSRA_21.joints, "zyx"))
    frame = open_depth(folder).read(0)
    assert frame.skeleton == "hand_21"
    # the thumb is MSRA's last finger: its tip is the table's joint 20, the index's tip joint 4
    assert frame.truth_mm[HAND_21.index("thumb_tip")].tolist() == [20, 120, 220]
    assert frame.truth_mm[HAND_21.index("index_tip")].tolist() == [4, 104, 204]
    (folder / "joints.csv").write_text(joint_table([f"joint{n}" for n in range(21)]))
    frame = open_depth(folder).read(0)
    assert frame.skeleton == "" and frame.truth_mm[20].tolist() == [20, 120, 220]


def test_an_empty_keypoint_is_nan_and_a_last_line_that_was_cut_short_is_skipped(folder) -> None:
    header = "picture,a_x,a_y,a_z,b_x,b_y,b_z"
    (folder / "joints.csv").write_text(f"{header}\n9.png,1,2,3,,,\n10.png,4,")
    first, second = open_depth(folder)
    assert first.truth_mm[0].tolist() == [1, 2, 3] and np.isnan(first.truth_mm[1]).all()
    assert second.truth_mm is None
