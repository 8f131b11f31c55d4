"""Whether hands are found and named in large pictures as in small ones: photos as they are, and
enlarged as a phone's camera takes them.

    python -m benchmarks.large_pictures FOLDER [--side 4000] [--every 5]

FOLDER/SOURCE/GESTURE/*.jpg, of the starter model's gestures. Prints for each source how many hands
are found, and how many of these the starter model names right.
"""

import argparse
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from core.estimators import create_estimator
from core.gestures.model.gesture_model import GestureModel
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.paths import Paths
from core.pose.types import Picture


def enlarge(rgb: Picture, side: int) -> Picture:
    """The picture with so many pixels on its longer side."""
    scale = side / max(rgb.shape[:2])
    resized = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=4000)
    parser.add_argument("--every", type=int, default=5)
    chosen = parser.parse_args()
    paths = Paths.find()
    model = GestureModel.load(paths.starter)
    names = [gesture.name for gesture in model.gestures]
    counts: Counter[tuple[str, str]] = Counter()
    files = [
        file
        for gesture in sorted(chosen.folder.glob("*/*"))
        if gesture.name in names
        for file in sorted(gesture.iterdir())[:: chosen.every]
        if file.suffix.lower() in PICTURE_SUFFIXES
    ]
    with create_estimator("mediapipe-hands", paths.weights) as hands:
        for file in files:
            source, gesture = file.parts[-3:-1]
            rgb = read_picture(file)
            counts[source, "pictures"] += 1
            for size, picture in (("as is", rgb), ("large", enlarge(rgb, chosen.side))):
                poses = hands.estimate_still(picture).poses
                if poses:
                    table = model.predict_proba(poses[0].keypoints[None], np.array([False]))
                    counts[source, f"{size}, found"] += 1
                    counts[source, f"{size}, right"] += names[int(table[0].argmax())] == gesture
    for source in sorted({source for source, _ in counts}):
        row = {what: count for (own, what), count in sorted(counts.items()) if own == source}
        print(source, row, flush=True)


if __name__ == "__main__":
    main()
