"""Where a hand is in a depth frame when none was there a moment ago: by colours, or by depth.

Convention: a hand is found by its palm's middle, the mean of wrist and knuckles, as u, v, d.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from core.depth.cubes import Cube, Depth
from core.depth.frames import DepthFrame
from core.depth.slices import nearest_thing
from core.errors import EstimatorError
from core.estimators.mediapipe_hands import MediapipeHands
from core.estimators.palm_net import PalmNetModel
from core.modelfiles.mediapipe_models import is_prepared, path_of
from core.paths import Paths
from core.pose.skeletons.hand_keypoints import KNUCKLES, WRIST
from core.pose.types import Floats, Frame

How = Literal["tracked", "rgb", "depth", "slices", ""]

SIDE_MM = 250.0  # of a hand's cube, as nets are trained
PALM_NET = "palmnet.synthetic"
IN_DEPTH: How = "depth"  # what finds best there, docs/measurements.md
LEAST_SCORE, NO_SCORE = 0.3, 0.1  # of a palm in depth that counts; below, there is surely none
_PALM = (WRIST, *KNUCKLES)
_SHARES = (0.0, 0.5, 1.0)  # of the way from the palm's middle to its keypoints depth is looked at


@dataclass(frozen=True)
class FoundHand:
    """Where a hand is.

    Attributes:
        centre_uvd: of the palm: u, v in px, d in mm.
        score: how sure the finder is, 0..1; None where it does not say, as MediaPipe of a hand.
    """

    centre_uvd: tuple[float, float, float]
    score: float | None = None


class HandFinder(Protocol):
    """Finds a hand in a frame, whatever the frame before was; to be closed after use.

    Attributes:
        how: it is found.
    """

    how: How

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """The hand that it is surest of; None: there is none."""

    def misses(self, frame: DepthFrame, cube: Cube) -> bool:
        """Whether it is sure that no hand is in a cube, which one was thought to be in."""

    def close(self) -> None:
        """Free what it holds; may be called more than once."""


class SliceFinder:
    """What stands nearest is taken for a hand: nothing to train, and nothing known of hands."""

    how: How = "slices"

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """The centre of mass of what stands nearest."""
        cube = nearest_thing(frame.depth_mm, frame.camera, SIDE_MM)
        return None if cube is None else FoundHand(cube.centre_uvd)

    def misses(self, frame: DepthFrame, cube: Cube) -> bool:
        """It knows nothing of hands."""
        return False

    def close(self) -> None:
        """Nothing is held."""


class DepthFinder:
    """A palm that a net sees in the depth.

    Args:
        net: that finds palms.
        least_score: of a palm that counts.
    """

    how: How = "depth"

    def __init__(self, net: PalmNetModel, least_score: float = LEAST_SCORE) -> None:
        self._net, self._least = net, least_score

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """The palm that the net is surest of, where it is sure enough."""
        palm = self._net.find(frame.depth_mm)
        return FoundHand(palm.uvd, palm.score) if palm.score >= self._least else None

    def misses(self, frame: DepthFrame, cube: Cube) -> bool:
        """Whether no palm at all is seen there."""
        return self._net.score_in(frame.depth_mm, cube.bounds) < NO_SCORE

    def close(self) -> None:
        """Nothing is held."""


class RgbFinder:
    """A hand that MediaPipe sees in the colours, at the depth that lies there.

    Args:
        weights_folder: where the prepared models lie.

    Raises:
        WeightsError: MediaPipe's model of hands is not prepared.
    """

    how: How = "rgb"

    def __init__(self, weights_folder: Path) -> None:
        path_of("hand_landmarker_full", weights_folder)
        self._folder = weights_folder
        self._hands: MediapipeHands | None = None  # made when there are colours

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """The first hand that also has depth; None without colours."""
        if frame.rgb is None:
            return None
        self._hands = self._hands or MediapipeHands(self._folder)
        estimate = self._hands.estimate(Frame(frame.rgb, frame.time_s, frame.index))
        for pose in estimate.poses:
            palm = pose.keypoints[list(_PALM)]
            if (depth := palm_depth_mm(frame.depth_mm, palm)) is not None:
                u, v = (float(value) for value in palm.mean(0))
                return FoundHand((u, v, depth))
        return None

    def misses(self, frame: DepthFrame, cube: Cube) -> bool:
        """Not asked while a hand is followed: it costs too much."""
        return False

    def close(self) -> None:
        """Free the landmarker."""
        if self._hands is not None:
            self._hands.close()


def palm_depth_mm(depth_mm: Depth, palm: Floats) -> float | None:
    """The median of the depths seen at a palm's keypoints (P, 2), its middle and half way; None
    where none is seen."""
    middle = palm.mean(0)
    places = np.concatenate([middle + share * (palm - middle) for share in _SHARES])
    columns, rows = np.round(places).astype(int).T
    height, width = depth_mm.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    seen = depth_mm[rows[inside], columns[inside]]
    return float(np.median(seen[seen > 0])) if (seen > 0).any() else None


def create_finder(how: str, paths: Paths) -> HandFinder:
    """The finder of that name: rgb, depth or slices.

    Raises:
        WeightsError: its model is not there.
        EstimatorError: no such finder.
    """
    if how not in FINDERS:
        raise EstimatorError(f"no finder of hands “{how}”; there are: {', '.join(FINDERS)}")
    return FINDERS[how](paths)


def usual_finders(paths: Paths) -> list[HandFinder]:
    """What finds hands where nothing is chosen: MediaPipe in the colours, where its models are
    prepared, then what finds them best in depth."""
    in_colours = ["rgb"] if is_prepared(paths.weights) else []
    return [create_finder(how, paths) for how in (*in_colours, IN_DEPTH)]


FINDERS: dict[str, Callable[[Paths], HandFinder]] = {
    "rgb": lambda paths: RgbFinder(paths.weights),
    "depth": lambda paths: DepthFinder(PalmNetModel(paths.net(PALM_NET))),
    "slices": lambda paths: SliceFinder(),
}
