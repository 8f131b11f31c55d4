"""`evaluate-bodies`: what is measured on what, from names and files."""

from pathlib import Path
from typing import Any

from core.datasets.bodies import Bodies
from core.datasets.body_files import read_bodies
from core.datasets.coco import Annotations, read_annotations, read_detections
from core.errors import EstimatorError, TrainingError
from core.estimators.heatmap_net import HeatmapNet
from core.measuring.body_evaluation import (
    Progress,
    all_at_once,
    by_boxes,
    evaluate_bodies,
    one_by_one,
    results_of_detections,
)
from core.measuring.coco_evaluation import coco_figures
from core.media.json_objects import is_list
from core.paths import Paths
from core.pose.heatmaps import PeakDecoder
from core.pose.skeletons.table import skeleton_named
from core.reading.keypoint_sources import KeypointSource


def measure_bodies(
    paths: Paths,
    name: str,
    data: Path,
    pictures: Path | None,
    *,
    whole: bool = False,
    flip: bool = True,
    decoding: PeakDecoder | None = None,
    held_out: bool = False,
    detections: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Figures of an estimator or a body net, by its name, on a folder's or file's persons, as
    `evaluate_bodies` gives them; with detections those of COCO alone.

    Args:
        pictures: of a file, where its pictures lie; else beside it.
        whole: show an estimator whole pictures; a net sees boxes in any case.
        flip: show a net each person mirrored, too.
        decoding: how a net's peaks are placed between cells; None: as it was trained.
        held_out: only those whom a training on the same data holds out.
        detections: boxes for a net, in place of the annotated ones.

    Raises:
        MudraError: what is wrong with the names, files or skeletons.
    """
    source = KeypointSource(name)
    if source.is_net:
        net = HeatmapNet(paths.net(name), threads=2)
        if not finds_bodies(net):
            raise EstimatorError(f"{name} finds no bodies; `evaluate-net` measures nets of hands")
        if detections is not None:
            truth, boxes = read_annotations(data), read_detections(detections)
            results = results_of_detections(
                net,
                truth,
                pictures or data.parent,
                boxes,
                flip=flip,
                decoding=decoding,
                progress=progress,
            )
            return {"n": len(results), "coco": coco_figures(truth, results)}
        bodies, annotations = _persons(data, pictures, held_out)
        skeleton = skeleton_named(net.skeleton)
        find = by_boxes(net, flip=flip, decoding=decoding)
        return evaluate_bodies(find, skeleton, bodies, annotations=annotations, progress=progress)
    if detections is not None:
        raise EstimatorError(f"{name} finds persons by itself; detections are for nets")
    bodies, annotations = _persons(data, pictures, held_out)
    with source.open(paths) as estimator:
        return evaluate_bodies(
            (all_at_once if whole else one_by_one)(estimator),
            skeleton_named(estimator.skeleton),
            bodies,
            annotations=annotations,
            whole=whole,
            progress=progress,
        )


def finds_bodies(net: HeatmapNet) -> bool:
    """Whether its keypoints are a body's."""
    return bool(net.skeleton) and skeleton_named(net.skeleton).is_body


def _persons(
    data: Path, pictures: Path | None, held_out: bool
) -> tuple[Bodies, Annotations | None]:
    """The persons, and of a COCO file its annotations, which AP is counted on."""
    bodies = read_bodies(data, pictures)
    if held_out:
        bodies = Bodies(bodies.skeleton, [body for body in bodies.bodies if body.held_out])
    if not bodies.bodies:
        raise TrainingError(f"{data} has no labelled person to measure on")
    is_coco = data.is_file() and not is_list(data)
    return bodies, read_annotations(data) if is_coco else None
