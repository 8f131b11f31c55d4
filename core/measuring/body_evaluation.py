"""Evaluates body keypoints against annotations: PCK in units of the torso, and COCO's AP.

Protocol: a top-down net gets each person's box, another estimator each person's crop (with a margin
of half its sides) or the whole picture; the body that overlaps the box most is the match.
A keypoint is correct within limit · torso (PCK@limit), averaged over all keypoints of all people
with a torso; missed people count as wrong, keypoints that the skeleton lacks are ignored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.bodies import Bodies, Body
from core.datasets.body_files import read_bodies as read_annotated_bodies
from core.datasets.coco import (
    Annotations,
    Detection,
    KeypointResult,
    read_annotations,
    read_detections,
)
from core.errors import EstimatorError, TrainingError
from core.estimators import Estimator
from core.estimators.heatmap_bodies import estimate_in_boxes
from core.estimators.heatmap_net import HeatmapNet
from core.measuring.coco_evaluation import compute_coco_figures
from core.media.json_objects import is_list
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.boxes import Box, bounding_box, box_iou
from core.pose.heatmaps import PeakDecoder
from core.pose.metrics import Distances, keypoint_distances, oks, oks_nms, pck, pck_interval
from core.pose.skeletons.table import COCO_17, Skeleton, convert_keypoints, skeleton_named
from core.pose.types import Floats, Picture, Pose
from core.progress import Progress, ignore_progress
from core.reading.keypoint_sources import KeypointSource

LIMITS = (0.1, 0.2)
# Of a box's sides. Of 86 people of COCO BlazePose had PCK@0.2 .563, .503, .576, .513 with 0.1,
# 0.25, 0.5, 1.
_CROP_MARGIN = 0.5
_MIN_KEYPOINT_SCORE = 0.2  # of keypoints that count in a person's score (Xiao et al. 2018)

# A picture and its people → for each of them the candidate bodies
BodyFinder = Callable[[Picture, Sequence[Body]], list[list[Pose]]]


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
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Evaluate the named estimator or body net on annotated people; errors are MudraError.

    Args:
        pictures: the folder of a file's pictures; None: the file's own folder.
        whole: run an estimator on whole pictures; a net always gets boxes.
        flip, decoding: options of a net, see `estimate_in_boxes`.
        held_out: evaluate only people whom training on the same data holds out.
        detections: a file of boxes for a net, instead of the annotated boxes.

    Returns:
        What `evaluate_bodies` returns; with detections only n and COCO's metrics.
    """
    source = KeypointSource(name)
    if not source.is_net:
        if detections is not None:
            raise EstimatorError(f"{name} detects people itself; detections are for nets")
        bodies, annotations = _read_annotated_people(data, pictures, held_out)
        with source.open(paths) as estimator:
            find = (create_picture_finder if whole else create_crop_finder)(estimator)
            skeleton = skeleton_named(estimator.skeleton)
            return evaluate_bodies(find, skeleton, bodies, annotations, whole, progress)
    net = HeatmapNet(paths.net(name), threads=2)
    if not is_body_net(net):
        raise EstimatorError(f"{name} finds no bodies; `evaluate-net` measures nets of hands")
    if detections is None:
        bodies, annotations = _read_annotated_people(data, pictures, held_out)
        find = create_box_finder(net, flip=flip, decoding=decoding)
        skeleton = skeleton_named(net.skeleton)
        return evaluate_bodies(find, skeleton, bodies, annotations, progress=progress)
    truth, folder = read_annotations(data), pictures or data.parent
    results = find_in_detections(
        net, truth, folder, read_detections(detections), flip, decoding, progress
    )
    return {"n": len(results), "coco": compute_coco_figures(truth, results)}


def is_body_net(net: HeatmapNet) -> bool:
    """Return whether a net predicts body keypoints."""
    return bool(net.skeleton) and skeleton_named(net.skeleton).is_body


def _read_annotated_people(
    data: Path, pictures: Path | None, held_out: bool
) -> tuple[Bodies, Annotations | None]:
    """Read annotated people, and a COCO file's annotations for AP; None for other formats."""
    bodies = read_annotated_bodies(data, pictures)
    if held_out:
        bodies = Bodies(bodies.skeleton, [body for body in bodies.bodies if body.held_out])
    if not bodies.bodies:
        raise TrainingError(f"{data} has no labelled person to measure on")
    is_coco = data.is_file() and not is_list(data)
    return bodies, read_annotations(data) if is_coco else None


def create_crop_finder(estimator: Estimator) -> BodyFinder:
    """Return a finder that runs an estimator on each annotated person's crop."""
    return lambda rgb, bodies: [_find_in_crop(estimator, rgb, body) for body in bodies]


def create_picture_finder(estimator: Estimator) -> BodyFinder:
    """Return a finder that matches every person against all poses of the whole picture."""

    def find(rgb: Picture, bodies: Sequence[Body]) -> list[list[Pose]]:
        poses = list(estimator.estimate_still(rgb, num_poses=estimator.max_people).poses)
        return [poses for _ in bodies]

    return find


def create_box_finder(
    net: HeatmapNet, *, flip: bool = True, decoding: PeakDecoder | None = None
) -> BodyFinder:
    """Return a finder that runs a top-down net on each person's annotated box."""

    def find(rgb: Picture, bodies: Sequence[Body]) -> list[list[Pose]]:
        boxes = [body.box for body in bodies]
        found = estimate_in_boxes(net, rgb, boxes, flip=flip, decoding=decoding)
        return [[pose] for pose, _ in found]

    return find


@dataclass(frozen=True, eq=False)
class _Match:
    """An annotated person; the keypoints found, (K, 2) of the data's skeleton; their pose."""

    body: Body
    keypoints: Floats
    pose: Pose | None


def evaluate_bodies(
    find: BodyFinder,
    skeleton: Skeleton,
    data: Bodies,
    annotations: Annotations | None = None,
    whole: bool = False,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Evaluate a finder's keypoints on annotated people; the result is JSON. Raises EstimatorError
    if its keypoints can't be converted to the data's skeleton.

    Args:
        annotations: COCO annotations of the same pictures, for AP and AR.
        whole: `find` runs on whole pictures, so that AP counts all bodies found in them.

    Returns:
        n people, found; measured: people with a torso; pck@0.1 and pck@0.2, each with its 95 %
        interval by picture; keypoints: PCK@0.2 per keypoint; oks: mean object keypoint similarity;
        coco: the figures of `evaluate-coco`. None if there is nothing to measure.
    """
    matches: list[_Match] = []
    results: list[KeypointResult] = []
    by_picture: dict[Path, list[Body]] = {}
    for body in data.bodies:
        by_picture.setdefault(body.picture, []).append(body)
    for done, (picture, bodies) in enumerate(by_picture.items(), 1):
        candidates = find(read_picture(picture), bodies)
        pairs = zip(bodies, candidates, strict=True)
        matched = [_match_body(body, poses, skeleton, data.skeleton) for body, poses in pairs]
        matches += matched
        if annotations is not None:
            single = [one.pose for one in matched if one.pose is not None]
            for pose in candidates[0] if whole else single:
                keypoints = _convert_body_keypoints(pose.keypoints, skeleton, COCO_17)
                results.append(_to_coco_result(bodies[0].image_id, 1, keypoints, pose.score))
        progress(done, len(by_picture))
    coco = None if annotations is None else compute_coco_figures(annotations, results)
    return _summarise_matches(data, matches, skeleton) | {"coco": coco}


def find_in_detections(
    net: HeatmapNet,
    annotations: Annotations,
    pictures: Path,
    detections: Sequence[Detection],
    flip: bool = True,
    decoding: PeakDecoder | None = None,
    progress: Progress = ignore_progress,
) -> list[KeypointResult]:
    """Find keypoints in a detector's boxes by the protocol of Xiao et al. 2018: the score is the
    box score times the mean of confident keypoints; duplicates (OKS above 0.9) are dropped."""
    by_image: dict[int, list[Detection]] = {}
    for one in detections:
        if one.image_id in annotations.images and one.category_id in annotations.categories:
            by_image.setdefault(one.image_id, []).append(one)
    results: list[KeypointResult] = []
    for done, (image, found) in enumerate(by_image.items(), 1):
        rgb = read_picture(pictures / annotations.images[image].file_name)
        boxes = [Box.from_xywh(*one.bbox) for one in found]
        poses = [p for p, _ in estimate_in_boxes(net, rgb, boxes, flip=flip, decoding=decoding)]
        confident = [pose.scores[pose.scores > _MIN_KEYPOINT_SCORE] for pose in poses]
        scores = [
            one.score * float(some.mean()) if len(some) else 0.0
            for one, some in zip(found, confident, strict=True)
        ]
        points = np.nan_to_num([pose.keypoints for pose in poses])
        areas = [one.bbox[2] * one.bbox[3] for one in found]
        for i in oks_nms(points, scores, areas, COCO_17.oks_sigmas):
            results.append(_to_coco_result(image, found[i].category_id, points[i], scores[i]))
        progress(done, len(by_image))
    return results


def _find_in_crop(estimator: Estimator, rgb: Picture, body: Body) -> list[Pose]:
    """Run an estimator on a person's crop; return the poses in pixels of the whole picture."""
    box, (rows, columns) = body.box, rgb.shape[:2]
    x, y = _CROP_MARGIN * box.width, _CROP_MARGIN * box.height
    x0, y0 = min(max(0, int(box.x0 - x)), columns - 1), min(max(0, int(box.y0 - y)), rows - 1)
    x1, y1 = int(np.ceil(box.x1 + x)) + 1, int(np.ceil(box.y1 + y)) + 1
    crop = rgb[y0 : max(y0 + 1, y1), x0 : max(x0 + 1, x1)]
    poses = estimator.estimate_still(np.ascontiguousarray(crop)).poses
    corner = np.array([x0, y0], np.float32)
    return [replace(pose, keypoints=pose.keypoints + corner) for pose in poses]


def _match_body(
    body: Body, poses: Sequence[Pose], skeleton: Skeleton, data_skeleton: Skeleton
) -> _Match:
    """Match a person to the pose that overlaps most, in the data's skeleton; NaN if none does."""
    pose = select_overlapping_pose(body, poses)
    if pose is None:
        return _Match(body, np.full_like(body.keypoints, np.nan), None)
    return _Match(body, _convert_body_keypoints(pose.keypoints, skeleton, data_skeleton), pose)


def select_overlapping_pose(body: Body, poses: Sequence[Pose]) -> Pose | None:
    """Return the pose with the highest bounding-box IoU with the person's box, or None."""
    found = [pose for pose in poses if np.isfinite(pose.keypoints).any()]
    overlaps = [box_iou(bounding_box(pose.keypoints), body.box) for pose in found]
    return found[int(np.argmax(overlaps))] if any(overlaps) else None


def _convert_body_keypoints(keypoints: Floats, skeleton: Skeleton, target: Skeleton) -> Floats:
    """Convert keypoints; raise EstimatorError between hand and body skeletons."""
    if skeleton.is_body != target.is_body:
        raise EstimatorError(
            f"the estimator finds {skeleton.name} keypoints, the data has {target.name}: choose "
            "another estimator"
        )
    return convert_keypoints(keypoints, skeleton, target)


def _to_coco_result(image: int, category: int, keypoints: Floats, score: float) -> KeypointResult:
    points = np.ones((len(keypoints), 3))
    points[:, :2] = np.nan_to_num(keypoints)
    return KeypointResult(image, category, points, score, None)


def _summarise_matches(
    data: Bodies, matches: Sequence[_Match], skeleton: Skeleton
) -> dict[str, Any]:
    """Compute counts, PCK and OKS over the keypoints that the skeleton has."""
    found = np.array([match.keypoints for match in matches])
    target = np.array([match.body.keypoints for match in matches])
    zeros = np.zeros((skeleton.size, 2), np.float32)
    convertible = np.isfinite(_convert_body_keypoints(zeros, skeleton, data.skeleton)).all(axis=1)
    target[:, ~convertible] = np.nan
    torsos = np.array([data.measure_torso(match.body.keypoints) for match in matches])
    known = torsos > 0
    errors = keypoint_distances(found[known], target[known], torsos[known])
    pictures = np.array([str(match.body.picture) for match in matches])[known]
    result = pck(errors, LIMITS[-1])
    rows = zip(data.skeleton.joints, result.joints.tolist(), result.counts.tolist(), strict=True)
    return {
        "n": len(matches),
        "found": int(np.isfinite(found).any(axis=(1, 2)).sum()),
        "measured": int(known.sum()),
        **{f"pck@{limit}": _compute_pck(errors, limit, pictures) for limit in LIMITS},
        "keypoints": {name: round(fraction, 4) for name, fraction, count in rows if count},
        "oks": _compute_mean_oks(data, matches, found, target),
    }


def _compute_pck(errors: Distances, limit: float, pictures: NDArray[Any]) -> dict[str, Any] | None:
    """Compute PCK at a limit and its 95 % interval, by picture; None if there are no errors."""
    if np.isnan(errors).all():
        return None
    low, high = pck_interval(errors, limit, np.random.default_rng(0), pictures)
    fraction = pck(errors, limit).overall_rate
    return {"share": round(fraction, 4), "interval": [round(low, 4), round(high, 4)]}


def _compute_mean_oks(
    data: Bodies, matches: Sequence[_Match], predicted: Floats, target: Floats
) -> float | None:
    """Return the mean OKS of people with an annotated area; None if areas or sigmas are missing."""
    areas = np.array([match.body.area for match in matches])
    known = areas > 0
    if not data.skeleton.oks_sigmas or not known.any():
        return None
    similarity = oks(predicted[known], target[known], areas[known], data.skeleton.oks_sigmas)
    return round(float(np.nanmean(similarity)), 4)
