"""Arm poses of real people: labelled by a rule on the true keypoints, seen by BlazePose.

Convention: truth is LSP's 14 keypoints in picture pixels, NaN where unlabelled, y down. Left and
right are the screen's: the left arm is the one whose shoulder lies farther left in the picture. An
angle is a bone's, 0 hanging down, 90 straight out to its own side, 180 up, negative across the
body. N people.
"""

import csv
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.estimators import Estimator
from core.gestures.data import GestureData
from core.gestures.labels import ARM_POSES, NONE
from core.media.pictures import read_picture
from core.pose.boxes import bounding_box
from core.pose.skeletons import BODY_33, COCO_17, LSP_14, Skeleton, convert
from core.pose.types import Floats, Picture, Pose
from core.recipes.arm_rule import (
    ANGLES,
    NAMES,
    NEEDED,
    TAUGHT_WITHIN,
    UNCLEAR,
    UPRIGHT,
    angles_of,
    apart,
    lean,
    screen_arms,
    taught_label_of,
)

_SAME = 0.4  # overlap of their boxes from which found and labelled are one person
_LEAST_PX = 80.0  # a person's size in the picture
VIEW = 512  # pixels, the side of what the estimator is shown


@dataclass(frozen=True, eq=False)
class People:
    """Labelled people as an estimator sees them.

    Attributes:
        truth: (N, 14, 2).
        seen: (N, 33, 2) BlazePose's keypoints, NaN where hidden; all NaN where it found nobody.
        pictures: (N,) names: what is trained on and what is measured share none.
        numbers: (N,) which of the picture's people.
    """

    truth: Floats
    seen: Floats
    pictures: NDArray[np.str_]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: NDArray[np.int64]) -> "People":
        """Some of them."""
        return People(self.truth[rows], self.seen[rows], self.pictures[rows], self.numbers[rows])

    @property
    def found(self) -> NDArray[np.bool_]:
        """(N,) whether the estimator found them."""
        return np.asarray(np.isfinite(self.seen[..., 0]).any(1))

    @property
    def seen_as_truth(self) -> Floats:
        """(N, 14, 2) what was seen, as LSP's keypoints."""
        return convert(self.seen, BODY_33, LSP_14)

    @property
    def detected(self) -> NDArray[np.bool_]:
        """(N,) whether the estimator sees every keypoint that the rule is made of."""
        return np.asarray(np.isfinite(self.seen_as_truth[:, NEEDED, 0]).all(1))


# ------------------------------------------------------------------------------------------ truth


def truth_of_lspet(folder: Path) -> Iterator[tuple[Path, Floats]]:
    """Each picture of `body/lspet` with its person: (1, 14, 2)."""
    with (folder / "joints.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = [name.replace("right_", "r_").replace("left_", "l_") for name in LSP_14.joints]
            points = [[float(row[f"{name}_x"]), float(row[f"{name}_y"])] for name in names]
            there = np.array([[row[f"{name}_v"] == "1"] for name in names])
            found = np.where(there, np.array(points), np.nan).astype(np.float32)
            yield folder / "images" / row["image"], found[None]


def truth_of_coco(annotations: Path, images: Path) -> Iterator[tuple[Path, Floats]]:
    """Each picture of a COCO file that is there, with its people: (M, 14, 2)."""
    document = json.loads(annotations.read_text(encoding="utf-8"))
    for image in document["images"]:
        own = [a for a in document["annotations"] if a["image_id"] == image["id"]]
        flat = [
            np.array(a["keypoints"], np.float32).reshape(17, 3) for a in own if "keypoints" in a
        ]
        path = images / image["file_name"]
        if flat and path.is_file():
            points = np.stack(flat)
            labelled = np.where(points[..., 2:] > 0, points[..., :2], np.nan)
            yield path, convert(labelled.astype(np.float32), COCO_17, LSP_14)


def source_of(picture: str) -> str:
    """Whose picture it is, by its name: COCO's are numbers alone."""
    return "COCO 2017" if Path(picture).stem.isdigit() else "Leeds Sports Pose Extended"


def look_at(
    truths: Iterable[tuple[Path, Floats]],
    estimator: Estimator,
    progress: Callable[[int], None] = lambda done: None,
) -> People:
    """The people whose arms, shoulders and hips are labelled, as the estimator sees each."""
    rows = []
    for path, people in truths:
        rgb = read_picture(path)
        for number, person in enumerate(people):
            if not _is_labelled(person) or _height(person) < _LEAST_PX:
                continue
            view, truth = view_of(rgb, person)
            found = _found(estimator.estimate_still(view).poses, truth)
            rows.append((truth, found, f"{path.parent.name}/{path.name}", number))
            progress(len(rows))
    columns = list(zip(*rows, strict=True))
    truth, seen = (np.stack(column) for column in columns[:2])
    return People(truth, seen, np.array(columns[2]), np.array(columns[3]))


def view_of(rgb: Picture, person: Floats, size: int = VIEW) -> tuple[Picture, Floats]:
    """The person in the middle of a square of twice its height, turned upright where its trunk
    leans by more than UPRIGHT; and its keypoints there."""
    leans = lean(person)
    angle = leans if abs(leans) > UPRIGHT else 0.0
    x0, y0, x1, y1 = bounding_box(person)
    scale = size / (2 * _height(person))
    to_view = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), -angle, scale)
    to_view = to_view + np.array(
        [[0, 0, (size - 1 - x0 - x1) / 2], [0, 0, (size - 1 - y0 - y1) / 2]]
    )
    view = cv2.warpAffine(rgb, to_view, (size, size), flags=cv2.INTER_AREA)
    return np.asarray(view, np.uint8), (person @ to_view[:, :2].T + to_view[:, 2]).astype(
        np.float32
    )


def _height(person: Floats) -> float:
    x0, y0, x1, y1 = bounding_box(person)
    return max(x1 - x0, y1 - y0)


def _found(poses: Sequence[Pose], truth: Floats) -> Floats:
    """(33, 2) what is seen of the person; NaN where somebody or something else was found."""
    for pose in poses:
        if _overlap(truth, pose.keypoints) >= _SAME:
            return pose.without_hidden().keypoints
    return np.full((BODY_33.size, 2), np.nan, np.float32)


def _overlap(truth: Floats, found: Floats) -> float:
    """Intersection over union of the boxes round the same 13 keypoints."""
    known = np.arange(LSP_14.size) != LSP_14.index("head_top")  # which BlazePose does not have
    there = np.isfinite(truth).all(1) & known
    a = bounding_box(truth[there])
    b = bounding_box(convert(found, BODY_33, LSP_14)[there])
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0.0) * max(height, 0.0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b)]
    return both / max(sum(areas) - both, 1e-6)


def _is_labelled(person: Floats) -> bool:
    return bool(np.isfinite(person[NEEDED]).all())


# --------------------------------------------------------------------------------------- training


def training_data(people: People, seed: int = 0) -> GestureData:
    """What a classifier learns from: people as they are, and all with their arms turned. A tenth
    of the pictures counts as a person."""
    made, of_made = turned(people, np.random.default_rng(seed))
    labels = np.array([taught_label_of(person) for person in people.truth])
    clear = [row for row in np.flatnonzero(labels != UNCLEAR) if _is_usable(people, int(row))]
    real = people.take(np.array(clear))
    seen = half_hidden(np.concatenate([made.seen, real.seen]), np.random.default_rng(seed))
    tenths = np.array([f"tenth {block}" for block in blocks_of([*made.pictures, *real.pictures])])
    return GestureData(
        seen,
        np.zeros(len(tenths), bool),
        np.concatenate([of_made, labels[clear]]),
        ARM_POSES,
        tenths,
        tenths,
        np.array([*made.pictures, *real.pictures]),
        "mediapipe-pose",
        skeleton=BODY_33.name,
    )


# What arms are turned to where hands touch something, (low, high) degrees of the upper arm and of
# the forearm: the rule chooses among these
_TOUCHING = {
    "hands_on_hips": ((15, 95), (-130, 0)),
    "arms_crossed": ((-30, 60), (-140, -30)),
    NONE.name: ((-40, 210), (-150, 240)),
}
_TRIES = 40
_EACH, _NONES = 1000, 8000  # made of every pose, and of `none`, as most people show none
_OFF = 110.0  # degrees: half of the arms that are none are a pose's but for some bones
_MISTAKEN = 25.0  # degrees: an arm that was seen elsewhere teaches nothing
_SHORTEST = 0.25  # an arm's bone in trunk lengths: shorter ones point at the camera
_HIDDEN = 0.3  # share of crossed arms whose wrists are taken as hidden, as they often are


def half_hidden(
    seen: Floats, rng: np.random.Generator, legs: float = 0.5, hips: float = 0.25
) -> Floats:
    """A copy with the legs missing in that share, and in that share the hips, too: as a webcam on a
    desk shows people."""
    out, drawn = seen.copy(), rng.random(len(seen))
    hip = BODY_33.index("left_hip")  # the right one and both legs come after it
    out[drawn < legs, hip + 2 :] = np.nan
    out[drawn < hips, hip : hip + 2] = np.nan
    return out


def blocks_of(pictures: Sequence[str]) -> NDArray[np.int64]:
    """(N,) 0 to 9, the same for the same picture."""
    return np.array([zlib.crc32(name.encode()) % 10 for name in pictures])


def turned(
    people: People, rng: np.random.Generator, *, each: int = _EACH, nones: int = _NONES
) -> tuple[People, NDArray[np.int64]]:
    """People whose arms were turned into every pose, and which, as it is taught. The arms as seen
    turn as the true ones do, so that they are off by as much as before.

    Args:
        each: made of every pose.
        nones: made of `none`.
    """
    usable = [row for row in range(len(people)) if _is_usable(people, row)]
    truth, seen, rows, labels = [], [], [], []
    for label, name in enumerate(NAMES):
        for _ in range(nones if name == NONE.name else each):
            row = int(rng.choice(usable))
            pair = _turned_into(people.truth[row], people.seen[row], name, rng)
            if pair is not None:
                truth.append(pair[0])
                seen.append(pair[1])
                rows.append(row)
                labels.append(label)
    of = people.take(np.array(rows))
    made = People(np.stack(truth), np.stack(seen), of.pictures, of.numbers)
    return made, np.array(labels, np.int64)


def _is_usable(people: People, row: int) -> bool:
    if not people.found[row]:
        return False
    arms, seen = (screen_arms(one) for one in (people.truth[row], people.seen_as_truth[row]))
    off = apart(angles_of(arms), angles_of(seen))
    if not (np.isnan(off) | (off < _MISTAKEN)).all():
        return False
    trunk = arms[:, 3].mean(0) - arms[:, 0].mean(0)
    lengths = np.linalg.norm(arms[:, 1:3] - arms[:, 0:2], axis=2) / np.linalg.norm(trunk)
    return bool(abs(lean(people.truth[row])) <= UPRIGHT and lengths.min() >= _SHORTEST)


def _turned_into(
    truth: Floats, seen: Floats, name: str, rng: np.random.Generator
) -> tuple[Floats, Floats] | None:
    """None where no try gave the pose: not every arm is long enough to reach a hip."""
    for _ in range(_TRIES):
        if name in ANGLES:
            wanted = np.array(ANGLES[name]) + rng.uniform(-TAUGHT_WITHIN, TAUGHT_WITHIN, (2, 2))
        elif name == NONE.name and rng.random() < 0.5:
            near = [*ANGLES.values()][rng.integers(len(ANGLES))]
            wrong = rng.random((2, 2)) < 0.5
            wanted = np.array(near) + wrong * rng.uniform(-_OFF, _OFF, (2, 2))
        else:
            low, high = np.array(_TOUCHING[name]).T
            wanted = rng.uniform(low, high, (2, 2))
        by = np.radians(wanted - angles_of(screen_arms(truth)))
        made = _with_arms_turned(truth, _arms_of(truth, LSP_14), by)
        if taught_label_of(made) == NAMES.index(name):
            found = _with_arms_turned(seen, _arms_of(seen, BODY_33), by)
            if name == "arms_crossed" and rng.random() < _HIDDEN:
                found[_WRISTS[rng.random(len(_WRISTS)) < 0.7]] = np.nan
            return made, found
    return None


_WRISTS = np.array([BODY_33.index("left_wrist"), BODY_33.index("right_wrist")])


def _arms_of(person: Floats, skeleton: Skeleton) -> list[list[int]]:
    """Shoulder, elbow, wrist and what hangs on it, of the screen's left arm, then of the right."""
    ends = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
    arms = [
        [skeleton.index(name) for end in ends if (name := f"{side}_{end}") in skeleton.joints]
        for side in ("left", "right")
    ]
    return arms if not person[arms[0][0], 0] > person[arms[1][0], 0] else arms[::-1]


def _with_arms_turned(person: Floats, arms: list[list[int]], by: NDArray[np.float64]) -> Floats:
    """The arms turned outwards by (2, 2) radians, each bone by its own."""
    made = person.copy()
    for (shoulder, elbow, *hand), angles, way in zip(arms, by, (-1, 1), strict=True):
        upper, lower = (_turn(-way * angle) for angle in angles)
        made[elbow] = person[shoulder] + upper @ (person[elbow] - person[shoulder])
        made[hand] = made[elbow] + (person[hand] - person[elbow]) @ lower.T
    return made


def _turn(angle: float) -> Floats:
    """Clockwise where y points down."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]], np.float32)
