"""COCO's files on persons, real and damaged ones."""

import json
from pathlib import Path

import pytest

from core.datasets.coco import read_annotations, read_detections
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
