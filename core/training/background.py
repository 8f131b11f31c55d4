"""Work on a run that goes on beside the page."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.errors import MudraError
from core.training.runs import FAILED, REPLACED, RUNNING, Run, error_text


class ReplacedError(Exception):
    """The work is given up for a newer one."""


class Stop(threading.Event):
    """A wish to end early. `set` keeps what was learned so far; `replace` gives the work up."""

    replaced = False

    def replace(self) -> None:
        """End at once, and keep nothing."""
        self.replaced = True
        self.set()

    def check(self) -> None:
        """Go on unless the work was given up.

        Raises:
            ReplacedError: it was.
        """
        if self.replaced:
            raise ReplacedError


class RunThread:
    """A thread that works on a run.

    Attributes:
        run: its folder; everything about its course is in the folder's log.
        result: what the work gave, once it has ended well.
        error: why it has ended badly; the log says it too, which is where pages read it.
    """

    def __init__(self, run: Run, work: Callable[[Stop], Any]) -> None:
        self.run = run
        self.result: Any = None
        self.error: Exception | None = None
        self._stop = Stop()
        self._thread = threading.Thread(
            target=self._work, args=(work,), name=f"training {run.name}", daemon=True
        )
        self._thread.start()

    def _work(self, work: Callable[[Stop], Any]) -> None:
        try:
            self.result = work(self._stop)
        except ReplacedError:
            self._end(status=REPLACED)
        except Exception as error:
            self.error = error
            self._end(status=FAILED, message=error_text(error))
        finally:
            self.run.let_go()  # where not even the end could be logged, it must not seem to run

    def _end(self, **how: str) -> None:
        with suppress(MudraError):  # a full disk takes no line
            if self.run.status() == RUNNING:
                self.run.log(event="end", **how)

    def stop(self) -> None:
        """Ask the work to end early."""
        self._stop.set()

    def replace(self) -> None:
        """Have the work given up at once."""
        self._stop.replace()

    @property
    def alive(self) -> bool:
        """Still at work."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Block until it has ended."""
        self._thread.join(timeout_s)
