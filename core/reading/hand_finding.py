"""Find a hand in a depth frame without knowing the frame before: by colours, or by depth.

Convention: a hand's place is its palm's centre, the mean of wrist and knuckles, as u, v, d.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from core.depth.cubes import Cube, Depth
from core.depth.frames import DepthFrame
from core.depth.segmentation import find_nearest_object
from core.errors import EstimatorError
from core.estimators.depth_nets import PalmDetector
from core.estimators.mediapipe_hands import MediapipeHands
from core.modelfiles.mediapipe_models import find_prepared_model, has_prepared_models
from core.paths import Paths
from core.pose.skeletons.hands import KNUCKLES, WRIST
from core.pose.types import Floats, Frame

Method = Literal["tracked", "rgb", "depth", "slices", ""]
"""How a hand was found: followed from the frame before, in colours, by a net in depth, by depth
slices; "" for no hand."""

SIDE_MM = 250.0  # of a hand's cube, as nets are trained
PALM_NET = "palmnet.synthetic"
IN_DEPTH: Method = "depth"  # the best finder in depth, docs/measurements.md
MIN_PALM_SCORE = 0.3  # of a palm that counts as found
ABSENT_PALM_SCORE = 0.1  # below it there is certainly no palm
_PALM = [WRIST, *KNUCKLES]


@dataclass(frozen=True)
class FoundHand:
    """Where a hand is.

    Attributes:
        centre_uvd: of the palm: u, v in px, d in mm.
        score: confidence of the finder, 0..1; None if it has none, as MediaPipe.
    """

    centre_uvd: tuple[float, float, float]
    score: float | None = None


class HandFinder(Protocol):
    """Finds a hand in a single frame, by the `method` of its name in FINDERS; to be closed after
    use."""

    method: Method

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """Find MediaPipe's first hand that has a measured palm depth; None if there is none."""

    def rules_out(self, frame: DepthFrame, cube: Cube) -> bool:
        """Return whether the finder is certain that a followed cube holds no hand."""
        return False

    def close(self) -> None:
        """Free its resources; may be called more than once."""
        return


class SliceFinder(HandFinder):
    """Takes the nearest object for a hand; needs no training, and rules nothing out."""

    method: Method = "slices"

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """Return the centre of mass of the nearest object."""
        cube = find_nearest_object(frame.depth_mm, frame.camera, SIDE_MM)
        return None if cube is None else FoundHand(cube.centre_uvd)


class DepthFinder(HandFinder):
    """Finds palms in depth by a net."""

    method: Method = "depth"

    def __init__(self, net: PalmDetector) -> None:
        self._net = net

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """Return the palm of highest score, if that is at least MIN_PALM_SCORE."""
        centre_uvd, score = self._net.find_palm(frame.depth_mm)
        return FoundHand(centre_uvd, score) if score >= MIN_PALM_SCORE else None

    def rules_out(self, frame: DepthFrame, cube: Cube) -> bool:
        """Return whether the net sees no palm in the cube."""
        return self._net.find_max_palm_score(frame.depth_mm, cube.bounds) < ABSENT_PALM_SCORE


class RgbFinder(HandFinder):
    """Finds hands in the colours by MediaPipe, and their distance in the depth there. It rules
    nothing out: running MediaPipe on each frame of a followed hand is too slow. Raise WeightsError
    if MediaPipe's hand model is not prepared."""

    method: Method = "rgb"

    def __init__(self, weights_folder: Path) -> None:
        find_prepared_model("hand_landmarker_full", weights_folder)
        self._folder = weights_folder
        self._hands: MediapipeHands | None = None  # opened by the first frame with colours

    def find(self, frame: DepthFrame) -> FoundHand | None:
        """Find the first of MediaPipe's hands whose palm has a measured depth; None without one."""
        if frame.rgb is None:
            return None
        self._hands = self._hands or MediapipeHands(self._folder)
        estimate = self._hands.estimate(Frame(frame.rgb, frame.time_s, frame.index))
        for pose in estimate.poses:
            palm = pose.keypoints[_PALM]
            if (depth := median_palm_depth_mm(frame.depth_mm, palm)) is not None:
                u, v = (float(value) for value in palm.mean(0))
                return FoundHand((u, v, depth))
        return None

    def close(self) -> None:
        """Close MediaPipe."""
        if self._hands is not None:
            self._hands.close()


def median_palm_depth_mm(depth_mm: Depth, palm: Floats) -> float | None:
    """Return the median depth at a palm's keypoints (P, 2), their centre and the points half way
    between; None if nothing was measured there."""
    centre = palm.mean(0)
    places = np.concatenate([centre + part * (palm - centre) for part in (0.0, 0.5, 1.0)])
    columns, rows = np.round(places).astype(int).T
    height, width = depth_mm.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    seen = depth_mm[rows[inside], columns[inside]]
    return float(np.median(seen[seen > 0])) if (seen > 0).any() else None


def create_finder(method: str, paths: Paths) -> HandFinder:
    """Create the finder "rgb", "depth" or "slices"; raise EstimatorError if the name is unknown,
    WeightsError if its model is missing."""
    if method not in FINDERS:
        raise EstimatorError(f"no finder of hands “{method}”; there are: {', '.join(FINDERS)}")
    return FINDERS[method](paths)


def default_finders(paths: Paths) -> list[HandFinder]:
    """Create MediaPipe's finder if its models are prepared, and the best one in depth."""
    in_colours = ["rgb"] if has_prepared_models(paths.weights) else []
    return [create_finder(method, paths) for method in (*in_colours, IN_DEPTH)]


FINDERS: dict[str, Callable[[Paths], HandFinder]] = {
    "rgb": lambda paths: RgbFinder(paths.weights),
    "depth": lambda paths: DepthFinder(PalmDetector(paths.net(PALM_NET))),
    "slices": lambda paths: SliceFinder(),
}
