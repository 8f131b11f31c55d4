"""How near found bodies are to annotated ones: PCK in units of the torso, and COCO's AP.

Protocol: a top-down net is given each person's box. Another estimator is shown each person alone,
the box and half of its sides round it, or the whole picture; of the bodies that it finds there the
one counts whose own box overlaps the person's most. A keypoint is right within a torso times the
limit (PCK@limit), all keypoints of all persons that have a torso counting the same; who is not
found counts as wrong. Keypoints that are never given count nowhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.bodies import Bodies, Body
from core.datasets.coco import Annotations, Detection, KeypointResult
from core.errors import EstimatorError
from core.estimators import Estimator
from core.estimators.heatmap_bodies import read_bodies
from core.estimators.heatmap_net import HeatmapNet
from core.measuring.coco_evaluation import coco_figures
from core.media.pictures import read_picture
from core.pose.boxes import Box, bounding_box, box_iou
from core.pose.heatmaps import PeakDecoder
from core.pose.metrics import Distances, keypoint_distances, oks, oks_nms, pck, pck_interval
from core.pose.skeletons.table import COCO_17, Skeleton, convert_keypoints
from core.pose.types import Floats, Picture, Pose

LIMITS = (0.1, 0.2)
MOST_PERSONS = 4
# Of a box's sides, round it. Of 86 persons of COCO BlazePose had PCK@0.2 .563, .503, .576, .513
# with 0.1, 0.25, 0.5, 1.
_MARGIN = 0.5
_SURE = 0.2  # keypoints whose score is above count in a person's (Xiao et al. 2018)

# Of a picture and its persons: for each of them the bodies among which it may be
Finder = Callable[[Picture, Sequence[Body]], list[list[Pose]]]
Progress = Callable[[int, int | None], None]


def one_by_one(estimator: Estimator) -> Finder:
    """Shows each person alone."""

    def find(rgb: Picture, bodies: Sequence[Body]) -> list[list[Pose]]:
        return [_alone(estimator, rgb, body) for body in bodies]

    return find


def all_at_once(estimator: Estimator) -> Finder:
    """Shows the whole picture."""

    def find(rgb: Picture, bodies: Sequence[Body]) -> list[list[Pose]]:
        poses = list(estimator.estimate_still(rgb, num_poses=MOST_PERSONS).poses)
        return [poses for _ in bodies]

    return find


def by_boxes(net: HeatmapNet, *, flip: bool = True, decoding: PeakDecoder | None = None) -> Finder:
    """Gives a top-down net each person's annotated box; options are those of `read_bodies`."""

    def find(rgb: Picture, bodies: Sequence[Body]) -> list[list[Pose]]:
        boxes = [body.box for body in bodies]
        found = read_bodies(net, rgb, boxes, flip=flip, decoding=decoding)
        return [[pose] for pose, _ in found]

    return find


@dataclass(frozen=True, eq=False)
class _Answer:
    """What was found of one person: (K, 2) of the data's skeleton, and the pose or nothing."""

    body: Body
    keypoints: Floats
    pose: Pose | None


def evaluate_bodies(
    find: Finder,
    skeleton: Skeleton,
    data: Bodies,
    *,
    annotations: Annotations | None = None,
    whole: bool = False,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Figures on annotated persons, as JSON.

    Args:
        find: one of the above.
        skeleton: whose keypoints it gives.
        annotations: COCO's of the same pictures, for AP and AR.
        whole: `find` shows whole pictures, so that all that it finds counts in AP.

    Returns:
        n persons, found; measured, how many have a torso; pck@0.1 and pck@0.2, each with its 95 %
        interval by picture; keypoints, PCK@0.2 of each; oks, the mean of COCO's similarity; coco,
        the figures of `evaluate-coco`. None where there is nothing to measure.

    Raises:
        EstimatorError: a skeleton that can't be turned into that of the data.
    """
    answers: list[_Answer] = []
    results: list[KeypointResult] = []
    pictures = _by_picture(data.bodies)
    for done, (picture, bodies) in enumerate(pictures.items(), 1):
        found = find(read_picture(picture), bodies)
        picked = [
            _picked(body, poses, skeleton, data.skeleton)
            for body, poses in zip(bodies, found, strict=True)
        ]
        answers += picked
        if annotations is not None:
            poses = found[0] if whole else [one.pose for one in picked if one.pose is not None]
            results += _results(bodies[0].image_id, poses, skeleton)
        progress(done, len(pictures))
    coco = None if annotations is None else coco_figures(annotations, results)
    return _figures(data, answers, skeleton) | {"coco": coco}


def results_of_detections(
    net: HeatmapNet,
    annotations: Annotations,
    pictures: Path,
    detections: Sequence[Detection],
    *,
    flip: bool = True,
    decoding: PeakDecoder | None = None,
    progress: Progress = lambda done, total: None,
) -> list[KeypointResult]:
    """What a top-down net finds in a detector's boxes, as COCO's results, by the protocol of Xiao
    et al. 2018: a person's score is the box's times the mean of the sure keypoints' scores, and of
    persons that are alike (OKS above 0.9) the best is kept.
    """
    of_picture: dict[int, list[Detection]] = {}
    for one in detections:
        if one.image_id in annotations.images and one.category_id in annotations.categories:
            of_picture.setdefault(one.image_id, []).append(one)
    results: list[KeypointResult] = []
    for done, (image, boxes) in enumerate(of_picture.items(), 1):
        rgb = read_picture(pictures / annotations.images[image].file_name)
        places = [Box.from_xywh(*one.bbox) for one in boxes]
        found = read_bodies(net, rgb, places, flip=flip, decoding=decoding)
        poses = [pose for pose, _ in found]
        scores = [one.score * _sure(pose) for one, pose in zip(boxes, poses, strict=True)]
        points = np.nan_to_num([pose.keypoints for pose in poses])
        areas = [one.bbox[2] * one.bbox[3] for one in boxes]
        for i in oks_nms(points, scores, areas, COCO_17.oks_sigmas):
            results.append(_as_found(image, boxes[i].category_id, points[i], scores[i]))
        progress(done, len(of_picture))
    return results


def _sure(pose: Pose) -> float:
    sure = pose.scores[pose.scores > _SURE]
    return float(sure.mean()) if len(sure) else 0.0


def _by_picture(bodies: Sequence[Body]) -> dict[Path, list[Body]]:
    grouped: dict[Path, list[Body]] = {}
    for body in bodies:
        grouped.setdefault(body.picture, []).append(body)
    return grouped


def _alone(estimator: Estimator, rgb: Picture, body: Body) -> list[Pose]:
    """The bodies found in what is shown of one person, in the whole picture's pixels."""
    x0, y0, x1, y1 = _surroundings(body.box, rgb.shape[:2])
    poses = estimator.estimate_still(np.ascontiguousarray(rgb[y0:y1, x0:x1])).poses
    corner = np.array([x0, y0], np.float32)
    return [replace(pose, keypoints=pose.keypoints + corner) for pose in poses]


def _surroundings(box: Box, size_hw: tuple[int, ...]) -> tuple[int, int, int, int]:
    across, down = _MARGIN * box.width, _MARGIN * box.height
    x0, y0 = max(0, int(box.x0 - across)), max(0, int(box.y0 - down))
    x1, y1 = int(np.ceil(box.x1 + across)) + 1, int(np.ceil(box.y1 + down)) + 1
    x0, y0 = min(x0, size_hw[1] - 1), min(y0, size_hw[0] - 1)
    return x0, y0, max(x0 + 1, min(size_hw[1], x1)), max(y0 + 1, min(size_hw[0], y1))


def _picked(body: Body, poses: Sequence[Pose], here: Skeleton, there: Skeleton) -> _Answer:
    best = pose_of(body, poses)
    if best is None:
        return _Answer(body, np.full_like(body.keypoints, np.nan), None)
    return _Answer(body, _converted(best.keypoints, here, there), best)


def pose_of(body: Body, poses: Sequence[Pose]) -> Pose | None:
    """The pose that overlaps the person most; None where none does."""
    seen = [pose for pose in poses if np.isfinite(pose.keypoints).any()]
    overlaps = [box_iou(bounding_box(pose.keypoints), body.box) for pose in seen]
    return seen[int(np.argmax(overlaps))] if any(overlaps) else None


def _results(image: int, poses: Sequence[Pose], here: Skeleton) -> list[KeypointResult]:
    return [
        _as_found(image, 1, _converted(pose.keypoints, here, COCO_17), pose.score) for pose in poses
    ]


def _converted(keypoints: Floats, here: Skeleton, there: Skeleton) -> Floats:
    if here.is_body != there.is_body:
        raise EstimatorError(
            f"{here.name} keypoints are found, the data has {there.name}: choose another estimator"
        )
    return convert_keypoints(keypoints, here, there)


def _as_found(image: int, category: int, keypoints: Floats, score: float) -> KeypointResult:
    points = np.ones((len(keypoints), 3))
    points[:, :2] = np.nan_to_num(keypoints)
    return KeypointResult(image, category, points, score, None)


def _figures(data: Bodies, answers: Sequence[_Answer], here: Skeleton) -> dict[str, Any]:
    found = np.array([answer.keypoints for answer in answers])
    target = np.array([answer.body.keypoints for answer in answers])
    anything = np.zeros((here.size, 2), np.float32)
    given = np.isfinite(_converted(anything, here, data.skeleton)).all(axis=1)
    target[:, ~given] = np.nan
    torsos = np.array([data.torso_length(answer.body.keypoints) for answer in answers])
    known = torsos > 0
    apart = keypoint_distances(found[known], target[known], torsos[known])
    names = np.array([str(answer.body.picture) for answer in answers])[known]
    return {
        "n": len(answers),
        "found": int(np.isfinite(found).any(axis=(1, 2)).sum()),
        "measured": int(known.sum()),
        **{f"pck@{limit}": _share(apart, limit, names) for limit in LIMITS},
        "keypoints": _each(apart, data.skeleton),
        "oks": _mean_oks(data, answers, found, target),
    }


def _share(apart: Distances, limit: float, pictures: NDArray[Any]) -> dict[str, Any] | None:
    if np.isnan(apart).all():
        return None
    low, high = pck_interval(apart, limit, np.random.default_rng(0), pictures)
    share = pck(apart, limit).weighted
    return {"share": round(share, 4), "interval": [round(low, 4), round(high, 4)]}


def _each(apart: Distances, skeleton: Skeleton) -> dict[str, float]:
    each = pck(apart, LIMITS[-1])
    shares = zip(skeleton.joints, each.joints.tolist(), each.counts.tolist(), strict=True)
    return {joint: round(share, 4) for joint, share, count in shares if count}


def _mean_oks(
    data: Bodies, answers: Sequence[_Answer], found: Floats, target: Floats
) -> float | None:
    areas = np.array([answer.body.area for answer in answers])
    if not data.skeleton.oks_sigmas or not (areas > 0).any():
        return None
    known = areas > 0
    alike = oks(found[known], target[known], areas[known], data.skeleton.oks_sigmas)
    return round(float(np.nanmean(alike)), 4)
