"""COCO's files on persons, real and damaged ones, and the boxes of people in them."""

import json
from pathlib import Path

import pytest

from core.datasets.coco import (
    MAX_BOXES,
    read_annotations,
    read_detections,
    read_person_boxes,
)
from core.errors import TableError


def test_annotations_have_pictures_and_persons(shared_data: Path) -> None:
    found = read_annotations(shared_data / "coco" / "example_coco_val.json")
    assert list(found.images) == [785, 40083, 196141, 197388] and found.categories == [1]
    assert found.images[785].file_name == "000000000785.jpg"
    assert found.images[785].size_hw == (425, 640)
    assert len(found.persons) == 14
    labelled = [int((one.keypoints[:, 2] > 0).sum()) for one in found.persons]
    assert labelled == [one.num_keypoints for one in found.persons]


def test_detections_are_read_with_their_scores(shared_data: Path) -> None:
    found = read_detections(shared_data / "samples" / "coco" / "test_coco_det_AP_H_56.json")
    assert {one.image_id for one in found} == {785, 40083, 196141, 197388}
    assert found[0].bbox == pytest.approx((277.1183, 45.6997, 225.0913, 333.5603), abs=1e-4)
    assert found[0].score == pytest.approx(0.99997317)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": []}, "is no list: expected was one of objects with image_id"),
        ([{"image_id": 1, "category_id": 1, "score": 1.0}], "entry 1: bbox: Field required"),
        (
            [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3], "score": 1}],
            r"entry 1: bbox\.3: Field required",
        ),
        (
            [{"image_id": 1.5, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}],
            "image_id: Input should be a valid integer",
        ),
    ],
)
def test_damaged_detections_are_an_error(content, message, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps(content))
    with pytest.raises(TableError, match=message):
        read_detections(tmp_path / "d.json")


def write_json(folder: Path, document: object) -> Path:
    path = folder / "boxes.json"
    path.write_text(json.dumps(document))
    return path


def detection(image: int, box: list[float], score: float, category: int = 1) -> dict[str, object]:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def test_confident_detections_of_people_come_in_order_of_confidence(tmp_path: Path) -> None:
    detections = [
        detection(785, [10, 20, 30, 40], 0.5),
        detection(785, [50, 20, 30, 40], 0.9),
        detection(785, [0, 0, 9, 9], 0.99, category=18),  # a dog
        detection(785, [0, 0, 9, 9], 0.29),
        detection(139, [1, 2, 3, 4], 0.9),
    ]
    found = read_person_boxes(write_json(tmp_path, detections))
    for name, boxes in {
        "000000000785.jpg": [(50, 20, 79, 59), (10, 20, 39, 59)],
        "photos/139.png": [(1, 2, 3, 5)],
        "holiday.jpg": [],
        "000000000999.jpg": [],
    }.items():
        assert found.find_boxes(name, (200, 300)) == boxes


def test_a_file_about_one_picture_applies_to_any_and_boxes_are_clipped(tmp_path: Path) -> None:
    boxes = [detection(7, [-20, 10, 60, 100], 0.9), detection(7, [400, 10, 60, 100], 0.9)]
    found = read_person_boxes(write_json(tmp_path, boxes))
    assert found.find_boxes("holiday.jpg", (60, 90)) == [(0, 10, 39, 59)]
    many = [detection(7, [i, 0, 10, 10], 0.9) for i in range(MAX_BOXES + 3)]
    found = read_person_boxes(write_json(tmp_path, many))
    assert len(found.find_boxes("holiday.jpg", (60, 90))) == MAX_BOXES


def test_annotations_are_found_by_the_picture_s_name_without_crowds(
    shared_data: Path,
) -> None:
    folder = shared_data / "coco" / "mini"
    path = folder / "annotations" / "person_keypoints_val2017.json"
    found, truth = read_person_boxes(path), json.loads(path.read_text())
    name = {image["id"]: image for image in truth["images"]}
    assert len(name) > 1
    for number, image in name.items():
        wanted = [a for a in truth["annotations"] if a["image_id"] == number and not a["iscrowd"]]
        boxes = found.find_boxes(image["file_name"], (image["height"], image["width"]))
        assert len(boxes) == min(len(wanted), MAX_BOXES)
        for box, person in zip(boxes, wanted, strict=False):
            assert box[:2] == pytest.approx(person["bbox"][:2], abs=1)
