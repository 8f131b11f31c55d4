"""Work on a run that goes on beside the page."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.errors import MudraError
from core.learning.runs import FAILED, RUNNING, Run, error_text


class RunThread:
    """A thread that works on a run.

    Attributes:
        run: its folder; everything about its course is in the folder's log.
        result: what the work gave, once it has ended well.
        error: why it has ended badly; the log says it too, which is where pages read it.
    """

    def __init__(self, run: Run, work: Callable[[threading.Event], Any]) -> None:
        self.run = run
        self.result: Any = None
        self.error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(work,), name=f"training {run.name}", daemon=True
        )
        self._thread.start()

    def _work(self, work: Callable[[threading.Event], Any]) -> None:
        try:
            self.result = work(self._stop)
        except Exception as error:
            self.error = error
            with suppress(MudraError):  # a full disk takes no line either
                if self.run.status() == RUNNING:
                    self.run.log(event="end", status=FAILED, message=error_text(error))
        finally:
            self.run.let_go()  # where not even the end could be logged, it must not seem to run

    def stop(self) -> None:
        """Ask the work to end early."""
        self._stop.set()

    @property
    def alive(self) -> bool:
        """Still at work."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Block until it has ended."""
        self._thread.join(timeout_s)
