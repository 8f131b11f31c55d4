"""A depth frame → the hand in it: its cube follows the hand from frame to frame, and is looked for
anew when the hand is lost; in the cube a net finds the keypoints, where there is one.

Convention: points in space are x, y, z in mm from the camera. Legend: K keypoints, S crop's side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.depth.cameras import Points
from core.depth.cubes import REACH_MM, Crop, Cube
from core.depth.frames import DepthFrame
from core.depth.slices import area_mm2, pixels_in, refined
from core.estimators.depth_net import DepthNet
from core.reading.hand_finding import SIDE_MM, HandFinder, How, SliceFinder

# A hand is lost when one of these is not so. A fist shows about 6,000 mm² to the camera, one from
# its edge about 3,000, an open one with its forearm half of the cube's face
_LEAST_MM2, _MOST_MM2 = 1500.0, 0.8 * SIDE_MM**2
_THICK_MM = 60.0  # what is so far behind the cube's middle may be the person
_SPAN_MM = (40.0, 280.0)  # from a keypoint to the one that is farthest from it
_BEFORE_MM, _BEHIND_MM, _ON_SURFACE = 70.0, 30.0, 0.5  # share of keypoints with a surface near
_LOOKS, _SETTLED_MM = 3, 15.0  # the net looks again while its keypoints' middle is off the cube's
_OFF_MM = 60.0  # farther off, they are not what the cube was laid round
_MISSED = 3  # frames in a row in which a finder is sure that there is no hand


@dataclass(frozen=True, eq=False)
class DepthReading:
    """What was read in one frame.

    Attributes:
        frame: it was.
        cube: round the hand; None: no hand.
        how: the cube came about: "tracked" from the frame before, found by "rgb", by a net of
            "depth" or by "slices" of it; "" without one.
        joints_mm: (K, 3) the hand's keypoints; None without a net or a hand.
        crop: (S, S) what the net saw, or would see if there were one; None without a hand.
        skeleton: the name of the keypoints' one, "" without a net.
        score: of the finder, 0..1, in the frame where the hand was found; None where none is said.
    """

    frame: DepthFrame
    cube: Cube | None = None
    how: How = ""
    joints_mm: Points | None = None
    crop: Crop | None = None
    skeleton: str = ""
    score: float | None = None


class DepthReader:
    """Reads the frames of one source in their order; not for several threads at a time.

    Args:
        net: finds the keypoints in the cube; None: the cube is all that is found.
        finders: asked in their order for a hand that is not followed yet, until one sees it:
            `hand_finding.usual_finders`; without any, what stands nearest is taken for one. The
            reader closes them.
    """

    def __init__(self, net: DepthNet | None = None, finders: Sequence[HandFinder] = ()) -> None:
        self._net, self._finders = net, tuple(finders) or (SliceFinder(),)
        self._last: Cube | None = None
        self._missed = 0

    def read(self, frame: DepthFrame) -> DepthReading:
        """The hand in the next frame: where the last one's went, else wherever one is.

        What is followed is lost when too little surface is in the cube, or so much that it is a
        wall; when the keypoints stretch too far, or lie on nothing that is seen; and when a finder
        has seen no hand there for three frames.
        """
        reading = self._followed(frame)
        if reading is None:
            self._missed = 0
            reading = self._found(frame)
        self._last = reading.cube
        if reading.cube is not None and reading.joints_mm is not None:
            self._last = _round(reading.joints_mm, reading.cube)
        return reading

    def reset(self) -> None:
        """Follow no hand: the next frame is another place of the recording, or another source."""
        self._last, self._missed = None, 0

    def close(self) -> None:
        """Free the finders; may be called more than once."""
        for finder in self._finders:
            finder.close()

    def _followed(self, frame: DepthFrame) -> DepthReading | None:
        if self._last is None or self._last.camera != frame.camera:
            return None
        reading = self._read_in(frame, self._last, "tracked")
        if reading is None or reading.cube is None:
            return None
        missed = any(finder.misses(frame, reading.cube) for finder in self._finders)
        self._missed = self._missed + 1 if missed else 0
        return reading if self._missed < _MISSED else None

    def _found(self, frame: DepthFrame) -> DepthReading:
        for finder in self._finders:
            found = finder.find(frame)
            if found is None or not 0 < found.centre_uvd[2] <= REACH_MM[1]:
                continue
            cube = Cube(frame.camera, found.centre_uvd, SIDE_MM)
            if (reading := self._read_in(frame, cube, finder.how)) is not None:
                return replace(reading, score=found.score)
        return DepthReading(frame, skeleton="" if self._net is None else self._net.skeleton)

    def _read_in(self, frame: DepthFrame, cube: Cube, how: How) -> DepthReading | None:
        """What a cube holds; None: no hand."""
        if self._net is None:
            cube = refined(frame.depth_mm, cube) if how == "tracked" else cube
            fits = _holds_a_hand(frame, cube)
            return DepthReading(frame, cube, how, crop=cube.cut(frame.depth_mm)) if fits else None
        for _ in range(_LOOKS):
            crop, looked_in = cube.cut(frame.depth_mm), cube
            joints_mm = self._net.in_cube(cube, crop)
            off_mm = float(np.linalg.norm(joints_mm.mean(0) - cube.centre_mm))
            if off_mm <= _SETTLED_MM or not joints_mm[:, 2].mean() > 0:
                break
            cube = _round(joints_mm, cube)
        if not (off_mm <= _OFF_MM and is_hand(frame, looked_in, joints_mm)):
            return None
        return DepthReading(frame, looked_in, how, joints_mm, crop, self._net.skeleton)


def _round(joints_mm: Points, cube: Cube) -> Cube:
    """The cube with its middle where the keypoints' is, as in training."""
    u, v, d = (float(value) for value in cube.camera.to_pixels(joints_mm.mean(0)))
    return replace(cube, centre_uvd=(u, v, d))


def _holds_a_hand(frame: DepthFrame, cube: Cube) -> bool:
    """Whether so much surface is in the cube as a hand has."""
    held = pixels_in(frame.depth_mm, cube)
    held = held[held[:, 2] <= cube.centre_uvd[2] + _THICK_MM]
    return _LEAST_MM2 <= area_mm2(held, frame.camera) <= _MOST_MM2


def is_hand(frame: DepthFrame, cube: Cube, joints_mm: Points) -> bool:
    """Whether keypoints (K, 3) in a cube are those of a hand that is seen there: as much surface as
    a hand has is in the cube, they reach as far as a hand's, and most lie on a surface."""
    if not (joints_mm[:, 2] > 0).all() or not _holds_a_hand(frame, cube):
        return False
    span = float(np.linalg.norm(joints_mm[:, None] - joints_mm[None], axis=-1).max())
    return _SPAN_MM[0] <= span <= _SPAN_MM[1] and _share_on_surface(frame, joints_mm) >= _ON_SURFACE


def _share_on_surface(frame: DepthFrame, joints_mm: Points) -> float:
    """The share of keypoints that have a measured surface a little before or behind them."""
    u, v, d = frame.camera.to_pixels(joints_mm).T
    height, width = frame.depth_mm.shape
    columns, rows = np.round(u).astype(int), np.round(v).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    surface = frame.depth_mm[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    near = (surface > 0) & (d - surface <= _BEFORE_MM) & (surface - d <= _BEHIND_MM)
    return float((inside & near).mean())
