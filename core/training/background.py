"""Work on a run in a thread beside the page."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.errors import MudraError
from core.training.runs import FAILED, REPLACED, RUNNING, Run, describe_error


class ReplacedError(Exception):
    """The work was abandoned because newer work replaces it."""


class Stop(threading.Event):
    """A request to stop early: `set` keeps what was learned so far, `replace` discards it."""

    replaced = False

    def replace(self) -> None:
        """Request a stop that discards what was learned."""
        self.replaced = True
        self.set()

    def check(self) -> None:
        """Raise ReplacedError if the work was replaced."""
        if self.replaced:
            raise ReplacedError


class RunThread:
    """A thread that does the work of a run, such as training."""

    def __init__(self, run: Run, work: Callable[[Stop], Any]) -> None:
        self.run = run  # its log has the progress
        self.result: Any = None  # of the work, if it succeeded
        self.error: Exception | None = None  # why it failed; pages read it from the log
        self._stop = Stop()
        name = f"training {run.name}"
        self._thread = threading.Thread(target=self._run_work, args=(work,), name=name, daemon=True)
        self._thread.start()

    def _run_work(self, work: Callable[[Stop], Any]) -> None:
        """Run the work, store its result or error, log an end if it failed, and release the run."""
        try:
            self.result = work(self._stop)
        except ReplacedError:
            self._log_end(status=REPLACED)
        except Exception as error:
            self.error = error
            self._log_end(status=FAILED, message=describe_error(error))
        finally:
            self.run.release()  # if the end could not be logged, the run must not look alive

    def _log_end(self, **fields: str) -> None:
        with suppress(MudraError):  # a full disk
            if self.run.status() == RUNNING:
                self.run.log(event="end", **fields)

    def stop(self) -> None:
        """Ask the work to stop early and keep what it learned."""
        self._stop.set()

    def replace(self) -> None:
        """Ask the work to stop and discard what it learned."""
        self._stop.replace()

    @property
    def alive(self) -> bool:
        """Whether the work is still running."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Block until the work has ended."""
        self._thread.join(timeout_s)
