"""Hand crops for training nets: a pack of arrays on disk, and the augmentation of each sample.

Convention: a stored picture is the upright square of side 2.4 L about the hand (L: longer side of
its keypoints' box), whose pixels the keypoints are in. N crops, P side of a stored picture,
K keypoints, I side of the net's input, B batch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.appearance import degrade_quality, erase_rectangle, jitter_colours, to_picture
from core.datasets.training_data import Sample, TrainingData
from core.errors import TrainingError
from core.files import replace_atomically
from core.pose.boxes import bounding_box, map_to_square, square_around
from core.pose.crops import cut_square
from core.pose.types import Floats, Picture
from core.words import words

PACK_FACTOR = 2.4
PACK_SIDE = 208
NET_FACTOR = 1.5  # the square that a net sees by default, in units of L
_PICTURES, _MASKS, _KEYPOINTS, _TABLE = "pictures.npy", "masks.npy", "keypoints.npy", "table.csv"
_COLUMNS = ["source", "held_out", "weight", "mask"]
_NO_HAND_RATE = 0.06  # of samples without a hand, whose maps must be empty
_CORNER_PX = 56  # of a stored picture; the hand in its middle doesn't reach into it
_MAX_SHADE_STEP = 40  # from corner to corner of a plain backdrop


@dataclass(frozen=True)
class Hand:
    """One labelled hand."""

    rgb: Picture  # the whole picture
    keypoints: Floats  # (K, 2) picture pixels
    source: str  # where it comes from; whole sources or blocks are held out
    held_out: str = ""  # "" for training, else the name of its held-out set
    weight: float = 1.0  # of its keypoints in the loss, 0..1
    mask: NDArray[np.uint8] | None = None  # (H, W), 255 on the hand, to replace the rest


class HandCrops(TrainingData):
    """A pack of crops: pictures (N, P, P, 3) on disk, masks (M, P, P), keypoints (N, K, 2), and a
    table of N rows of source, held_out, weight and mask (a row of `masks`, or -1)."""

    item_name = "hands"

    def __init__(
        self, pictures: Picture, masks: NDArray[np.uint8], keypoints: Floats, table: pd.DataFrame
    ) -> None:
        super().__init__(table["held_out"].tolist())
        self.pictures, self.masks, self.keypoints, self.table = pictures, masks, keypoints, table

    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return input (I, I, 3), keypoints in input pixels, and L in px."""
        keypoints, size = self.keypoints[row], input_hw[0]
        square = square_around(keypoints, NET_FACTOR)
        picture = cut_square(np.asarray(self.pictures[row]), square, size)
        return picture, map_to_square(keypoints, square, size), size / NET_FACTOR

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Yield augmented samples endlessly: (I, I, 3) uint8, (K, 2) input pixels, weight.

        A few show no hand: their keypoints are NaN. Rows are drawn at random, a source in
        proportion to the square root of its size.
        """
        rng, size = np.random.default_rng(seed), input_hw[0]
        _, source, counts = np.unique(
            self.table["source"].to_numpy()[rows], return_inverse=True, return_counts=True
        )
        weights = 1 / np.sqrt(counts[source])
        probabilities = weights / weights.sum()
        while True:
            for row in rng.choice(rows, size=len(rows), p=probabilities):
                if rng.random() < _NO_HAND_RATE:
                    empty = np.full_like(self.keypoints[0], np.nan)
                    yield _draw_empty_picture(self, rows, size, rng), empty, 1.0
                picture, keypoints = augment_crop(self, int(row), rows, size, rng)
                yield picture, keypoints, float(self.table["weight"].iat[row])


def write_pack(folder: Path, hands: Iterable[Hand]) -> int:
    """Write hands to a pack, one at a time; return their number. Raise TrainingError if it is 0."""
    keypoints, rows = [], []
    side = (PACK_SIDE, PACK_SIDE)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        _open_growing_array(folder / _PICTURES, (*side, 3)) as pictures,
        _open_growing_array(folder / _MASKS, side) as masks,
    ):
        for hand in hands:
            square = square_around(hand.keypoints, PACK_FACTOR)
            pictures.append(cut_square(hand.rgb, square, PACK_SIDE))
            keypoints.append(map_to_square(hand.keypoints, square, PACK_SIDE))
            mask_row = -1
            if hand.mask is not None:
                rgb_mask = np.repeat(hand.mask[..., None], 3, axis=2)
                mask_row = masks.append(cut_square(rgb_mask, square, PACK_SIDE)[..., 0])
            rows.append((hand.source, hand.held_out, hand.weight, mask_row))
        if not rows:
            raise TrainingError(
                words("found no hand to train on; give a folder with pictures of hands")
            )
    np.save(folder / _KEYPOINTS, np.stack(keypoints).astype(np.float32))
    # last: a pack without its table is incomplete
    pd.DataFrame(rows, columns=_COLUMNS).to_csv(folder / _TABLE, index=False)
    return len(rows)


class _GrowingArray:
    """A .npy file of uint8 to which rows are appended; `finish` writes their number."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._file, self._shape, self._rows = file, shape, 0
        self.finish()

    def append(self, row: NDArray[np.uint8]) -> int:
        """Write one row, and return its index."""
        self._file.write(np.ascontiguousarray(row, np.uint8).tobytes())
        self._rows += 1
        return self._rows - 1

    def finish(self) -> None:
        """Write the final number of rows into the .npy header."""
        self._file.seek(0)
        shape = (self._rows, *self._shape)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


@contextmanager
def _open_growing_array(path: Path, shape: tuple[int, ...]) -> Iterator[_GrowingArray]:
    """Open a .npy file for appending uint8 rows; it gets its name only when complete."""
    with replace_atomically(path) as part, part.open("wb") as file:
        array = _GrowingArray(file, shape)
        yield array
        array.finish()


def read_pack(folder: Path) -> HandCrops:
    """Open a pack with memory-mapped pictures; raise TrainingError if it is incomplete."""
    if not (folder / _TABLE).is_file():
        raise TrainingError(f"{folder} holds no pack of hand crops")
    return HandCrops(
        np.load(folder / _PICTURES, mmap_mode="r", allow_pickle=False),
        np.load(folder / _MASKS, mmap_mode="r", allow_pickle=False),
        np.load(folder / _KEYPOINTS, allow_pickle=False),
        pd.read_csv(folder / _TABLE, keep_default_na=False),
    )


def augment_crop(
    crops: HandCrops, row: int, others: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[Picture, Floats]:
    """Return a randomly augmented crop of (size, size) and its keypoints; backgrounds come from the
    rows `others`."""
    picture, keypoints = np.asarray(crops.pictures[row]), crops.keypoints[row]
    mask_row = int(crops.table["mask"].iat[row])
    if mask_row >= 0 and rng.random() < 0.8:
        backdrop = _draw_backdrop(crops, others, rng)
        picture = _replace_background(picture, backdrop, np.asarray(crops.masks[mask_row]), rng)
    matrix = _draw_view(keypoints, size, rng)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.7 else cv2.BORDER_REFLECT_101
    picture = to_picture(
        cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    )
    keypoints = keypoints @ matrix[:, :2].T + matrix[:, 2]
    if rng.random() < 0.3:
        picture = erase_rectangle(picture, np.asarray(crops.pictures[rng.choice(others)]), rng)
    picture = degrade_quality(jitter_colours(picture, rng), rng)
    return picture, keypoints.astype(np.float32)


def _draw_view(keypoints: Floats, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a random (2, 3) matrix from the stored crop to an input of 1.15 to 2.25 hand sizes."""
    box = bounding_box(keypoints)
    longer = box.longer_side
    side = longer * np.clip(rng.normal(1.6, 0.25), 1.15, 2.25)
    turn = rng.uniform(-np.pi, np.pi) if rng.random() < 0.25 else rng.normal(0, np.radians(22))
    centre = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2 + rng.normal(0, 0.06, 2) * longer
    stretch = np.exp(rng.normal(0, 0.06, 2)) * size / side
    flip = np.diag([-1.0 if rng.random() < 0.5 else 1.0, 1.0])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = np.diag(stretch) @ rotation @ flip
    shift = (size - 1) / 2 - linear @ centre
    return np.concatenate([linear, shift[:, None]], 1)


def _draw_empty_picture(
    crops: HandCrops, rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Picture:
    """Return a random (size, size) picture without a hand: a crop's corner or a backdrop."""
    backdrop = _draw_backdrop(crops, rows, rng, max_side=_CORNER_PX)
    picture = to_picture(cv2.resize(backdrop, (size, size)))
    return degrade_quality(jitter_colours(picture, rng), rng)


def _draw_backdrop(
    crops: HandCrops,
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    max_side: int = PACK_SIDE // 2,
) -> Picture:
    """Return a random background of the stored size: an enlarged crop corner, or a gradient."""
    if rng.random() < 0.15:
        base = rng.integers(0, 256, 3)
        steps = rng.integers(-_MAX_SHADE_STEP, _MAX_SHADE_STEP + 1, (2, 2, 3))
        small = np.clip(base + steps, 0, 255).astype(np.uint8)
        return to_picture(cv2.resize(small, (PACK_SIDE, PACK_SIDE)))
    other = crops.pictures[rng.choice(rows)]
    side = int(rng.integers(max_side // 2, max_side))
    x = int(rng.choice((0, PACK_SIDE - side)))
    y = int(rng.choice((0, PACK_SIDE - side)))
    corner = np.ascontiguousarray(other[y : y + side, x : x + side])
    rotated = np.rot90(corner, int(rng.integers(4))) if rng.random() < 0.5 else corner
    return to_picture(cv2.resize(rotated, (PACK_SIDE, PACK_SIDE)))


def _replace_background(
    picture: Picture, backdrop: Picture, mask: NDArray[np.uint8], rng: np.random.Generator
) -> Picture:
    """Blend a hand into a backdrop by its mask, with the mask's edge blurred."""
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 2.0)))[..., None] / np.float32(255)
    return to_picture(picture * soft + backdrop * (1 - soft))
