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
from typing import Any

from pydantic import ValidationError

from core.errors import ArchiveError, ModelError
from core.exchange.project.run_records import check_record
from core.gestures.modelfile.bundle import check_folder
from core.gestures.modelfile.gesture_model import MODEL, MOTIONS
from core.jobs.owners import project_fields
from core.media.json_objects import first_fault
from core.store.rows import Project
from core.training.runs import DEAD, LOG, Run

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
    """The trainings of a project file that is being imported.

    Args:
        source: the unpacked folder with a folder of each training.
        runs: the studio's folder of trainings.
        scratch: an empty folder on the same disk as `runs`.
        title: the file's name for errors.

    Attributes:
        names: names in the file → names in the studio.
    """

    def __init__(self, source: Path, runs: Path, scratch: Path, title: str) -> None:
        self._source, self._runs, self._scratch, self._title = source, runs, scratch, title
        found = sorted(p.name for p in source.iterdir()) if source.is_dir() else []
        self.names = {name: self._find_free_name(name) for name in found}
        self._moved: list[Path] = []

    def _find_free_name(self, name: str) -> str:
        return f"{name[:72]}-{secrets.token_hex(2)}" if (self._runs / name).exists() else name

    def check(self) -> None:
        """Check the total size of the logs and run the models in a worker. This may take a minute:
        call it before a write transaction on the store, not during one.

        Raises:
            ArchiveError: logs that are too large together.
            ModelError: a model, or all together, take too long or too much memory.
        """
        if sum(log.stat().st_size for log in self._source.rglob(LOG)) > MAX_LOGS_BYTES:
            raise ArchiveError(
                f"{self._title}: its trainings' logs have over {MAX_LOGS_BYTES >> 20} MB: delete "
                "some trainings, then export it again"
            )
        end_s = time.monotonic() + MODELS_TIMEOUT_S
        for model in sorted(self._source.rglob(MODEL)):
            if time.monotonic() >= end_s:
                raise ModelError(
                    f"{self._title}: the models of its {len(self.names)} trainings take over "
                    f"{MODELS_TIMEOUT_S:g} s to check: delete some, then export it again"
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
        fault = first_fault(error)
        raise ArchiveError(
            f"{where} of its log can't be used ({fault}): export the project anew"
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
