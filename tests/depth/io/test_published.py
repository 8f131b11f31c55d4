"""Labels of the published sets, from files of the same layout: every keypoint in its place."""

import numpy as np
import pytest
from scipy.io import savemat

from core.depth.cameras import CAMERAS
from core.depth.io.images import read_depth
from core.depth.io.joint_files import read_joints
from core.depth.io.published import (
    DEPTH_SETS,
    read_hands17_labels,
    read_icvl_labels,
    read_msra_labels,
    read_nyu_labels,
)
from core.errors import TableError
from tests.support.depth_recordings import pack_msra


def format_row(values: np.ndarray) -> str:
    return " ".join(f"{value:.4f}" for value in np.ravel(values))


def test_nyu_s_14_of_36_keypoints_of_the_front_view_are_read(tmp_path, shared_data) -> None:
    published = read_joints(shared_data / "depth" / "nyu_test_label.txt")[:2]
    uvd = np.random.default_rng(0).uniform(1, 500, (3, 2, 36, 3))
    uvd[0][:, [0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32]] = published
    folder = tmp_path / "test"
    folder.mkdir()
    savemat(folder / "joint_data.mat", {"joint_uvd": uvd, "joint_xyz": uvd})
    labels = read_nyu_labels(folder)
    assert [label.file.name for label in labels] == ["depth_1_0000001.png", "depth_1_0000002.png"]
    assert {label.person for label in labels} == {"test"}
    np.testing.assert_array_equal([label.uvd for label in labels], published)


def test_icvl_s_lines_name_a_file_and_16_keypoints(tmp_path) -> None:
    uvd = np.random.default_rng(0).uniform(1, 300, (3, 16, 3)).round(4)
    names = ["test_seq_1/image_0000.png", "test_seq_1/image_0001.png", "test_seq_2/image_0000.png"]
    lines = [f"{name} {format_row(joints)} \n" for name, joints in zip(names, uvd, strict=True)]
    (tmp_path / "test_seq_1.txt").write_text("".join(lines[:2]) + "\n")
    (tmp_path / "test_seq_2.txt").write_text(lines[2])
    labels = read_icvl_labels(tmp_path)
    assert [label.file for label in labels] == [tmp_path / "Depth" / name for name in names]
    assert [label.person for label in labels] == ["test_seq_1", "test_seq_1", "test_seq_2"]
    np.testing.assert_array_equal([label.uvd for label in labels], uvd)


def test_msra_s_y_points_up_and_its_z_to_the_camera(tmp_path) -> None:
    camera, content = CAMERAS["msra"], pack_msra(np.full((10, 12), 400), 166, 110)
    for person, gesture in (("P0", "1"), ("P8", "Y")):
        folder = tmp_path / person / gesture
        folder.mkdir(parents=True)
        xyz = np.tile([24.0, 12.0, -482.84], (2, 21, 1))
        (folder / "joint.txt").write_text(
            "\n".join(["2", format_row(xyz[0]), format_row(xyz[1])]) + "\n"
        )
        (folder / "000001_depth.bin").write_bytes(content)
    labels = read_msra_labels(tmp_path)
    assert [label.person for label in labels] == ["P0", "P0", "P8", "P8"]
    assert labels[3].file == tmp_path / "P8" / "Y" / "000001_depth.bin"
    # half a pixel a millimetre: 12 px right, 6 px up
    np.testing.assert_allclose(labels[3].uvd, np.tile([172, 114, 482.84], (21, 1)))
    assert read_depth(labels[3].file)[114, 172] == 400
    np.testing.assert_allclose(camera.to_mm(labels[0].uvd[0]), [24, -12, 482.84])


def test_hands17_s_lines_are_points_in_space(tmp_path) -> None:
    xyz = np.random.default_rng(0).uniform((-90, -80, 300), (90, 80, 700), (2, 21, 3)).round(4)
    names = ["image_D00000001.png", "image_D00000002.png"]
    lines = [
        f"{name}\t" + format_row(joints).replace(" ", "\t") + "\n"
        for name, joints in zip(names, xyz, strict=True)
    ]
    (tmp_path / "Training_Annotation.txt").write_text("".join(lines))
    labels = read_hands17_labels(tmp_path)
    assert [label.file for label in labels] == [tmp_path / "images" / name for name in names]
    back = CAMERAS["hands17"].to_mm([label.uvd for label in labels])
    np.testing.assert_allclose(back, xyz, atol=1e-9)


@pytest.mark.parametrize("name", DEPTH_SETS)
def test_a_folder_without_labels_is_an_error(tmp_path, name) -> None:
    with pytest.raises(TableError, match=r"joint_data\.mat can.t be read|has no "):
        DEPTH_SETS[name].read(tmp_path)


ONES = " ".join(["1"] * 63)
FILES = {
    "icvl": "labels.txt",
    "msra": "P0/1/joint.txt",
    "hands17": "Training_Annotation.txt",
    "nyu": "joint_data.mat",
}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("icvl", "a.png 1 2 3", "line 1 has 3 numbers, expected"),
        ("icvl", "a.png x" + " 1" * 47, "“x” is no number"),
        ("icvl", "a.png" + " nan" * 48, "line 1: number 1 is nan"),
        ("icvl", "../../a.png" + " 1" * 48, "leads out of Depth"),
        ("msra", f"2\n{ONES}", r"its first line must .* 1, got “2”"),
        ("msra", "", "first line must be"),
        ("msra", f"1\n{ONES}", "line 2 has a keypoint behind"),
        ("hands17", "a.png" + " -1" * 63, "behind the camera"),
        ("nyu", "no mat file", "can't be read"),
    ],
)
def test_a_damaged_label_file_is_an_error_with_its_line(tmp_path, name, text, message) -> None:
    file = tmp_path / FILES[name]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    with pytest.raises(TableError, match=message):
        DEPTH_SETS[name].read(tmp_path)


def test_a_mat_file_of_other_arrays_is_an_error(tmp_path) -> None:
    savemat(tmp_path / "joint_data.mat", {"joint_uvd": np.ones((3, 2, 14, 3))})
    with pytest.raises(TableError, match=r"shape \(3, 2, 14, 3\), expected 3, N, 36, 3"):
        read_nyu_labels(tmp_path)
