"""COCO's figures of body keypoints: average precision and recall over OKS, by pycocotools.

Convention: OKS thresholds .50 to .95, at most 20 people a picture; M are people of 32² to 96²
square pixels, L larger ones. A figure is -1 where the annotations have no such person.
"""

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from core.datasets.coco import Annotations, KeypointResult, read_annotations, read_results
from core.errors import TableError

FIGURES = ("AP", "AP50", "AP75", "APM", "APL", "AR", "AR50", "AR75", "ARM", "ARL")


def evaluate_coco(truth: Path, predictions: Path) -> dict[str, float]:
    """Evaluate a COCO results file against annotations: the ten AP and AR figures, and n, its
    number of entries.

    Raises:
        TableError: the files do not belong together, or are no such files.
    """
    annotations, results = read_annotations(truth), read_results(predictions)
    _check_coco_pair(annotations, results, truth.name, predictions.name)
    return {"n": len(results), **compute_coco_figures(annotations, results)}


def compute_coco_figures(
    annotations: Annotations, results: Sequence[KeypointResult]
) -> dict[str, float]:
    """Compute COCO's ten keypoint figures (AP, AP50 … ARL) with pycocotools, rounded to six
    digits.

    Args:
        results: of pictures and categories that the annotations have.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(StringIO()):  # it prints every step
        truth, found = COCO(), COCO()
        truth.dataset = _to_coco_dataset(annotations)
        truth.createIndex()
        if results:
            found = truth.loadRes(_to_coco_entries(results))
        else:  # loadRes fails without an entry
            found.dataset = truth.dataset | {"annotations": []}
            found.createIndex()
        evaluation = COCOeval(truth, found, "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    pairs = zip(FIGURES, evaluation.stats, strict=True)
    return {name: round(float(value), 6) for name, value in pairs}


def _check_coco_pair(
    annotations: Annotations,
    results: Sequence[KeypointResult],
    truth_name: str,
    predictions_name: str,
) -> None:
    """Raise TableError for a result of a picture or category without annotations, or with a bbox
    in some entries only."""
    categories = set(annotations.categories)
    with_box = bool(results) and results[0].bbox is not None
    for number, found in enumerate(results, 1):
        entry = f"{predictions_name}: entry {number}"
        if found.image_id not in annotations.images:
            raise TableError(
                f"{entry} is of picture {found.image_id}, which {truth_name} does not have: give "
                "the annotations of the same pictures"
            )
        if found.category_id not in categories:
            raise TableError(
                f"{entry} is of category {found.category_id}, {truth_name} has only "
                f"{', '.join(map(str, sorted(categories)[:9]))}"
            )
        if with_box and found.bbox is None:
            raise TableError(f"{entry} has no bbox, which the first entry has: give all or none")


def _to_coco_dataset(annotations: Annotations) -> dict[str, Any]:
    """Convert annotations to the dictionary that pycocotools reads."""
    people = [
        {
            "id": number,  # not the file's: pycocotools takes an id of 0 for no match
            "image_id": person.image_id,
            "category_id": person.category_id,
            "bbox": list(person.bbox),
            "area": person.area,
            "keypoints": person.keypoints.ravel(),
            "num_keypoints": person.num_keypoints,
            "iscrowd": int(person.iscrowd),
        }
        for number, person in enumerate(annotations.persons, 1)
    ]
    return {
        "images": [{"id": image} for image in annotations.images],
        "annotations": people,
        "categories": [{"id": category} for category in annotations.categories],
    }


def _to_coco_entries(results: Sequence[KeypointResult]) -> list[dict[str, Any]]:
    """Convert results to pycocotools' entries, with a bbox if the results have one."""
    with_box = results[0].bbox is not None
    return [
        {
            "image_id": found.image_id,
            "category_id": found.category_id,
            "keypoints": found.keypoints.ravel(),
            "score": found.score,
            **({"bbox": list(found.bbox)} if with_box and found.bbox else {}),
        }
        for found in results
    ]
