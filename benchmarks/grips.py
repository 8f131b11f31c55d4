"""How far fingers are apart in pinches, grabs and other hands, and what the limits make of them.

    python -m benchmarks.grips HAND_IMAGES [--each 40]

Every folder per class of every source below is read by MediaPipe; 👌 stands for a pinch, 👊 👍 and
👎 for a grab, the other gestures for neither.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from core.capture.picture_files import labelled_pictures
from core.estimators.mediapipe_hands import MediapipeHands
from core.gestures.labels import DEFAULT_GESTURES
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.grips import GRAB, LIMITS, PINCH, Grip, Grips
from core.pose.skeletons import HAND_21

CLOSED = {PINCH: ("ok",), GRAB: ("fist", "thumbs_up", "thumbs_down")}
_DIGITS = {"1": "point_up", "5": "open_palm", "9": "ok"}  # of American signs
_GESTURES = {gesture.name for gesture in DEFAULT_GESTURES}

Found = dict[str, dict[str, list[Grip]]]  # of each gesture, of each grip


def grips(folder: Path, each: int) -> Found:
    """Of at most so many pictures of each class of each source."""
    classes = defaultdict(list)
    for picture in labelled_pictures(folder, _DIGITS):
        if picture.gesture in _GESTURES:
            classes[picture.path.parent].append(picture)
    found: Found = defaultdict(lambda: defaultdict(list))
    with MediapipeHands(Paths.find().weights) as estimator:
        for pictures in classes.values():
            for i in np.unique(np.linspace(0, len(pictures) - 1, each).astype(int)):
                for pose in estimator.estimate_still(read_picture(pictures[i].path)).poses[:1]:
                    assert pose.world is not None
                    for name, grip in Grips()(pose.world, HAND_21).items():
                        found[str(pictures[i].gesture)][name].append(grip)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=40)
    options = parser.parse_args()
    found = grips(options.folder, options.each)
    for name, limits in LIMITS.items():
        print(f"{name}: below {limits.closes} until {limits.opens}; distances: 5, 50 and 95 %")
        for gesture, of in sorted(found.items(), key=lambda pair: pair[0] not in CLOSED[name]):
            on = np.mean([grip.on for grip in of[name]])
            shares = np.percentile([grip.distance for grip in of[name]], [5, 50, 95])
            text = " ".join(f"{share:.2f}" for share in shares)
            print(f"  {gesture:12} n {len(of[name]):4}  {on:6.1%}  {text}")


if __name__ == "__main__":
    main()
