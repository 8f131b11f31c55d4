"""What Mudra stores on this machine, and how to delete it permanently.

Only what Mudra itself writes is deleted: a workspace may be any folder, and its other files stay.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.admin.derived import (
    WITH_EVERYTHING,
    WITH_PICTURES,
    WITH_PROJECT,
    delete_derived_pictures,
    delete_project_runs,
    iterate_derived_folders,
)
from core.errors import StoreError
from core.jobs.net_training import stop_net_training
from core.jobs.trainings import TrainingManager
from core.paths import Paths
from core.recording.recorder import stop_recordings
from core.store import Project, Store, deleting
from core.store.database.engine import hide_password
from core.store.transfer import measure_project
from core.training.runs import RUNNING, list_runs
from core.words import words

CONFIRMATION_WORD = "DELETE"
_MIN_BYTES_TO_OPEN = 2**20  # free space that SQLite needs to open a file
_TEMPORARY = re.compile(r"mudra-(files-|upload-|bench-|rank-|data-)?[a-z0-9_]{8}")


@dataclass(frozen=True)
class StoredData:
    """A kind of stored data for people: place, size, owner, and the actions that delete it."""

    title: str
    path: Path | str
    bytes: int
    own: bool = True
    deleted_by: tuple[str, ...] = (WITH_EVERYTHING,)


@dataclass
class ErasureReport:
    """The deleted bytes, and what could not be deleted, with the reason."""

    bytes: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """One sentence for people."""
        mb = self.bytes / 2**20
        if not self.failed:
            return words("{mb:.1f} MB deleted", mb=mb)
        failed = ", ".join(self.failed)
        return words("{mb:.1f} MB deleted; not deleted: {failed}", mb=mb, failed=failed)


def list_stored_data(store: Store, paths: Paths) -> list[StoredData]:
    """List the kinds of data that Mudra stores, with location and size; skip empty ones. If someone
    is logged in, list only their data, without server paths."""
    found = [_describe_database(store, paths)]
    for path, derived in iterate_derived_folders(paths):
        shown = words("your folder, {name}", name=path.name) if paths.owner else path
        found.append(
            StoredData(derived.title, shown, measure_path(path), deleted_by=derived.deleted_by)
        )
    for path in _find_temporary_folders(paths):
        found.append(
            StoredData(words("uploads and downloads in progress"), path, measure_path(path))
        )
    if not paths.owner:
        size = measure_path(paths.weights)
        models, never = words("prepared third-party models"), words("never: nothing of yours")
        found.append(StoredData(models, paths.weights, size, False, (never,)))
    return [one for one in found if one.bytes]


def _describe_database(store: Store, paths: Paths) -> StoredData:
    """Describe the stored samples and their size: the owner's, or without login the whole store."""
    if paths.owner:
        projects = [*store.projects(), *store.projects(deleted=True)]
        with store.begin_read() as connection:
            sizes = [measure_project(connection, one.id, with_bin=True) for one in projects]
        size = sum(size.bytes for size in sizes)
    else:
        size = store.server_size_bytes() or _measure_database(paths)
    own = words("the studio's database")
    where = own if paths.owner else hide_password(str(paths.store))
    title = words("samples, crops, gestures, persons")
    deleted_by = (WITH_PICTURES, WITH_PROJECT, WITH_EVERYTHING)
    return StoredData(title, where, size, deleted_by=deleted_by)


def erase_everything(
    store: Store, paths: Paths, manager: TrainingManager | None = None
) -> ErasureReport:
    """Permanently delete everything recorded, trained, imported or unpacked here, but no shipped
    files or third-party models; report the deleted bytes and the failures.

    Recordings and trainings of this process are stopped, and trainings of nets. A command that
    records or trains in another process ends with an error.

    Raises:
        StoreError: the store can't be emptied; everything else is deleted.
    """
    before = _measure_own_data(store, paths)
    stop_recordings(store)
    if manager is not None:
        manager.stop_all()
    for run in list_runs(paths.net_runs):
        if run.status() == RUNNING:
            stop_net_training(run)
    erased = ErasureReport()
    for path, _ in iterate_derived_folders(paths):
        _remove_path(path, erased)
    for path in _find_temporary_folders(paths):
        for inside in path.iterdir():
            _remove_path(inside, erased)
        # a visitor's page may still hold the folder itself
        if not path.name.startswith("mudra-files-"):
            _remove_path(path, erased)
    deleting.delete_everything(store)  # last: on a full disk it may need the space of the others
    try:
        deleting.compact_database(store)
    except StoreError as error:
        erased.failed.append(f"unused space in the database ({error})")
    erased.bytes = max(0, before - _measure_own_data(store, paths))
    return erased


def _measure_own_data(store: Store, paths: Paths) -> int:
    return sum(one.bytes for one in list_stored_data(store, paths) if one.own)


def erase_unopened(paths: Paths) -> ErasureReport:
    """Open the store and erase everything; if the disk is too full to open it, delete the database
    file first."""
    size = _measure_database(paths)
    try:
        store = Store(paths.store, owner=paths.owner)
    except StoreError:
        if not size or shutil.disk_usage(paths.workspace).free > _MIN_BYTES_TO_OPEN:
            raise
        deleting.delete_unopened_file(paths.database)
        store = Store(paths.store, owner=paths.owner)
    with contextlib.closing(store):
        was_removed = size - _measure_database(paths)
        erased = erase_everything(store, paths)
    erased.bytes += max(0, was_removed)
    return erased


def empty_bin_here(store: Store, paths: Paths) -> dict[str, int]:
    """Empty the bin, compact the database and delete files derived from deleted samples; return the
    number of deleted rows by table."""
    deleted = store.projects(deleted=True)
    counts = deleting.empty_bin(store)
    with contextlib.suppress(StoreError):  # free pages are reused
        deleting.compact_database(store)
    delete_derived_pictures(paths)
    _delete_prepared_downloads(paths)
    delete_project_runs(paths, deleted, store.projects())
    return counts


def delete_project_pictures(store: Store, paths: Paths, project: Project) -> int:
    """Delete a project's pictures with all copies, and compact the database; return the number of
    pictures."""
    count = deleting.delete_pictures(store, project.id)
    delete_derived_pictures(paths, project)
    _delete_prepared_downloads(paths)
    with contextlib.suppress(StoreError):
        deleting.compact_database(store)
    return count


def _delete_prepared_downloads(paths: Paths) -> None:
    """Delete the downloads that the open pages of all visitors have prepared, as they may contain
    deleted data; the pages prepare them again."""
    for folder in _find_temporary_folders(replace(paths, owner="")):
        for download in folder.glob("download-*"):
            with contextlib.suppress(OSError):
                download.unlink()


def measure_path(path: Path) -> int:
    """Return the size of a file, or of all files in a folder, in bytes; links count as 0."""
    if path.is_symlink():
        return 0
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(OSError):
                about = (Path(folder) / name).lstat()
                total += about.st_size if stat.S_ISREG(about.st_mode) else 0
    return total


def _measure_database(paths: Paths) -> int:
    """Return the size in bytes of the SQLite database's files."""
    files = [Path(f"{paths.database}{suffix}") for suffix in ("", "-wal", "-shm")]
    return sum(measure_path(file) for file in files)


def _find_temporary_folders(paths: Paths) -> list[Path]:
    """Return Mudra's temporary folders (by name, owned by this user, mode 0700); [] if someone is
    logged in."""
    found: list[Path] = []
    if paths.owner:
        return found
    for path in Path(tempfile.gettempdir()).glob("mudra-*"):
        with contextlib.suppress(OSError):
            about = path.lstat()
            private = stat.S_ISDIR(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o700
            mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if private and mine and _TEMPORARY.fullmatch(path.name):
                found.append(path)
    return sorted(found)


def _remove_path(path: Path, erased: ErasureReport) -> None:
    """Delete a file or folder; add a failure to the report instead of raising it."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        erased.failed.append(f"{path} ({error.strerror})")
