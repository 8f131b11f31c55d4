"""Read the hand in each depth frame: a cube follows it from frame to frame, finders search for it
when it is lost, and a net, where there is one, finds the keypoints in the cube.

Convention: points in space are x, y, z in mm from the camera. Legend: K keypoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.cubes import VALID_DEPTH_MM, Cube
from core.depth.frames import DepthFrame
from core.depth.segmentation import centre_cube, list_cube_pixels, measure_area_mm2
from core.errors import SkeletonError
from core.estimators.depth_nets import DepthNet
from core.pose.metrics import Distances, keypoint_distances
from core.pose.skeletons.table import convert_keypoints, skeleton_named
from core.pose.types import Estimate, Pose
from core.reading.hand_finding import SIDE_MM, HandFinder, Method, SliceFinder


@dataclass(frozen=True)
class ReaderConfig:
    """When a followed hand counts as lost, and how often the net is run in one frame.

    A fist shows about 6,000 mm² to the camera, a hand from its edge about 3,000, an open hand with
    its forearm half of the cube's face.

    Attributes:
        min_area_mm2, max_area_mm2: surface in the cube.
        max_behind_mm: surface farther behind the cube's centre may belong to the person's body.
        min_span_mm, max_span_mm: largest distance between two keypoints.
        surface_before_mm, surface_behind_mm: distance from a keypoint to the measured surface.
        min_on_surface: fraction of keypoints near a measured surface.
        max_passes: of the net in one frame, each in a cube centred on the keypoints before.
        centred_mm: no further pass when keypoints and cube are this close.
        max_off_centre_mm: keypoints farther from the cube's centre belong to something else.
        max_misses: frames in a row in which a finder rules the hand out.
    """

    min_area_mm2: float = 1500.0
    max_area_mm2: float = 0.8 * SIDE_MM**2
    max_behind_mm: float = 60.0
    min_span_mm: float = 40.0
    max_span_mm: float = 280.0
    surface_before_mm: float = 70.0
    surface_behind_mm: float = 30.0
    min_on_surface: float = 0.5
    max_passes: int = 3
    centred_mm: float = 15.0
    max_off_centre_mm: float = 60.0
    max_misses: int = 2


_CONFIG = ReaderConfig()


@dataclass(frozen=True, eq=False)
class DepthReading:
    """The hand in one frame, compared with the annotation.

    Attributes:
        cube: around the hand; None without a hand.
        method: how the hand was found; "" without one.
        joints_mm: (K, 3) keypoints; None without a net or a hand.
        skeleton: of the net's keypoints, "" without a net.
        score: of the finder, 0..1; None while the hand is followed or if the finder has no score.
        truth_mm: (K, 3) annotated keypoints; None without an annotation.
        errors_mm: (K,) distance of each keypoint from the annotated one; None without both.
    """

    cube: Cube | None = None
    method: Method = ""
    joints_mm: Points | None = None
    skeleton: str = ""
    score: float | None = None
    time_s: float = 0.0
    truth_mm: Points | None = None
    errors_mm: Distances | None = None

    def to_estimate(self, camera: Camera, net_name: str, time_s: float = 0.0) -> Estimate:
        """Convert to an estimate with keypoints in the frame camera's pixels and in mm, and with
        the net as its estimator."""
        poses: tuple[Pose, ...] = ()
        if self.joints_mm is not None:
            pixels = camera.to_pixels(self.joints_mm)[:, :2].astype(np.float32)
            scores, world = np.ones(len(pixels), np.float32), self.joints_mm.astype(np.float32)
            poses = (Pose(pixels, scores, world=world, space="millimetres"),)
        size_hw = camera.height, camera.width
        return Estimate(poses, size_hw, net_name, time_s, skeleton=self.skeleton)


class DepthReader:
    """Reads the frames of one source in their order; not for several threads at a time.

    Args:
        net: finds the keypoints in the cube; None: only the cube is found.
        finders: tried in order while no hand is followed; if empty, the nearest object is taken for
            a hand. The reader closes them.
    """

    def __init__(self, net: DepthNet | None = None, finders: Sequence[HandFinder] = ()) -> None:
        self._net, self._finders = net, tuple(finders) or (SliceFinder(),)
        self._last: Cube | None = None
        self._misses = 0

    def read(self, frame: DepthFrame) -> DepthReading:
        """Read the hand in the next frame: follow the last frame's hand, or find a new one. A hand
        is lost when its cube holds too little surface, or so much that it is a wall; when the
        keypoints span too far or lie on no surface; and when a finder has ruled it out in several
        frames in a row."""
        reading = self._follow_hand(frame)
        if reading is None:
            self._misses = 0
            reading = self._find_hand(frame)
        self._last = reading.cube
        if reading.cube is not None and reading.joints_mm is not None:
            self._last = _centre_cube(reading.cube, reading.joints_mm)
        errors_mm, truth_mm = _measure_errors(reading, frame), frame.truth_mm
        return replace(reading, time_s=frame.time_s, truth_mm=truth_mm, errors_mm=errors_mm)

    def reset(self) -> None:
        """Follow no hand: the next frame is of another moment or another source."""
        self._last, self._misses = None, 0

    def close(self) -> None:
        """Close the finders; may be called more than once."""
        for finder in self._finders:
            finder.close()

    def _follow_hand(self, frame: DepthFrame) -> DepthReading | None:
        """Read the hand in the last frame's cube; None if there was no hand or it is lost."""
        if self._last is None or self._last.camera != frame.camera:
            return None
        reading = self._read_cube(frame, self._last, "tracked")
        if reading is None or reading.cube is None:
            return None
        ruled_out = any(finder.rules_out(frame, reading.cube) for finder in self._finders)
        self._misses = self._misses + 1 if ruled_out else 0
        return reading if self._misses <= _CONFIG.max_misses else None

    def _find_hand(self, frame: DepthFrame) -> DepthReading:
        """Return the first finder's hand that can be read, or a reading without a hand."""
        for finder in self._finders:
            found = finder.find(frame)
            if found is None or not 0 < found.centre_uvd[2] <= VALID_DEPTH_MM[1]:
                continue
            cube = Cube(frame.camera, found.centre_uvd, SIDE_MM)
            if (reading := self._read_cube(frame, cube, finder.method)) is not None:
                return replace(reading, score=found.score)
        return DepthReading(skeleton="" if self._net is None else self._net.skeleton)

    def _read_cube(self, frame: DepthFrame, cube: Cube, method: Method) -> DepthReading | None:
        """Re-centre a cube and find the hand's keypoints in it; None if it contains no hand."""
        if self._net is None:
            cube = centre_cube(frame.depth_mm, cube) if method == "tracked" else cube
            return DepthReading(cube, method) if _has_hand_area(frame, cube) else None
        for _ in range(_CONFIG.max_passes):
            used = cube
            joints_mm = self._net.find_keypoints_mm(cube, cube.cut_crop(frame.depth_mm))
            off_mm = float(np.linalg.norm(joints_mm.mean(0) - cube.centre_mm))
            if off_mm <= _CONFIG.centred_mm or not joints_mm[:, 2].mean() > 0:
                break
            cube = _centre_cube(cube, joints_mm)
        if off_mm > _CONFIG.max_off_centre_mm or not is_hand(frame, used, joints_mm):
            return None
        return DepthReading(used, method, joints_mm, self._net.skeleton)


def _measure_errors(reading: DepthReading, frame: DepthFrame) -> Distances | None:
    """Return each keypoint's distance from the annotated one, (K,) mm; None if keypoints or
    annotation are missing, or their skeletons can't be converted."""
    joints_mm, truth_mm = reading.joints_mm, frame.truth_mm
    if joints_mm is None or truth_mm is None or not frame.skeleton:
        return None
    source, target = skeleton_named(frame.skeleton), skeleton_named(reading.skeleton)
    try:
        expected = convert_keypoints(truth_mm.astype(np.float32), source, target)
    except SkeletonError:
        return None
    errors_mm = keypoint_distances(joints_mm[None], expected[None])[0]
    return None if np.isnan(errors_mm).all() else errors_mm


def _centre_cube(cube: Cube, joints_mm: Points) -> Cube:
    """Move the cube's centre to the mean of the keypoints, as in training."""
    u, v, d = (float(value) for value in cube.camera.to_pixels(joints_mm.mean(0)))
    return replace(cube, centre_uvd=(u, v, d))


def _has_hand_area(frame: DepthFrame, cube: Cube) -> bool:
    """Return whether the measured surface area in the cube is plausible for a hand."""
    pixels = list_cube_pixels(frame.depth_mm, cube)
    pixels = pixels[pixels[:, 2] <= cube.centre_uvd[2] + _CONFIG.max_behind_mm]
    return _CONFIG.min_area_mm2 <= measure_area_mm2(pixels, frame.camera) <= _CONFIG.max_area_mm2


def is_hand(frame: DepthFrame, cube: Cube, joints_mm: Points) -> bool:
    """Return whether keypoints (K, 3) are plausible for a visible hand, by the surface area in the
    cube, the keypoints' span, and the fraction on a measured surface."""
    if not (joints_mm[:, 2] > 0).all() or not _has_hand_area(frame, cube):
        return False
    span = float(np.linalg.norm(joints_mm[:, None] - joints_mm[None], axis=-1).max())
    return (
        _CONFIG.min_span_mm <= span <= _CONFIG.max_span_mm
        and _measure_fraction_on_surface(frame, joints_mm) >= _CONFIG.min_on_surface
    )


def _measure_fraction_on_surface(frame: DepthFrame, joints_mm: Points) -> float:
    """Return the fraction of keypoints near a measured surface."""
    u, v, d = frame.camera.to_pixels(joints_mm).T
    height, width = frame.depth_mm.shape
    columns, rows = np.round(u).astype(int), np.round(v).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    surface = frame.depth_mm[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    before, behind = _CONFIG.surface_before_mm, _CONFIG.surface_behind_mm
    near = (surface > 0) & (d - surface <= before) & (surface - d <= behind)
    return float((inside & near).mean())
