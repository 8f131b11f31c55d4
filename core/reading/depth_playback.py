"""A source of depth as somebody looks through it: frames in any order, each read once.

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

from core.depth.cameras import Camera, Points
from core.depth.cubes import Cube
from core.depth.drawing import Reach, colour_depth, crop_steps, usual_reach
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MudraError, SkeletonError
from core.estimators.depth_net import DepthNet
from core.media.pictures import encode_jpeg
from core.pose.metrics import Distances, distances, epe
from core.pose.skeletons.table import Skeleton, convert, skeleton_named
from core.reading.depth_reading import DepthReader, DepthReading
from core.reading.hand_finding import HandFinder

_LOOKED_AT = 8  # frames of a recording that say which depths are shown
_QUALITY = 80


@dataclass(frozen=True, eq=False)
class Found:
    """What stays of a reading: all but the pictures. See `DepthReading`, and:

    Attributes:
        skeleton: of the keypoints, "" without any.
        truth_mm: (K, 3), None where it is not known.
        errors_mm: (K,) how far each keypoint is from its truth; None where there is none.
    """

    how: str = ""
    cube: Cube | None = None
    joints_mm: Points | None = None
    skeleton: str = ""
    truth_mm: Points | None = None
    errors_mm: Distances | None = None
    time_s: float = 0.0


@dataclass(frozen=True, eq=False)
class DepthView:
    """A frame as it is shown.

    Attributes:
        jpeg: its depth in colours.
        steps: (S, S) the crop in 255 steps, `drawing.UNSEEN` where nothing is; None without a hand.
    """

    index: int
    time_s: float
    jpeg: bytes
    camera: Camera
    found: Found
    steps: NDArray[np.uint8] | None

    @property
    def error_mm(self) -> float | None:
        """Mean over the keypoints; None where it is not known."""
        errors = self.found.errors_mm
        return None if errors is None or not np.isfinite(errors).any() else epe(errors)


def found_in(reading: DepthReading) -> Found:
    """What stays of a reading; its truth counts where its joints are told, and are the net's."""
    frame, joints, errors = reading.frame, reading.joints_mm, None
    truth = frame.truth_mm
    if joints is not None and truth is not None and frame.skeleton:
        here, there = skeleton_named(frame.skeleton), skeleton_named(reading.skeleton)
        with suppress(SkeletonError):  # there is no way from one to the other
            own = convert(truth.astype(np.float32), here, there)
            apart = distances(joints[None], own[None])[0]
            errors = None if np.isnan(apart).all() else apart
    return Found(reading.how, reading.cube, joints, reading.skeleton, truth, errors, frame.time_s)


def view_of(frame: DepthFrame, found: Found, reach: Reach) -> DepthView:
    """The frame with its depths within a reach in colours."""
    jpeg = encode_jpeg(colour_depth(frame.depth_mm, reach), _QUALITY)
    steps = None if found.cube is None else crop_steps(found.cube.cut(frame.depth_mm))
    return DepthView(frame.index, frame.time_s, jpeg, frame.camera, found, steps)


class DepthPlayback:
    """A recording that is looked through; not for several threads at a time.

    What was found in a frame once stays. With a net the hand is followed where frames are asked for
    in their order; without one it is looked for in every frame: nothing would keep the cube from
    sliding down the arm.

    Args:
        source, finders: closed with this.
        net: that finds keypoints; None: only the hand's place is found.
    """

    def __init__(
        self, source: DepthSource, net: DepthNet | None, finders: Sequence[HandFinder] = ()
    ) -> None:
        self.source, self._net = source, net
        self._reader = DepthReader(net, finders)
        self._found: dict[int, Found] = {}
        self._broken: set[int] = set()
        self._next: int | None = None  # the frame in which the hand can be followed

    @property
    def count(self) -> int:
        """Frames."""
        return self.source.count or 0

    @cached_property
    def usual_reach(self) -> Reach:
        """The depths that some frames of the recording show."""
        return usual_reach(self._some())

    @property
    def skeleton(self) -> Skeleton | None:
        """Of the keypoints that are found; None without a net."""
        return None if self._net is None else skeleton_named(self._net.skeleton)

    @cached_property
    def truth(self) -> Skeleton | None:
        """Of the true keypoints; None where they are not known, or it isn't told which they are."""
        told = (frame.skeleton for frame in self._some() if frame.truth_mm is not None)
        name = next(told, "")
        return skeleton_named(name) if name else None

    @cached_property
    def has_untold_truth(self) -> bool:
        """Some true keypoints are known, but not which they are."""
        return any(frame.truth_mm is not None and not frame.skeleton for frame in self._some())

    def view(self, index: int, reach: Reach) -> DepthView:
        """A frame, its depths within a reach in colours.

        Raises:
            MediaError: there is no such frame, or it is damaged.
        """
        try:
            frame = self.source.read(index)
            return view_of(frame, self._found_in(frame, index), reach)
        except MudraError:
            self._broken.add(index)
            raise

    def read(self, indices: Iterable[int]) -> Iterator[tuple[DepthFrame, Found]]:
        """These frames with what was found in each; damaged ones are left out."""
        for index in indices:
            with suppress(MudraError):
                frame = self.source.read(index)
                yield frame, self._found_in(frame, index)

    def errors_mm(self) -> Distances:
        """(N, K) of the frames read so far whose truth is known."""
        known = [one.errors_mm for one in self._found.values() if one.errors_mm is not None]
        return np.stack(known) if known else np.empty((0, 0))

    def hands(self) -> tuple[int, int]:
        """In how many of the frames read so far a hand was found, and how many those are."""
        found = sum(one.cube is not None for one in self._found.values())
        return found, len(self._found) + len(self._broken)

    def keypoints_csv(self) -> bytes:
        """What was found in the frames read so far: frame, time_s, and x, y, z of each keypoint in
        mm; empty where no hand is."""
        names = self.skeleton.joints if self.skeleton else ()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        axes = [f"{name}_{axis}" for name in names for axis in "xyz"]
        writer.writerow(["frame", "time_s", *axes])
        for index, found in sorted(self._found.items()):
            numbers = [""] * len(axes)
            if found.joints_mm is not None:
                numbers = [f"{mm:.2f}" for mm in found.joints_mm.ravel()]
            writer.writerow([index, f"{found.time_s:.3f}", *numbers])
        return text.getvalue().encode()

    def close(self) -> None:
        """Let go of the file and the finders; may be called more than once."""
        self.source.close()
        self._reader.close()

    def _some(self) -> Iterator[DepthFrame]:
        """A few frames, evenly taken, less damaged ones."""
        for index in np.unique(np.linspace(0, self.count - 1, _LOOKED_AT).astype(int)):
            with suppress(MudraError):
                yield self.source.read(int(index))

    def _found_in(self, frame: DepthFrame, index: int) -> Found:
        if index not in self._found:
            if self._net is None or index != self._next:
                self._reader.reset()
            self._found[index] = found_in(self._reader.read(frame))
            self._next = index + 1
        return self._found[index]
