"""The hinge types: a Frame goes into an estimator, an Estimate comes out.

Convention: x right, y down, a pixel's centre at an integer coordinate. A missing joint has score 0
and NaN coordinates. N poses, K joints, H W picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.pose.boxes import Box, Square

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

Crop = tuple[Square, bytes]  # what a JPEG shows, and the JPEG

LEFT, RIGHT = "Left", "Right"
VISIBLE = 0.5  # a keypoint less likely to be seen counts as missing


@dataclass(frozen=True, eq=False)
class Frame:
    """One RGB picture with where and when it was taken."""

    rgb: Picture  # (H, W, 3) uint8, never mirrored
    time_s: float = 0.0  # seconds since the source's start
    index: int = 0  # number of the frame in its source, from 0
    source: str = ""  # file name, or "camera"
    # the viewer saw it mirrored (webcam), so directions mean the mirrored ones
    mirrored_view: bool = False

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise ValueError(f"rgb must be (H, W, 3) uint8, got {self.rgb.shape} {self.rgb.dtype}")

    @property
    def size_hw(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return int(self.rgb.shape[0]), int(self.rgb.shape[1])


@dataclass(frozen=True, eq=False)
class RemoteFrame:
    """A frame whose picture stayed where it was taken, in a visitor's browser; see `Frame`."""

    size_hw: tuple[int, int]
    time_s: float = 0.0
    index: int = 0
    source: str = "webcam"
    mirrored_view: bool = True
    crops: tuple[Crop | None, ...] = ()  # one per pose; None if none was sent


AnyFrame = Frame | RemoteFrame


@dataclass(frozen=True, eq=False)
class Pose:
    """One hand (or body)."""

    keypoints: Floats  # (K, 2) float32, picture pixels; NaN where the joint is missing
    scores: Floats  # (K,) float32 in 0..1, 0 where the joint is missing
    # what the estimator gives the whole pose, 0..1: a heatmap net the mean of the peaks, MediaPipe
    # a body's mean visibility, and of a hand only how sure it is whether it is a left or a right
    # one (0.5 to 1), not how well it is seen
    score: float = 1.0
    handedness: str | None = None  # "Left" or "Right" as the person's own hand; None when unknown
    world: Floats | None = None  # (K, 3) float32 in the unit that `space` names; None when unknown
    space: str = "metres"  # unit of `world`: "metres" or "millimetres"
    # (K,) float32 in 0..1, how likely each keypoint is seen and not hidden; None where the
    # estimator does not say
    visibility: Floats | None = None

    def __post_init__(self) -> None:
        joints = self.keypoints.shape[0]
        for name, values, shape in (
            ("keypoints", self.keypoints, (joints, 2)),
            ("scores", self.scores, (joints,)),
            ("visibility", self.visibility, (joints,)),
            ("world", self.world, (joints, 3)),
        ):
            if values is not None and values.shape != shape:
                raise ValueError(f"{name} must be {shape}, got {values.shape}")
        if self.handedness not in (LEFT, RIGHT, None):
            raise ValueError(f"handedness must be Left, Right or None, got {self.handedness!r}")

    def without_hidden(self) -> "Pose":
        """Return the pose with NaN for keypoints that have a visibility below 0.5."""
        if self.visibility is None or (self.visibility >= VISIBLE).all():
            return self
        hidden = self.visibility < VISIBLE
        keypoints = np.where(hidden[:, None], np.float32(np.nan), self.keypoints)
        return replace(self, keypoints=keypoints, scores=np.where(hidden, 0, self.scores))


@dataclass(frozen=True, eq=False)
class Heatmaps:
    """What every stage of a net believes about one hand or person."""

    maps: Floats  # (S, J+1, h, w) float32, the last map of a stage being the background
    region: Box  # the part of the picture that the maps cover; what their net saw, to within a cell
    crop: Picture  # (H, W, 3) what is there, at the size of the net's input
    # what the net attends to by name, each (maps, h', w') of 0..1 over the region
    attention: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.maps.ndim != 4:
            raise ValueError(f"heatmaps must be (S, J+1, h, w), got {self.maps.shape}")

    @property
    def stages(self) -> int:
        """S."""
        return int(self.maps.shape[0])

    def to_picture(self, cells: Floats) -> Floats:
        """Convert (..., 2) x, y from heatmap cells to picture pixels."""
        box = self.region
        step = np.array([box.width, box.height]) / self.maps.shape[:-3:-1]  # picture pixels a cell
        shift = np.array([box.x0, box.y0]) + (step - 1) / 2
        return (cells * step + shift).astype(np.float32)


@dataclass(frozen=True)
class TurnedSquare:
    """A square part of a picture."""

    x: float  # its centre, px
    y: float
    side: float  # px
    rotation: float  # radians, positive clockwise as one sees it

    @property
    def corners(self) -> Floats:
        """Return the corners, (4, 2) px, clockwise from the unrotated upper left corner."""
        c, s = np.cos(self.rotation), np.sin(self.rotation)
        unit = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * self.side / 2
        return (unit @ np.array([(c, s), (-s, c)]) + (self.x, self.y)).astype(np.float32)


@dataclass(frozen=True)
class Tracking:
    """How an estimator of two steps came to a frame's poses."""

    detected: bool  # its detector ran, to find who was not followed
    # where it looked for those whom it followed from the frame before
    followed: tuple[TurnedSquare, ...] = ()


@dataclass(frozen=True, eq=False)
class Estimate:
    """What an estimator found in one frame: N poses, the highest score first."""

    poses: tuple[Pose, ...]
    size_hw: tuple[int, int]  # (H, W) of the picture that the keypoints refer to
    estimator: str  # the estimator's name, e.g. "mediapipe-hands"
    time_s: float = 0.0  # the frame's time
    mirrored_view: bool = False  # as the frame's
    heatmaps: tuple[Heatmaps, ...] = ()  # of each pose, where a heatmap net found it, else empty
    skeleton: str = "hand_21"  # the name of the poses' skeleton
    # of each pose, (H, W) float32 in 0..1, how surely a pixel is the person's; empty where they
    # were not asked for
    masks: tuple[Floats, ...] = ()
    tracking: Tracking | None = None  # None if the estimator has not two steps, or does not say
    # of each pose, the same as long as it is followed; each is drawn in a colour of its own; empty
    # where nobody tells them apart
    numbers: tuple[int, ...] = ()
