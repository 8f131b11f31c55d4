"""Boxes of people from detections and from annotations."""

import json
from pathlib import Path

import pytest

from core.datasets.person_boxes import MOST, read_person_boxes
from core.errors import TableError


def written(folder: Path, document: object) -> Path:
    path = folder / "boxes.json"
    path.write_text(json.dumps(document))
    return path


def detection(image: int, box: list[float], score: float, category: int = 1) -> dict[str, object]:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def test_detections_of_people_that_are_sure_come_surest_first(tmp_path: Path) -> None:
    found = read_person_boxes(
        written(
            tmp_path,
            [
                detection(785, [10, 20, 30, 40], 0.5),
                detection(785, [50, 20, 30, 40], 0.9),
                detection(785, [0, 0, 9, 9], 0.99, category=18),  # a dog
                detection(785, [0, 0, 9, 9], 0.29),
                detection(139, [1, 2, 3, 4], 0.9),
            ],
        )
    )
    assert found.of("000000000785.jpg", (200, 300)) == [(50, 20, 29, 39), (10, 20, 29, 39)]
    assert found.of("photos/139.png", (200, 300)) == [(1, 2, 2, 3)]
    assert found.of("holiday.jpg", (200, 300)) == [] == found.of("000000000999.jpg", (200, 300))


def test_a_file_about_one_picture_is_about_this_one_and_boxes_end_with_it(tmp_path: Path) -> None:
    boxes = [detection(7, [-20, 10, 60, 100], 0.9), detection(7, [400, 10, 60, 100], 0.9)]
    found = read_person_boxes(written(tmp_path, boxes))
    assert found.of("holiday.jpg", (60, 90)) == [(0, 10, 39, 49)]
    many = [detection(7, [i, 0, 10, 10], 0.9) for i in range(MOST + 3)]
    found = read_person_boxes(written(tmp_path, many))
    assert len(found.of("holiday.jpg", (60, 90))) == MOST


def test_annotations_say_whose_picture_by_its_name_and_crowds_are_left_out(
    shared_data: Path,
) -> None:
    folder = shared_data / "coco" / "mini"
    path = folder / "annotations" / "person_keypoints_val2017.json"
    found, truth = read_person_boxes(path), json.loads(path.read_text())
    name = {image["id"]: image for image in truth["images"]}
    assert len(name) > 1
    for number, image in name.items():
        wanted = [a for a in truth["annotations"] if a["image_id"] == number and not a["iscrowd"]]
        boxes = found.of(image["file_name"], (image["height"], image["width"]))
        assert len(boxes) == min(len(wanted), MOST)
        for box, person in zip(boxes, wanted, strict=False):
            assert box[:2] == pytest.approx(person["bbox"][:2], abs=1)


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="bbox"):
        read_person_boxes(written(tmp_path, [{"image_id": 1, "category_id": 1, "score": 1}]))
    with pytest.raises(TableError, match=r"boxes\.json"):
        read_person_boxes(written(tmp_path, {"people": []}))
