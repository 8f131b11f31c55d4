"""A whole project as one zip: `manifest.json`, tables as JSON lines, packs of crops, its trainings.

    manifest.json              what it is, the project, the hash of every other member
    gestures-00000.jsonl …     rows by column; persons, sessions, bursts, samples likewise
    crops-00000.bin …          JPEG files one after the other; a sample's row says where its own is
    runs/NAME/…                a training: log, model and its description, nothing else

Neither side holds more than one member in memory; how large they are says `packing`.
"""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ArchiveError, MediaError, StoreError, StoreFullError
from core.exchange.project import runs as project_runs
from core.exchange.project.lines import read_lines
from core.exchange.project.manifest import (
    ROWS,
    RUN_NAME,
    CropPlace,
    Manifest,
    ProjectRow,
    SampleRow,
    read_manifest,
    read_row,
)
from core.exchange.project.packing import MANIFEST, MAX_MANIFEST, Packer
from core.files import written_whole
from core.gestures.modelfile.gesture_model import MOTIONS
from core.jobs.trainings import TrainingManager
from core.media.archives import unpack_zip
from core.media.limits import ZIP
from core.media.pictures import check_jpeg
from core.paths import Paths
from core.store import Project, Store
from core.store.transfer import (
    PARTS,
    ImportedProject,
    ProjectSize,
    insert_project,
    measure_project,
    read_project_rows,
)
from core.training.runs import RUNNING, Run

_CROP_SIDE = 1024  # pixels; ours have 256
_MAX_LINE = 4 * 2**20  # a clip of a thousand frames
_RUN_FILE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\.(onnx|json|jsonl)"
_NAMES = re.compile(
    rf"manifest\.json|({'|'.join(PARTS)})-\d{{5}}\.jsonl|crops-\d{{5}}\.bin|"
    rf"runs/{RUN_NAME}/(({MOTIONS}/)?{_RUN_FILE}|{project_runs.VALIDATION})"
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Transferred:
    """What went out or came in.

    Attributes:
        project: its name; on the way in the one it got here.
        counts: rows of each kind, crops and runs.
        bytes: of the zip.
    """

    project: str
    counts: dict[str, int]
    bytes: int

    @property
    def text(self) -> str:
        """One sentence for people."""
        words = {"bursts": "recordings", "crops": "pictures", "runs": "trainings"}
        found = [(n, words.get(what, what)) for what, n in self.counts.items() if n]
        told = ", ".join(f"{n:,} {what if n != 1 else what.removesuffix('s')}" for n, what in found)
        return f"“{self.project}”: {told} ({self.bytes / 2**20:.1f} MB)"


# ------------------------------------------------------------------------------------------- out


def export_project(
    store: Store,
    paths: Paths,
    name: str,
    out: Path,
    *,
    with_bin: bool = False,
    with_pictures: bool = True,
    progress: Progress = lambda done, total: None,
) -> Transferred:
    """Write the project to a zip, by one rename at the end.

    Args:
        with_bin: what lies in the bin goes along; else it stays here.
        with_pictures: the samples' crops go along.
        progress: told samples written, and all.

    Raises:
        NotFoundError: no such project.
        StoreError: it would be larger than a project file may be, or the file can't be written.
    """
    project = store.project(name)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            written_whole(out) as part,
            zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            packer = Packer(archive)
            made_at = _pack_tables(packer, store, project, with_bin, with_pictures, progress)
            runs = _pack_runs(packer, TrainingManager(store, paths).runs(project))
            about = ProjectRow(
                name=project.name,
                keypoints_only=project.keypoints_only,
                created_at=made_at,
                active_model=project.active_model if project.active_model in runs else None,
                skeleton=project.skeleton,
                in_space=project.in_space,
            )
            packer.finish(about, with_bin, with_pictures)
        return Transferred(project.name, packer.counts, out.stat().st_size)
    except OSError as error:
        raise StoreError(f"{out} can't be written: {error.strerror or error}") from error


def _pack_tables(
    packer: Packer,
    store: Store,
    project: Project,
    with_bin: bool,
    with_pictures: bool,
    progress: Progress,
) -> str:
    """The project's rows in one state of the store; when the project was made."""
    with store.begin_read() as connection:
        size = measure_project(connection, project.id, with_bin=with_bin)
        samples = size.samples
        _check_space(project.name, size if with_pictures else size._replace(crop_bytes=0))
        for table in PARTS:
            rows = read_project_rows(connection, project.id, table, with_bin=with_bin)
            _pack_rows(packer, table, rows, with_pictures, samples, progress)
        return project.created_at


def _pack_runs(packer: Packer, runs: list[Run]) -> list[str]:
    """The trainings that have ended; their names."""
    ended = [run for run in runs if run.status() != RUNNING]
    for run in ended:
        for file in project_runs.files_of(run):
            name = file.relative_to(run.path).as_posix()
            packer.add(f"runs/{run.name}/{name}", file.read_bytes())
    packer.counts["runs"] = len(ended)
    return [run.name for run in ended]


def _check_space(name: str, size: ProjectSize) -> None:
    if size.bytes > ZIP.max_total_bytes:
        raise StoreError(
            f"“{name}” with {size.samples:,} samples would take about {size.bytes / 2**20:,.0f} "
            f"MB, a project file at most {ZIP.max_total_bytes >> 20}: leave the pictures out, "
            "or copy the workspace folder"
        )


def _pack_rows(
    packer: Packer,
    table: str,
    rows: Iterator[dict[str, Any]],
    with_pictures: bool,
    samples: int,
    progress: Progress,
) -> None:
    known = set(ROWS[table].model_fields)
    packer.counts[table] = 0
    for row in rows:
        if table == "samples":
            jpegs = row["jpegs"] if with_pictures else {}
            row["crops"] = [packer.add_crop(jpeg) | {"frame": f} for f, jpeg in jpegs.items()]
        packer.add_line(table, {key: value for key, value in row.items() if key in known})
        packer.counts[table] += 1
        if table == "samples" and packer.counts[table] % 500 == 0:
            progress(packer.counts[table], samples)
    packer.flush(table)
    if table == "samples":
        packer.flush("crops")
        progress(samples, samples)


# -------------------------------------------------------------------------------------------- in


def import_project(
    store: Store,
    paths: Paths,
    path: Path,
    *,
    progress: Progress = lambda done, total: None,
) -> Transferred:
    """Import a project file: all of it, or nothing and the reason.

    A name that is taken gets " 2"; a training whose name is taken gets another.

    Raises:
        ArchiveError: it can't be trusted, is none, or its rows don't fit together.
        StoreFullError: the disk is full.
        StoreError: the workspace can't be written.
    """
    if not path.is_file():
        raise ArchiveError(f"{path} does not exist: give a project file")
    with unpack_zip(path, allowed=_NAMES) as folder:
        manifest = _checked(folder, path.name)
        reader = _Reader(folder, manifest, path.name, progress)
        try:
            reader.check()
            paths.workspace.mkdir(parents=True, exist_ok=True)  # none yet for a new owner
            with tempfile.TemporaryDirectory(prefix="incoming-", dir=paths.workspace) as scratch:
                runs = project_runs.ImportedRuns(
                    folder / "runs", paths.runs, Path(scratch), path.name
                )
                imported = _import(store, manifest, reader, runs)
        except StoreFullError:
            raise
        except (StoreError, MediaError) as error:
            raise ArchiveError(f"{path.name} can't be imported: {error}") from error
        except OSError as error:
            raise StoreError(
                f"the workspace can't be written: {error.strerror or error}"
            ) from error
    project = imported.project
    title = f"Imported the project “{project.name}”"
    store.record_additions(project.id, title, {"projects": [project.id]})
    counts = {part: len(imported.ids[part]) for part in PARTS}
    counts |= {"crops": reader.crops, "runs": len(runs.names)}
    return Transferred(project.name, counts, path.stat().st_size)


def _import(
    store: Store, manifest: Manifest, reader: "_Reader", runs: project_runs.ImportedRuns
) -> ImportedProject:
    """One transaction; the trainings' folders move in at its very end, and out if it fails."""
    about = manifest.project.model_dump()
    about["active_model"] = runs.names.get(about["active_model"])
    try:
        with store.begin_write() as connection:
            imported = insert_project(connection, about, store.owner, reader.rows)
            runs.prepare(imported.project, imported.ids["samples"])
            runs.move_in()
    except BaseException:
        runs.take_back()
        raise
    return imported


def _checked(folder: Path, name: str) -> Manifest:
    """The manifest, once every member is there and is what it says.

    Raises:
        ArchiveError: otherwise.
    """
    path = folder / MANIFEST
    if not path.is_file() or path.stat().st_size > MAX_MANIFEST:
        raise ArchiveError(f"{name} holds no {MANIFEST} of a project: export the project anew")
    manifest = read_manifest(path.read_bytes(), name)
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    told = [member.name for member in manifest.members]
    if len(set(told)) != len(told) or {*told, MANIFEST} != there:
        odd = sorted({*told, MANIFEST} ^ there)[:3]
        raise ArchiveError(f"{name}: its manifest and its files differ ({', '.join(odd)})")
    for member in manifest.members:
        with (folder / member.name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != member.sha256:
                raise ArchiveError(f"{name}: {member.name} was altered: export the project anew")
    return manifest


class _Reader:
    """Reads the rows of an unpacked project file, checking each."""

    def __init__(self, folder: Path, manifest: Manifest, name: str, progress: Progress) -> None:
        self.crops = 0
        self._folder, self._manifest, self._name = folder, manifest, name
        self._progress = progress

    def check(self) -> None:
        """Look at every row and crop, so that importing them is quick and sure.

        Raises:
            ArchiveError: a row that can't be one.
            MediaError: a crop that is no small JPEG.
        """
        for part in PARTS:
            last, count, total = -1, 0, self._manifest.counts.get(part, 0)
            for where, line in self._lines(part):
                row = read_row(part, line, where, self._manifest.project.skeleton)
                if row.id <= last:
                    raise ArchiveError(f"{where}: id {row.id} comes after {last}")
                last, count = row.id, count + 1
                for place in row.crop_places if isinstance(row, SampleRow) else ():
                    self._check_crop(place, where)
                if part == "samples" and count % 500 == 0:
                    self._progress(count, max(total, count))
            if count != total:
                raise ArchiveError(
                    f"{self._name} holds {count:,} {part}, its manifest says {total:,}"
                )

    def rows(self, part: str) -> Iterator[dict[str, Any]]:
        """The checked rows of one of PARTS by id; samples with their crops as `jpegs`."""
        for _, line in self._lines(part):
            checked = ROWS[part].model_validate_json(line)
            row = dict(checked)
            if isinstance(checked, SampleRow):
                row["jpegs"] = {place.frame: self._crop(place) for place in checked.crop_places}
            yield row

    def _lines(self, part: str) -> Iterator[tuple[str, bytes]]:
        """Each line of a part, and what to call it."""
        for path in sorted(self._folder.glob(f"{part}-*.jsonl")):
            for number, line in enumerate(read_lines(path, _MAX_LINE), 1):
                yield f"{self._name}: {path.name}, line {number}", line

    def _check_crop(self, place: CropPlace, where: str) -> None:
        if self._manifest.project.keypoints_only:
            raise ArchiveError(f"{where}: a picture in a project that keeps keypoints only")
        pack = self._folder / place.pack
        if not pack.is_file() or place.begin + place.bytes > pack.stat().st_size:
            raise ArchiveError(f"{where}: {place.pack} has no bytes {place.begin} and on")
        check_jpeg(self._crop(place), _CROP_SIDE, f"{where}: the crop")
        self.crops += 1

    def _crop(self, place: CropPlace) -> bytes:
        with (self._folder / place.pack).open("rb") as file:
            file.seek(place.begin)
            return file.read(place.bytes)
