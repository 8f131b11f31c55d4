"""The demo without a camera: shipped hands, replayed as if a camera saw them, and as a project.

Convention: the table's hands are as a viewer sees them; a webcam's frame is shown mirrored, so a
hand in it is the table's hand mirrored. N hands, K keypoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from core.estimators import Estimator
from core.files import sha256_of
from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.pose.skeletons.table import HAND_21
from core.pose.types import Estimate, Floats, Frame, Picture, Pose
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.tables import read_table
from core.store import Project, Store

SHOW_S = 2.6  # each gesture is shown for this time
TRANSITION_S = 0.6  # then it becomes the next one
DEMO_PROJECT = "Demo"

_HANDS_PER_GESTURE = 4  # of different people, one becoming the next
_HAND_SIZE = 0.6  # relative to the picture's height
_SIZE_HW = (480, 640)
_BACKGROUND_RGB = (38, 46, 50)


@dataclass(frozen=True, eq=False)
class DemoHands:
    """The shipped hands."""

    # (N, 21, 2), centred on 0, the larger side of the box 1, as a viewer sees them
    keypoints: Floats
    gestures: Sequence[str]  # (N,) their gestures' names
    estimator: str  # what detected them

    def select(self, gesture: str) -> Floats:
        """(n, 21, 2) hands of one gesture."""
        return self.keypoints[[name == gesture for name in self.gestures]]


def read_demo_hands(table: Path) -> DemoHands:
    """Read the shipped table of hands, and centre and scale each hand to size 1."""
    read = read_table(table, "keypoints-csv", skeleton=HAND_21.name)
    low, high = read.keypoints.min(axis=1), read.keypoints.max(axis=1)
    side = (high - low).max(axis=1)[:, None, None]
    centred = (read.keypoints - (low + high)[:, None] / 2) / side
    return DemoHands(centred.astype(np.float32), read.gestures.tolist(), read.estimator)


def demo_background() -> Picture:
    """(480, 640, 3) uint8 of one colour, the background of the demo's hands."""
    return np.full((*_SIZE_HW, 3), _BACKGROUND_RGB, np.uint8)


class ReplayEstimator(Estimator):
    """An estimator that ignores the picture and shows the demo's hands, one gesture after the
    other; default: the eight built-in ones."""

    version = "replay"
    skeleton = HAND_21.name

    def __init__(self, hands: DemoHands) -> None:
        self.name = hands.estimator
        shown = (hands.select(gesture.name) for gesture in DEFAULT_GESTURES if gesture != NONE)
        self._hands = [found for found in shown if len(found)]
        self._start_s: float | None = None

    def estimate(self, frame: Frame) -> Estimate:
        """Return the demo hand for the frame's time; the picture is ignored."""
        if self._start_s is None:
            self._start_s = frame.time_s
        hand = self._interpolate_hand(frame.time_s - self._start_s)
        return self._to_estimate(hand, frame.size_hw, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """Return the first demo hand; the picture is ignored."""
        return self._to_estimate(self._interpolate_hand(0.0), rgb.shape[:2], 0.0, mirrored_view)

    def _interpolate_hand(self, time_s: float) -> Floats | None:
        """Interpolate the hand at a time: between hands of one gesture, or to the next gesture."""
        if not self._hands:
            return None
        turn, within_s = divmod(time_s, SHOW_S + TRANSITION_S)
        last = _HANDS_PER_GESTURE - 1
        number, fraction = divmod(within_s / SHOW_S * last, 1.0)
        if within_s >= SHOW_S:
            number, fraction = last, (within_s - SHOW_S) / TRANSITION_S
        index = int(turn) * _HANDS_PER_GESTURE + int(number)
        first, second = self._select_hand(index), self._select_hand(index + 1)
        eased = fraction * fraction * (3 - 2 * fraction)
        return np.asarray(first + eased * (second - first), np.float32)

    def _select_hand(self, index: int) -> Floats:
        """Select the hand at this index: four per gesture, and other hands in each later round."""
        turn, number = divmod(index, _HANDS_PER_GESTURE)
        round_number, which = divmod(turn, len(self._hands))
        hands = self._hands[which]
        return np.asarray(hands[(round_number * _HANDS_PER_GESTURE + number) % len(hands)])

    def _to_estimate(
        self, hand: Floats | None, size_hw: tuple[int, ...], time_s: float, mirrored: bool
    ) -> Estimate:
        """Place a hand, mirrored if needed, in the middle of the picture, and return an estimate
        with this pose; if `hand` is None, without poses."""
        height, width = size_hw
        poses: tuple[Pose, ...] = ()
        if hand is not None:
            centre = np.array([width / 2, 0.53 * height], np.float32)
            points = (hand * (_HAND_SIZE * min(height, width)) + centre).astype(np.float32)
            if mirrored:
                points[:, 0] = width - 1 - points[:, 0]
            poses = (Pose(points, np.ones(len(points), np.float32)),)
        return Estimate(poses, (height, width), self.name, time_s, mirrored)

    def close(self) -> None:
        """Nothing to release."""


def fill_demo_project(store: Store, table: Path) -> Project:
    """Create or complete the demo project from the shipped table. If the user has another project
    with that name, append " 2" to the name."""
    there = {project.name.casefold(): project.id for project in store.projects()}
    names = (f"{DEMO_PROJECT} {number}" if number > 1 else DEMO_PROJECT for number in count(1))
    name = next(
        n
        for n in names
        if (key := n.casefold()) not in there or is_demo_project(store, there[key], table)
    )
    import_path(store, name, table, ImportOptions(skeleton=HAND_21.name))
    return store.project(name)


def is_demo_project(store: Store, project_id: int, table: Path) -> bool:
    """Return whether the project has samples that were imported from the shipped table."""
    if not table.is_file():
        return False
    digest = sha256_of(table)
    return any(known.startswith(digest) for known in store.stored_file_hashes(project_id))
