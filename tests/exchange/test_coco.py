"""COCO keypoints in: the project's skeleton alone, a figure at a time by hand."""

import json

import numpy as np
import pytest

from core.errors import TableError
from core.exchange.tables.data_in import import_data
from core.exchange.tables.data_out import export_data
from core.recording.imports.importing import ImportOptions
from tests.support.stored import count_by_estimator


def hand(first: float = 10.0) -> list[float]:
    """21 keypoints as COCO has them: x, y and v = 2."""
    return [value for j in range(21) for value in (first + j, 2 * first + 3 * j, 2)]


def write(path, annotations, **changes):
    """A COCO file of others: pictures of 640 x 480, one category."""
    coco = {
        "images": [{"id": "a", "file_name": "x/1.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 7, "name": "wave", "keypoints": []}],
        "annotations": [
            {"id": n, "image_id": "a", "category_id": 7} | one
            for n, one in enumerate(annotations, 1)
        ],
    } | changes
    path.write_text(json.dumps(coco), encoding="utf-8")
    return path


@pytest.mark.parametrize("joints", [1, 17, 20, 22])
def test_another_skeleton_is_refused_and_nothing_comes_in(joints, store, project, tmp_path):
    other = {"keypoints": [5.0, 6.0, 2] * joints}
    path = write(tmp_path / "c.json", [{"keypoints": hand()}, other, other])
    words = rf"poses have {joints} keypoints, hand_21 has 21: .* \(2 annotations: 2, 3\)"
    for name in ("new", project.name):
        with pytest.raises(TableError, match=words):
            import_data(store, name, path)
    assert [p.name for p in store.projects()] == [project.name]
    assert store.samples(project.id) == []


def test_coco_of_others_comes_in(store, tmp_path):
    points = hand()
    points[3:9] = [0, 0, 0, 13.5, 4, 1]  # one missing, one hidden
    path = write(
        tmp_path / "c.json",
        [
            {"keypoints": points, "num_keypoints": 20},
            {"keypoints": [0] * 63, "num_keypoints": 0},
            {"bbox": [1, 2, 3, 4]},
        ],
    )
    assert import_data(store, "p", path, ImportOptions(person="Eve")).added == 1
    project = store.project("p")
    [one] = store.samples(project.id)
    np.testing.assert_array_equal(
        one.pose[:4], np.float32([[10, 20], [np.nan] * 2, [13.5, 4], [13, 29]])
    )
    assert one.scores[0].tolist() == [1, 0, 0.5] + [1] * 18 and one.size_hw == (480, 640)
    assert (one.source, one.mirrored_view, one.space) == ("x/1.jpg", False, "picture")
    assert [p.name for p in store.persons(project.id)] == ["Eve"]
    assert import_data(store, "p", path).already == 1
    assert "wave" in [g.name for g in store.gestures(project.id)]


def test_keypoints_of_another_program_get_the_given_estimator_and_own_ones_keep_theirs(
    store, tmp_path
):
    path = write(tmp_path / "c.json", [{"keypoints": hand()}])
    given = ImportOptions(estimator="mediapipe-hands")
    import_data(store, "p", path)
    import_data(store, "q", path, given)
    export_data(store, store.project("p"), tmp_path / "own.json")
    import_data(store, "r", tmp_path / "own.json", given)
    found = [count_by_estimator(store, store.project(name).id) for name in ("p", "q", "r")]
    assert found == [{"coco-21": 1}, {"mediapipe-hands": 1}, {"coco-21": 1}]
