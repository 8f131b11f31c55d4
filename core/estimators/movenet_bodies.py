"""Bodies by Google's MoveNet: MultiPose finds people in the whole picture, Thunder their keypoints.

Convention: a pose's score is the geometric mean of MultiPose's score of the person and of Thunder's
mean score of the keypoints; below `MIN_SCORE` nobody is reported.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError
from core.estimators.heatmap_bodies import HeatmapBodies, estimate_in_boxes
from core.estimators.heatmap_estimator import PoseWithHeatmaps, sort_by_confidence
from core.modelfiles.formats.onnx_import import PICTURES
from core.modelfiles.model_folder import PEOPLE, PeopleMetadata, open_net
from core.pose.boxes import Box
from core.pose.skeletons.table import COCO_17
from core.pose.types import Estimate, Floats, Frame, Picture

NAME, REFINER = "movenet.multipose", "movenet.thunder"
MAX_PEOPLE = 6  # of MultiPose
MIN_SCORE = 0.12  # chosen by the false bodies in COCO-MINI's 159 pictures, docs/measurements.md
_MIN_PERSON_SCORE = 0.05  # of MultiPose; whoever scores less gets no keypoints
_MULTIPLE = 32  # of the sides of MultiPose's input, pixels


class FoundPerson(NamedTuple):
    """A person's box in picture pixels, and how sure MultiPose is."""

    box: Box
    score: float


class PeopleNet:
    """MoveNet MultiPose. Raises WeightsError: no such net in that folder, or it was altered."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.metadata, self._session = open_net(folder, PeopleMetadata, threads=threads)
        self.name, self.longer_side = self.metadata.name, max(self.metadata.input_hw)

    def find_people(self, rgb: Picture) -> list[FoundPerson]:
        """Find up to six people, most certain first."""
        shrunk = fit_picture(rgb, self.longer_side)
        (rows,) = self._session.run([PEOPLE], {PICTURES: pad_picture(shrunk)})
        found = decode_people(rows[0], shrunk.shape[:2], rgb.shape[:2])
        return [person for person in found if person.score >= _MIN_PERSON_SCORE]


def fit_picture(rgb: Picture, longer_side: int) -> Picture:
    """Resize a picture so that its longer side has this many pixels."""
    height, width = rgb.shape[:2]
    scale = longer_side / max(height, width)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, size_wh, interpolation=method), np.uint8)


def pad_picture(rgb: Picture) -> NDArray[np.uint8]:
    """Pad a picture with black, to the right and below, to multiples of 32: (1, H, W, 3)."""
    height, width = rgb.shape[:2]
    padded = np.zeros((1, *_round_up(height, width), 3), np.uint8)
    padded[0, :height, :width] = rgb
    return padded


def _round_up(*sides: int) -> tuple[int, ...]:
    """Round sides up to multiples of 32."""
    return tuple(-(-side // _MULTIPLE) * _MULTIPLE for side in sides)


def decode_people(
    rows: Floats, shrunk_hw: tuple[int, int], picture_hw: tuple[int, int]
) -> list[FoundPerson]:
    """Decode MultiPose's output to boxes in picture pixels, most certain first.

    Args:
        rows: (people, 56): 17 x (y, x, score), then y0, x0, y1, x1 and the person's score, all as
            fractions of the padded input, in which x is at pixel x · W − 0.5.
        shrunk_hw: of the picture before padding.
    """
    padded, shrunk = np.array(_round_up(*shrunk_hw)), np.array(shrunk_hw)
    scale = np.tile(padded * np.array(picture_hw) / shrunk, 2)
    corners = rows[:, 51:55].astype(np.float64) * scale - 0.5
    order = np.argsort(-rows[:, 55], kind="stable")
    return [FoundPerson(Box(*corners[i, [1, 0, 3, 2]].tolist()), float(rows[i, 55])) for i in order]


class MovenetBodies(HeatmapBodies):
    """17 keypoints of one to six bodies, with heatmaps. In a stream people are followed by their
    keypoints, and looked for once a second while fewer are followed than wanted.

    Args:
        weights_folder: not used, both nets ship with Mudra.
        net_folders: of `nets`, in this order.
        num_poses: how many people to find.

    Raises WeightsError: a net is missing or altered; EstimatorError: too many people.
    """

    nets = (NAME, REFINER)
    skeleton = COCO_17.name
    max_people = MAX_PEOPLE
    min_tracked_score = MIN_SCORE

    def __init__(
        self, weights_folder: Path, *, net_folders: Sequence[Path], num_poses: int = 1
    ) -> None:
        _check_count(num_poses)
        finder_folder, refiner_folder = net_folders
        self._finder = PeopleNet(finder_folder)
        super().__init__(
            weights_folder, net_folder=refiner_folder, num_poses=num_poses, crop="self"
        )
        self.name = NAME
        self.version = f"{self._finder.metadata.sha256[:6]}{self._net.metadata.sha256[:6]}"

    def _open(self, weights_folder: Path, num_poses: int, isolated: bool) -> None:
        self._net.check_skeleton(self._net.skeleton == COCO_17.name, COCO_17.name)
        self._wanted = num_poses

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the bodies in a single picture, each also looked at mirrored, most confident first;
        raise EstimatorError if `num_poses` is too large."""
        wanted = num_poses or self._wanted
        _check_count(wanted)
        with self._lock:
            self._check_open()
            found = sort_by_confidence(self._find_bodies(rgb, flip=True))[:wanted]
        return self._to_estimate(found, rgb.shape[:2], mirrored_view=mirrored_view)

    def detect_still_boxes(self, rgb: Picture, num_poses: int | None = None) -> list[Box]:
        """Find people in a single picture and return their boxes."""
        with self._lock:
            self._check_open()
            people = self._finder.find_people(rgb)
        return [person.box for person in people][: num_poses or self._wanted]

    def _detect_in_frame(self, frame: Frame) -> list[PoseWithHeatmaps]:
        return self._find_bodies(frame.rgb, flip=False)

    def _find_bodies(self, rgb: Picture, *, flip: bool) -> list[PoseWithHeatmaps]:
        """Find people, then keypoints in their boxes; return each person once."""
        people = self._finder.find_people(rgb)
        poses = estimate_in_boxes(self._net, rgb, [one.box for one in people], flip=flip)
        scored = [
            (replace(pose, score=math.sqrt(person.score * pose.score)), heatmaps)
            for person, (pose, heatmaps) in zip(people, poses, strict=True)
        ]
        return self._drop_duplicates([one for one in scored if one[0].score >= MIN_SCORE])


def _check_count(num_poses: int) -> None:
    if not 1 <= num_poses <= MAX_PEOPLE:
        raise EstimatorError(f"num_poses must be between 1 and {MAX_PEOPLE}, got {num_poses}")
