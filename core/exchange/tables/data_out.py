"""A project's samples as tables for other programs.

    .csv .parquet   one row per frame; exact both ways, without pictures, visibility, the bin,
                    trainings, and gestures and persons without samples
    .json           COCO (`coco`): gestures are categories; exact both ways, without the same
    keypoint.csv    Kazuhito00's: a number and 42 numbers, the keypoints as seen on the screen,
                    relative to the wrist, the farthest 1; without samples that miss a keypoint

K keypoints. Numbers are written as the shortest text that gives the same float32.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoreError, TableError
from core.exchange.tables.coco import write_coco
from core.exchange.tables.columns import (
    COLUMNS,
    Row,
    list_array_axes,
    list_number_columns,
    split_clip,
)
from core.files import open_output
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats
from core.progress import Progress, ignore_progress
from core.recording.imports.cells import quote_formula
from core.recording.imports.tables import KEYPOINT_CSV_SIZE
from core.store import Gesture, Project, Store
from core.store.rows import to_floats
from core.store.transfer import measure_project, read_sample_rows
from core.words import mark, words

_BATCH = 1000


@dataclass(frozen=True)
class Format:
    """A file format of samples: what of a sample it keeps, and its suffix."""

    title: str
    keeps: str
    suffix: str


FORMATS = {
    "csv": Format(
        "CSV",
        mark(
            "Lossless. Includes keypoints, scores, gesture, person, session, recording, mirror, "
            "estimator. Left out: pictures, the bin, trainings, gestures without samples."
        ),
        ".csv",
    ),
    "parquet": Format(
        "Parquet",
        mark("The same as CSV in a smaller file."),
        ".parquet",
    ),
    "coco": Format(
        mark("COCO keypoints (json)"),
        mark(
            "Lossless: what COCO has no place for is under “mudra”. Left out: pictures, the bin, "
            "trainings, gestures without samples."
        ),
        ".json",
    ),
    "kazuhito": Format(
        "Kazuhito00's keypoint.csv (zip)",
        mark(
            "The keypoints as seen on the screen, from the wrist, the farthest 1, and the gesture. "
            "Left out: everything else, and samples with a missing keypoint."
        ),
        ".zip",
    ),
}


@dataclass(frozen=True)
class ExportedSamples:
    """The number of written samples, the number left out, and the files."""

    samples: int
    left_out: int
    files: tuple[Path, ...]

    @property
    def text(self) -> str:
        """Return the counts and file names as one sentence for the user."""
        names = ", ".join(path.name for path in self.files)
        if not self.left_out:
            return words("{n:,} samples in {files}", n=self.samples, files=names)
        return words(
            "{n:,} samples in {files}; {left:,} with a missing keypoint left out",
            n=self.samples,
            files=names,
            left=self.left_out,
        )


def export_data(
    store: Store,
    project: Project,
    out: Path,
    *,
    kind: str | None = None,
    progress: Progress = ignore_progress,
) -> ExportedSamples:
    """Export the project's samples outside the bin to a file in a format of FORMATS.

    Args:
        kind: one of FORMATS; None: by the suffix. "kazuhito" also writes the gestures' names, to
            …_classifier_label.csv.

    Raises:
        TableError: another suffix or kind.
        StoreError: the file can't be written.
    """
    by_suffix = {one.suffix: name for name, one in FORMATS.items() if name != "kazuhito"}
    kind = kind or by_suffix.get(out.suffix.lower())
    if kind not in FORMATS:
        raise TableError(f"{out.name}: data is written as .csv, .parquet or .json (COCO)")
    with open_output(out, StoreError) as part, store.begin_read() as connection:
        total = measure_project(connection, project.id).samples

        def read_frames(progress: Progress = progress) -> Iterator[Row]:
            """Yield the project's samples as one row per frame, reporting progress."""
            for done, row in enumerate(read_sample_rows(connection, project.id), 1):
                yield from split_clip(row)
                if done % _BATCH == 0 or done == total:
                    progress(done, total)

        files: tuple[Path, ...] = (out,)
        if kind == "coco":
            done = write_coco(read_frames(ignore_progress), read_frames(), part, project.name)
        elif kind == "kazuhito":
            gestures = store.gestures(project.id)
            done = _write_keypoint_csv(read_frames(), part, gestures)
            files = (out, out.with_name(f"{out.stem}_classifier_label.csv"))
            _write_gesture_names(gestures, files[1])
        else:
            first = next(read_sample_rows(connection, project.id), None)
            axes = 2 if first is None else len(first["keypoints"]) // len(first["scores"])
            joints = skeleton_named(project.skeleton).size
            done = _write_table(read_frames(), part, kind, joints, axes)
    return ExportedSamples(done, total - done, files)


def _write_table(rows: Iterator[Row], out: Path, kind: str, joints: int, axes: int) -> int:
    """Write frames to a csv or parquet file in batches; return the number of samples."""
    import pyarrow as pa  # slow to load and seldom needed
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    types = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}
    fields = [(name, types[column_type]) for name, column_type in COLUMNS.items()]
    fields += [(name, pa.float32()) for name in list_number_columns(joints, axes)]
    schema = pa.schema(fields)
    if kind == "csv":
        writer: Any = arrow_csv.CSVWriter(out, schema)
    else:
        writer = parquet.ParquetWriter(out, schema, compression="zstd")
    samples = 0
    with writer:
        while batch := list(islice(rows, _BATCH)):
            columns = _to_columns(batch, joints, axes, quote=kind == "csv")
            arrays = [
                pa.array(c, f.type, from_pandas=True) for c, f in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            samples += sum(row["frame"] == 0 for row in batch)
    return samples


def _to_columns(rows: list[Row], joints: int, axes: int, *, quote: bool) -> list[Any]:
    """Convert rows to columns: a list for each name in COLUMNS, then a float32 array for each
    number column (NaN for missing values); csv formulas are quoted if `quote`."""
    columns: list[Any] = []
    for name, column_type in COLUMNS.items():
        values = [row[name] for row in rows]
        if quote and column_type is str:
            values = [value and quote_formula(value) for value in values]
        columns.append(values)
    for blob, names in list_array_axes(axes).items():
        numbers = np.full((len(rows), joints * len(names)), np.nan, np.float32)
        for i, row in enumerate(rows):
            flat = to_floats(row[blob] or b"")
            numbers[i, : len(flat)] = flat
        columns += list(numbers.T)
    return columns


def to_screen_keypoints(points: Floats, mirrored: bool) -> Floats | None:
    """Convert (K, 2) keypoints to the 2K numbers of Kazuhito00's app: as seen on the screen,
    relative to the wrist, divided by the largest magnitude; None if a keypoint is missing or all
    are equal."""
    seen = points * np.array([-1.0 if mirrored else 1.0, 1.0], np.float32)
    flat = (seen - seen[0]).ravel()
    largest = np.abs(flat).max()
    return flat / largest if np.isfinite(largest) and largest > 0 else None


def _write_keypoint_csv(rows: Iterator[Row], out: Path, gestures: list[Gesture]) -> int:
    """Write single-frame hands that have all keypoints as Kazuhito00's keypoint.csv (gesture
    number, 42 numbers); return the number of hands."""
    numbers = {gesture.name: i for i, gesture in enumerate(gestures)}
    samples = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            if len(row["keypoints"]) == 3 * len(row["scores"]):
                raise TableError(
                    words(
                        "keypoint.csv holds x and y of each keypoint, these samples are in space "
                        "(x, y, z): write a .csv, .parquet or .json"
                    )
                )
            points = to_floats(row["keypoints"]).reshape(-1, 2)
            is_still_hand = len(points) == KEYPOINT_CSV_SIZE and row["frames"] == 1
            flat = to_screen_keypoints(points, row["mirrored_view"]) if is_still_hand else None
            if flat is not None and row["gesture"] in numbers:
                writer.writerow([numbers[row["gesture"]], *flat.astype(str).tolist()])
                samples += 1
    return samples


def _write_gesture_names(gestures: list[Gesture], out: Path) -> None:
    """Write the gestures' names in order, one per line, as UTF-8 with BOM."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [quote_formula(gesture.name)] for gesture in gestures
    )
    with open_output(out, StoreError) as part:
        part.write_text(text.getvalue(), encoding="utf-8-sig")
