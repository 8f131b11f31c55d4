"""A project's samples as tables that other programs read: CSV, Parquet, COCO-keypoints json, and
Kazuhito00's keypoint.csv.

    .csv .parquet   one row a frame, all that is known of it: exact both ways. Left out: pictures,
                    visibility, the bin, trainings, gestures and persons without samples.
    .json           COCO (`coco`): gestures are categories. Exact both ways, the same left out.
    keypoint.csv    a number and 42 numbers: keypoints as seen on the screen, from the wrist, the
                    farthest 1. Left out, besides: who, when, where, size, scores, estimator, and
                    samples with a missing keypoint.

N samples, K keypoints. Numbers are written as the shortest text that gives the same float32.
"""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    about,
    axes_of,
    frame_rows,
    number_columns,
)
from core.files import written_whole
from core.pose.skeletons.table import HAND_21, skeleton_named
from core.pose.types import Floats
from core.recording.imports.cells import quote_formula
from core.store import Gesture, Project, Store
from core.store.rows import to_floats
from core.store.transfer import measure_project, read_sample_rows

_BATCH = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Format:
    """A format of samples for other programs.

    Attributes:
        title: as people call it.
        keeps: what comes back from it, and what is left out.
        suffix, mime: of the file to download.
    """

    title: str
    keeps: str
    suffix: str
    mime: str


FORMATS = {
    "csv": Format(
        "CSV",
        "Comes back to the last bit: keypoints, scores, gesture, person, session, recording, "
        "mirror, estimator. Left out: pictures, the bin, trainings, gestures without samples.",
        ".csv",
        "text/csv",
    ),
    "parquet": Format(
        "Parquet",
        "The same as CSV in a smaller file.",
        ".parquet",
        "application/vnd.apache.parquet",
    ),
    "coco": Format(
        "COCO keypoints (json)",
        "Comes back to the last bit, too; what COCO has no place for stands under “mudra”. "
        "Left out: pictures, the bin, trainings, gestures without samples.",
        ".json",
        "application/json",
    ),
    "kazuhito": Format(
        "Kazuhito00's keypoint.csv (zip)",
        "The keypoints as seen on the screen, from the wrist, the farthest 1, and the "
        "gesture. Left out: everything else, and samples with a missing keypoint.",
        ".zip",
        "application/zip",
    ),
}


@dataclass(frozen=True)
class Written:
    """What went out: samples written, and how many of the project's were left out."""

    samples: int
    left_out: int
    files: tuple[Path, ...]

    @property
    def text(self) -> str:
        """One sentence for people."""
        names = ", ".join(path.name for path in self.files)
        left = f"; {self.left_out:,} with a missing keypoint left out" if self.left_out else ""
        return f"{self.samples:,} samples in {names}{left}"


def export_data(
    store: Store,
    project: Project,
    out: Path,
    *,
    kind: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Write the samples outside the bin, by one rename at the end.

    Args:
        kind: one of FORMATS; by the suffix (.csv, .parquet, .json) unless told. "kazuhito" writes
            the names beside the table, in …_classifier_label.csv.

    Raises:
        TableError: another suffix or kind.
        StoreError: the file can't be written.
    """
    kind = kind or _KIND_OF.get(out.suffix.lower())
    if kind not in FORMATS:
        raise TableError(f"{out.name}: data is written as .csv, .parquet or .json (COCO)")
    with _space_for(out) as part, store.begin_read() as connection:
        total, _ = measure_project(connection, project.id)
        read = _Samples(
            lambda: _frames(read_sample_rows(connection, project.id)),
            total,
            progress,
            skeleton_named(project.skeleton).size,
            _axes(next(read_sample_rows(connection, project.id), None)),
        )
        if kind == "kazuhito":
            done = _kazuhito(read, part, store.gestures(project.id))
            labels = out.with_name(f"{out.stem}_classifier_label.csv")
            _write_labels(store.gestures(project.id), labels)
            files: tuple[Path, ...] = (out, labels)
        elif kind == "coco":
            done, files = write_coco(read.rows(), iter(read), part, project.name), (out,)
        else:
            done, files = _WRITERS[kind](read, part), (out,)
    return Written(done, total - done, files)


def _frames(rows: Iterator[Row]) -> Iterator[Row]:
    """A row a frame."""
    for row in rows:
        yield from frame_rows(row)


def _axes(row: Row | None) -> int:
    """How many numbers a keypoint has: the same in all samples of a project."""
    return 2 if row is None else len(row["keypoints"]) // len(row["scores"])


@contextmanager
def _space_for(out: Path) -> Iterator[Path]:
    """A file to write, which becomes `out` when all went well."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(out) as part:
            yield part
    except OSError as error:
        raise StoreError(f"{out} can't be written: {error.strerror or error}") from error


@dataclass(frozen=True)
class _Samples:
    """A project's samples, to be gone through more than once."""

    rows: Callable[[], Iterator[Row]]
    total: int
    progress: Progress
    joints: int
    axes: int

    def batches(self) -> Iterator[list[Row]]:
        """A thousand at a time."""
        left, done = self.rows(), 0
        while batch := list(islice(left, _BATCH)):
            yield batch
            done += len(batch)
            self.progress(done, self.total)

    def __iter__(self) -> Iterator[Row]:
        for done, row in enumerate(self.rows(), 1):
            yield row
            if done % _BATCH == 0 or done == self.total:
                self.progress(done, self.total)


# ----------------------------------------------------------------------------------- our own tables


def _schema(read: _Samples) -> Any:
    import pyarrow as pa  # slow to load and seldom needed

    kinds = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}
    fields = [(name, kinds[kind]) for name, kind in COLUMNS.items()]
    return pa.schema([*fields, *((name, pa.float32()) for name in _numbers(read))])


def _numbers(read: _Samples) -> list[str]:
    return number_columns(read.joints, read.axes)


def _record_batch(rows: list[Row], schema: Any, read: _Samples, *, quote: bool) -> Any:
    import pyarrow as pa

    found = [about(row) for row in rows]
    columns = []
    for name, kind in COLUMNS.items():
        values = [row[name] for row in found]
        if quote and kind is str:
            values = [value and quote_formula(value) for value in values]
        columns.append(pa.array(values, schema.field(name).type))
    for blob, axes in axes_of(read.axes).items():
        numbers = np.full((len(rows), read.joints * len(axes)), np.nan, np.float32)
        for i, row in enumerate(rows):
            flat = to_floats(row[blob] or b"")
            numbers[i, : len(flat)] = flat
        columns += [pa.array(column, pa.float32(), from_pandas=True) for column in numbers.T]
    return pa.record_batch(columns, schema=schema)


def _begun(rows: list[Row]) -> int:
    """How many samples begin in these frames."""
    return sum(row["frame"] == 0 for row in rows)


def _csv(read: _Samples, out: Path) -> int:
    from pyarrow import csv as arrow

    schema, done = _schema(read), 0
    with arrow.CSVWriter(out, schema) as writer:
        for rows in read.batches():
            writer.write_batch(_record_batch(rows, schema, read, quote=True))
            done += _begun(rows)
    return done


def _parquet(read: _Samples, out: Path) -> int:
    from pyarrow import parquet

    schema, done = _schema(read), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in read.batches():
            writer.write_batch(_record_batch(rows, schema, read, quote=False))
            done += _begun(rows)
    return done


# ---------------------------------------------------------------------------------- keypoint.csv


def as_seen(points: Floats, mirrored: bool) -> Floats | None:
    """(K, 2) keypoints → 2K numbers as Kazuhito00's app makes them: x as on the screen, from the
    wrist, divided by the largest of all. None where a keypoint is missing or all are one point."""
    seen = points * np.array([-1.0 if mirrored else 1.0, 1.0], np.float32)
    flat = (seen - seen[0]).ravel()
    largest = np.abs(flat).max()
    return flat / largest if np.isfinite(largest) and largest > 0 else None


def _kazuhito(read: _Samples, out: Path, gestures: list[Gesture]) -> int:
    if read.axes == 3:
        raise TableError(
            "keypoint.csv holds x and y of each keypoint, these samples are in space (x, y, z): "
            "write a .csv, .parquet or .json"
        )
    numbers = {gesture.name: i for i, gesture in enumerate(gestures)}
    done = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in read:
            points = to_floats(row["keypoints"]).reshape(-1, 2)
            still = len(points) == HAND_21.size and row["frames"] == 1
            flat = as_seen(points, row["mirrored_view"]) if still else None
            if flat is not None and row["gesture"] in numbers:
                writer.writerow([numbers[row["gesture"]], *flat.astype(str).tolist()])
                done += 1
    return done


def _write_labels(gestures: list[Gesture], out: Path) -> None:
    """The gestures' names, the first being number 0; a BOM in front, as the app's own file has."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [quote_formula(gesture.name)] for gesture in gestures
    )
    with _space_for(out) as part:
        part.write_text(text.getvalue(), encoding="utf-8-sig")


_WRITERS = {"csv": _csv, "parquet": _parquet}
_KIND_OF = {one.suffix: kind for kind, one in FORMATS.items() if kind != "kazuhito"}
