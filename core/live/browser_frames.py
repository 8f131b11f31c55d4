"""What a visitor's browser found in its own camera's frames: untrusted numbers → estimates on this
machine's clock, each read once."""

import base64
import binascii
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import MediaError
from core.estimators.both_hands import Pairing
from core.live.browser_finders import FINDERS, Finder
from core.live.live import LiveProcessor
from core.media.pictures import MAX_SIDE, check_jpeg
from core.modelfiles.browser_files import VERSION
from core.pose.boxes import Square
from core.pose.types import LEFT, RIGHT, Crop, Estimate, Floats, Pose, RemoteFrame
from core.recording.samples import CROP_SIZE

_MOST_FRAMES = 32
_CROP_BYTES = 200_000
_SEEN = 1e-6  # a score of 0 would mean that the keypoint is missing
_WORDS = 50  # a clock that stood still while its machine slept is believed again after so many

Told = Mapping[str, Any]
Crops = tuple[Crop | None, ...]


class BrowserFrames:
    """The frames of one browser's camera on their way into a stream.

    Attributes:
        page: the browser's mount that spoke last; another one numbers its frames anew.
        heard: the highest number that came from it.
        asked: the frames whose crops are wanted; empty once the browser has answered.
        crops: of these frames' poses, by number.
    """

    def __init__(self, live: LiveProcessor, clock: Callable[[], float] = time.monotonic) -> None:
        self.live, self.page, self.heard = live, "", 0
        self.crops: dict[int, Crops] = {}
        self.asked: list[int] = []
        self._brought = threading.Event()
        self._clock, self._lock = clock, threading.Lock()
        self._ahead_s: deque[float] = deque(maxlen=_WORDS)
        self._pairing = Pairing()

    def ask(self, numbers: Sequence[int]) -> None:
        """Have the crops of these frames sent, which the browser keeps for a moment."""
        with self._lock:
            self.asked, self.crops = list(numbers[-_MOST_FRAMES:]), {}
            self._brought.clear()

    def brought(self, within_s: float = 1.0) -> dict[int, Crops]:
        """The crops that were asked for, as many as the browser still had; waits for them."""
        if self.asked:
            self._brought.wait(within_s)
        return self.crops

    def hear(self, told: Told) -> None:
        """Read the frames that are new in what the browser tells: `page`, its clock `now` (ms),
        `opening` while it opens what finds keypoints, and `frames`, each with its number `n`, its
        time `t` on that clock, `size` (width, height), `spent` (ms), `by` which of FINDERS, `poses`
        and perhaps their `crops`; and perhaps `crops` that were asked for.

        Raises:
            MediaError: it tells what no browser of ours tells.
        """
        try:
            with self._lock:
                self._hear(told)
        except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
            raise MediaError(
                f"the browser's camera told what can't be read ({error!r}): reload the page"
            ) from error

    def _hear(self, told: Told) -> None:
        if told["page"] != self.page:
            self.page, self.heard = str(told["page"])[:40], 0
            self._ahead_s.clear()
            self._pairing.forget()
            self.asked, self.crops = [], {}
        self._set_clock(float(told["now"]) / 1000)
        if told.get("opening"):
            self.live.wait()
        for one in told["frames"][:_MOST_FRAMES]:
            if (number := int(one["n"])) > self.heard:
                self.heard = number
                self._read(one, number)
        if self.asked and "crops" in told:
            brought = {int(one["n"]): _crops(one) for one in told["crops"][:_MOST_FRAMES]}
            self.crops = {n: crops for n, crops in brought.items() if n in self.asked}
            self.asked = []
            self._brought.set()

    def _set_clock(self, theirs_s: float) -> None:
        """How far ahead ours is, as this word has it, which is late and never early."""
        if not np.isfinite(theirs_s):
            raise ValueError(f"a clock of {theirs_s} s")
        self._ahead_s.append(self._clock() - theirs_s)

    def _read(self, one: Told, number: int) -> None:
        theirs_s = float(one["t"]) / 1000
        if not np.isfinite(theirs_s):
            raise ValueError(f"a frame at {theirs_s} s")
        time_s = min(theirs_s + min(self._ahead_s), self._clock())
        width, height = (int(side) for side in one["size"])
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ValueError(f"a picture of {width} x {height} pixels")
        finder, options = FINDERS[one["by"]], self.live.options
        if not options.paused and options.keypoints.name != one["by"]:
            return  # the page has just changed what it wants
        size_hw = height, width
        poses = self._together([pose_told(p, finder) for p in one["poses"][: finder.most]], finder)
        estimate = Estimate(
            poses,
            size_hw,
            finder.estimator,
            time_s,
            mirrored_view=True,
            skeleton=finder.skeleton.name,
        )
        frame = RemoteFrame(size_hw, time_s, number, crops=_crops(one))
        spent_s = _share(one["spent"], 1000)
        self.live.step(estimate, frame, version=f"web {VERSION}/full", spent_s=spent_s)

    def _together(self, poses: Sequence[Pose], finder: Finder) -> tuple[Pose, ...]:
        """Both hands as the one pose that a pair is."""
        if finder.skeleton.parts:
            return self._pairing(poses)
        self._pairing.forget()
        return tuple(poses)


def pose_told(told: Told, finder: Finder) -> Pose:
    """A hand's keypoints are as sure as the hand. Of a body's its visibility alone is told, not the
    presence that the server scores them by; the body's own score is their mean, as there."""
    count = finder.skeleton.single.size
    keypoints, world = _numbers(told["keypoints"], (count, 2)), _numbers(told["world"], (count, 3))
    if finder.skeleton.is_body:
        visibility = _numbers(told["visibility"], (count,)).clip(0, 1)
        scores, score = visibility.clip(_SEEN), float(visibility.mean())
        return Pose(keypoints, scores, score, world=world, visibility=visibility)
    score = _share(told["score"])
    side = told["side"] if told["side"] in (LEFT, RIGHT) else None
    return Pose(keypoints, np.full(count, score, np.float32), score, side, world)


def _share(number: Any, of: float = 1.0) -> float:
    """A part of the whole, 0..1."""
    share = float(number) / of
    if not np.isfinite(share):
        raise ValueError(f"{share} where a number is expected")
    return min(max(share, 0.0), 1.0)


def _numbers(told: Sequence[Any], shape: tuple[int, ...]) -> Floats:
    found = np.array(told, np.float32)
    if found.shape != shape or not (np.abs(found) < 10 * MAX_SIDE).all():
        raise ValueError(f"numbers of shape {found.shape}, expected {shape} of a picture")
    return found


def _crops(told: Told) -> Crops:
    """Of each of a frame's poses."""
    most = max(finder.most for finder in FINDERS.values())
    return tuple(_crop(one) for one in told.get("crops", ())[:most])


def _crop(told: Told | None) -> Crop | None:
    """The square and its JPEG."""
    if told is None:
        return None
    x0, y0, side = (float(number) for number in told["region"])
    if not (abs(x0) < 10 * MAX_SIDE and abs(y0) < 10 * MAX_SIDE and 0 < side < 10 * MAX_SIDE):
        raise ValueError(f"a crop at {told['region']}")
    text = told["jpeg"]
    if len(text) > _CROP_BYTES:
        raise ValueError(f"a crop of {len(text):,} characters")
    jpeg = base64.b64decode(text, validate=True)
    check_jpeg(jpeg, CROP_SIZE, "the browser's crop")
    return Square(x0, y0, side), jpeg
