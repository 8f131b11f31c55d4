"""COCO's figures: pycocotools' for files that belong together, else an error of one line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import TableError
from core.measuring.coco_evaluation import FIGURES, evaluate_coco


@pytest.fixture
def coco(shared_data):
    return shared_data / "coco"


def person(number: int, **changes) -> dict:
    """A person of 100 x 200 pixels whose keypoints lie on a line, each visible."""
    points = [value for k in range(17) for value in (10.0 + 5 * k, 20.0 + 10 * k, 2)]
    one = {"id": number, "image_id": 7, "category_id": 1, "bbox": [10, 20, 100, 200]}
    one |= {"area": 10_000.0, "iscrowd": 0, "num_keypoints": 17, "keypoints": points}
    return one | changes


def found(points: list[float], **changes) -> dict:
    return {"image_id": 7, "category_id": 1, "keypoints": points, "score": 0.9} | changes


def pair(folder, persons: list[dict], results: object):
    images = [{"id": 7, "file_name": "7.jpg", "width": 640, "height": 480}]
    categories = [{"id": 1, "name": "person"}]
    truth = {"images": images, "categories": categories, "annotations": persons}
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "found.json").write_text(json.dumps(results))
    return folder / "truth.json", folder / "found.json"


def test_the_example_of_xtcocoapi(coco):
    figures = evaluate_coco(coco / "example_coco_val.json", coco / "example_coco_preds.json")
    expected = (0.86089, 0.993145, 0.910891, 0.775578, 0.937252)
    recall = (0.875, 1.0, 0.916667, 0.78, 0.942857)
    assert figures == {"n": 73, **dict(zip(FIGURES, (*expected, *recall), strict=True))}


@pytest.mark.parametrize("part", ["mini_val", "mini_train", "more", "val2017_part"])
def test_every_figure_of_a_part_of_coco(coco, part):
    results = coco / f"{part}_a_results.json"
    expected = json.loads((coco / "expected.json").read_text())[results.name]
    figures = evaluate_coco(coco / expected.pop("gt"), results)
    assert figures == pytest.approx(expected, abs=1e-6)


def test_a_moved_person_has_the_oks_that_its_distance_gives(tmp_path):
    # every keypoint 10 px off: the mean over COCO's σ of exp(-100 / (2 · (2σ)² · 10,000))
    sigmas = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
    oks = np.exp(-100 / (2 * (2 * sigmas) ** 2 * 10_000)).mean()
    passed = (np.arange(0.5, 1, 0.05) <= oks).mean()
    assert 0 < passed < 1
    one = person(1)
    moved = [v + 10 * (i % 3 == 0) for i, v in enumerate(one["keypoints"])]
    figures = evaluate_coco(*pair(tmp_path, [one], [found(moved)]))
    assert figures["AP"] == pytest.approx(passed, abs=1e-6)
    assert figures["APL"] == figures["AP"] and figures["APM"] == -1


def test_a_person_with_the_id_0_counts_and_no_results_give_figures_of_0(tmp_path):
    one = person(0)
    assert evaluate_coco(*pair(tmp_path, [one], [found(one["keypoints"])]))["AP"] == 1
    figures = evaluate_coco(*pair(tmp_path, [one], []))
    assert figures["n"] == figures["AP"] == figures["AR"] == 0


GOOD = person(1)["keypoints"]
WRONG_RESULTS = {
    "entry 1 is of picture 8": [found(GOOD, image_id=8)],
    "category 2, truth.json has": [found(GOOD, category_id=2)],
    "entry 1: keypoints: List should have at least 51 .* not 42": [found(GOOD[:42])],
    "entry 1: keypoints: Field required": [{"image_id": 7, "category_id": 1, "score": 1}],
    "JSON that can be read": [found(GOOD, score=float("nan"))],
    "entry 1: score: Input should be less than or equal to 1000": [found(GOOD, score=1e300)],
    "image_id: Input should be a valid integer": [found(GOOD, image_id="7")],
    "entry 2 has no bbox": [found(GOOD, bbox=[1, 2, 3, 4]), found(GOOD)],
    "no list": {"a": 1},
}
WRONG_TRUTH = {
    "annotations 1: bbox: Field required": [{"id": 1, "image_id": 7, "category_id": 1}],
    "its id 1 is another annotation.s, too": [person(1), person(1)],
    "truth.json has no annotations": [],
    r"annotations 1: bbox\.2: Field required": [person(1, bbox=[1, 2])],
    "annotations 1: area: Input should be greater than or equal to 0": [person(1, area=-3)],
}


@pytest.mark.parametrize("words", [*WRONG_RESULTS, *WRONG_TRUTH])
def test_files_that_do_not_belong_together_are_errors_of_one_line(words, tmp_path):
    persons, results = WRONG_TRUTH.get(words, [person(1)]), WRONG_RESULTS.get(words, [])
    with pytest.raises(TableError, match=words) as error:
        evaluate_coco(*pair(tmp_path, persons, results))
    assert "\n" not in str(error.value)


def test_truth_and_results_that_were_swapped_are_told(tmp_path):
    with pytest.raises(TableError, match="were the two files swapped"):
        evaluate_coco(*reversed(pair(tmp_path, [person(1)], [found(GOOD)])))


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\xff", b"[[[", b'"text"', None])
@pytest.mark.parametrize("bad", [0, 1], ids=["truth", "results"])
def test_invalid_json_and_a_missing_file_are_errors_of_one_line(content, bad, tmp_path):
    files = pair(tmp_path, [person(1)], [found(GOOD)])
    files[bad].unlink() if content is None else files[bad].write_bytes(content)
    with pytest.raises(TableError, match=files[bad].name) as error:
        evaluate_coco(*files)
    assert "\n" not in str(error.value)


def test_the_command_prints_a_table_or_one_document_and_nothing_of_pycocotools(coco):
    files = [f"--truth={coco}/example_coco_val.json"]
    files.append(f"--predictions={coco}/example_coco_preds.json")
    shown = CliRunner().invoke(app, ["evaluate-coco", *files])
    assert shown.stdout.splitlines()[:2] == ["73 persons found", "AP    0.8609"]
    done = CliRunner().invoke(app, ["evaluate-coco", *files, "--json"])
    assert list(json.loads(done.stdout)) == ["n", *FIGURES]
