"""The starter model's training data: a keypoint table and labelled pictures, source by source.

Convention: a data folder holds `hand_keypoints/gestures.csv`, `hand_images/SOURCE/CLASS/…` and
`hand_crops/crops.csv` (keypoints of other signs). A sample's person is the group that is held out
together: a recorder, a picture source, or a block of consecutive pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES, NONE, match_gesture
from core.offline.extracting import extract
from core.paths import Paths
from core.recording.imports.tables import read_table

XY = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]


@dataclass(frozen=True)
class PictureSource:
    """A folder of labelled pictures, and how its classes are read."""

    origin: str
    licence: str
    # folder → gesture; empty: by the folders' names; other folders are ignored, and `none` if it
    # contains transitions
    classes: tuple[tuple[str, str], ...] = ()
    # a picture's other hand rests, so it is labelled `none`; if False it is ignored, since it is
    # mostly a shadow or the same hand again
    resting: bool = False
    # consecutive pictures show one person, so they are held out in this many blocks
    blocks: int = 1


_DIGITS = (("1", "point_up"), ("5", "open_palm"), ("9", "ok"), *((d, "none") for d in "0368"))
SOURCES = {
    "emrecandir": PictureSource("emrecandir9/custom-gesture-dataset", "MIT", resting=True),
    "thumbs_seed": PictureSource("AdityaNikhil/Hand-Pose-Classification", "none stated"),
    "hagrid_crops": PictureSource("HaGRID, tight crops", "HaGRID's own (CC BY-SA 4.0 variant)"),
    "didi": PictureSource("didi-codes/computer_vision_hand_gesture_project", "none stated"),
    "arya": PictureSource("AryaBhongade/hand-gesture-recognition", "none stated"),
    "dharshini": PictureSource("dharshini-dayakar/Hand_Gesture_Recognition", "none stated"),
    "digits": PictureSource(
        "ardamavi/Sign-Language-Digits-Dataset", "Apache-2.0", _DIGITS, blocks=5
    ),
}

# Signs that are none of the eight whatever their angle. Left out: a finger on the lips (“mute”),
# which points up, and the letters of sign alphabets: with them, pointing hands of recorders that
# were left out were read as `none`.
OTHER_SIGNS = {"peace", "call", "callme", "scissors", "iloveyou", "vectory", "two"}
_MOST_SIGNS = 400  # of one source, so that `none` does not outweigh the gestures


@dataclass(frozen=True, eq=False)
class _Samples:
    keypoints: NDArray[np.float32]
    gestures: NDArray[np.str_]
    persons: NDArray[np.str_]


def read_recorders(table: Path) -> GestureData:
    """Read the recorders' keypoints."""
    return _to_starter_data([_read_recorder_table(table)])


def read_recorders_and_signs(folder: Path) -> GestureData:
    """Read the recorders' keypoint table, and other signs labelled `none`."""
    return _to_starter_data(_read_tables(folder))


def read_all_samples(
    folder: Path, landmarks: Path, extract_keypoints: Callable[[str], None]
) -> GestureData:
    """Read the starter's training set: recorders, other signs as `none`, and picture sources, with
    pointing hands also rotated. SOURCE.parquet in `landmarks` holds a source's keypoints;
    `extract_keypoints` is called if it is missing."""
    parts = _read_tables(folder)
    for name in SOURCES:
        if not (landmarks / f"{name}.parquet").is_file():
            extract_keypoints(name)
        samples = _read_labelled_pictures(name, landmarks / f"{name}.parquet")
        parts += [samples, *_rotate_pointing(samples)]
    return _to_starter_data(parts)


def extract_source_keypoints(folder: Path, landmarks: Path, paths: Paths, name: str) -> None:
    """Write a table of the keypoints of up to two hands per picture of a source."""
    landmarks.mkdir(parents=True, exist_ok=True)
    pictures, out = folder / "hand_images" / name, landmarks / f"{name}.parquet"
    extract(pictures, out, paths=paths, hands=2, workers=2)


def _to_starter_data(parts: list[_Samples]) -> GestureData:
    """Concatenate samples into one data set, labelled by the default gestures."""
    index = {gesture.name: i for i, gesture in enumerate(DEFAULT_GESTURES)}
    labels = [index[str(name)] for part in parts for name in part.gestures]
    persons = np.concatenate([part.persons for part in parts])
    keypoints = np.concatenate([part.keypoints for part in parts])
    return make_gesture_data(keypoints, np.array(labels, np.int64), persons, persons)


def make_gesture_data(
    keypoints: NDArray[np.float32],
    labels: NDArray[np.int64],
    persons: NDArray[np.str_],
    sessions: NDArray[np.str_],
) -> GestureData:
    """Return (N, 21, 2) keypoints as samples of the default gestures, in an unmirrored view, each
    session a recording."""
    mirrored_view = np.zeros(len(labels), bool)
    return GestureData(
        keypoints, mirrored_view, labels, DEFAULT_GESTURES, persons, sessions, sessions
    )


def _read_tables(folder: Path) -> list[_Samples]:
    recorders = _read_recorder_table(folder / "hand_keypoints" / "gestures.csv")
    return [recorders, _read_other_signs(folder / "hand_crops" / "crops.csv")]


def _read_recorder_table(path: Path) -> _Samples:
    table = read_table(path, "keypoints-csv")
    return _Samples(table.keypoints, table.gestures, table.persons)


def _read_other_signs(path: Path) -> _Samples:
    """Read other signs, labelled `none`, at most 400 random ones per source."""
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise TableError(f"{path} can't be read: {error.strerror}") from error
    label = table["class"].astype(str).str.split("/").str[-1]
    signs = table[label.isin(OTHER_SIGNS)].sample(frac=1, random_state=0)
    chosen = signs.groupby("source_repo").head(_MOST_SIGNS)
    points = chosen[XY].to_numpy(np.float32).reshape(-1, 21, 2)
    persons = ("signs of " + chosen["source_repo"]).to_numpy(str)
    return _Samples(points, np.full(len(chosen), NONE.name), persons)


@dataclass(frozen=True, eq=False)
class PictureHands:
    """All hands found in the pictures of a source."""

    keypoints: NDArray[np.float32]  # (N, 21, 2)
    pictures: NDArray[np.str_]  # (N,) CLASS/FILE that the hand is in
    raised: NDArray[np.bool_]  # (N,) whether it is the highest hand of its picture
    persons: NDArray[np.str_]  # (N,) the group that is held out together
    classes: dict[str, str]  # folder → gesture; other folders are ignored

    def gesture_of(self, picture: str) -> str:
        """Return the gesture that a picture shows."""
        return self.classes[picture.split("/")[0]]

    def to_unlabelled(self, rows: NDArray[np.int64]) -> GestureData:
        """Return the hands of these rows as samples with placeholder labels."""
        persons = self.persons[rows]
        labels = np.zeros(len(rows), np.int64)
        return make_gesture_data(self.keypoints[rows], labels, persons, persons)


def read_picture_hands(name: str, landmarks: Path) -> PictureHands:
    """Read the hands found in a source's pictures; skip folders that map to no gesture."""
    table = pd.read_parquet(landmarks)
    folder = table["source"].str.split("/").str[0]
    classes = dict(SOURCES[name].classes) or {
        text: meant
        for text in set(folder)
        if (meant := match_gesture(text)) not in (None, NONE.name)
    }
    kept = table[folder.isin(classes)].reset_index(drop=True)
    return PictureHands(
        kept[XY].to_numpy(np.float32).reshape(-1, 21, 2),
        kept["source"].to_numpy(str),
        (kept.groupby("source")["y0"].transform("min") == kept["y0"]).to_numpy(bool),
        assign_blocks(name, kept["source"]),
        classes,
    )


def _read_labelled_pictures(name: str, landmarks: Path) -> _Samples:
    """Read a source's raised hands with their gesture; resting hands as `none`, if it has them."""
    hands = read_picture_hands(name, landmarks)
    meant = np.array([hands.gesture_of(picture) for picture in hands.pictures])
    gestures = np.where(hands.raised, meant, NONE.name)
    kept = hands.raised | SOURCES[name].resting
    return _Samples(hands.keypoints[kept], gestures[kept], hands.persons[kept])


def assign_blocks(name: str, sources: pd.Series) -> NDArray[np.str_]:
    """Return each picture's held-out group: the source, or a block of its numbers."""
    blocks = SOURCES[name].blocks
    if blocks == 1:
        return np.full(len(sources), name)
    numbers = sources.str.extract(r"(\d+)\D*$")[0].astype(int)
    edges = np.quantile(numbers, np.linspace(0, 1, blocks + 1)[1:-1])
    return np.array([f"{name} {block}" for block in np.searchsorted(edges, numbers)])


def _rotate_pointing(samples: _Samples) -> list[_Samples]:
    """Rotate the point_up samples by 90° to make point_right and point_left samples."""
    up = samples.gestures == "point_up"
    x, y = samples.keypoints[up][..., 0], samples.keypoints[up][..., 1]
    persons = samples.persons[up]
    return [
        _Samples(np.stack([-y, x], -1), np.full(len(persons), "point_right"), persons),
        _Samples(np.stack([y, -x], -1), np.full(len(persons), "point_left"), persons),
    ]
