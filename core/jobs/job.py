"""Work that continues when its page is redrawn or closed."""

import threading
from collections.abc import Callable
from typing import Any

from core.progress import Progress, to_fraction


class Job:
    """A function that runs once in its own thread.

    Args:
        work: called with the callback that it reports its progress to.

    Attributes:
        thread: to be started by the caller; the process does not end before it.
        fraction: done so far, 0..1.
        result: of the work; None until it is done.
        error: raised by the work.
    """

    def __init__(self, work: Callable[[Progress], Any]) -> None:
        self.thread = threading.Thread(target=self._run_work, args=(work,), name="job")
        self.fraction = 0.0
        self.result: Any = None
        self.error: Exception | None = None

    def wait(self, within_s: float = 0.0) -> bool:
        """Wait up to `within_s`; returns whether the work is done."""
        self.thread.join(within_s)
        return not self.thread.is_alive()

    def _run_work(self, work: Callable[[Progress], Any]) -> None:
        """Run the work and store its result or its error."""
        try:
            self.result = work(self._set_fraction)
        except Exception as error:  # raised where the result is read
            self.error = error

    def _set_fraction(self, done: float, total: float | None = None, label: str = "") -> None:
        self.fraction = to_fraction(done, total)
