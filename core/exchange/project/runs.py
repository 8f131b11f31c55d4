"""Trainings in a project file: the exported files, and their import.

A training's log is untrusted: it is checked line by line and rewritten; its model runs in a worker.
"""

import csv
import json
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ArchiveError, ModelError
from core.exchange.project.manifest import Emoji, Name, Short, Text
from core.gestures.evaluation.protocol import Part
from core.gestures.modelfile.bundle import check_folder
from core.gestures.modelfile.gesture_model import MODEL, MOTIONS
from core.jobs.owners import project_fields
from core.media.json_objects import format_first_fault
from core.store.rows import Project
from core.training.runs import DEAD, LOG, Run
from core.words import words

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Interval = Annotated[list[Fraction], Field(min_length=2, max_length=2)]
Split = Literal["person", "session", "burst", "tail"]
Matcher = Literal["net", "templates"]


class Record(BaseModel):
    """Any line: its event and time."""

    model_config = ConfigDict(allow_inf_nan=False)

    event: str
    time: float = Field(ge=0, le=4_000_000_000)  # seconds since 1970, until 2096


class Start(Record):
    """The start of a training; measurements, which have a kind, are not exported."""

    kind: None = None
    samples: Count | None = None
    imported: Text | None = None


class Epoch(Record):
    """The figures of an epoch."""

    epoch: Count
    epochs: Annotated[int, Field(ge=1, le=10**6)]
    loss: float | None = None
    accuracy: Fraction | None = None
    val_loss: float | None = None
    val_accuracy: Fraction | None = None


class End(Record):
    """The end of a training."""

    status: Literal["done", "stopped", "failed", "dead"]
    message: Annotated[str, Field(max_length=20_000)] = ""


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class GestureFigures(_Part):
    """Accuracy on the held-out samples of one gesture."""

    n: Count
    accuracy: Fraction
    interval: Interval | None = None  # none in old trainings


class Rejection(_Part):
    """Acceptance rates of gestures and of unknown signs."""

    true_accept: Fraction
    false_accept: Fraction | None
    gestures: Count
    foreign: Count
    measured_on: Text


class Figures(_Part):
    """Accuracy on held-out samples."""

    n: Count
    accuracy: Fraction
    interval: Interval
    effective_n: Annotated[float, Field(ge=0)] | None = None
    per_gesture: dict[Name, GestureFigures]
    confusion: list[list[Count]]
    rejection: Rejection | None = None


class EvaluationProtocol(_Part):
    """The split, and which part chose and reported the figures."""

    split: Split
    chosen: dict[Short, Part]
    reported: Part


class Gesture(_Part):
    """A class of the model."""

    name: Name
    emoji: Emoji


class Measured(_Part):
    """Figures with their split and gestures."""

    figures: Figures
    split: Split
    protocol: EvaluationProtocol | None = None
    gestures: list[Gesture]
    matcher: Matcher | None = None
    compared: dict[Matcher, Fraction] | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        """Raise ValueError unless the confusion matrix has a row and a column per gesture, and a
        matcher has its comparison."""
        size = len(self.gestures)
        if [len(row) for row in self.figures.confusion] != [size] * size:
            raise ValueError(f"the confusion matrix does not fit {size} gestures")
        if self.matcher is not None and self.compared is None:
            raise ValueError("a matcher without what it was compared with")
        return self


class Result(Record, Measured):
    """The result of a training."""

    seconds: Annotated[float, Field(ge=0)]
    motions: Measured | None = None


RECORDS: dict[str, type[Record]] = {"start": Start, "epoch": Epoch, "result": Result, "end": End}


def check_record(record: Any) -> None:
    """Raise ValidationError if a line of a log is invalid for its event."""
    event = Record.model_validate(record).event
    RECORDS.get(event, Record).model_validate(record)


VALIDATION = "validation.csv"  # has ids of samples, which differ in another store
SUFFIXES = (".onnx", ".json", ".jsonl")
MAX_LOG_BYTES, MAX_LOGS_BYTES = 8 * 2**20, 32 * 2**20  # of one training, and of all
MODELS_TIMEOUT_S = 60.0  # of the checks of all models of a file; one takes 0.1 s


def list_exported_files(run: Run) -> list[Path]:
    """List the files of a training run that are exported to a project file; links are skipped."""
    motions = run.path / MOTIONS
    found = sorted([*run.path.iterdir(), *(motions.iterdir() if motions.is_dir() else ())])
    files = [path for path in found if path.is_file() and not path.is_symlink()]
    return [p for p in files if p.suffix in SUFFIXES or p == run.path / VALIDATION]


class ImportedRuns:
    """The trainings of a project file, `title`, that is being imported from the unpacked folder
    `source` by an empty folder `scratch` on the disk of the studio's own `runs`."""

    def __init__(self, source: Path, runs: Path, scratch: Path, title: str) -> None:
        self._source, self._runs, self._scratch, self._title = source, runs, scratch, title
        found = sorted(p.name for p in source.iterdir()) if source.is_dir() else []
        # names in the file → names in the studio
        self.names = {name: self._find_free_name(name) for name in found}
        self._moved: list[Path] = []

    def _find_free_name(self, name: str) -> str:
        return f"{name[:72]}-{secrets.token_hex(2)}" if (self._runs / name).exists() else name

    def check(self) -> None:
        """Check the total size of the logs and run the models in a worker. This may take a minute:
        call it before a write transaction on the store, not during one. Raises ArchiveError: logs
        that are too large together; ModelError: a model, or all together, take too long or too much
        memory."""
        if sum(log.stat().st_size for log in self._source.rglob(LOG)) > MAX_LOGS_BYTES:
            raise ArchiveError(
                words(
                    "{file}: its trainings' logs have over {most} MB: delete some trainings, then "
                    "export it again",
                    file=self._title,
                    most=MAX_LOGS_BYTES >> 20,
                )
            )
        end_s = time.monotonic() + MODELS_TIMEOUT_S
        for model in sorted(self._source.rglob(MODEL)):
            if time.monotonic() >= end_s:
                raise ModelError(
                    words(
                        "{file}: the models of its {n} trainings take over {most:g} s to check: "
                        "delete some, then export it again",
                        file=self._title,
                        n=len(self.names),
                        most=MODELS_TIMEOUT_S,
                    )
                )
            check_folder(model.parent)

    def prepare(self, project: Project, samples: Mapping[int, int]) -> None:
        """Copy the training runs to the scratch folder, validate their logs and assign them to the
        project.

        Args:
            samples: ids in the file → new ids.

        Raises:
            ArchiveError: an invalid log or table.
        """
        for old, new in self.names.items():
            shutil.copytree(self._source / old, self._scratch / new)
            where = f"{self._title}: runs/{old}"
            _rewrite_log(self._scratch / new / LOG, project, where)
            if (self._scratch / new / VALIDATION).exists():
                _replace_sample_ids(self._scratch / new / VALIDATION, samples, where)

    def move_in(self) -> None:
        """Move each training run from the scratch folder to the studio by an atomic rename."""
        self._runs.mkdir(parents=True, exist_ok=True)
        for name in self.names.values():
            (self._scratch / name).rename(self._runs / name)
            self._moved.append(self._runs / name)

    def remove(self) -> None:
        """Delete the trainings that were moved to the studio."""
        for folder in self._moved:
            shutil.rmtree(folder, ignore_errors=True)


def _rewrite_log(path: Path, project: Project, where: str) -> None:
    """Validate a run's log, assign it to the project, mark it as ended, and clear process ids."""
    if not path.is_file() or path.stat().st_size > MAX_LOG_BYTES:
        raise ArchiveError(f"{where} has no {LOG} of at most {MAX_LOG_BYTES:,} bytes")
    lines = enumerate(path.read_bytes().splitlines(), 1)
    records = [_parse_record(line, f"{where}, line {number}") for number, line in lines]
    if not records or records[0]["event"] != "start":
        raise ArchiveError(f"{where}: the log has no start event first")
    records[0] |= project_fields(project)
    if records[-1]["event"] != "end":
        records.append({"time": records[-1]["time"], "event": "end", "status": DEAD})
    rewritten = (json.dumps(record | ({"pid": 0} if "pid" in record else {})) for record in records)
    path.write_text("".join(f"{line}\n" for line in rewritten), encoding="utf-8")


def _parse_record(line: bytes, where: str) -> dict[str, Any]:
    """Parse and validate a line of a training run's log; raise ArchiveError with its location."""
    try:
        record = json.loads(line)
        check_record(record)
    except ValidationError as error:
        fault = format_first_fault(error)
        raise ArchiveError(
            words(
                "{place} of its log can't be used ({fault}): export the project anew",
                place=where,
                fault=fault,
            )
        ) from error
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{where}: {line[:60]!r} is no line of a training's log") from error
    return dict(record)


def _replace_sample_ids(path: Path, samples: Mapping[int, int], where: str) -> None:
    """Replace the sample ids in a validation table; drop rows of samples that weren't imported."""
    if path.stat().st_size > MAX_LOG_BYTES:
        raise ArchiveError(f"{where}: {path.name} has over {MAX_LOG_BYTES >> 20} MB")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = (row for row in csv.reader(file) if row)
        place = header.index("sample_id")
        new_ids = [samples.get(int(row[place])) for row in rows]
    except (ValueError, IndexError, OSError, csv.Error) as error:
        raise ArchiveError(f"{where}: {path.name} can't be read ({error})") from error
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        for row, new_id in zip(rows, new_ids, strict=True):
            if new_id is not None:
                table.writerow([*row[:place], new_id, *row[place + 1 :]])
