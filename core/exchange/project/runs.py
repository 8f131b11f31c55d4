"""Trainings that travel in a project file: which files go along, and how they settle elsewhere.

An untrusted log is read line by line and written anew; a model is run in a worker first.
"""

import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from core.errors import ArchiveError
from core.exchange.project.run_records import check_record
from core.gestures.modelfile.bundle import check_folder
from core.gestures.modelfile.gesture_model import MODEL, MOTIONS
from core.jobs.owners import project_fields
from core.media.json_objects import first_fault
from core.store.rows import Project
from core.training.runs import DEAD, LOG, Run

VALIDATION = "validation.csv"  # names samples by their id, which is another elsewhere
SUFFIXES = (".onnx", ".json", ".jsonl")
MAX_LOG = 8 * 2**20


def files_of(run: Run) -> list[Path]:
    """The files of a training that go along, and of its model of moving gestures."""
    beside = run.path / MOTIONS
    found = sorted([*run.path.iterdir(), *(beside.iterdir() if beside.is_dir() else ())])
    files = [path for path in found if path.is_file() and not path.is_symlink()]
    return [p for p in files if p.suffix in SUFFIXES or p == run.path / VALIDATION]


class ImportedRuns:
    """The trainings of a file that is being imported.

    Args:
        source: the unpacked folder that holds a folder for each.
        runs: where trainings live here.
        scratch: an empty folder on the same disk as `runs`, for preparing them.
        title: what to call the file in errors.

    Attributes:
        names: their names in the file → their names here.
    """

    def __init__(self, source: Path, runs: Path, scratch: Path, title: str) -> None:
        self._source, self._runs, self._scratch, self._title = source, runs, scratch, title
        found = sorted(p.name for p in source.iterdir()) if source.is_dir() else []
        self.names = {name: self._free(name) for name in found}
        self._moved: list[Path] = []

    def _free(self, name: str) -> str:
        return f"{name[:72]}-{secrets.token_hex(2)}" if (self._runs / name).exists() else name

    def prepare(self, project: Project, samples: Mapping[int, int]) -> None:
        """Make them ready: theirs is that project, samples have these new ids.

        Raises:
            ArchiveError: a log or table that can't be one.
            ModelError: a model that takes too long or too much memory.
        """
        for old, new in self.names.items():
            shutil.copytree(self._source / old, self._scratch / new)
            where = f"{self._title}: runs/{old}"
            for model in (self._scratch / new).rglob(MODEL):
                check_folder(model.parent)
            _settle_log(self._scratch / new / LOG, project, where)
            if (self._scratch / new / VALIDATION).exists():
                _settle_validation(self._scratch / new / VALIDATION, samples, where)

    def move_in(self) -> None:
        """Each by one rename."""
        self._runs.mkdir(parents=True, exist_ok=True)
        for name in self.names.values():
            (self._scratch / name).rename(self._runs / name)
            self._moved.append(self._runs / name)

    def take_back(self) -> None:
        """Delete those that have moved in."""
        for folder in self._moved:
            shutil.rmtree(folder, ignore_errors=True)


def _settle_log(path: Path, project: Project, where: str) -> None:
    """Write the log anew: it belongs to the project, and no process works on it."""
    if not path.is_file() or path.stat().st_size > MAX_LOG:
        raise ArchiveError(f"{where} has no {LOG} of at most {MAX_LOG:,} bytes")
    lines = enumerate(path.read_bytes().splitlines(), 1)
    records = [_record(line, f"{where}, line {number}") for number, line in lines]
    if not records or records[0]["event"] != "start":
        raise ArchiveError(f"{where}: the log begins with no start")
    records[0] |= project_fields(project)
    if records[-1]["event"] != "end":
        records.append({"time": records[-1]["time"], "event": "end", "status": DEAD})
    settled = (json.dumps(record | ({"pid": 0} if "pid" in record else {})) for record in records)
    path.write_text("".join(f"{line}\n" for line in settled), encoding="utf-8")


def _record(line: bytes, where: str) -> dict[str, Any]:
    """A line of a log with what every reader counts on; see `run_records`."""
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


def _settle_validation(path: Path, samples: Mapping[int, int], where: str) -> None:
    """The table with the samples' new ids; rows of samples that did not come are left out."""
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows["sample_id"] = pd.to_numeric(rows["sample_id"]).map(samples)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise ArchiveError(f"{where}: {path.name} can't be read ({error})") from error
    rows = rows.dropna(subset="sample_id").astype({"sample_id": "int64"})
    rows.to_csv(path, index=False)
