"""Work that continues when its page is redrawn or closed."""

import threading
from collections.abc import Callable
from typing import Any

Progress = Callable[[float], None]


class Job:
    """A function that runs once in its own thread.

    Args:
        work: is given what it calls with the share that is done, 0..1.

    Attributes:
        thread: to be started; the process does not end before it.
        share: done so far, 0..1.
        result: what the work gave; None until then.
        error: what it raised.
    """

    def __init__(self, work: Callable[[Progress], Any]) -> None:
        self.thread = threading.Thread(target=self._run_work, args=(work,), name="job")
        self.share = 0.0
        self.result: Any = None
        self.error: Exception | None = None

    def over(self, within_s: float = 0.0) -> bool:
        """Whether the work is done, waiting up to `within_s` for it."""
        self.thread.join(within_s)
        return not self.thread.is_alive()

    def _run_work(self, work: Callable[[Progress], Any]) -> None:
        try:
            self.result = work(self._set_share)
        except Exception as error:  # told by who asks for the result
            self.error = error

    def _set_share(self, share: float) -> None:
        self.share = share
