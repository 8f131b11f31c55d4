"""Bodies from real files of LSP Extended, MPII and COCO, and damaged files."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.datasets.body_files import hold_out_pictures, read_bodies, read_lspet, read_mpii
from core.errors import TableError, TrainingError
from core.pose.skeletons.table import COCO_17, LSP_14


@pytest.fixture
def body(shared_data: Path) -> Path:
    return shared_data / "body"


def test_lspet_has_1500_persons_with_nan_for_unlabelled_keypoints(body: Path) -> None:
    first, *others = read_lspet(body / "lspet")
    assert len(others) == 1499 and first.picture.name == "im00004.jpg" and first.picture.is_file()
    assert first.keypoints[LSP_14.index("right_ankle")].tolist() == pytest.approx([68.0, 183.7])
    assert first.keypoints[LSP_14.index("head_top")].tolist() == pytest.approx([84.1, 72.8])
    x, y, width, height = first.box.to_xywh()
    assert (x, y) == pytest.approx((11.0, 72.8))
    assert (width, height) == pytest.approx((113.1, 110.9), abs=1e-4)
    labelled = np.isfinite([one.keypoints for one in [first, *others]]).all(-1).sum(1)
    assert np.unique(labelled, return_counts=True)[1].tolist() == [447, 1053]  # 13, 14 of 14


def test_lspet_is_split_by_picture_the_same_way_each_time(body: Path) -> None:
    data = read_bodies(body / "lspet")
    assert len(data.rows("")) == 1200 and len(data.rows("held out")) == 300
    again = hold_out_pictures(list(reversed(read_lspet(body / "lspet"))))
    held_out = {one.picture for one in again if one.held_out}
    assert held_out == {data.bodies[row].picture for row in data.rows("held out")}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,r_ankle_x\na.jpg,1\n", "no column r_ankle_y"),
        ("", "can't be read: No columns"),
        (None, "can't be read"),
    ],
)
def test_another_table_is_an_error(content, message, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "joints.csv").write_text(content)
    with pytest.raises(TableError, match=message):
        read_lspet(tmp_path)


def test_coco_s_labelled_persons_are_read_with_val_held_out(shared_data: Path) -> None:
    data = read_bodies(shared_data / "coco" / "mini")
    assert data.skeleton is COCO_17
    assert data.held_out_sets == ["val2017"]
    # as many as have a labelled keypoint, by the data's own README
    assert (len(data.rows("")), len(data.rows("val2017"))) == (86, 68)
    assert all(one.picture.is_file() for one in data.bodies)
    inside_box = []
    for one in data.bodies:
        low, high = np.array(one.box).reshape(2, 2)
        inside_box.append(((one.keypoints >= low) & (one.keypoints <= high)).all(1))
    labelled = np.isfinite([one.keypoints for one in data.bodies]).all(-1)
    assert np.array(inside_box)[labelled].mean() > 0.9  # some lie outside in the real files


def test_mpii_s_square_and_keypoints_begin_at_0(shared_data: Path) -> None:
    samples = shared_data / "samples" / "mpii"
    first, *others = read_mpii(samples / "test_mpii.json", samples)
    assert len(others) == 4 and first.picture.name == "005808361.jpg"
    # centre (966, 340), scale 4.718488: 15 scales lower, a square of 200 scales, from 0 on
    side = 200 * 4.718488
    assert first.box.to_xywh() == pytest.approx(
        (965 - side / 2, 339 + 15 * 4.718488 - side / 2, side, side), abs=1e-3
    )
    assert first.keypoints[LSP_14.index("right_ankle")].tolist() == [803, 710]
    assert first.keypoints[LSP_14.index("left_wrist")].tolist() == [1141, 477]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "large"}, "entry 1: could not convert"),
        ({"joints": [[1, 1]] * 3}, "entry 1: cannot reshape"),
        ({"center": None}, "entry 1"),
    ],
)
def test_a_damaged_entry_of_mpii_is_an_error(tmp_path: Path, change, message) -> None:
    row = {"image": "a.jpg", "joints": [[1, 1]] * 16, "joints_vis": [1] * 16, "scale": 1}
    (tmp_path / "mpii.json").write_text(json.dumps([row | {"center": [9, 9]} | change]))
    with pytest.raises(TableError, match=message):
        read_bodies(tmp_path / "mpii.json")
    (tmp_path / "mpii.json").write_text(json.dumps([row]))
    with pytest.raises(TableError, match="entry 1 has no center; expected are image, joints"):
        read_bodies(tmp_path / "mpii.json")


def test_crowds_and_unlabelled_persons_are_only_boxes(tmp_path: Path) -> None:
    person = {"image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "area": 900.0}
    person |= {"keypoints": [20.0, 30.0, 2] * 17, "num_keypoints": 17, "iscrowd": 0}
    unlabelled = person | {"keypoints": [0, 0, 0] * 17, "num_keypoints": 0}
    persons = [person | {"id": 1}, person | {"id": 2, "iscrowd": 1}, unlabelled | {"id": 3}]
    images = [{"id": 1, "file_name": "1.jpg", "width": 100, "height": 200}]
    truth = {"images": images, "categories": [{"id": 1}], "annotations": persons}
    (tmp_path / "annotations").mkdir()
    file = tmp_path / "annotations" / "person_keypoints_train2017.json"
    file.write_text(json.dumps(truth))
    [body] = read_bodies(tmp_path).bodies
    assert body.picture == tmp_path / "train2017" / "1.jpg" and body.box == (10, 20, 39, 59)
    assert body.unlabelled == ((10, 20, 39, 59),) * 2


def test_of_a_single_file_a_fifth_of_the_pictures_is_held_out(shared_data: Path) -> None:
    mini = shared_data / "coco" / "mini"
    coco = read_bodies(mini / "annotations" / "person_keypoints_train2017.json", mini / "train2017")
    mpii = read_bodies(shared_data / "samples" / "mpii" / "test_mpii.json")
    for data in (coco, mpii):
        assert data.held_out_sets == ["held out"]
        parts = [{data.bodies[row].picture for row in data.rows(name)} for name in ("", "held out")]
        assert not parts[0] & parts[1]
        assert len(parts[1]) == round(0.2 * len(parts[0] | parts[1]))


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.jpg", "a/../../b.jpg"])
def test_a_picture_outside_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="has neither joints"):
        read_bodies(tmp_path)
    truth = {"images": [{"id": 1, "file_name": name}], "annotations": [], "categories": []}
    (tmp_path / "coco.json").write_text(json.dumps(truth))
    row = {"image": name, "joints": [[1, 1]] * 16, "joints_vis": [1] * 16}
    (tmp_path / "mpii.json").write_text(json.dumps([row | {"scale": 1, "center": [9, 9]}]))
    for file in ("coco.json", "mpii.json"):
        with pytest.raises(TableError, match=r"1: .*“.*” leads out of"):
            read_bodies(tmp_path / file)
    short = [one.replace("right_", "r_").replace("left_", "l_") for one in LSP_14.joints]
    columns = ["image", *(f"{one}_{part}" for one in short for part in "xyv")]
    (tmp_path / "joints.csv").write_text(f"{','.join(columns)}\n{name}{',1' * 42}\n")
    with pytest.raises(TableError, match=r"joints\.csv: “.*” leads out of images"):
        read_bodies(tmp_path)
