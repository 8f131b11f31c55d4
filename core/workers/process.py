"""Starts workers, keeps idle ones, and stops those that take too long or too much memory."""

import atexit
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import errors
from core.errors import MudraError, WorkerError
from core.words import words
from core.workers.channel import AnyArray, Arrays, Channel, SharedFile
from core.workers.child import EXTRA_MEMORY as EXTRA_MEMORY_NAME

EXTRA_MEMORY = 512 * 2**20  # bytes above what the idle worker has
MAX_IDLE, IDLE_S = 2, 300.0  # workers of one handler that wait for the next borrower, how long
_POLL_S = 0.2
_ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A child process that answers one request at a time. The first request starts it; after a
    crash, the next one restarts it.

    Args:
        handler: the module that handles requests, e.g. "core.estimators.mediapipe_worker".
        extra_memory: bytes that it may use beyond its idle memory.
    """

    def __init__(self, handler: str, *, extra_memory: int = EXTRA_MEMORY) -> None:
        self.handler, self.extra_memory = handler, extra_memory
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._deadline_s = math.inf
        self._stopped_because = ""

    @property
    def pid(self) -> int | None:
        """Process id; None if not running."""
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is running; if not, the next call starts it."""
        return self._process is not None and self._process.poll() is None

    def call(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        arrays: Sequence[AnyArray] = (),
        *,
        timeout_s: float,
    ) -> tuple[dict[str, Any], Arrays]:
        """Send a request to the handler and return its answer and arrays; start the process if it
        isn't running. Raises MudraError: the handler raised it; WorkerError: the handler raised
        another error, or the process crashed, took longer than `timeout_s` or used too much memory;
        the next call restarts it."""
        with self._lock:
            if not self.is_running:
                self._end()  # it may have been killed while it was idle
                self._start()
            self._deadline_s = time.monotonic() + timeout_s
            try:
                self._channel.send({"command": command, **(options or {})}, arrays)
                answer, found = self._channel.receive()
                found = [array.copy() for array in found]
            except (OSError, EOFError, ValueError):
                raise self._stop_error(timeout_s) from None
            finally:
                self._deadline_s = math.inf
        if "error" in answer:
            raise _rebuild_error(str(answer["error"]), str(answer["kind"]))
        return answer, found

    def close(self) -> None:
        """Wait for a call in progress, then end the process."""
        with self._lock:
            self._end()

    def stop(self, reason: str) -> None:
        """Kill the process; a call in progress raises WorkerError with the reason."""
        self._stopped_because = reason
        if self._process is not None:
            self._process.kill()

    def _start(self) -> None:
        """Start the child process and its channel, and register it with the watchdog."""
        environ = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
            "MALLOC_ARENA_MAX": "2",  # each reserves 64 MB of the limited address space
            EXTRA_MEMORY_NAME: str(self.extra_memory),
        }
        self._stopped_because, shared = "", SharedFile()
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "core.workers.child", self.handler, shared.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            bufsize=0,
            pass_fds=shared.descriptors,
        )
        self._channel, self._shared = Channel(process.stdout, process.stdin, shared.file), shared
        _watchdog.add(self)

    def _stop_error(self, timeout_s: float) -> WorkerError:
        """End a process whose call failed; return a WorkerError that says why."""
        overdue = time.monotonic() > self._deadline_s
        code = self._end()
        if self._stopped_because:
            return WorkerError(self._stopped_because)
        if overdue:
            return WorkerError(words("it took more than {seconds:g} s", seconds=timeout_s))
        if code == -signal.SIGABRT:
            return WorkerError(words("it needed too much memory, or failed inside a library"))
        return WorkerError(words("it crashed (exit code {code})", code=code))

    def _end(self) -> int | None:
        """Close the process's input, and kill it if it doesn't exit; return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        _watchdog.remove(self)
        self._channel.close()
        self._shared.close()
        try:
            return process.wait(_POLL_S)  # it exits once its input is closed
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def check_limits(self, now_s: float) -> None:
        """Kill the process if its call is overdue or (except on Linux) it uses too much memory."""
        process = self._process
        if process is None:
            return
        if now_s > self._deadline_s:
            process.kill()
        elif (
            sys.platform != "linux" and _measure_resident_bytes(process.pid) > 2 * self.extra_memory
        ):
            self.stop(words("it needed too much memory"))


class _Watchdog:
    """One thread that checks the limits of all running workers and ends with the last worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._is_running = False

    def add(self, worker: Worker) -> None:
        """Check this worker's limits from now on; start the thread if it isn't running."""
        with self._lock:
            self._workers.add(worker)
            if not self._is_running:
                self._is_running = True
                threading.Thread(
                    target=self._check_periodically, name="mudra-workers", daemon=True
                ).start()

    def remove(self, worker: Worker) -> None:
        with self._lock:
            self._workers.discard(worker)

    def _check_periodically(self) -> None:
        """Check limits and close workers idle for too long, every 0.2 s until none are left."""
        while True:
            time.sleep(_POLL_S)
            with self._lock:
                if not self._workers:
                    self._is_running = False
                    return
                workers = list(self._workers)
            for worker in workers:
                worker.check_limits(time.monotonic())
            _close_idle_workers(time.monotonic() - IDLE_S)


_watchdog = _Watchdog()


# idle workers kept for reuse by handler, since starting one takes a second or two, and since when
_idle: dict[str, list[tuple[float, Worker]]] = defaultdict(list)
_idle_lock = threading.Lock()


def borrow_worker(handler: str) -> Worker:
    """Return an idle worker with this handler, or a new one; pass it to `return_worker` later."""
    with _idle_lock:
        waiting = _idle[handler]
        return waiting.pop()[1] if waiting else Worker(handler)


def return_worker(worker: Worker) -> None:
    """Keep a running worker for reuse; close it if enough are idle."""
    with _idle_lock:
        waiting = _idle[worker.handler]
        if worker.is_running and len(waiting) < MAX_IDLE:
            waiting.append((time.monotonic(), worker))
            return
    worker.close()


def _close_idle_workers(since_s: float) -> None:
    """Close the workers that have been idle since before this time (`time.monotonic`)."""
    with _idle_lock:
        old = [one for waiting in _idle.values() for one in waiting if one[0] < since_s]
        for waiting in _idle.values():
            waiting[:] = [one for one in waiting if one[0] >= since_s]
    for _, worker in old:
        worker.close()


atexit.register(_close_idle_workers, math.inf)


@contextmanager
def use_worker(handler: str) -> Iterator[Worker]:
    """Borrow a worker with this handler for a `with` block, and keep it for reuse afterwards."""
    worker = borrow_worker(handler)
    try:
        yield worker
    finally:
        return_worker(worker)


def _rebuild_error(text: str, kind: str) -> MudraError:
    """Recreate a worker's MudraError from class name and text; if unknown, a WorkerError."""
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, MudraError):
        return known(text)
    return WorkerError(f"{kind}: {' '.join(text.split())[:200]}")


def _measure_resident_bytes(pid: int) -> int:
    """Return a process's resident memory in bytes; 0 if it has ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
