"""Hands in depth for training nets: the crop a net sees, its augmentation, and the readers of NYU,
ICVL, MSRA, HANDS 2017 and rendered hands.

Convention: a sample's keypoints are (K, 5): x, y, z in the cube (units of half its side, from its
centre), then x, y in the crop's pixels; errors are in units of 100 mm. Cubes are centred on
the true keypoints; papers use a detected hand's, so that their errors are larger. Held out are the
set's test frames; of MSRA the first person, of others the last tenth (HANDS 2017 names no person,
so that one may be on both sides). Legend: K keypoints, S the crop's side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from core.datasets.training_data import Sample, TrainingData
from core.depth.cameras import Camera, Points
from core.depth.cubes import Crop, Cube, Depth, rotate_crop
from core.depth.io.camera_files import CAMERA_FILE, read_camera_file
from core.depth.io.images import read_depth
from core.depth.io.joint_files import CAMERA_COLUMNS, JOINTS_FILE, JointTable, read_joint_table
from core.depth.io.published import DepthLabel, DepthSet, find_depth_set
from core.errors import TableError, TrainingError
from core.pose.skeletons.table import Skeleton
from core.pose.types import Floats

ERROR_UNIT_MM = 100.0
# Oberweger and Lepetit 2017 (DeepPrior++), as its code has it
_SHIFT_STD_MM, _SCALE_STD, _MAX_TURN_DEG = 10.0, 0.05, 180.0


@dataclass(frozen=True, eq=False)
class DepthHand:
    """One labelled hand."""

    read_frame: Callable[[], Depth]  # returns the frame, (H, W) mm
    cube: Cube  # around it, as it is evaluated; augmentation moves it
    xyz_mm: Points  # (K, 3) true keypoints, NaN if unknown
    held_out: str = ""  # "" for training, else the name of its held-out set


@dataclass(frozen=True)
class CropChange:
    """How a hand's crop is changed."""

    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the cube, x, y, z
    scale: float = 1.0  # of the cube's side
    turn_deg: float = 0.0  # of the crop about its centre, clockwise on the screen

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "CropChange":
        """Draw a random change: a shifted cube, a rotated crop, a scaled cube, or no change."""
        kind = rng.integers(4)
        if kind == 0:
            x, y, z = rng.normal(0, _SHIFT_STD_MM, 3)
            return cls(shift_mm=(x, y, z))
        if kind == 1:
            return cls(turn_deg=rng.uniform(-_MAX_TURN_DEG, _MAX_TURN_DEG))
        return cls(scale=abs(1 + rng.normal(0, _SCALE_STD))) if kind == 2 else cls()

    def change_cube(self, cube: Cube) -> Cube:
        """Return the cube shifted and scaled."""
        u, v, d = cube.camera.to_pixels(cube.centre_mm + self.shift_mm)
        return replace(cube, centre_uvd=(u, v, d), side_mm=cube.side_mm * self.scale)


class DepthHands(TrainingData):
    """Hands of one skeleton, whose frames are read or rendered when needed."""

    item_name = "hands"

    def __init__(self, skeleton: Skeleton, hands: Sequence[DepthHand]) -> None:
        for hand in hands[:1]:
            skeleton.check(len(hand.xyz_mm), "the hands")
        super().__init__([hand.held_out for hand in hands])
        self.skeleton, self.hands = skeleton, list(hands)

    def augment(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Crop, Floats]:
        """Return a hand's randomly augmented crop (S, S, 1) and its keypoints (K, 5)."""
        return cut_hand_sample(self.hands[row], CropChange.draw(rng))

    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return a hand without augmentation: crop, keypoints, and 100 mm in the cube's units."""
        hand = self.hands[row]
        return *cut_hand_sample(hand, CropChange()), 2 * ERROR_UNIT_MM / hand.cube.side_mm


def cut_hand_sample(hand: DepthHand, change: CropChange) -> tuple[Crop, Floats]:
    """Return a hand's crop (S, S, 1) with the change applied, and its keypoints (K, 5)."""
    cube = change.change_cube(hand.cube)
    crop, xyz_mm = cube.cut_crop(hand.read_frame()), hand.xyz_mm
    if change.turn_deg:
        crop = rotate_crop(crop, change.turn_deg)
        xyz_mm = cube.rotate_points(xyz_mm, change.turn_deg)
    crop_xy = cube.placement.to_crop(cube.camera.to_pixels(xyz_mm))
    keypoints = np.concatenate([cube.to_units(xyz_mm), crop_xy], axis=1)
    return crop[..., None], keypoints.astype(np.float32)


_RENDERED_SIDE_MM = 250.0
_HELD_OUT = "held out"


def read_depth_hands(folder: Path, skeleton: Skeleton) -> DepthHands:
    """Read the labelled hands of a published depth set, or of joints.csv beside 16-bit pictures.
    Raise TrainingError for other folders or another skeleton than the net's, TableError or
    MediaError for a damaged file."""
    if (folder / JOINTS_FILE).is_file():
        return DepthHands(skeleton, _read_table_hands(folder, skeleton))
    if found := find_depth_set(folder):
        return _read_published_hands(*found, skeleton)
    raise TrainingError(
        f"{folder} is none of NYU (train/joint_data.mat), ICVL (Training/labels.txt), MSRA (P0/…), "
        f"HANDS 2017 (Training_Annotation.txt) and rendered hands ({JOINTS_FILE})"
    )


def _read_published_hands(
    depth_set: DepthSet,
    training_folders: Sequence[Path],
    test_folders: Sequence[Path],
    skeleton: Skeleton,
) -> DepthHands:
    """Read a published set's hands; raise TrainingError if its skeleton is another one."""
    if depth_set.skeleton.name != skeleton.name:
        raise TrainingError(
            f"{training_folders[0]} has keypoints of {depth_set.skeleton.name}, the net those of "
            f"{skeleton.name}: train another net, or give other data"
        )
    training = [label for folder in training_folders for label in depth_set.read(folder)]
    test = [label for folder in test_folders for label in depth_set.read(folder)]
    held_out = [""] * len(training) + [_HELD_OUT] * len(test)
    if not test:
        held_out = _hold_out_labels(training)
    camera = depth_set.camera
    hands = [
        _make_hand(label.file, camera, camera.to_mm(label.uvd), depth_set.side_mm, part)
        for label, part in zip([*training, *test], held_out, strict=True)
    ]
    return DepthHands(skeleton, hands)


def _hold_out_labels(labels: Sequence[DepthLabel]) -> list[str]:
    """Hold out the first person's frames, or the last tenth if people are unknown."""
    persons = sorted({label.person for label in labels})
    if len(persons) > 1:
        return [_HELD_OUT if label.person == persons[0] else "" for label in labels]
    return _hold_out_last_tenth(len(labels))


def _hold_out_last_tenth(count: int) -> list[str]:
    return [""] * (count - count // 10) + [_HELD_OUT] * (count // 10)


def _make_hand(
    file: Path, camera: Camera, xyz_mm: Points, side_mm: float, held_out: str, unit_mm: float = 1.0
) -> DepthHand:
    """Create a hand, loaded lazily, with a cube centred on the mean of its keypoints."""
    cube = Cube(camera, tuple(camera.to_pixels(np.nanmean(xyz_mm, axis=0))), side_mm)
    return DepthHand(partial(read_depth, file, unit_mm=unit_mm), cube, xyz_mm, held_out)


def _read_table_hands(folder: Path, skeleton: Skeleton) -> list[DepthHand]:
    """Read the hands of joints.csv, the last tenth held out; raise TableError if any is invalid."""
    path = folder / JOINTS_FILE
    table = read_joint_table(path)
    cameras, unit_mm = _find_cameras(folder, table)
    missing = [f"{joint}_x" for joint in skeleton.joints if joint not in table.joints]
    missing += [] if cameras else [CAMERA_COLUMNS[0]]
    if missing:
        raise TableError(
            f"{path} has no column {missing[0]}: expected are picture, x, y, z of every keypoint "
            f"of {skeleton.name}, and {', '.join(CAMERA_COLUMNS)} or {CAMERA_FILE} beside it"
        )
    columns = [table.joints.index(joint) for joint in skeleton.joints]
    held_out, hands = _hold_out_last_tenth(len(table.truths)), []
    for (name, truth_mm), part in zip(table.truths.items(), held_out, strict=True):
        xyz_mm = truth_mm[columns]
        if not np.isfinite(xyz_mm).all() or not (xyz_mm[:, 2] > 0).all():
            raise TableError(f"{path}: {name} has keypoints that are missing or behind the camera")
        file = folder / Path(name).name
        hands.append(_make_hand(file, cameras[name], xyz_mm, _RENDERED_SIDE_MM, part, unit_mm))
    return hands


def _find_cameras(folder: Path, table: JointTable) -> tuple[Mapping[str, Camera], float]:
    """Return each picture's camera, from the table or a camera file, and the mm per depth unit."""
    first = folder / Path(next(iter(table.truths), "")).name
    if not first.is_file():
        return table.cameras, 1.0
    camera, unit_mm = read_camera_file(folder, read_depth(first).shape)
    beside = {} if camera is None else dict.fromkeys(table.truths, camera)
    return table.cameras or beside, unit_mm or 1.0
