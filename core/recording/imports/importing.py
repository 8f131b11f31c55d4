"""Import samples: a folder per class, a zip of such folders, or a keypoint table.

Files that the project already has are skipped. Files that can't be used are reported with the
reason, and the rest is imported.
"""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import KindError, LabelError, MediaError, MudraError, TableError
from core.files import printable
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import MAX_NAME, format_count, safe_name
from core.media.archives import unpack_zip
from core.media.videos import VIDEO_SUFFIXES
from core.parallel import LOCAL, check_place, spread
from core.pose.skeletons.table import skeleton_named
from core.recording.imports.picture_files import (
    LabelledPicture,
    MakeEstimator,
    labelled_pictures,
    samples_or_reasons,
)
from core.recording.imports.tables import TABLE_SUFFIXES, KeypointTable, read_table
from core.store import NewSample, Project, Store
from core.store.database.checks import check_frame_counts
from core.store.rows import MOVING, STILL
from core.store.transfer import find_or_create_project

LAYOUTS = ("auto", "folders", "keypoints-csv", "seed-csv", "point-history")
_UNSTORED_S = 1.0  # of work at most, which is lost to a kill

Progress = Callable[[int, int], None]


@dataclass
class ImportReport:
    """Result of an import.

    Attributes:
        added: samples added.
        already: pictures or rows that the project already had.
        refused: (file, reason).
        new_gestures: names of gestures created by the import.
        new: ids of new rows, by database table.
        remark: a remark on the table for the user, or "".
    """

    added: int = 0
    already: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    new_gestures: list[str] = field(default_factory=list)
    new: dict[str, list[int]] = field(default_factory=dict)
    remark: str = ""

    def note(self, table: str, ids: Sequence[int]) -> None:
        """Add ids of new rows of a database table."""
        self.new.setdefault(table, []).extend(ids)

    @property
    def text(self) -> str:
        """One sentence for people."""
        parts = [f"{self.added} added"]
        if self.already:
            parts.append(f"{self.already} there already, not added again")
        if self.refused:
            parts.append(f"{len(self.refused)} refused")
        if self.new_gestures:
            parts.append(f"new gestures: {', '.join(self.new_gestures)}")
        if self.remark:
            parts.append(f"the table {self.remark}")
        return "; ".join(parts)


def import_path(
    store: Store,
    target: str | Project,
    path: Path,
    *,
    estimator_factory: MakeEstimator | None = None,
    person: str | None = None,
    layout: str = "auto",
    mapping: Mapping[str, str] | None = None,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a table's rows, or the hands in the pictures and videos of a folder or zip, into a
    project, which is created if needed.

    Args:
        estimator_factory: called for pictures alone; a function of a module, or a `partial` of one,
            where other processes work.
        workers, on: where hands are looked for, see `spread`; the store is written here.

    Raises:
        MudraError: nothing at the path that can be imported.
    """
    path = path.absolute()  # other machines have other working folders
    check_place(on, path)
    progress = progress or (lambda done, total: None)
    if path.suffix.lower() in TABLE_SUFFIXES and layout != "folders":
        table = read_table(path, layout, mapping)
        with find_or_create_project(store, target, table.skeleton) as (project, fresh):
            with _report_with_history(store, project, path.name, fresh) as report:
                _import_table(store, project, table, path.name, person, progress, report)
            return report
    if layout not in ("auto", "folders"):
        raise TableError(f"{path.name} is no csv or parquet table, which “{layout}” reads")
    with opened_folder(path) as folder:
        name = path.stem if folder != path else ""
        pictures = labelled_pictures(folder, mapping, name=name, videos=True)
        if estimator_factory is None:
            raise MediaError(f"{path.name} holds pictures, but no estimator was given")
        with estimator_factory() as estimator:
            skeleton = estimator.skeleton
        with find_or_create_project(store, target, skeleton) as (project, fresh):
            with _report_with_history(store, project, path.name, fresh) as report:
                import_pictures(
                    store,
                    project,
                    pictures,
                    estimator_factory,
                    person or UNKNOWN_PERSON,
                    path.name,
                    report,
                    workers=workers,
                    on=on,
                    progress=progress,
                )
            return report


@contextmanager
def _report_with_history(
    store: Store, project: Project, name: str, fresh: bool
) -> Iterator[ImportReport]:
    """Yield a report; on exit, and also after an error, record it in the history for Undo."""
    report = ImportReport()
    try:
        yield report
    except BaseException:
        with suppress(MudraError):  # the first error is the one to show
            if report.added:
                note_import(store, project, name, report, fresh=fresh)
        raise
    note_import(store, project, name, report, fresh=fresh)


def note_import(
    store: Store, project: Project, name: str, report: ImportReport, *, fresh: bool
) -> None:
    """Into the project's history, to be undone; a project made by the import goes as a whole."""
    title = f"Imported {format_count(report.added, 'sample')} from {printable(name)}"
    store.record_additions(project.id, title, {"projects": [project.id]} if fresh else report.new)


@contextmanager
def opened_folder(path: Path) -> Iterator[Path]:
    """The folder itself, or a zip's content in a temporary one.

    Raises:
        MediaError: neither.
        ArchiveError: a zip that can't be trusted.
    """
    if path.is_dir():
        yield path
    elif path.suffix.lower() == ".zip" and path.is_file():
        with unpack_zip(path) as folder:
            yield folder
    else:
        there = path.exists()
        what = f"{path.name} is no folder, zip or table" if there else f"{path} does not exist"
        raise MediaError(f"{what}: give a folder per class, a zip of one, or a csv")


def import_pictures(
    store: Store,
    project: Project,
    pictures: Sequence[LabelledPicture],
    estimator_factory: MakeEstimator,
    person: str,
    source: str,
    report: ImportReport,
    *,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress,
) -> None:
    """Store the hands found in pictures, and in five frames a second of videos; update the report
    with each file."""
    homes = _ImportTargets(store, project, source, report)
    known = store.stored_file_hashes(project.id)
    waiting: dict[int, list[NewSample]] = {}
    work = partial(samples_or_reasons, estimator_factory, known, not project.keypoints_only)
    stored_s = time.monotonic()
    with spread(work, pictures, workers=workers, on=on) as each:
        for number, (picture, found) in enumerate(zip(pictures, each, strict=True), 1):
            try:
                if isinstance(found, str):
                    report.refused.append((str(picture), found))
                elif not found or found[0].file_hash in known:
                    report.already += 1
                else:
                    video = picture.path.suffix.lower() in VIDEO_SUFFIXES
                    gesture = picture.gesture or picture.folder
                    recording = homes.recording(person, gesture, new=video)
                    waiting.setdefault(recording, []).extend(found)
                    known.add(found[0].file_hash or "")
            except (LabelError, KindError) as error:  # what its folder means takes no pictures
                report.refused.append((str(picture), str(error)))
            if time.monotonic() - stored_s > _UNSTORED_S or number == len(pictures):
                _store_waiting(store, waiting, report)
                stored_s = time.monotonic()
            progress(number, len(pictures))


def _store_waiting(store: Store, waiting: dict[int, list[NewSample]], report: ImportReport) -> None:
    for recording, new in waiting.items():
        report.note("samples", store.add_samples(recording, new))
        report.added += len(new)
    waiting.clear()


def _import_table(
    store: Store,
    project: Project,
    table: KeypointTable,
    source: str,
    person: str | None,
    progress: Progress,
    report: ImportReport,
) -> None:
    """Import a table: consecutive rows of one person and gesture form one recording.

    A row is known by the table's sha256 and its keypoints: neither mapping nor person change these.

    Raises:
        TableError: a gesture's or person's name can't be one; nothing was added.
        KindError: clips of a still gesture, or single frames of a moving one; nothing was added.
        SkeletonError: rows of another skeleton than the project's; nothing was added.
    """
    skeleton_named(project.skeleton).check(table.keypoints.shape[-2], f"{source}'s rows")
    report.remark = table.remark
    homes = _ImportTargets(store, project, source, report, MOVING if table.moving else STILL)
    there = store.stored_table_keypoints(project.id, table.sha256)
    persons = np.where(table.persons == "", person or UNKNOWN_PERSON, table.persons)
    _check_names(source, {*persons.tolist(), *table.gestures.tolist()})
    for name in np.unique(table.gestures).tolist():
        homes.check_kind(name)
    parts = (persons, table.gestures, *(() if table.recordings is None else (table.recordings,)))
    changes = np.any([part[1:] != part[:-1] for part in parts], axis=0)
    edges = [0, *(np.flatnonzero(changes) + 1), len(table)]
    for begin, end in itertools.pairwise(edges):
        new = []
        for row in range(begin, end):
            blob = table.keypoints[row].astype("<f4").tobytes()
            if there[blob]:
                there[blob] -= 1  # rows that are the same count each
                report.already += 1
            else:
                new.append(_row_sample(table, row, source))
        if new:
            whose = str(persons[begin]), str(table.gestures[begin])
            recording = homes.recording(*whose, new=table.moving)
            report.note("samples", store.add_samples(recording, new))
            report.added += len(new)
        progress(int(end), len(table))


def _check_names(source: str, names: set[str]) -> None:
    for name in names:
        try:
            safe_name(_shorten_name(name))
        except LabelError as error:
            raise TableError(f"{source}: {error} ({name[:MAX_NAME]!r})") from error


def _shorten_name(name: str) -> str:
    """Shorten a long name to MAX_NAME characters; a hash at its end keeps it unique."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 7]}~{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _row_sample(table: KeypointTable, row: int, source: str) -> NewSample:
    keypoints = table.keypoints[row]
    world = None if table.world is None else table.world[row]
    return NewSample(
        keypoints=keypoints,
        scores=np.isfinite(keypoints).all(axis=-1).astype(np.float32),
        times_s=table.times_s,
        world=None if world is None or np.isnan(world).any() else world,
        source=source,
        mirrored_view=bool(table.mirrored[row]),
        estimator=table.estimator,
        skeleton=table.skeleton,
        space="relative",
        file_hash=f"{table.sha256}:{row}",
    )


class _ImportTargets:
    """The sessions (one per person) and recordings (one per run of a gesture) of an import."""

    def __init__(
        self, store: Store, project: Project, source: str, report: ImportReport, kind: str = STILL
    ) -> None:
        self._store, self._project, self._source = store, project, printable(source)
        self._report, self._kind = report, kind
        self._sessions: dict[str, int] = {}
        self._gestures = {g.name.casefold(): g for g in store.gestures(project.id)}
        self._persons = {person.id for person in store.persons(project.id)}
        self._last: tuple[str, str, int] | None = None

    def recording(self, person: str, gesture: str, *, new: bool = False) -> int:
        """Current recording's id; starts a new one if person or gesture changed, or if `new`."""
        if new or self._last is None or self._last[:2] != (person, gesture):
            recording = self._store.start_recording(self._session(person), self._gesture(gesture))
            self._last = (person, gesture, recording)
        return self._last[2]

    def _session(self, person: str) -> int:
        if person not in self._sessions:
            found = self._store.ensure_person(self._project.id, _shorten_name(person))
            if found.id not in self._persons:
                self._persons.add(found.id)
                self._report.note("persons", [found.id])
            self._sessions[person] = self._store.start_session(
                self._project.id, found.id, f"import {self._source}"
            )
        return self._sessions[person]

    def check_kind(self, name: str) -> None:
        """Check that samples of this kind fit the gesture.

        Raises:
            KindError: the project has this gesture as the other kind.
        """
        there = self._gestures.get(name.casefold())
        if there is not None:
            check_frame_counts(there.name, there.kind, [2 if self._kind == MOVING else 1])

    def _gesture(self, name: str) -> int:
        self.check_kind(name)
        key = name.casefold()
        if key not in self._gestures:
            gesture = self._store.add_gesture(self._project.id, name, kind=self._kind, alone=False)
            self._report.note("gestures", [gesture.id])
            self._gestures[key] = gesture
            self._report.new_gestures.append(gesture.name)
        return self._gestures[key].id
