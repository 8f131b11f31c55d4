"""A whole project as one zip: `manifest.json`, tables as JSON lines, packs of crops, its trainings.

    manifest.json              version, project, the hash of every other member
    gestures-00000.jsonl …     rows by column; persons, sessions, bursts, samples,
                               rules likewise
    crops-00000.bin …          JPEG files one after the other; a sample's row has their places
    runs/NAME/…                a training: log, model and its description, nothing else

Writing and reading hold at most one member in memory, see `packing`.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ArchiveError, MediaError, StoreError, StoreFullError
from core.exchange.project.manifest import (
    ROWS,
    RUN_NAME,
    CropPlace,
    Manifest,
    ProjectRow,
    SampleRow,
    parse_manifest,
    parse_row,
)
from core.exchange.project.packing import MANIFEST, MAX_MANIFEST_BYTES, Packer
from core.exchange.project.runs import VALIDATION, ImportedRuns, list_exported_files
from core.files import open_output, sha256_of
from core.gestures.modelfile.gesture_model import MOTIONS
from core.jobs.trainings import TrainingManager
from core.media.archives import unpack_zip
from core.media.limits import ZIP
from core.media.pictures import check_jpeg
from core.paths import Paths
from core.progress import Progress, ignore_progress
from core.store import Project, Store
from core.store.deleting import PARTS
from core.store.rules import MAX_RULES
from core.store.transfer import ImportedProject, insert_project, measure_project, read_project_rows
from core.training.runs import RUNNING
from core.words import count_words, join_words, words

_MAX_CROP_SIDE_PX = 1024  # ours have 256
_MAX_LINE_BYTES = 4 * 2**20  # a clip of a thousand frames
_PROGRESS_STEP = 500  # samples
_RUN_FILE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\.(onnx|json|jsonl)"
_NAMES = re.compile(
    rf"manifest\.json|({'|'.join(PARTS)})-\d{{5}}\.jsonl|crops-\d{{5}}\.bin|"
    rf"runs/{RUN_NAME}/(({MOTIONS}/)?{_RUN_FILE}|{VALIDATION})"
)


@dataclass(frozen=True)
class ProjectTransfer:
    """An exported or imported project: its name in this studio, the numbers of rows, crops and
    trainings, and the size of the zip in bytes."""

    project: str
    counts: dict[str, int]
    bytes: int

    @property
    def text(self) -> str:
        """Return the project's name, counts and size as one sentence for the user."""
        return words(
            "“{project}”: {counts} ({size:.1f} MB)",
            project=self.project,
            counts=join_words(_count_part(part, n) for part, n in self.counts.items() if n),
            size=self.bytes / 2**20,
        )


def _count_part(part: str, n: int) -> str:
    """Return the number of rows, crops or trainings with their name for people."""
    return {
        "gestures": count_words(n, "{n:,} gesture", "{n:,} gestures"),
        "persons": count_words(n, "{n:,} person", "{n:,} persons"),
        "sessions": count_words(n, "{n:,} session", "{n:,} sessions"),
        "bursts": count_words(n, "{n:,} recording", "{n:,} recordings"),
        "samples": count_words(n, "{n:,} sample", "{n:,} samples"),
        "rules": count_words(n, "{n:,} action", "{n:,} actions"),
        "crops": count_words(n, "{n:,} picture", "{n:,} pictures"),
        "runs": count_words(n, "{n:,} training", "{n:,} trainings"),
    }[part]


def export_project(
    store: Store,
    paths: Paths,
    name: str,
    out: Path,
    *,
    with_bin: bool = False,
    with_pictures: bool = True,
    progress: Progress = ignore_progress,
) -> ProjectTransfer:
    """Export a project with its training runs to a zip, optionally with its bin and its crops.
    Raises NotFoundError: no such project; StoreError: it is too large for a project file, or the
    file can't be written."""
    project = store.project(name)
    with (
        open_output(out, StoreError) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        packer = Packer(archive)
        _pack_tables(packer, store, project, with_bin, with_pictures, progress)
        runs = _pack_runs(packer, TrainingManager(store, paths), project)
        columns = {name: getattr(project, name) for name in ProjectRow.model_fields}
        if project.active_model not in runs:
            columns["active_model"] = None
        packer.write_manifest(ProjectRow(**columns), with_bin, with_pictures)
    return ProjectTransfer(project.name, dict(packer.counts), out.stat().st_size)


def _pack_tables(
    packer: Packer,
    store: Store,
    project: Project,
    with_bin: bool,
    with_pictures: bool,
    progress: Progress,
) -> None:
    """Pack the project's rows and crops from one snapshot of the store; raise StoreError if they
    are too large for a project file."""
    with store.begin_read() as connection:
        size = measure_project(connection, project.id, with_bin=with_bin)
        needed = size.bytes if with_pictures else size.bytes - size.crop_bytes
        if needed > ZIP.max_total_bytes:
            raise StoreError(
                words(
                    "“{project}” with {samples:,} samples would take about {needed:,.0f} MB, a "
                    "project file at most {most}: leave the pictures out, or copy the workspace "
                    "folder",
                    project=project.name,
                    samples=size.samples,
                    needed=needed / 2**20,
                    most=ZIP.max_total_bytes >> 20,
                )
            )
        for table in PARTS:
            known = set(ROWS[table].model_fields)
            packer.counts[table] = 0
            for row in read_project_rows(connection, project.id, table, with_bin=with_bin):
                jpegs = row.get("jpegs", {}) if with_pictures else {}
                if table == "samples":
                    row["crops"] = [
                        packer.add_crop(jpeg) | {"frame": f} for f, jpeg in jpegs.items()
                    ]
                    if packer.counts[table] % _PROGRESS_STEP == 0:
                        progress(packer.counts[table], size.samples)
                packer.add_row(table, {key: value for key, value in row.items() if key in known})
            packer.flush(table)
        packer.flush("crops")
        progress(size.samples, size.samples)


def _pack_runs(packer: Packer, trainings: TrainingManager, project: Project) -> list[str]:
    """Pack the files of the project's training runs that have ended; return the runs' names."""
    finished = [run for run in trainings.runs(project) if run.status() != RUNNING]
    for run in finished:
        for file in list_exported_files(run):
            name = file.relative_to(run.path).as_posix()
            packer.add_member(f"runs/{run.name}/{name}", file.read_bytes())
    packer.counts["runs"] = len(finished)
    return [run.name for run in finished]


def import_project(
    store: Store, paths: Paths, path: Path, *, progress: Progress = ignore_progress
) -> ProjectTransfer:
    """Import a project file, all or nothing, as a new project with its training runs; if the name
    is taken, append " 2". Raises ArchiveError: it is not a project file, was altered, or its rows
    don't fit together; StoreFullError: the disk is full; StoreError: the workspace
    can't be written."""
    if not path.is_file():
        raise ArchiveError(f"{path} does not exist: give a project file")
    with unpack_zip(path, allowed=_NAMES) as folder:
        reader = _ProjectReader(folder, _check_members(folder, path.name), path.name)
        try:
            reader.check_rows(progress)
            paths.workspace.mkdir(parents=True, exist_ok=True)  # missing for a new owner
            with tempfile.TemporaryDirectory(prefix="incoming-", dir=paths.workspace) as scratch:
                runs = ImportedRuns(folder / "runs", paths.runs, Path(scratch), path.name)
                runs.check()
                imported = _insert_project(store, reader, runs)
        except StoreFullError:
            raise
        except (StoreError, MediaError) as error:
            raise ArchiveError(
                words("{file} can't be imported: {error}", file=path.name, error=error.text)
            ) from error
        except OSError as error:
            raise StoreError(
                words(
                    "the workspace can't be written: {reason}", reason=error.strerror or str(error)
                )
            ) from error
    project = imported.project
    title = f"Imported the project “{project.name}”"
    store.record_additions(project.id, title, {"projects": [project.id]})
    counts = {part: len(imported.ids[part]) for part in PARTS}
    counts |= {"crops": reader.crops, "runs": len(runs.names)}
    return ProjectTransfer(project.name, counts, path.stat().st_size)


def _insert_project(store: Store, reader: "_ProjectReader", runs: ImportedRuns) -> ImportedProject:
    """Insert the project's rows and move its training runs' folders in; on error, do neither."""
    columns = reader.manifest.project.model_dump()
    columns["active_model"] = runs.names.get(columns["active_model"])
    try:
        with store.begin_write() as connection:
            imported = insert_project(connection, columns, store.owner, reader.read_rows)
            runs.prepare(imported.project, imported.ids["samples"])
            runs.move_in()
    except BaseException:
        runs.remove()
        raise
    return imported


def _check_members(folder: Path, name: str) -> Manifest:
    """Read the manifest; raise ArchiveError unless its files and hashes match the unpacked ones."""
    path = folder / MANIFEST
    if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
        raise ArchiveError(
            words(
                "{file} holds no {manifest} of a project: export the project anew",
                file=name,
                manifest=MANIFEST,
            )
        )
    manifest = parse_manifest(path.read_bytes(), name)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    listed = [member.name for member in manifest.members]
    if len(set(listed)) != len(listed) or {*listed, MANIFEST} != found:
        different = sorted({*listed, MANIFEST} ^ found)[:3]
        raise ArchiveError(
            words(
                "{file}: its manifest and its files differ ({members})",
                file=name,
                members=", ".join(different),
            )
        )
    for member in manifest.members:
        if sha256_of(folder / member.name) != member.sha256:
            raise ArchiveError(
                words(
                    "{file}: {member} was altered: export the project anew",
                    file=name,
                    member=member.name,
                )
            )
    return manifest


class _ProjectReader:
    """Reads and checks the rows of an unpacked project file; `crops` is how many it checked."""

    def __init__(self, folder: Path, manifest: Manifest, name: str) -> None:
        self.manifest, self.crops = manifest, 0
        self._folder, self._name = folder, name

    def check_rows(self, progress: Progress) -> None:
        """Validate every row and crop, ascending ids and the manifest's counts, so that inserting
        can't fail later; raise ArchiveError for an invalid row, MediaError if a crop isn't a small
        JPEG."""
        for part in PARTS:
            last_id, count, total = -1, 0, self.manifest.counts.get(part, 0)
            for where, line in self._read_lines(part):
                row = parse_row(part, line, where, self.manifest.project.skeleton)
                if row.id <= last_id:
                    raise ArchiveError(f"{where}: id {row.id} comes after {last_id}")
                last_id, count = row.id, count + 1
                for place in row.crop_places if isinstance(row, SampleRow) else ():
                    self._check_crop(place, where)
                if part == "samples" and count % _PROGRESS_STEP == 0:
                    progress(count, max(total, count))
            if part == "rules" and count > MAX_RULES:
                raise ArchiveError(f"{self._name} holds {count:,} actions, at most {MAX_RULES}")
            if count != total:
                raise ArchiveError(
                    words(
                        "{file} holds {count:,} {part}, its manifest lists {total:,}",
                        file=self._name,
                        count=count,
                        part=part,
                        total=total,
                    )
                )

    def read_rows(self, part: str) -> Iterator[dict[str, Any]]:
        """Yield the checked rows of a table; samples have crops as `jpegs`, {frame: JPEG}."""
        for _, line in self._read_lines(part):
            checked = ROWS[part].model_validate_json(line)
            row = dict(checked)
            if isinstance(checked, SampleRow):
                row["jpegs"] = {p.frame: self._read_crop(p) for p in checked.crop_places}
            yield row

    def _read_lines(self, part: str) -> Iterator[tuple[str, bytes]]:
        """Yield (location for errors, line) of all files of a table; lines longer than
        _MAX_LINE_BYTES are split into pieces."""
        for path in sorted(self._folder.glob(f"{part}-*.jsonl")):
            with path.open("rb") as file:
                lines = iter(lambda: file.readline(_MAX_LINE_BYTES), b"")
                for number, line in enumerate(lines, 1):
                    yield f"{self._name}: {path.name}, line {number}", line

    def _check_crop(self, place: CropPlace, where: str) -> None:
        """Check that the position has a small JPEG and the project stores pictures, and count it;
        raise ArchiveError or MediaError."""
        if self.manifest.project.keypoints_only:
            raise ArchiveError(f"{where}: a picture in a project that keeps keypoints only")
        pack = self._folder / place.pack
        if not pack.is_file() or place.begin + place.bytes > pack.stat().st_size:
            raise ArchiveError(f"{where}: {place.pack} has no bytes {place.begin} and on")
        check_jpeg(self._read_crop(place), _MAX_CROP_SIDE_PX, f"{where}: the crop")
        self.crops += 1

    def _read_crop(self, place: CropPlace) -> bytes:
        with (self._folder / place.pack).open("rb") as file:
            file.seek(place.begin)
            return file.read(place.bytes)
