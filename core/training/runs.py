"""A training run is a folder: `log.jsonl`, and whatever the training saves beside it.

Convention: one JSON object a line, `event` says what it is. All: "start", "end". A gesture model's
training: "usable", "epoch", "chosen", "refit", "result"; a net's: "packed", "look". Measurements:
"person", "classifier", "result".
Pages, command line and other processes read the same lines; nothing else carries a run's state but
a lock on the log: whoever trains holds it, and the system takes it from a process that dies, also
where its number is given to another one. It is flock's own: who asks takes a shared one, while
filelock's are exclusive, by which two who ask at once would each see the other as training.
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

try:
    import fcntl
except ImportError:  # Windows: there a run is as alive as its process
    fcntl = None  # type: ignore[assignment]

LOG = "log.jsonl"
RUNNING, DONE, STOPPED, FAILED, DEAD = "running", "done", "stopped", "failed", "dead"
REPLACED = "replaced"  # given up for a newer one
_KEPT_LOGS, _KEPT_BYTES = 500, 2**18  # so many logs of at most this size stay parsed
_logs: dict[Path, tuple[tuple[int, int, int], list[dict[str, Any]]]] = {}  # by version
_held: dict[Path, int] = {}  # the logs that this process trains into, by descriptor


@dataclass(frozen=True)
class Run:
    """One training's folder."""

    path: Path

    @classmethod
    def create(cls, root: Path, **about: Any) -> "Run":
        """A new folder under `root`, its log begun with what `about` says; it runs from now on,
        until its end is logged or it is let go.

        Raises:
            TrainingError: the folder can't be written.
        """
        now = time.time()
        second = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
        name = f"{second}-{int(now % 1 * 1000):03x}{secrets.token_hex(4)}"
        run = cls(root / name)
        with _plain_errors(run.path):
            run.path.mkdir(parents=True)
        run._begin(**about)
        return run

    @classmethod
    def open(cls, path: Path) -> "Run":
        """An existing run.

        Raises:
            TrainingError: no run lies there.
        """
        if not _is_run(path / LOG):
            raise TrainingError(f"{path} is no training run: it has no {LOG}")
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name: when the run began, to the millisecond, so that names are in order."""
        return self.path.name

    def log(self, **values: Any) -> None:
        """Append one line; a reader never sees half of it.

        Raises:
            TrainingError: the disk is full, or the folder gone; the log is as it was.
        """
        line = json.dumps({"time": round(time.time(), 3), **values}, allow_nan=False) + "\n"
        try:
            with _plain_errors(self.path):
                _append(self.path / LOG, line.encode())
        finally:
            if values.get("event") == "end":
                self.let_go()

    def records(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines so far, oldest first; a last line that is still being written is left out."""
        found = _read_log(self.path / LOG)
        return [dict(record) for record in found if event in (None, record["event"])]

    def about(self) -> dict[str, Any]:
        """What `create` was told."""
        return self.records("start")[0]

    def status(self) -> str:
        """How it stands. "dead": its process is gone and never said how the training ended."""
        last = [r for r in _read_log(self.path / LOG) if r["event"] in ("start", "end")][-1]
        if last["event"] == "end":
            return str(last["status"])
        return RUNNING if self._is_held(last) else DEAD

    def resume(self) -> None:
        """Say that this process goes on with it."""
        self._begin(resumed=True)

    def let_go(self) -> None:
        """Work on it no longer: without an end in its log it counts as dead."""
        descriptor = _held.pop(self.path.resolve(), None)
        if descriptor is not None:
            os.close(descriptor)

    def _begin(self, **about: Any) -> None:
        with _plain_errors(self.path):
            self.let_go()
            descriptor = os.open(self.path / LOG, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            _held[self.path.resolve()] = descriptor
        try:
            self.log(event="start", pid=os.getpid(), held=_locked(descriptor), **about)
        except Exception:
            self.let_go()
            raise

    def _is_held(self, start: dict[str, Any]) -> bool:
        """Whether somebody works on it; told by the process where there are no locks."""
        if fcntl is None or not start.get("held"):
            return _alive(int(start["pid"]))
        with (self.path / LOG).open("rb") as log:
            try:
                fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def list_runs(root: Path) -> list[Run]:
    """The runs under `root`, newest first."""
    logs = root.glob(f"*/{LOG}") if root.is_dir() else ()
    found = [Run(log.parent) for log in logs if _is_run(log)]
    return sorted(found, key=lambda run: run.name, reverse=True)


def _append(path: Path, line: bytes) -> None:
    """The whole line or nothing of it."""
    with path.open("ab+", buffering=0) as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - 1))
        if size > 0 and log.read(1) != b"\n":  # torn by a crash: this one stays whole
            line = b"\n" + line
        if log.write(line) < len(line):
            log.truncate(size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _locked(descriptor: int) -> bool:
    """Take the lock; False where the system or the disk knows none.

    Raises:
        TrainingError: another process has it.
    """
    if fcntl is None:
        return False
    for _ in range(20):  # who asks how the run stands has it for a moment, too
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
        except OSError:
            return False
    raise TrainingError("another process works on this training: wait for its end or stop it")


def _is_run(log: Path) -> bool:
    """Whether its first line, which says what is trained, was written: not on a full disk."""
    if not log.is_file():
        return False
    with suppress(FileNotFoundError):  # deleted just now
        return next((r["event"] for r in _read_log(log)), "") == "start"
    return False


def _read_log(log: Path) -> list[dict[str, Any]]:
    """The whole lines of a log; shared with all who ask until it changes. Pages ask for those of
    every training several times a second."""
    now = log.stat()
    version = (now.st_ino, now.st_size, now.st_mtime_ns)
    if (kept := _logs.get(log)) is not None and kept[0] == version:
        return kept[1]
    with log.open("rb") as file:
        text = file.read(now.st_size).decode("utf-8", errors="replace")
    lines = text[: text.rfind("\n") + 1].splitlines()
    records = [record for line in lines if (record := _record(line))]
    _logs.pop(log, None)
    if now.st_size <= _KEPT_BYTES:
        _logs[log] = (version, records)
    for oldest in list(_logs)[:-_KEPT_LOGS]:
        _logs.pop(oldest, None)
    return records


def _record(line: str) -> dict[str, Any] | None:
    """What a line says; None where it was torn."""
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and "event" in found:
            return found
    return None


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        output = error_text(error) if full else f"{path} can't be written: {error.strerror}"
        raise TrainingError(output) from error


def error_text(error: BaseException) -> str:
    """Why a training failed, for the person who waits for it."""
    if isinstance(error, MudraError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: free some space, then try again"
    if isinstance(error, MemoryError):
        return "the memory is full: close other programs, then try again"
    return f"something went wrong ({error!r})"


def _forget_held() -> None:
    """In a forked helper: it trains nothing, and must not keep its parent's runs alive."""
    for descriptor in _held.values():
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_held)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
