"""Hand crops for training nets: a folder of arrays to read from, and what is done to each sample.

Convention: a stored picture is the upright square of side 2.4 L round the hand (L: the longer side
of the box of its keypoints); keypoints are in the stored picture's pixels.
Legend: N crops, P side of a stored picture, K keypoints, I side of the net's input, B batch.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.appearance import degraded, hidden, pixels, recoloured
from core.datasets.training_data import Sample
from core.errors import TrainingError
from core.files import written_whole
from core.pose.boxes import Square, bounding_box, map_to_square, square_around
from core.pose.crops import cut_square
from core.pose.types import Floats, Picture

PACK_FACTOR = 2.4
PACK_SIDE = 208
NET_FACTOR = 1.5  # the square that a net is shown by default, in units of L
_PICTURES, _MASKS, _KEYPOINTS, _TABLE = "pictures.npy", "masks.npy", "keypoints.npy", "table.csv"
_NO_HAND_SHARE = 0.06  # of the samples show none, so that maps stay empty where there is none
_CORNER = 56  # px of a stored picture that the hand in its middle can't reach
_FLAT_SHADE = 40  # a random plain backdrop differs this much from corner to corner


@dataclass(frozen=True)
class Hand:
    """One hand to learn from.

    Attributes:
        rgb: the picture that it is in.
        keypoints: (K, 2) picture pixels.
        source: where it comes from; whole sources or blocks are held out.
        held_out: "" to learn from, else the name of the set that it measures.
        weight: how far its keypoints are to be trusted, 0..1.
        mask: (H, W) uint8, 255 on the hand, where its background may be replaced.
    """

    rgb: Picture
    keypoints: Floats
    source: str
    held_out: str = ""
    weight: float = 1.0
    mask: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class HandCrops:
    """A pack of crops.

    Attributes:
        pictures: (N, P, P, 3) uint8 RGB, read from disk as needed.
        masks: (M, P, P) uint8.
        keypoints: (N, K, 2) float32.
        table: N rows of source, held_out, weight and mask (a row of `masks`, or -1).
    """

    pictures: Picture
    masks: NDArray[np.uint8]
    keypoints: Floats
    table: pd.DataFrame
    what = "hands"

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """The rows of one held-out set; of "", those to learn from."""
        return np.flatnonzero(self.table["held_out"].to_numpy() == held_out)

    @property
    def held_out_sets(self) -> list[str]:
        """Names of the sets that measure."""
        return sorted(set(self.table["held_out"]) - {""})

    def upright(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """The square that a net is shown when it is measured: picture (I, I, 3), keypoints in it,
        and L in its pixels."""
        keypoints, size = self.keypoints[row], input_hw[0]
        region = square_around(keypoints, NET_FACTOR)
        picture = cut_square(np.asarray(self.pictures[row]), region, size)
        return picture, map_to_square(keypoints, region, size), size / NET_FACTOR

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Augmented samples without end: (I, I, 3) uint8, (K, 2) input pixels, weight.

        A few show no hand: their keypoints are NaN. Rows are drawn at random, so that a source
        counts by the square root of its size.
        """
        rng, size = np.random.default_rng(seed), input_hw[0]
        share = _share_of_rows(self.table["source"].to_numpy()[rows])
        while True:
            for row in rng.choice(rows, size=len(rows), p=share):
                if rng.random() < _NO_HAND_SHARE:
                    empty = np.full_like(self.keypoints[0], np.nan)
                    yield _no_hand(self, rows, size, rng), empty, 1.0
                picture, keypoints = augmented(self, int(row), rows, size, rng)
                yield picture, keypoints, float(self.table["weight"].iat[row])


def write_pack(folder: Path, hands: Iterable[Hand]) -> int:
    """Cut every hand out and store them all, one at a time; returns how many."""
    keypoints, rows = [], []
    side = (PACK_SIDE, PACK_SIDE)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        _growing(folder / _PICTURES, (*side, 3)) as pictures,
        _growing(folder / _MASKS, side) as masks,
    ):
        for hand in hands:
            region = square_around(hand.keypoints, PACK_FACTOR)
            pictures.append(cut_square(hand.rgb, region, PACK_SIDE))
            keypoints.append(map_to_square(hand.keypoints, region, PACK_SIDE))
            mask_row = -1 if hand.mask is None else masks.append(_cut_mask(hand.mask, region))
            rows.append((hand.source, hand.held_out, hand.weight, mask_row))
        if not rows:
            raise TrainingError(
                "no hand to learn from was found; give a folder with pictures of hands"
            )
    np.save(folder / _KEYPOINTS, np.stack(keypoints).astype(np.float32))
    table = pd.DataFrame(rows, columns=["source", "held_out", "weight", "mask"])
    table.to_csv(folder / _TABLE, index=False)  # last: a pack without it is not whole
    return len(rows)


class _GrowingArray:
    """A .npy file of uint8 to which rows are added; its header says their number in the end."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._file, self._shape, self._rows = file, shape, 0
        self.finish()

    def append(self, row: NDArray[np.uint8]) -> int:
        """Write one row; returns its number."""
        self._file.write(np.ascontiguousarray(row, np.uint8).tobytes())
        self._rows += 1
        return self._rows - 1

    def finish(self) -> None:
        """Write the header, for which numpy leaves room to grow."""
        self._file.seek(0)
        shape = (self._rows, *self._shape)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


@contextmanager
def _growing(path: Path, shape: tuple[int, ...]) -> Iterator[_GrowingArray]:
    with written_whole(path) as part, part.open("wb") as file:
        array = _GrowingArray(file, shape)
        yield array
        array.finish()


def read_pack(folder: Path) -> HandCrops:
    """Open a pack.

    Raises:
        TrainingError: no whole pack lies there.
    """
    if not (folder / _TABLE).is_file():
        raise TrainingError(f"{folder} holds no pack of hand crops")
    return HandCrops(
        np.load(folder / _PICTURES, mmap_mode="r", allow_pickle=False),
        np.load(folder / _MASKS, mmap_mode="r", allow_pickle=False),
        np.load(folder / _KEYPOINTS, allow_pickle=False),
        pd.read_csv(folder / _TABLE, keep_default_na=False),
    )


def augmented(
    crops: HandCrops, row: int, others: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[Picture, Floats]:
    """One crop turned, scaled, shifted, flipped, recoloured, blurred and partly hidden."""
    picture, keypoints = np.asarray(crops.pictures[row]), crops.keypoints[row]
    mask_row = int(crops.table["mask"].iat[row])
    if mask_row >= 0 and rng.random() < 0.8:
        backdrop = _backdrop(crops, others, rng)
        picture = _composed(picture, backdrop, np.asarray(crops.masks[mask_row]), rng)
    matrix = _random_view(keypoints, size, rng)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.7 else cv2.BORDER_REFLECT_101
    picture = pixels(
        cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    )
    keypoints = keypoints @ matrix[:, :2].T + matrix[:, 2]
    if rng.random() < 0.3:
        picture = hidden(picture, np.asarray(crops.pictures[rng.choice(others)]), rng)
    picture = degraded(recoloured(picture, rng), rng)
    return picture, keypoints.astype(np.float32)


def _share_of_rows(sources: NDArray[np.str_]) -> NDArray[np.float64]:
    _, source_of, count = np.unique(sources, return_inverse=True, return_counts=True)
    share = 1 / np.sqrt(count[source_of])
    return np.asarray(share / share.sum())


def _random_view(keypoints: Floats, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(2, 3) matrix from stored pixels to the input's: a box of 1.15 to 2.2 L, shifted, turned."""
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


def _no_hand(
    crops: HandCrops, rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Picture:
    """What the net must find empty: a small corner of a crop, or a plain shade."""
    backdrop = _backdrop(crops, rows, rng, largest=_CORNER)
    picture = pixels(cv2.resize(backdrop, (size, size)))
    return degraded(recoloured(picture, rng), rng)


def _backdrop(
    crops: HandCrops,
    others: NDArray[np.int64],
    rng: np.random.Generator,
    largest: int = PACK_SIDE // 2,
) -> Picture:
    """What may lie behind a hand: a corner of another crop, enlarged, or a plain shade."""
    if rng.random() < 0.15:
        corners = rng.integers(0, 256, 3) + rng.integers(-_FLAT_SHADE, _FLAT_SHADE + 1, (2, 2, 3))
        small = np.clip(corners, 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(small, (PACK_SIDE, PACK_SIDE)), np.uint8)
    other = crops.pictures[rng.choice(others)]
    part = int(rng.integers(largest // 2, largest))
    x = int(rng.choice((0, PACK_SIDE - part)))
    y = int(rng.choice((0, PACK_SIDE - part)))
    cut = np.ascontiguousarray(other[y : y + part, x : x + part])
    turned = np.rot90(cut, int(rng.integers(4))) if rng.random() < 0.5 else cut
    return np.asarray(cv2.resize(turned, (PACK_SIDE, PACK_SIDE)), np.uint8)


def _composed(
    picture: Picture, backdrop: Picture, mask: NDArray[np.uint8], rng: np.random.Generator
) -> Picture:
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 2.0)))[..., None] / np.float32(255)
    return np.asarray(picture * soft + backdrop * (1 - soft), np.uint8)


def _cut_mask(mask: NDArray[np.uint8], region: Square) -> NDArray[np.uint8]:
    return cut_square(np.repeat(mask[..., None], 3, axis=2), region, PACK_SIDE)[..., 0]
