"""Play a depth recording: frames in any order, the hand in each read only once.

Convention: points in space are x, y, z in mm from the camera. Legend: N frames, K keypoints,
S a crop's side.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.drawing import DepthRange, choose_depth_range, colour_depth, quantise_crop
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MudraError
from core.estimators.depth_nets import DepthNet
from core.media.pictures import encode_jpeg
from core.pose.metrics import Distances, epe
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.reading.depth_reading import DepthReader, DepthReading
from core.reading.hand_finding import HandFinder

_SAMPLE_FRAMES = 8  # that decide which depths are shown
_JPEG_QUALITY = 80


@dataclass(frozen=True, eq=False)
class DepthView:
    """A frame ready to be shown.

    Attributes:
        jpeg: its depth in colours.
        steps: (S, S) the hand's crop in 255 depth steps, `drawing.UNSEEN` where nothing was
            measured; None without a hand.
    """

    index: int
    time_s: float
    jpeg: bytes
    camera: Camera
    result: DepthReading
    steps: NDArray[np.uint8] | None

    @property
    def error_mm(self) -> float | None:
        """Mean error of the keypoints; None without an annotation."""
        errors = self.result.errors_mm
        return None if errors is None or not np.isfinite(errors).any() else epe(errors)


def render_view(frame: DepthFrame, result: DepthReading, depth_range: DepthRange) -> DepthView:
    """Render a depth frame as a colour JPEG, and the hand's crop."""
    jpeg = encode_jpeg(colour_depth(frame.depth_mm, depth_range), _JPEG_QUALITY)
    steps = None if result.cube is None else quantise_crop(result.cube.cut_crop(frame.depth_mm))
    return DepthView(frame.index, frame.time_s, jpeg, frame.camera, result, steps)


class DepthPlayback:
    """A recording and the hand in its frames; not for several threads at a time.

    Each frame is read once. With a net the hand is followed if frames are asked for in their order.
    Without one it is searched in every frame: a followed cube would slide down the arm.

    Args:
        source, finders: closed with this.
        net: finds keypoints; None: only the hand's place is found.
    """

    def __init__(
        self, source: DepthSource, net: DepthNet | None, finders: Sequence[HandFinder] = ()
    ) -> None:
        self.source, self._net = source, net
        self._reader = DepthReader(net, finders)
        self._results: dict[int, DepthReading] = {}
        self._damaged: set[int] = set()
        self._next: int | None = None  # the frame in which the hand can be followed

    @property
    def count(self) -> int:
        """Number of frames."""
        return self.source.count or 0

    @cached_property
    def usual_reach(self) -> DepthRange:
        """Depth range of a few frames of the recording."""
        return choose_depth_range(self._sample_frames())

    @property
    def skeleton(self) -> Skeleton | None:
        """Skeleton of the keypoints found; None without a net."""
        return None if self._net is None else skeleton_named(self._net.skeleton)

    @cached_property
    def truth(self) -> Skeleton | None:
        """Return the annotated keypoints' skeleton; None if missing or unknown."""
        names = (frame.skeleton for frame in self._sample_frames() if frame.truth_mm is not None)
        name = next(names, "")
        return skeleton_named(name) if name else None

    @cached_property
    def has_unnamed_truth(self) -> bool:
        """Return whether the annotated keypoints have an unknown skeleton."""
        return any(
            frame.truth_mm is not None and not frame.skeleton for frame in self._sample_frames()
        )

    def view(self, index: int, depth_range: DepthRange) -> DepthView:
        """Read a frame and its hand, and render both; raise MediaError if it is damaged."""
        try:
            frame = self.source.read(index)
            return render_view(frame, self._read_once(frame, index), depth_range)
        except MudraError:
            self._damaged.add(index)
            raise

    def read(self, indices: Iterable[int]) -> Iterator[tuple[DepthFrame, DepthReading]]:
        """Yield the frames at these indices and their results, skipping damaged ones."""
        for index in indices:
            with suppress(MudraError):
                frame = self.source.read(index)
                yield frame, self._read_once(frame, index)

    def errors_mm(self) -> Distances:
        """Return the errors (N, K) of the annotated frames read so far."""
        known = [one.errors_mm for one in self._results.values() if one.errors_mm is not None]
        return np.stack(known) if known else np.empty((0, 0))

    def count_hands(self) -> tuple[int, int]:
        """Return how many of the frames read so far show a hand, and how many were read."""
        with_hand = sum(one.cube is not None for one in self._results.values())
        return with_hand, len(self._results) + len(self._damaged)

    def keypoints_csv(self) -> bytes:
        """Return the frames read so far as CSV, x, y, z in mm, empty if there is no hand."""
        names = self.skeleton.joints if self.skeleton else ()
        rows = [["frame", "time_s", *(f"{name}_{axis}" for name in names for axis in "xyz")]]
        for index, result in sorted(self._results.items()):
            joints_mm = result.joints_mm
            values = [""] * 3 * len(names)
            if joints_mm is not None:
                values = [f"{mm:.2f}" for mm in joints_mm.ravel()]
            rows.append([str(index), f"{result.time_s:.3f}", *values])
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    def close(self) -> None:
        """Close the file and the finders; may be called more than once."""
        self.source.close()
        self._reader.close()

    def _sample_frames(self) -> Iterator[DepthFrame]:
        """Yield a few frames spread evenly over the recording, skipping damaged ones."""
        for index in np.unique(np.linspace(0, self.count - 1, _SAMPLE_FRAMES).astype(int)):
            with suppress(MudraError):
                yield self.source.read(int(index))

    def _read_once(self, frame: DepthFrame, index: int) -> DepthReading:
        """Return a frame's result, cached; reset tracking unless frames are consecutive."""
        if index not in self._results:
            if self._net is None or index != self._next:
                self._reader.reset()
            self._results[index] = self._reader.read(frame)
            self._next = index + 1
        return self._results[index]
