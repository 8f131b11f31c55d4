"""What Mudra keeps on this machine, and how it goes away for good.

Only what Mudra itself writes is touched: a workspace may be any folder, and other files in it stay.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from core.admin.derived import delete_derived_of, delete_derived_pictures, derived_folders
from core.errors import StoreError
from core.jobs.net_training import stop_net_training
from core.jobs.trainings import TrainingManager
from core.paths import Paths
from core.recording.recorder import stop_recordings
from core.store import Project, Store
from core.store.database.engine import hide_password
from core.store.deleting import (
    compact_database,
    delete_everything,
    delete_pictures,
    delete_unopened_file,
    empty_bin,
)
from core.store.transfer import measure_project
from core.training.runs import RUNNING, list_runs

WORD = "DELETE"  # what one types to say that one means it
_ROOM_TO_OPEN = 2**20  # bytes that SQLite needs to open a file
_TEMPORARY = re.compile(r"mudra-(files-|upload-|bench-|rank-|data-)?[a-z0-9_]{8}")


@dataclass(frozen=True)
class Kept:
    """A place, what lies there, how much of it, whether it is the user's own, and what deletes it,
    for people."""

    what: str
    path: Path | str
    bytes: int
    own: bool = True
    goes_with: str = "with everything"


@dataclass
class Erased:
    """What went: bytes, and what could not be deleted, with the reason."""

    bytes: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """One sentence for people."""
        left = f"; left: {', '.join(self.left)}" if self.left else ""
        return f"{self.bytes / 2**20:.1f} MB deleted{left}"


def kept_here(store: Store, paths: Paths) -> list[Kept]:
    """Where everything lies that Mudra keeps, empty places left out; of an owner only what is
    theirs, without the server's paths."""
    found = [_describe_database(store, paths)]
    for path, derived in derived_folders(paths):
        shown = f"your folder, {path.name}" if paths.owner else path
        found.append(Kept(derived.what, shown, size_of(path), goes_with=derived.goes_with))
    for path in _find_temporary_folders(paths):
        found.append(Kept("uploads and downloads under way", path, size_of(path)))
    if not paths.owner:
        size = size_of(paths.weights)
        models = "prepared third-party models"
        found.append(Kept(models, paths.weights, size, False, "never: nothing of yours"))
    return [one for one in found if one.bytes]


def _describe_database(store: Store, paths: Paths) -> Kept:
    """Describe the stored rows: an owner's own, or the whole database."""
    if paths.owner:
        where, size = "the studio's database", _own_bytes(store)
    else:
        where = hide_password(str(paths.store))
        size = store.server_size_bytes() or sum(size_of(path) for path in _database_files(paths))
    goes_with = "pictures when forgotten, with its project, with everything"
    return Kept("samples, crops, gestures, persons", where, size, goes_with=goes_with)


def _own_bytes(store: Store) -> int:
    """Approximate size of the owner's samples and crops, including deleted ones."""
    projects = [*store.projects(), *store.projects(deleted=True)]
    with store.begin_read() as connection:
        sizes = [measure_project(connection, one.id, with_bin=True) for one in projects]
    return sum(size.bytes for size in sizes)


def erase_everything(store: Store, paths: Paths, manager: TrainingManager | None = None) -> Erased:
    """Delete all that was recorded, trained, imported or unpacked here, for good; the studio goes
    on, empty. Prepared third-party models and what is shipped stay.

    Recordings and trainings of this process end; so do trainings of nets. A command that records or
    trains elsewhere meanwhile ends with an error.

    Raises:
        StoreError: the store can't be emptied; its rows are there, all else is deleted.
    """
    before = sum(one.bytes for one in kept_here(store, paths) if one.own)
    stop_recordings(store)
    if manager is not None:
        manager.stop_all()
    for run in list_runs(paths.net_runs):
        if run.status() == RUNNING:
            stop_net_training(run)
    erased = Erased()
    for path, _ in derived_folders(paths):
        _remove_path(path, erased)
    for path in _find_temporary_folders(paths):
        for inside in path.iterdir():
            _remove_path(inside, erased)
        # a visitor's page may still hold the folder itself
        if not path.name.startswith("mudra-files-"):
            _remove_path(path, erased)
    delete_everything(store)  # last: on a full disk it may need what the others took
    try:
        compact_database(store)
    except StoreError as error:
        erased.left.append(f"unused space in the database ({error})")
    erased.bytes = max(0, before - sum(one.bytes for one in kept_here(store, paths) if one.own))
    return erased


def erase_unopened(paths: Paths) -> Erased:
    """`erase_everything` where nobody has opened the store, which itself takes some space.

    Raises:
        StoreError: as `erase_everything`, or the store can't be opened.
    """
    size = sum(size_of(path) for path in _database_files(paths))
    try:
        store = Store(paths.store, owner=paths.owner)
    except StoreError:
        if not size or shutil.disk_usage(paths.workspace).free > _ROOM_TO_OPEN:
            raise
        delete_unopened_file(paths.database)
        store = Store(paths.store, owner=paths.owner)
    with contextlib.closing(store):
        was_removed = size - sum(size_of(path) for path in _database_files(paths))
        erased = erase_everything(store, paths)
    erased.bytes += max(0, was_removed)
    return erased


def empty_bin_here(store: Store, paths: Paths, project_id: int | None = None) -> dict[str, int]:
    """`empty_bin`, the file's space given back, and what was derived from projects that went.

    Raises:
        StoreError: the store can't be written.
    """
    deleted = store.projects(deleted=True)
    gone = empty_bin(store, project_id)
    with contextlib.suppress(StoreError):  # the pages are free for what comes next
        compact_database(store)
    delete_derived_pictures(paths)
    if project_id is None:
        delete_derived_of(paths, deleted, store.projects())
    return gone


def forget_pictures_here(store: Store, paths: Paths, project: Project) -> int:
    """`delete_pictures`, the file's space given back, and all copies of them; how many there were.

    Raises:
        StoreError: the store can't be written.
    """
    count = delete_pictures(store, project.id)
    delete_derived_pictures(paths, project)
    with contextlib.suppress(StoreError):
        compact_database(store)
    return count


def size_of(path: Path) -> int:
    """Size in bytes of a file or of all files in a folder; links count 0."""
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


def _database_files(paths: Paths) -> list[Path]:
    ends = ("", "-wal", "-shm")
    return [p for end in ends if (p := Path(f"{paths.database}{end}")).is_file()]


def _find_temporary_folders(paths: Paths) -> list[Path]:
    """Mudra's own temporary folders: named as it names them, this user's, closed to others. Whose
    among those who log in is not known: theirs end with their visits."""
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


def _remove_path(path: Path, erased: Erased) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        erased.left.append(f"{path} ({error.strerror})")
