"""A training run is a folder: `log.jsonl`, and whatever the training saves beside it.

Convention: one JSON object a line, with its kind in `event`. All: "start", "end". A gesture model's
training: "usable", "epoch", "chosen", "refit", "result"; a net's: "packed", "look". Measurements:
"person", "classifier", "result".
Pages, command line and other processes read the same lines; the only other state of a run is a lock
on the log: the process that trains holds it, and the system releases it when the process dies, also
where its process id is used again. It is flock's, whose shared locks let many readers test it at
once; filelock's are exclusive, so two readers would each see the other as the training.
"""

import errno
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import MudraError, TrainingError
from core.words import words

try:
    import fcntl
except ImportError:  # Windows: there a run is alive while its process is
    fcntl = None  # type: ignore[assignment]

LOG = "log.jsonl"
RUNNING, DONE, STOPPED, FAILED, DEAD = "running", "done", "stopped", "failed", "dead"
REPLACED = "replaced"  # abandoned for a newer one
_MAX_CACHED_LOGS, _MAX_CACHED_BYTES = 500, 2**18
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
_logs: dict[Path, tuple[tuple[int, int, int], list[dict[str, Any]]]] = {}  # by file version
_locks: dict[Path, int] = {}  # descriptors of the logs that this process trains into


@dataclass(frozen=True)
class Run:
    """The folder of one training run."""

    path: Path

    @classmethod
    def create(cls, root: Path, **about: Any) -> "Run":
        """Create a run's folder under `root`, named by the time, and log its start with the values
        in `about`. It counts as running until its end is logged or it is released. Raise
        TrainingError if it can't be written."""
        now = time.time()
        second = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
        name = f"{second}-{int(now % 1 * 1000):03x}{secrets.token_hex(4)}"
        run = cls(root / name)
        with _translate_os_errors(run.path):
            run.path.mkdir(parents=True)
        run._log_start(**about)
        return run

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Return the run in a folder; raise TrainingError if no start was logged there."""
        if not _has_start(path / LOG):
            raise TrainingError(f"{path} is no training run: it has no {LOG}")
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name: the start time to the millisecond, so that names sort by time."""
        return self.path.name

    def log(self, **values: Any) -> None:
        """Append a timestamped record to the log, atomically, and release the run after an end.
        Raise TrainingError if it can't be written."""
        line = json.dumps({"time": round(time.time(), 3), **values}, allow_nan=False) + "\n"
        try:
            with _translate_os_errors(self.path):
                _append_line(self.path / LOG, line.encode())
        finally:
            if values.get("event") == "end":
                self.release()

    def records(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return copies of the log's complete records (or those with this event), oldest first."""
        found = _read_log(self.path / LOG)
        return [dict(record) for record in found if event in (None, record["event"])]

    def about(self) -> dict[str, Any]:
        """Return the start record: the values given to `create`, the process id and the time."""
        return self.records("start")[0]

    def status(self) -> str:
        """Return the last logged end's status; else RUNNING or, if the process died, DEAD."""
        last = [r for r in _read_log(self.path / LOG) if r["event"] in ("start", "end")][-1]
        if last["event"] == "end":
            return str(last["status"])
        return RUNNING if self._is_held(last) else DEAD

    def resume(self) -> None:
        """Log that this process continues the run, and lock it."""
        self._log_start(resumed=True)

    def release(self) -> None:
        """Release the lock; a run that has no logged end then counts as dead."""
        descriptor = _locks.pop(self.path.resolve(), None)
        if descriptor is not None:
            os.close(descriptor)

    def _log_start(self, **about: Any) -> None:
        """Lock the log, creating it if needed, and append a start record with the process id."""
        with _translate_os_errors(self.path):
            self.release()
            descriptor = os.open(self.path / LOG, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            _locks[self.path.resolve()] = descriptor
        try:
            self.log(event="start", pid=os.getpid(), held=_try_lock(descriptor), **about)
        except Exception:
            self.release()
            raise

    def _is_held(self, start: dict[str, Any]) -> bool:
        """Return whether a process works on the run, by the log's lock or else the process id."""
        if fcntl is None or not start.get("held"):
            return _is_process_alive(int(start["pid"]))
        with (self.path / LOG).open("rb") as log:
            try:
                fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def list_runs(root: Path) -> list[Run]:
    """Return the runs under `root` whose start was logged, newest first."""
    logs = root.glob(f"*/{LOG}") if root.is_dir() else ()
    found = [Run(log.parent) for log in logs if _has_start(log)]
    return sorted(found, key=lambda run: run.name, reverse=True)


def describe_error(error: BaseException) -> str:
    """Return the message for the user on why training failed: the error's own, a full disk or
    memory, or “something went wrong”."""
    if isinstance(error, MudraError):
        return error.text
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return words("the disk is full: free some space, then try again")
    if isinstance(error, MemoryError):
        return words("out of memory: close other programs, then try again")
    return words("something went wrong ({error})", error=repr(error))


def _append_line(path: Path, line: bytes) -> None:
    """Append a line to a log, after a line break if the last line is incomplete. If the disk is
    full, undo it and raise OSError."""
    with path.open("ab+", buffering=0) as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - 1))
        if size > 0 and log.read(1) != b"\n":  # the last line was cut off by a crash
            line = b"\n" + line
        if log.write(line) < len(line):
            log.truncate(size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _try_lock(descriptor: int) -> bool:
    """Lock a run's log exclusively, waiting up to a second. Return False if the system has no
    locks; raise TrainingError if another process holds the lock."""
    if fcntl is None:
        return False
    for _ in range(20):  # a reader of the status holds it for a moment, too
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
        except OSError:
            return False
    raise TrainingError(
        words("another process works on this training: wait for its end or stop it")
    )


def _has_start(log: Path) -> bool:
    """Return whether a log exists and its first record is a start."""
    if not log.is_file():
        return False
    with suppress(FileNotFoundError):  # deleted just now
        return next((r["event"] for r in _read_log(log)), "") == "start"
    return False


def _read_log(log: Path) -> list[dict[str, Any]]:
    """Return the records of a log's complete lines, from a cache if the file is unchanged, because
    pages ask several times a second. Callers must not change the records."""
    stat = log.stat()
    version = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    if (cached := _logs.get(log)) is not None and cached[0] == version:
        return cached[1]
    with log.open("rb") as file:
        text = file.read(stat.st_size).decode("utf-8", errors="replace")
    lines = text[: text.rfind("\n") + 1].splitlines()
    records = [record for line in lines if (record := _parse_record(line))]
    _logs.pop(log, None)
    if stat.st_size <= _MAX_CACHED_BYTES:
        _logs[log] = (version, records)
    for oldest in list(_logs)[:-_MAX_CACHED_LOGS]:
        _logs.pop(oldest, None)
    return records


def _parse_record(line: str) -> dict[str, Any] | None:
    """Parse a log line; None if it isn't a JSON object with an event."""
    with suppress(ValueError):
        record = json.loads(line)
        if isinstance(record, dict) and "event" in record:
            return record
    return None


@contextmanager
def _translate_os_errors(path: Path) -> Iterator[None]:
    """Convert OSErrors to TrainingErrors with a message for the user."""
    try:
        yield
    except OSError as error:
        text = words("{path} can't be written: {reason}", path=path, reason=error.strerror)
        raise TrainingError(describe_error(error) if error.errno in _FULL_DISK else text) from error


def _close_inherited_locks() -> None:
    """Close a forked child's copies of the locks, which would keep the parent's runs alive."""
    for descriptor in _locks.values():
        os.close(descriptor)
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited_locks)


def _is_process_alive(pid: int) -> bool:
    """Return whether a process with this id exists, even if it is another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
