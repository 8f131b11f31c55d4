"""Which way of reading a picture keeps BlazePose's keypoints nearest to where people marked them.

    python -m benchmarks.body_stills LSPET_FOLDER [--every 10]

Each picture of Leeds Sports Pose Extended is read in VIDEO mode by a fresh landmarker that is shown
it one to six times; once is what IMAGE mode gives. Errors are in units of the trunk's diagonal.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from core.estimators.mediapipe_pose import MediapipePose
from core.estimators.mediapipe_task import in_pixels
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.skeletons import BODY_33, LSP_14, convert
from core.pose.types import Floats, Picture

PASSES = (1, 2, 3, 4, 6)
_NAMES = [name.replace("left_", "l_").replace("right_", "r_") for name in LSP_14.joints]
_NECK = LSP_14.index("neck")  # and the head's top: BlazePose has neither


def truths(folder: Path, every: int) -> list[tuple[Path, Floats]]:
    """Each n-th picture and its (14, 2) keypoints, NaN where hidden."""
    with (folder / "joints.csv").open() as file:
        rows = list(csv.DictReader(file))[::every]
    found = []
    for row in rows:
        points = np.array([[float(row[f"{n}_{axis}"]) for axis in "xyv"] for n in _NAMES])
        points[points[:, 2] == 0] = np.nan
        found.append((folder / "images" / row["image"], points[:, :2].astype(np.float32)))
    return found


def readings(estimator: MediapipePose, rgb: Picture) -> list[Floats | None]:
    """The keypoints after each of PASSES; a person who is lost on the way counts as last seen."""
    results = estimator.settled_results(rgb, 1, max(PASSES))
    size_hw = (rgb.shape[0], rgb.shape[1])
    seen = [in_pixels(found.fractions[0], size_hw) for found in results if len(found)]
    return [seen[min(number, len(seen)) - 1] if seen else None for number in PASSES]


def errors(found: Floats, truth: Floats) -> Floats:
    """(12, 2) from the mark to the keypoint, in trunks."""
    left, right = (
        [LSP_14.index(f"{s}_{j}") for j in ("shoulder", "hip")] for s in ("left", "right")
    )
    diagonals = [truth[left[0]] - truth[right[1]], truth[right[0]] - truth[left[1]]]
    trunk = np.nanmax(np.linalg.norm(diagonals, axis=1))
    off = (convert(found, BODY_33, LSP_14) - truth)[:_NECK]
    return np.asarray(off / trunk, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=10)
    chosen = parser.parse_args()
    rows: list[list[Floats]] = []
    pictures = truths(chosen.folder, chosen.every)
    with MediapipePose(Paths.find().weights) as estimator:
        for path, truth in pictures:
            found = [one for one in readings(estimator, read_picture(path)) if one is not None]
            if found and np.isfinite(truth[[2, 3, 8, 9]]).all():
                rows.append([errors(one, truth) for one in found])
    print(f"{len(pictures)} pictures, a person found and the trunk marked in {len(rows)}")
    for number, each in zip(PASSES, np.array(rows).swapaxes(0, 1), strict=True):
        marked = each[np.isfinite(each[..., 0])]
        off = np.linalg.norm(marked, axis=1)
        shift = np.median(marked, axis=0)
        within = ", ".join(f"within {most}: {(off < most).mean():.3f}" for most in (0.2, 0.1))
        print(
            f"shown {number} times: median {np.median(off):.4f}, {within}, "
            f"shift {shift[0]:+.4f} {shift[1]:+.4f}"
        )


if __name__ == "__main__":
    main()
