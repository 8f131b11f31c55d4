"""Frames whose keypoints a visitor's browser found: untrusted numbers → estimates on this machine's
clock, each read once."""

import base64
import binascii
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from core.errors import MediaError
from core.estimators import ESTIMATORS
from core.estimators.both_hands import HandPairing
from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.live.live import LiveProcessor
from core.media.limits import PICTURE
from core.media.pictures import check_jpeg
from core.modelfiles.browser_files import BODY_MODEL, HAND_MODEL, VERSION
from core.pose.boxes import Square
from core.pose.finders import BOTH_HANDS, IN_BROWSER, MEDIAPIPE
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import LEFT, RIGHT, Crop, Estimate, Floats, Pose, RemoteFrame
from core.reading.keypoint_sources import BLAZEPOSE
from core.recording.samples import CROP_SIZE
from core.words import words

_MAX_POSITION_PX = 10 * PICTURE.max_side_px
_MAX_FRAMES = 32  # per message
_MAX_CROP_CHARS = 200_000
_MIN_SCORE = 1e-6  # a score of 0 would mean a missing keypoint
_CLOCK_MESSAGES = 50  # after so many the offset of a clock that paused in standby is corrected

Message = Mapping[str, Any]


class BrowserCrop(TypedDict):
    """A square (left, top, side) in px of the picture, and its JPEG in base64."""

    region: list[float]
    jpeg: str


class BrowserPose(TypedDict):
    """A hand with its side, or a body with its keypoints' visibility: px, and metres in `world`."""

    keypoints: list[list[float]]
    world: list[list[float]]
    score: float
    side: NotRequired[str]
    visibility: NotRequired[list[float]]


class BrowserFrame(TypedDict):
    """A frame's poses: number, time on the browser's clock in ms, size (width, height), time spent
    in ms, the browser estimator, and perhaps the poses' crops."""

    n: int
    t: float
    size: list[int]
    spent: float
    by: str
    poses: list[BrowserPose]
    crops: NotRequired[list[BrowserCrop | None]]


class FrameCrops(TypedDict):
    """The requested crops of a frame."""

    n: int
    crops: list[BrowserCrop | None]


class CameraMessage(TypedDict):
    """A page's camera: the page, the browser's clock in ms, whether it loads the model, new
    frames, and perhaps requested crops; untrusted."""

    page: str
    now: float
    opening: bool
    frames: list[BrowserFrame]
    crops: NotRequired[list[FrameCrops]]


Crops = tuple[Crop | None, ...]


@dataclass(frozen=True)
class BrowserEstimator:
    """A MediaPipe task that runs in the browser instead of a server's estimator."""

    estimator: str  # name stored with its samples
    skeleton: Skeleton
    max_poses: int  # at once; the two hands of a pair count as two
    model: str  # file name of its model
    task: str  # its class in MediaPipe's library


def _in_browser(name: str, max_poses: int, model: str, task: str) -> BrowserEstimator:
    skeleton = skeleton_named(ESTIMATORS[name].skeleton)
    return BrowserEstimator(IN_BROWSER[name], skeleton, max_poses, model, task)


BROWSER_ESTIMATORS = {  # by the server's estimator
    MEDIAPIPE: _in_browser(MEDIAPIPE, 2, HAND_MODEL, "HandLandmarker"),
    BOTH_HANDS: _in_browser(BOTH_HANDS, 2, HAND_MODEL, "HandLandmarker"),
    BLAZEPOSE: _in_browser(BLAZEPOSE, MAX_PEOPLE, BODY_MODEL, "PoseLandmarker"),
}


def browser_pose_count(name: str, count: int) -> int:
    """Return how many poses the browser must detect: two hands for a pair, else `count`."""
    estimator = BROWSER_ESTIMATORS.get(name)
    if estimator is None or not estimator.skeleton.parts:
        return count
    return estimator.max_poses


class BrowserFrames:
    """Passes the frames of a browser's camera to a stream.

    Attributes:
        page: id of the browser's page; another page numbers its frames from 1 again.
        last_number: of the frames received.
        requested: numbers of the frames whose crops were requested; empty once they came.
        crops: received on request, by frame number.
    """

    def __init__(self, live: LiveProcessor, clock: Callable[[], float] = time.monotonic) -> None:
        self.live, self.page, self.last_number = live, "", 0
        self.crops: dict[int, Crops] = {}
        self.requested: list[int] = []
        self._crops_came = threading.Event()
        self._clock, self._lock = clock, threading.Lock()
        self._offsets_s: deque[float] = deque(maxlen=_CLOCK_MESSAGES)
        self._pairing = HandPairing()

    def request_crops(self, numbers: Sequence[int]) -> None:
        """Request the crops of these frames, replacing earlier requests."""
        with self._lock:
            self.requested, self.crops = list(numbers[-_MAX_FRAMES:]), {}
            self._crops_came.clear()

    def wait_for_crops(self) -> dict[int, Crops]:
        """Wait up to a second for the requested crops; return those received, by frame number."""
        if self.requested:
            self._crops_came.wait(1.0)
        return self.crops

    def receive(self, message: Message) -> None:
        """Read the new frames of a `CameraMessage`; raise MediaError if it is invalid."""
        try:
            with self._lock:
                self._read_message(cast(CameraMessage, message))
        except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
            raise MediaError(
                words(
                    "the browser's camera sent an invalid message ({error}): reload the page",
                    error=repr(error),
                )
            ) from error

    def _read_message(self, message: CameraMessage) -> None:
        """Read clock, new frames and requested crops; a new page resets the state."""
        if message["page"] != self.page:
            self.page, self.last_number = str(message["page"])[:40], 0
            self._offsets_s.clear()
            self._pairing.reset()
            self.requested, self.crops = [], {}
        self._add_clock_offset(float(message["now"]) / 1000)
        if message.get("opening"):
            self.live.set_opening()
        for frame in message["frames"][:_MAX_FRAMES]:
            if (number := int(frame["n"])) > self.last_number:
                self.last_number = number
                self._read_frame(frame, number)
        if self.requested and "crops" in message:
            crops = {int(one["n"]): _parse_crops(one) for one in message["crops"][:_MAX_FRAMES]}
            self.crops = {n: crop for n, crop in crops.items() if n in self.requested}
            self.requested = []
            self._crops_came.set()

    def _add_clock_offset(self, browser_s: float) -> None:
        """Record this clock minus the browser's. Delays add to it, so `_read_frame` uses the
        smallest. Raise ValueError if the browser's time isn't finite."""
        if not np.isfinite(browser_s):
            raise ValueError(f"clock of {browser_s} s")
        self._offsets_s.append(self._clock() - browser_s)

    def _read_frame(self, frame: BrowserFrame, number: int) -> None:
        """Pass a frame to the stream, unless its estimator is no longer selected."""
        browser_s = float(frame["t"]) / 1000
        if not np.isfinite(browser_s):
            raise ValueError(f"frame at {browser_s} s")
        time_s = min(browser_s + min(self._offsets_s), self._clock())
        width, height = (int(side) for side in frame["size"])
        if not (0 < width <= PICTURE.max_side_px and 0 < height <= PICTURE.max_side_px):
            raise ValueError(f"picture of {width} x {height} pixels")
        source, options = BROWSER_ESTIMATORS[frame["by"]], self.live.options
        if not options.paused and options.keypoints.name != frame["by"]:
            return
        size_hw = height, width
        estimate = Estimate(
            self._pair_hands(
                [_parse_pose(p, source) for p in frame["poses"][: source.max_poses]], source
            ),
            size_hw,
            source.estimator,
            time_s,
            mirrored_view=True,
            skeleton=source.skeleton.name,
        )
        remote = RemoteFrame(size_hw, time_s, number, crops=_parse_crops(frame))
        spent_s = _parse_fraction(frame["spent"], 1000)
        self.live.step(estimate, remote, version=f"web {VERSION}/full", spent_s=spent_s)

    def _pair_hands(self, poses: Sequence[Pose], source: BrowserEstimator) -> tuple[Pose, ...]:
        """Combine both hands into one pose if the skeleton is a pair."""
        if source.skeleton.parts:
            return self._pairing(poses)
        self._pairing.reset()
        return tuple(poses)


def _parse_pose(message: BrowserPose, source: BrowserEstimator) -> Pose:
    """Parse a pose in a browser's message. A hand's keypoints get the hand's score; a body's
    keypoints are scored by visibility, and the body by their mean."""
    count = source.skeleton.single.size
    keypoints = _parse_array(message["keypoints"], (count, 2))
    world = _parse_array(message["world"], (count, 3))
    if source.skeleton.is_body:
        visibility = _parse_array(message["visibility"], (count,)).clip(0, 1)
        scores, score = visibility.clip(_MIN_SCORE), float(visibility.mean())
        return Pose(keypoints, scores, score, world=world, visibility=visibility)
    score = _parse_fraction(message["score"])
    side = message["side"] if message["side"] in (LEFT, RIGHT) else None
    return Pose(keypoints, np.full(count, score, np.float32), score, side, world)


def _parse_fraction(number: Any, divisor: float = 1.0) -> float:
    """Return number / divisor, clipped to 0..1; raise ValueError if it isn't finite."""
    fraction = float(number) / divisor
    if not np.isfinite(fraction):
        raise ValueError(f"{fraction} instead of a number")
    return min(max(fraction, 0.0), 1.0)


def _parse_array(values: Sequence[Any], shape: tuple[int, ...]) -> Floats:
    """Convert to floats; raise ValueError for another shape, or values far outside a picture."""
    array = np.array(values, np.float32)
    if array.shape != shape or not (np.abs(array) < _MAX_POSITION_PX).all():
        raise ValueError(f"numbers of shape {array.shape}, expected {shape} in a picture")
    return array


def _parse_crops(frame: BrowserFrame | FrameCrops) -> Crops:
    """Parse the crops of a frame's poses, in the order of the poses."""
    max_crops = max(source.max_poses for source in BROWSER_ESTIMATORS.values())
    return tuple(_parse_crop(crop) for crop in frame.get("crops", ())[:max_crops])


def _parse_crop(message: BrowserCrop | None) -> Crop | None:
    """Parse a crop's square and JPEG, which is validated; return None for None."""
    if message is None:
        return None
    x0, y0, side = (float(number) for number in message["region"])
    if not (
        abs(x0) < _MAX_POSITION_PX and abs(y0) < _MAX_POSITION_PX and 0 < side < _MAX_POSITION_PX
    ):
        raise ValueError(f"crop at {message['region']}")
    text = message["jpeg"]
    if len(text) > _MAX_CROP_CHARS:
        raise ValueError(f"crop of {len(text):,} characters")
    jpeg = base64.b64decode(text, validate=True)
    check_jpeg(jpeg, CROP_SIZE, "the browser's crop")
    return Square(x0, y0, side), jpeg
