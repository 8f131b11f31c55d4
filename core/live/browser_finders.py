"""What a visitor's browser can find, each in the place of an estimator of the server."""

from dataclasses import dataclass
from typing import Any

from core.estimators import ESTIMATORS
from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.modelfiles.browser_files import BODY_MODEL, HAND_MODEL
from core.pose.finders import BOTH_HANDS, IN_BROWSER, MEDIAPIPE
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.reading.keypoint_sources import BLAZEPOSE
from core.recording.samples import crop_factor


@dataclass(frozen=True)
class Finder:
    """One of them.

    Attributes:
        estimator: as its samples name it.
        skeleton: of what it finds.
        most: so many at once; of a pair of hands, its two.
        model: its file beside the library.
        task: the library's class.
    """

    estimator: str
    skeleton: Skeleton
    most: int
    model: str
    task: str

    @property
    def around(self) -> float:
        """A crop's side in units of the keypoints' box."""
        return crop_factor(self.skeleton.name)


def _finder(name: str, *more: Any) -> Finder:
    return Finder(IN_BROWSER[name], skeleton_named(ESTIMATORS[name].skeleton), *more)


FINDERS = {  # by the server's estimator
    MEDIAPIPE: _finder(MEDIAPIPE, 2, HAND_MODEL, "HandLandmarker"),
    BOTH_HANDS: _finder(BOTH_HANDS, 2, HAND_MODEL, "HandLandmarker"),
    BLAZEPOSE: _finder(BLAZEPOSE, MAX_PEOPLE, BODY_MODEL, "PoseLandmarker"),
}


def count_of(name: str, wanted: int) -> int:
    """How many a browser looks for, where so many poses are wanted of an estimator."""
    finder = FINDERS.get(name)
    return finder.most if finder is not None and finder.skeleton.parts else wanted
