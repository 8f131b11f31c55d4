"""COCO's figures of body keypoints: average precision and recall over OKS, by pycocotools.

Convention: OKS thresholds .50 to .95, at most 20 people a picture; M are people of 32² to 96²
square pixels, L larger ones. A figure is -1 if the annotations have no such person.
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
    """Evaluate a COCO results file: n, AP and AR; raise TableError if a file is invalid."""
    annotations, results = read_annotations(truth), read_results(predictions)
    categories = set(annotations.categories)
    with_box = bool(results) and results[0].bbox is not None
    for number, found in enumerate(results, 1):
        entry = f"{predictions.name}: entry {number}"
        if found.image_id not in annotations.images:
            raise TableError(
                f"{entry} is of picture {found.image_id}, which {truth.name} does not have: give "
                "the annotations of the same pictures"
            )
        if found.category_id not in categories:
            raise TableError(
                f"{entry} is of category {found.category_id}, {truth.name} has only "
                f"{', '.join(map(str, sorted(categories)[:9]))}"
            )
        if with_box and found.bbox is None:
            raise TableError(f"{entry} has no bbox, which the first entry has: give all or none")
    return {"n": len(results), **compute_coco_figures(annotations, results)}


def compute_coco_figures(
    annotations: Annotations, results: Sequence[KeypointResult]
) -> dict[str, float]:
    """Compute COCO's ten metrics, rounded; every result's picture must be annotated."""
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


def _to_coco_dataset(annotations: Annotations) -> dict[str, Any]:
    """Convert annotations to the dictionary that pycocotools reads."""
    people = [  # not the file's ids: pycocotools takes an id of 0 for no match
        vars(person) | {"id": number, "keypoints": person.keypoints.ravel()}
        for number, person in enumerate(annotations.persons, 1)
    ]
    return {
        "images": [{"id": image} for image in annotations.images],
        "annotations": people,
        "categories": [{"id": category} for category in annotations.categories],
    }


def _to_coco_entries(results: Sequence[KeypointResult]) -> list[dict[str, Any]]:
    """Convert results to pycocotools' entries, with their bbox if given."""
    entries = [vars(found) | {"keypoints": found.keypoints.ravel()} for found in results]
    if results[0].bbox is None:
        for entry in entries:
            del entry["bbox"]
    return entries
