"""Bodies by a top-down heatmap net: the box of each person, cut out in the shape of the net's
input, its maps, its keypoints.

Where the boxes come from: the caller (a detections file, the truth, a person's drag); MediaPipe's
bodies in the same frame; the net's own keypoints in the frame before, which MediaPipe helps while
nobody is followed, and once a second while fewer are than are looked for; or the same from the
whole picture on and without MediaPipe. Of two readings of one person the surer one stays.
Legend: N persons, J keypoints, h w map, H W input.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError
from core.estimators.base import Estimator
from core.estimators.heatmap_net import HeatmapNet, crossed
from core.estimators.mediapipe_pose import MediapipePose
from core.estimators.steadied import Steadied
from core.pose.boxes import Box
from core.pose.crops import BoxEnds, PersonView, person_box
from core.pose.heatmaps import DECODERS, decode_simcc, turned_back
from core.pose.map_reading import OF_CELLS, Decoding, Reading
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import distinct_bodies
from core.pose.types import VISIBLE, Estimate, Floats, Frame, Heatmaps, Picture, Pose, Tracking

CROPS = ("mediapipe", "self", "centre")
_LOST = 0.2  # mean score of the keypoints below which a person is no longer followed
_ASK_AGAIN_S = 1.0  # after which MediaPipe is asked for people who are not followed
_AT_ONCE = 8  # persons whose maps are computed together
Found = tuple[Pose, Heatmaps]


def read_bodies(
    net: HeatmapNet,
    rgb: Picture,
    boxes: Sequence[Box],
    *,
    flip: bool = False,
    decoding: Decoding | None = None,
) -> list[Found]:
    """What a net says of the person in each box, in the boxes' order.

    Args:
        flip: also ask it about the mirrored person, and take the mean of both (the flip test).
        decoding: how a peak is placed between cells; None: as the net was trained.
    """
    ends: BoxEnds = "centres" if net.reading.alignment == "ends" else "edges"
    views = [PersonView.from_box(box, net.input_hw, ends=ends) for box in boxes]
    found: list[Found] = []
    for first in range(0, len(views), _AT_ONCE):
        some = views[first : first + _AT_ONCE]
        crops = np.stack([view.cut(rgb) for view in some])
        if net.is_simcc:
            found += _by_axes(net, rgb, some, crops, flip)
        else:
            found += _by_maps(net, rgb, some, crops, flip, decoding or net.reading.decode)
    return found


def _by_maps(
    net: HeatmapNet,
    rgb: Picture,
    views: Sequence[PersonView],
    crops: NDArray[np.uint8],
    flip: bool,
    decoding: Decoding,
) -> list[Found]:
    maps, seen = net.attended(crops)
    if flip:
        maps = np.mean([maps, _from_the_mirror(net, crops)], axis=0, dtype=np.float32)
    found = []
    for i, view in enumerate(views):
        heatmaps = _heatmaps(rgb, net.reading, view, maps[i])
        heatmaps = replace(heatmaps, attention={name: one[i] for name, one in seen.items()})
        cells, values = DECODERS[decoding](maps[i, -1, :-1])
        found.append((_pose(heatmaps.to_picture(cells), values), heatmaps))
    return found


def _by_axes(
    net: HeatmapNet,
    rgb: Picture,
    views: Sequence[PersonView],
    crops: NDArray[np.uint8],
    flip: bool,
) -> list[Found]:
    """The same of a net that answers for each axis alone; there is one way to read it."""
    along_x, along_y = net.axes(crops)
    if flip:
        other_x, other_y = net.axes(np.ascontiguousarray(crops[:, :, ::-1]))
        order = skeleton_named(net.skeleton).mirrored
        along_x = np.mean([along_x, other_x[:, order, ::-1]], axis=0, dtype=np.float32)
        along_y = np.mean([along_y, other_y[:, order]], axis=0, dtype=np.float32)
    points, values = decode_simcc(along_x, along_y, along_x.shape[-1] / net.input_hw[1])
    maps = crossed(along_x, along_y)
    return [
        (_pose(view.to_picture(at), value), _heatmaps(rgb, OF_CELLS, view, one))
        for view, at, value, one in zip(views, points, values, maps, strict=True)
    ]


def _from_the_mirror(net: HeatmapNet, crops: NDArray[np.uint8]) -> Floats:
    """The maps of the mirrored crops, as those of the crops themselves."""
    mirrored = skeleton_named(net.skeleton).mirrored
    shift = net.reading.alignment == "stride"
    maps = net.heatmaps(np.ascontiguousarray(crops[:, :, ::-1]))
    return turned_back(maps, mirrored, shift=shift, background=True)


def _heatmaps(rgb: Picture, reading: Reading, view: PersonView, maps: Floats) -> Heatmaps:
    window = window_of(reading, view, (maps.shape[-2], maps.shape[-1]))
    crop = PersonView(_matrix(window, view.input_hw), view.input_hw).cut(rgb)
    return Heatmaps(maps, window, crop)


def _pose(keypoints: Floats, values: Floats) -> Pose:
    """A keypoint that no value above 0 speaks for is missing."""
    scores = np.clip(values, 0, 1).astype(np.float32)
    there = np.where(scores[:, None] > 0, keypoints, np.float32(np.nan))
    return Pose(there, scores, float(scores.mean()))


def window_of(reading: Reading, view: PersonView, map_hw: tuple[int, int]) -> Box:
    """The part of the picture that the maps of an upright view cover, each cell its share."""
    size_wh, cells_wh = np.array(view.input_hw[::-1]), np.array(map_hw[::-1])
    step = size_wh / cells_wh  # input pixels a cell
    start = np.zeros(2)  # the first cell's place
    if reading.alignment == "ends":
        step = (size_wh - 1) / (cells_wh - 1)
    elif reading.alignment == "cells":
        start = (step - 1) / 2
    scale = view.matrix[[0, 1], [0, 1]]
    step, start = step * scale, view.matrix[:, 2] + start * scale  # in the picture
    (x0, y0), (width, height) = start - (step - 1) / 2, step * cells_wh
    return Box.from_xywh(float(x0), float(y0), float(width), float(height))


def _matrix(window: Box, size_hw: tuple[int, int]) -> NDArray[np.float64]:
    """Pixel of the window at that size → picture pixel."""
    step = np.array([window.width, window.height]) / size_hw[::-1]
    return np.column_stack([np.diag(step), np.array([window.x0, window.y0]) + (step - 1) / 2])


class HeatmapBodies(Estimator):
    """Bodies by a heatmap net, with its maps and what it attends to.

    Args:
        weights_folder: where MediaPipe's prepared models lie.
        net_folder: the net's.
        num_poses: how many persons to look for in a stream.
        crop: where the boxes come from: "mediapipe", "self" or "centre"; in pictures that stand
            alone they are MediaPipe's, without it ("centre") the whole picture.
        kalman: filter the keypoints of a stream.
        flip: the mean with the mirrored person's maps; twice the time.
        decoding: how a peak is placed between cells; None: as the net was trained.
        isolated: of MediaPipe, as `MediapipeTask` has it.

    Raises:
        WeightsError: net or models are not there, or altered.
        EstimatorError: no such way to crop, or the net finds no body's keypoints.
    """

    def __init__(
        self,
        weights_folder: Path,
        *,
        net_folder: Path,
        num_poses: int = 1,
        crop: str = "mediapipe",
        kalman: bool = False,
        flip: bool = False,
        decoding: Decoding | None = None,
        isolated: bool = True,
    ) -> None:
        if crop not in CROPS:
            raise EstimatorError(f"no crop “{crop}”, there are: {', '.join(CROPS)}")
        self._net = HeatmapNet(net_folder)
        _check_body(self._net)
        self.name, self.stages, self.skeleton = (
            self._net.name,
            self._net.stages,
            self._net.skeleton,
        )
        self.attends = self._net.attends
        self.version = self._net.metadata.sha256[:12]
        self._crop, self._flip, self._decoding = crop, flip, decoding
        self._steadied = Steadied(self.skeleton) if kalman else None
        self._bodies = (
            None
            if crop == "centre"
            else MediapipePose(weights_folder, num_poses=num_poses, isolated=isolated)
        )
        self._wanted = 1 if self._bodies is None else num_poses
        self._followed: list[Box] = []
        self._asked_s = -math.inf
        self._closed = False
        self._lock = threading.Lock()

    def estimate(self, frame: Frame) -> Estimate:
        """The bodies in the next frame, most confident first.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            self._check_open()
            found = self._found(frame.rgb, self._followed) if self._crop != "mediapipe" else []
            found = self._distinct([one for one in found if one[0].score >= _LOST])
            if asked := self._must_ask(len(found), frame.time_s):
                self._asked_s = frame.time_s
                detected = self._found(frame.rgb, self._detected(frame))
                found = self._distinct([*found, *detected])[: self._wanted]
            self._followed = [
                person_box(pose.keypoints) for pose, _ in found if pose.score >= _LOST
            ]
            found = self._steadied(found, frame.time_s) if self._steadied else found
        ranked = sorted(found, key=lambda one: -one[0].score)
        said = self._said(ranked, frame.size_hw, frame.time_s, frame.mirrored_view)
        return replace(said, tracking=Tracking(asked)) if self._crop == "self" else said

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The bodies in a picture that stands alone.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            self._check_open()
            found = self._found(rgb, self._boxes(rgb, num_poses))
            found = sorted(found, key=lambda one: -one[0].score)
        return self._said(found, (rgb.shape[0], rgb.shape[1]), 0.0, mirrored_view)

    def boxes(self, rgb: Picture, num_poses: int | None = None) -> list[Box]:
        """Where the bodies are that `estimate_still` reads in such a picture.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            self._check_open()
            return self._boxes(rgb, num_poses)

    def estimate_boxes(
        self, rgb: Picture, boxes: Sequence[Box], *, mirrored_view: bool = False
    ) -> Estimate:
        """The body in each box, in their order.

        Raises:
            EstimatorError: closed.
        """
        with self._lock:
            self._check_open()
            found = self._found(rgb, boxes)
        return self._said(found, (rgb.shape[0], rgb.shape[1]), 0.0, mirrored_view)

    def close(self) -> None:
        """Free what it holds; waits for a running call."""
        with self._lock:
            self._closed = True
            if self._bodies is not None:
                self._bodies.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EstimatorError("this estimator is closed: create a new one")

    def _must_ask(self, followed: int, time_s: float) -> bool:
        """Whether MediaPipe has to look for people in this frame."""
        if not followed:
            return True
        return followed < self._wanted and not 0 <= time_s - self._asked_s < _ASK_AGAIN_S

    def _distinct(self, found: list[Found]) -> list[Found]:
        """One of each person, most confident first."""
        return [found[i] for i in distinct_bodies([pose for pose, _ in found], self.skeleton)]

    def _found(self, rgb: Picture, boxes: Sequence[Box]) -> list[Found]:
        return read_bodies(self._net, rgb, boxes, flip=self._flip, decoding=self._decoding)

    def _boxes(self, rgb: Picture, num_poses: int | None) -> list[Box]:
        if self._bodies is None:
            return [_whole(rgb)]
        seen = self._bodies.estimate_still(rgb, num_poses=num_poses)
        return [person_box(_visible(pose)) for pose in seen.poses]

    def _detected(self, frame: Frame) -> list[Box]:
        if self._bodies is None:
            return [_whole(frame.rgb)]
        return [person_box(_visible(pose)) for pose in self._bodies.estimate(frame).poses]

    def _said(
        self, found: list[Found], size_hw: tuple[int, int], time_s: float, mirrored_view: bool
    ) -> Estimate:
        poses, heatmaps = tuple(p for p, _ in found), tuple(m for _, m in found)
        return Estimate(poses, size_hw, self.name, time_s, mirrored_view, heatmaps, self.skeleton)


def _check_body(net: HeatmapNet) -> None:
    if not net.skeleton or not skeleton_named(net.skeleton).is_body:
        raise EstimatorError(
            f"{net.name} finds the keypoints of {net.skeleton or 'no known skeleton'}, wanted are "
            "a body's: choose another net"
        )


def _whole(rgb: Picture) -> Box:
    """The whole picture as a box; the padding of boxes is taken off again."""
    height, width = rgb.shape[:2]
    return Box(width * 0.1, height * 0.1, width * 0.9, height * 0.9)


def _visible(pose: Pose) -> Floats:
    """The keypoints that are seen, or all where none is."""
    if pose.visibility is None or not (pose.visibility >= VISIBLE).any():
        return pose.keypoints
    return pose.keypoints[pose.visibility >= VISIBLE]
