"""Import samples: a folder per class, a zip of such folders, or a keypoint table.

Files that the project already has are not added again. Files that can't be used are reported with
the reason, and the rest is imported.
"""

import hashlib
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import KindError, LabelError, MediaError, MudraError, TableError
from core.estimators import Estimator
from core.files import printable
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import MAX_NAME, safe_name
from core.media.archives import unpack_zip
from core.parallel import LOCAL, check_place, map_parallel
from core.pose.skeletons.table import skeleton_named
from core.progress import Progress, ignore_progress
from core.recording.imports.cells import KeypointTable
from core.recording.imports.picture_files import (
    EstimatorFactory,
    LabelledPicture,
    extract_samples,
    list_labelled_pictures,
)
from core.recording.imports.tables import TABLE_SUFFIXES, read_table
from core.recording.samples import AddReport
from core.store import NewSample, Project, Store
from core.store.database.checks import check_frame_counts
from core.store.rows import MOVING, STILL
from core.store.transfer import find_or_create_project, find_project_skeleton
from core.words import count_words, words

LAYOUTS = ("auto", "folders", "keypoints-csv", "seed-csv", "point-history")
_STORE_INTERVAL_S = 1.0  # a killed process loses at most this time's work


def _raise_no_estimator() -> Estimator:
    raise MediaError("pictures are analysed by an estimator, but none was given")


@dataclass(frozen=True)
class ImportOptions:
    """How a file or folder is imported."""

    # called for pictures; with several processes a function of a module, or a `partial` of one
    estimator_factory: EstimatorFactory = _raise_no_estimator
    person: str | None = None  # who recorded, where the file does not say; None: unknown
    # of the keypoints of another program's COCO file; None: “coco-21” etc.
    estimator: str | None = None
    layout: str = "auto"  # of a table, one of LAYOUTS
    skeleton: str | None = None  # of a table that does not name its own; None: the project's
    mapping: Mapping[str, str] | None = None  # gesture names in the file → names in the project
    workers: int = 1  # where pictures are analysed, see `map_parallel`
    on: str = LOCAL
    progress: Progress = ignore_progress


NO_OPTIONS = ImportOptions()


def import_path(
    store: Store, target: str | Project, path: Path, options: ImportOptions = NO_OPTIONS
) -> AddReport:
    """Import samples from a table, or from a folder or zip of labelled pictures and videos, into a
    project (created if missing); raise MudraError if nothing can be imported."""
    path = path.absolute()  # other machines have other working folders
    check_place(options.on, path)
    layout, mapping = options.layout, options.mapping
    if path.suffix.lower() in TABLE_SUFFIXES and layout != "folders":
        default = find_project_skeleton(store, target)
        skeleton = options.skeleton
        table = read_table(path, layout, mapping, skeleton=skeleton, default_skeleton=default)
        with find_or_create_project(store, target, table.stored_skeleton) as (project, fresh):
            with report_with_history(store, project, path.name, fresh=fresh) as report:
                _import_table(store, project, table, path.name, options, report)
            return report
    if layout not in ("auto", "folders"):
        raise TableError(
            words(
                "{file} is no csv or parquet table, which “{layout}” reads",
                file=path.name,
                layout=layout,
            )
        )
    with open_folder_or_zip(path) as folder:
        name = path.stem if folder != path else ""
        pictures = list_labelled_pictures(folder, mapping, name=name, videos=True)
        with options.estimator_factory() as estimator:
            found_skeleton = estimator.skeleton
        with find_or_create_project(store, target, found_skeleton) as (project, fresh):
            with report_with_history(store, project, path.name, fresh=fresh) as report:
                import_pictures(store, project, pictures, path.name, options, report)
            return report


@contextmanager
def report_with_history(
    store: Store, project: Project, source: str = "", *, fresh: bool = False
) -> Iterator[AddReport]:
    """Yield an empty report to fill; afterwards, even after an error, add its samples to the undo
    history. Undo also deletes the project if it was created for them (`fresh`). `source` is the
    name of the imported file; "" of uploads."""
    report = AddReport()

    def record() -> None:
        title = _title_import(report.added, printable(source))
        new = {"projects": [project.id]} if fresh else report.new
        store.record_additions(project.id, title, new)

    try:
        yield report
    except BaseException:
        with suppress(MudraError):  # the first error is the one to show
            if report.added:
                record()
        raise
    record()


def _title_import(added: int, source: str) -> str:
    """Return the title of an import in the undo history."""
    if not source:
        return count_words(added, "Added {n:,} sample from files", "Added {n:,} samples from files")
    return count_words(
        added,
        "Imported {n:,} sample from {file}",
        "Imported {n:,} samples from {file}",
        file=source,
    )


@contextmanager
def open_folder_or_zip(path: Path) -> Iterator[Path]:
    """Yield the folder, or a temporary folder with the unpacked zip; raise MediaError for any other
    path, ArchiveError for a zip that exceeds the limits for untrusted files."""
    if path.is_dir():
        yield path
    elif path.suffix.lower() == ".zip" and path.is_file():
        with unpack_zip(path) as folder:
            yield folder
    elif path.exists():
        raise MediaError(
            words(
                "{file} is no folder, zip or table: give a folder per class, a zip of one, or a "
                "csv",
                file=path.name,
            )
        )
    else:
        raise MediaError(
            words(
                "{file} does not exist: give a folder per class, a zip of one, or a csv", file=path
            )
        )


def import_pictures(
    store: Store,
    project: Project,
    pictures: Sequence[LabelledPicture],
    source: str,
    options: ImportOptions,
    report: AddReport,
) -> None:
    """Estimate poses in pictures, and in five frames per second of videos, and store them as
    samples; report skipped files and files that the project already has."""
    targets = _ImportTargets(store, project, source, report)
    known = store.stored_file_hashes(project.id)
    waiting: dict[int, list[NewSample]] = {}
    factory, person = options.estimator_factory, options.person or UNKNOWN_PERSON
    work = partial(extract_samples, factory, known, not project.keypoints_only)
    stored_s = time.monotonic()
    with map_parallel(work, pictures, workers=options.workers, on=options.on) as results:
        for number, (picture, found) in enumerate(zip(pictures, results, strict=True), 1):
            try:
                if isinstance(found, str):
                    report.skipped.append((str(picture), found))
                elif not found or found[0].file_hash in known:
                    report.already += 1
                else:
                    gesture = picture.gesture or picture.folder
                    recording = targets.find_recording(person, gesture, new=picture.is_video)
                    waiting.setdefault(recording, []).extend(found)
                    known.add(found[0].file_hash or "")
            except (LabelError, KindError) as error:  # its folder's gesture takes no pictures
                report.skipped.append((str(picture), error.text))
            if time.monotonic() - stored_s > _STORE_INTERVAL_S or number == len(pictures):
                for recording, samples in waiting.items():
                    report.note("samples", store.add_samples(recording, samples))
                waiting.clear()
                stored_s = time.monotonic()
            options.progress(number, len(pictures))


def _import_table(
    store: Store,
    project: Project,
    table: KeypointTable,
    source: str,
    options: ImportOptions,
    report: AddReport,
) -> None:
    """Store a table's rows as samples, except rows that the project already has; consecutive rows
    with the same person and gesture form one recording.

    A row is identified by the table's sha256 and its keypoints, which neither mapping nor person
    change. After a TableError (an invalid name), KindError (clips of a still gesture, or single
    frames of a moving one) or SkeletonError nothing was added.
    """
    table = table.to_skeleton(skeleton_named(project.skeleton))
    report.remark = table.remark
    kind = MOVING if table.has_clips else STILL
    targets = _ImportTargets(store, project, source, report, kind)
    known = store.stored_table_keypoints(project.id, table.sha256)
    default = options.person or UNKNOWN_PERSON
    persons = np.where(table.persons == "", default, table.persons)
    _check_names(source, {*persons.tolist(), *table.gestures.tolist()})
    for name in np.unique(table.gestures).tolist():
        targets.check_kind(name)
    for begin, end in _find_runs(persons, table):
        new = []
        for row in range(begin, end):
            blob = table.keypoints[row].astype("<f4").tobytes()
            if known[blob]:
                known[blob] -= 1  # equal rows count each
                report.already += 1
            else:
                new.append(_make_row_sample(table, row, source))
        if new:
            gesture = str(table.gestures[begin])
            recording = targets.find_recording(str(persons[begin]), gesture, new=table.has_clips)
            report.note("samples", store.add_samples(recording, new))
        options.progress(int(end), len(table))


def _find_runs(persons: np.ndarray, table: KeypointTable) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of each run of rows with equal person, gesture and recording."""
    columns = [persons, table.gestures]
    columns += [] if table.recordings is None else [table.recordings]
    changes = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    yield from itertools.pairwise([0, *(np.flatnonzero(changes) + 1), len(table)])


def _check_names(source: str, names: set[str]) -> None:
    """Raise TableError if a name of a gesture or person is invalid."""
    for name in names:
        try:
            safe_name(_shorten_name(name))
        except LabelError as error:
            raise TableError(
                words(
                    "{file}: {problem} ({name})",
                    file=source,
                    problem=error.text,
                    name=repr(name[:MAX_NAME]),
                )
            ) from error


def _shorten_name(name: str) -> str:
    """Shorten a name to MAX_NAME characters; a hash at the end keeps shortened names unique."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 7]}~{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _make_row_sample(table: KeypointTable, row: int, source: str) -> NewSample:
    """Convert a table row to a sample; keypoint scores are 1, or 0 for missing keypoints."""
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
    """Finds or creates the sessions (one per person), gestures and recordings of an import."""

    def __init__(
        self, store: Store, project: Project, source: str, report: AddReport, kind: str = STILL
    ) -> None:
        self._store, self._project, self._source = store, project, printable(source)
        self._report, self._kind = report, kind
        self._session_ids: dict[str, int] = {}
        self._gestures = {g.name.casefold(): g for g in store.gestures(project.id)}
        self._person_ids = {person.id for person in store.persons(project.id)}
        self._last: tuple[str, str, int] | None = None

    def find_recording(self, person: str, gesture: str, *, new: bool = False) -> int:
        """Return the id of the recording for this person and gesture; start a new recording if
        either changed since the last call, or if `new`."""
        if new or self._last is None or self._last[:2] != (person, gesture):
            session_id, gesture_id = self._find_session(person), self._find_gesture(gesture)
            recording_id = self._store.start_recording(session_id, gesture_id)
            self._last = (person, gesture, recording_id)
        return self._last[2]

    def _find_session(self, person: str) -> int:
        """Return the id of the person's session; create session and person if missing."""
        if person not in self._session_ids:
            found = self._store.ensure_person(self._project.id, _shorten_name(person))
            if found.id not in self._person_ids:
                self._person_ids.add(found.id)
                self._report.note("persons", [found.id])
            self._session_ids[person] = self._store.start_session(
                self._project.id, found.id, f"import {self._source}"
            )
        return self._session_ids[person]

    def check_kind(self, name: str) -> None:
        """Raise KindError if the project has this gesture as another kind (still or moving)."""
        gesture = self._gestures.get(name.casefold())
        if gesture is not None:
            check_frame_counts(gesture.name, gesture.kind, [2 if self._kind == MOVING else 1])

    def _find_gesture(self, name: str) -> int:
        """Return the id of the gesture with this name, ignoring case; create it if missing."""
        self.check_kind(name)
        key = name.casefold()
        if key not in self._gestures:
            gesture = self._store.add_gesture(
                self._project.id, name, kind=self._kind, undoable=False
            )
            self._report.note("gestures", [gesture.id])
            self._gestures[key] = gesture
            self._report.new_gestures.append(gesture.name)
        return self._gestures[key].id
