"""The demo without a camera: shipped hands, replayed as if a camera saw them, and as a project.

Convention: the table's hands are as a viewer sees them; a webcam's frame is shown mirrored, so a
hand in it is the table's hand mirrored. N hands, K keypoints.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from core.estimators import Estimator
from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.pose.skeletons.table import HAND_21
from core.pose.types import Estimate, Floats, Frame, Picture, Pose
from core.recording.imports.importing import import_path
from core.recording.imports.tables import read_table
from core.store import Project, Store

SHOW_S = 2.6  # each gesture is shown for so long
MOVE_S = 0.6  # then it becomes the next one
DEMO_PROJECT = "Demo"

_HANDS = 4  # of different people a gesture, one becoming the next
_SIZE = 0.6  # the hand's, as a share of the picture's height
_SIZE_HW = (480, 640)
_GROUND = (38, 46, 50)


@dataclass(frozen=True, eq=False)
class DemoHands:
    """The shipped hands.

    Attributes:
        keypoints: (N, 21, 2), centred on 0, the larger side of the box 1, as a viewer sees them.
        gestures: (N,) their gestures' names.
        estimator: what found them.
    """

    keypoints: Floats
    gestures: Sequence[str]
    estimator: str

    def of(self, gesture: str) -> Floats:
        """(n, 21, 2) of one gesture."""
        return self.keypoints[[name == gesture for name in self.gestures]]


def read_demo(table: Path) -> DemoHands:
    """The shipped table.

    Raises:
        TableError: it can't be read.
    """
    read = read_table(table, "keypoints-csv")
    low, high = read.keypoints.min(axis=1), read.keypoints.max(axis=1)
    side = (high - low).max(axis=1)[:, None, None]
    centred = (read.keypoints - (low + high)[:, None] / 2) / side
    return DemoHands(centred.astype(np.float32), read.gestures.tolist(), read.estimator)


def plain_picture() -> Picture:
    """What stands behind the demo's hands: (480, 640, 3) uint8 of one colour."""
    return np.full((*_SIZE_HW, 3), _GROUND, np.uint8)


class ReplayEstimator(Estimator):
    """An Estimator that looks at no picture: it shows the hands, one gesture after the other.

    Args:
        hands: what to show.
        gestures: which, in order; the eight where not told.
    """

    version = "replay"
    skeleton = HAND_21.name

    def __init__(self, hands: DemoHands, gestures: Sequence[str] = ()) -> None:
        named = gestures or [g.name for g in DEFAULT_GESTURES if g != NONE]
        self.name = hands.estimator
        self._shown = [found for name in named if len(found := hands.of(name))]
        self._began_s: float | None = None

    def estimate(self, frame: Frame) -> Estimate:
        """The hand that is due at the frame's time."""
        if self._began_s is None:
            self._began_s = frame.time_s
        hand = self._hand_at(frame.time_s - self._began_s)
        return self._estimate(hand, frame.size_hw, frame.time_s, frame.mirrored_view)

    def estimate_still(
        self, rgb: Picture, *, num_poses: int | None = None, mirrored_view: bool = False
    ) -> Estimate:
        """The first hand."""
        return self._estimate(self._hand_at(0.0), rgb.shape[:2], 0.0, mirrored_view)

    def _hand_at(self, time_s: float) -> Floats | None:
        if not self._shown:
            return None
        turn, within_s = divmod(time_s, SHOW_S + MOVE_S)
        if within_s >= SHOW_S:
            before, after = self._hand(int(turn), _HANDS - 1), self._hand(int(turn) + 1, 0)
            share = (within_s - SHOW_S) / MOVE_S
        else:
            number, share = divmod(within_s / SHOW_S * (_HANDS - 1), 1.0)
            before, after = (self._hand(int(turn), int(number) + i) for i in (0, 1))
        eased = share * share * (3 - 2 * share)
        return np.asarray(before + eased * (after - before), np.float32)

    def _hand(self, turn: int, number: int) -> Floats:
        """The turn's hand of that number; each round shows others."""
        rounds, which = divmod(turn, len(self._shown))
        hands = self._shown[which]
        return np.asarray(hands[(rounds * _HANDS + number) % len(hands)])

    def _estimate(
        self, hand: Floats | None, size_hw: tuple[int, ...], time_s: float, mirrored: bool
    ) -> Estimate:
        height, width = size_hw
        poses: tuple[Pose, ...] = ()
        if hand is not None:
            middle = np.array([width / 2, 0.53 * height], np.float32)
            points = (hand * (_SIZE * min(height, width)) + middle).astype(np.float32)
            if mirrored:
                points[:, 0] = width - 1 - points[:, 0]
            poses = (Pose(points, np.ones(len(points), np.float32)),)
        return Estimate(poses, (height, width), self.name, time_s, mirrored)

    def close(self) -> None:
        """Nothing is held."""


def fill_demo(store: Store, table: Path) -> Project:
    """The demo project, made and filled where it is not yet; a project of the user's own that has
    its name stays as it is.

    Raises:
        MudraError: the table can't be read, or the disk is full.
    """
    there = {project.name.casefold(): project.id for project in store.projects()}
    names = (f"{DEMO_PROJECT} {number}" if number > 1 else DEMO_PROJECT for number in count(1))
    name = next(
        n for n in names if (key := n.casefold()) not in there or is_demo(store, there[key], table)
    )
    import_path(store, name, table)
    return store.project(name)


def is_demo(store: Store, project_id: int, table: Path) -> bool:
    """Whether the shipped hands are in the project."""
    if not table.is_file():
        return False
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    return any(known.startswith(digest) for known in store.stored_file_hashes(project_id))
