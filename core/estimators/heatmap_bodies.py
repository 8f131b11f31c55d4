"""Bodies by a top-down heatmap net: each person's box in the shape of the net's input, heatmaps,
keypoints.

Boxes are the caller's (a detections file, annotations, a drag on the page), or those of
`HeatmapEstimator`'s crops. While fewer people are tracked than wanted, MediaPipe is asked once a
second; of two poses of one person the more confident stays.
Legend: N persons, J keypoints, h w map, H W input.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.estimators.heatmap_estimator import (
    MIN_TRACKED_SCORE,
    HeatmapEstimator,
    PoseWithHeatmaps,
    sort_by_confidence,
)
from core.estimators.heatmap_net import HeatmapNet, simcc_to_heatmaps
from core.estimators.mediapipe_pose import MAX_PEOPLE, MediapipePose
from core.pose.boxes import Box
from core.pose.crops import BoxEnds, PersonView, person_box
from core.pose.heatmaps import (
    CELL_CENTRED,
    DECODERS,
    MapDecoding,
    PeakDecoder,
    decode_simcc,
    unflip_heatmaps,
)
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import drop_duplicate_bodies
from core.pose.types import Estimate, Floats, Frame, Heatmaps, Picture, Pose, Tracking
from core.words import words

_DETECT_INTERVAL_S = 1.0  # between MediaPipe's detections while too few people are tracked
_BATCH = 8  # persons


def estimate_in_boxes(
    net: HeatmapNet,
    rgb: Picture,
    boxes: Sequence[Box],
    *,
    flip: bool = False,
    decoding: PeakDecoder | None = None,
) -> list[PoseWithHeatmaps]:
    """Run the net on each person's box and decode the keypoints; return poses and heatmaps in the
    order of the boxes.

    Args:
        flip: average with the prediction for the mirrored person (the flip test).
        decoding: how a peak is located between cells; None: as the net was trained.
    """
    ends: BoxEnds = "centres" if net.reading.alignment == "ends" else "edges"
    views = [PersonView.from_box(box, net.input_hw, ends=ends) for box in boxes]
    found: list[PoseWithHeatmaps] = []
    for start in range(0, len(views), _BATCH):
        batch = views[start : start + _BATCH]
        crops = np.stack([view.cut(rgb) for view in batch])
        if net.is_simcc:
            found += _estimate_by_simcc(net, rgb, batch, crops, flip)
        else:
            found += _estimate_by_maps(net, rgb, batch, crops, flip, decoding or net.reading.decode)
    return found


def _estimate_by_maps(
    net: HeatmapNet,
    rgb: Picture,
    views: Sequence[PersonView],
    crops: NDArray[np.uint8],
    flip: bool,
    decoding: PeakDecoder,
) -> list[PoseWithHeatmaps]:
    """Run a heatmap net on a batch of crops and decode poses and heatmaps."""
    maps, attention = net.predict_with_attention(crops)
    if flip:
        other = net.predict_heatmaps(np.ascontiguousarray(crops[:, :, ::-1]))
        order, shift = skeleton_named(net.skeleton).mirror_order, net.reading.alignment == "stride"
        other = unflip_heatmaps(other, order, shift=shift, background=True)
        maps = np.mean([maps, other], axis=0, dtype=np.float32)
    found = []
    for i, view in enumerate(views):
        heatmaps = _place_heatmaps(rgb, net.reading, view, maps[i])
        heatmaps = replace(heatmaps, attention={name: one[i] for name, one in attention.items()})
        cells, values = DECODERS[decoding](maps[i, -1, :-1])
        found.append((_make_pose(heatmaps.to_picture(cells), values), heatmaps))
    return found


def _estimate_by_simcc(
    net: HeatmapNet, rgb: Picture, views: Sequence[PersonView], crops: NDArray[np.uint8], flip: bool
) -> list[PoseWithHeatmaps]:
    """Run a SimCC net on a batch of crops; decode poses, and make heatmaps for display."""
    along_x, along_y = net.predict_simcc(crops)
    if flip:
        other_x, other_y = net.predict_simcc(np.ascontiguousarray(crops[:, :, ::-1]))
        order = skeleton_named(net.skeleton).mirror_order
        along_x = np.mean([along_x, other_x[:, order, ::-1]], axis=0, dtype=np.float32)
        along_y = np.mean([along_y, other_y[:, order]], axis=0, dtype=np.float32)
    points, values = decode_simcc(along_x, along_y, along_x.shape[-1] / net.input_hw[1])
    maps = simcc_to_heatmaps(along_x, along_y)
    return [
        (_make_pose(view.to_picture(at), value), _place_heatmaps(rgb, CELL_CENTRED, view, one))
        for view, at, value, one in zip(views, points, values, maps, strict=True)
    ]


def _place_heatmaps(rgb: Picture, reading: MapDecoding, view: PersonView, maps: Floats) -> Heatmaps:
    """Build a person's heatmaps: maps, the region that they cover, and its pixels."""
    box = locate_heatmaps(reading, view, maps.shape[-2:])
    step = np.array([box.width, box.height]) / view.input_hw[::-1]
    to_picture = np.column_stack([np.diag(step), np.array([box.x0, box.y0]) + (step - 1) / 2])
    return Heatmaps(maps, box, PersonView(to_picture, view.input_hw).cut(rgb))


def _make_pose(keypoints: Floats, values: Floats) -> Pose:
    """Build a pose from keypoints and peak values: keypoints with a value of 0 or less are missing,
    and the score is the mean value."""
    scores = np.clip(values, 0, 1).astype(np.float32)
    found = np.where(scores[:, None] > 0, keypoints, np.float32(np.nan))
    return Pose(found, scores, float(scores.mean()))


def locate_heatmaps(reading: MapDecoding, view: PersonView, map_hw: tuple[int, int]) -> Box:
    """Return the region of the picture that heatmaps cover, given how their cells align with the
    net's input."""
    size_wh, cells_wh = np.array(view.input_hw[::-1]), np.array(map_hw[::-1])
    step = size_wh / cells_wh  # input pixels per cell
    start = np.zeros(2)  # centre of the first cell, input pixels
    if reading.alignment == "ends":
        step = (size_wh - 1) / (cells_wh - 1)
    elif reading.alignment == "cells":
        start = (step - 1) / 2
    scale = view.matrix[[0, 1], [0, 1]]
    step, start = step * scale, view.matrix[:, 2] + start * scale  # in picture pixels
    (x0, y0), (width, height) = start - (step - 1) / 2, step * cells_wh
    return Box.from_xywh(float(x0), float(y0), float(width), float(height))


class HeatmapBodies(HeatmapEstimator):
    """Bodies, with the heatmaps and the attention maps of all stages.

    Args:
        weights_folder, isolated: see `MediapipeTask`.
        num_poses: how many people to find in a stream; one without MediaPipe.
        net_folder, crop, kalman: see `HeatmapEstimator`; in single pictures boxes are MediaPipe's,
            with the crop "centre" the whole picture.
    """

    max_people = MAX_PEOPLE
    min_tracked_score = MIN_TRACKED_SCORE
    _tracked: Sequence[Box] = ()
    _detected_s = -math.inf

    def _open(self, weights_folder: Path, num_poses: int, isolated: bool) -> None:
        is_body = bool(self.skeleton) and skeleton_named(self.skeleton).is_body
        self._net.check_skeleton(is_body, words("a body's"))
        self._wanted = 1
        if self._crop != "centre":
            self._wanted = num_poses
            self._mediapipe = MediapipePose(weights_folder, num_poses=num_poses, isolated=isolated)

    def estimate(self, frame: Frame) -> Estimate:
        """Find the bodies in the next frame, most confident first, in tracked boxes. Detect new
        boxes if no body is tracked or, once a second, if too few are."""
        with self._lock:
            self._check_open()
            tracked = self._tracked if self._crop != "mediapipe" else ()
            found = estimate_in_boxes(self._net, frame.rgb, tracked)
            found = self._drop_duplicates(self._drop_lost(found))
            waits = 0 <= frame.time_s - self._detected_s < _DETECT_INTERVAL_S
            if detects := not found or (len(found) < self._wanted and not waits):
                self._detected_s = frame.time_s
                detected = self._detect_in_frame(frame)
                found = self._drop_duplicates([*found, *detected])[: self._wanted]
            self._tracked = [person_box(pose.keypoints) for pose, _ in self._drop_lost(found)]
            found = sort_by_confidence(self._smooth_poses(found, frame.time_s))
        estimate = self._to_estimate(found, frame.size_hw, frame.time_s, frame.mirrored_view)
        return replace(estimate, tracking=Tracking(detects)) if self._crop == "self" else estimate

    def _detect_in_frame(self, frame: Frame) -> list[PoseWithHeatmaps]:
        """Find bodies in a frame, those that are tracked, too."""
        bodies = self._mediapipe.estimate(frame) if self._mediapipe else None
        return estimate_in_boxes(self._net, frame.rgb, _box_bodies(frame.rgb, bodies))

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Find the bodies in a single picture, most confident first; at most `num_poses`."""
        boxes = self.detect_still_boxes(rgb, num_poses)
        found = sort_by_confidence(self._read_still(rgb, boxes))
        return self._to_estimate(found, rgb.shape[:2], mirrored_view=mirrored_view)

    def detect_still_boxes(self, rgb: Picture, num_poses: int | None = None) -> list[Box]:
        """Detect people in a single picture and return their boxes; without MediaPipe, one box of
        the whole picture."""
        with self._lock:
            self._check_open()
            mediapipe = self._mediapipe
            bodies = mediapipe.estimate_still(rgb, num_poses=num_poses) if mediapipe else None
        return _box_bodies(rgb, bodies)

    def estimate_boxes(self, rgb: Picture, boxes: Sequence[Box]) -> Estimate:
        """Find the body in each given box of a single picture; return poses in that order."""
        return self._to_estimate(self._read_still(rgb, boxes), rgb.shape[:2])

    def _read_still(self, rgb: Picture, boxes: Sequence[Box]) -> list[PoseWithHeatmaps]:
        with self._lock:
            self._check_open()
            return estimate_in_boxes(self._net, rgb, boxes)

    def _drop_lost(self, found: list[PoseWithHeatmaps]) -> list[PoseWithHeatmaps]:
        return [one for one in found if one[0].score >= self.min_tracked_score]

    def _drop_duplicates(self, found: list[PoseWithHeatmaps]) -> list[PoseWithHeatmaps]:
        """Keep one pose of each person, most confident first."""
        return [found[i] for i in drop_duplicate_bodies([pose for pose, _ in found], self.skeleton)]


def _box_bodies(rgb: Picture, bodies: Estimate | None) -> list[Box]:
    """Return the box of each body's visible keypoints, or of all its keypoints if none is visible.
    If `bodies` is None, return one box which `PersonView` pads to the whole picture."""
    if bodies is None:
        height, width = rgb.shape[:2]
        return [Box.from_xywh(width * 0.1, height * 0.1, width * 0.8, height * 0.8)]
    visible = [pose.without_hidden().keypoints for pose in bodies.poses]
    return [
        person_box(seen if np.isfinite(seen).any() else pose.keypoints)
        for seen, pose in zip(visible, bodies.poses, strict=True)
    ]
