"""Work that goes on when the page that began it is drawn anew or left."""

import threading
from collections.abc import Callable
from typing import Any

Progress = Callable[[float], None]


class Job:
    """A thread of its own that does something once.

    Args:
        work: is given what it calls with the share that is done, 0..1.

    Attributes:
        thread: to be started; the process does not end before it.
        share: done so far, 0..1.
        result: what the work gave; None until then.
        error: what it raised.
    """

    def __init__(self, work: Callable[[Progress], Any]) -> None:
        self.thread = threading.Thread(target=self._run, args=(work,), name="job")
        self.share = 0.0
        self.result: Any = None
        self.error: Exception | None = None

    def over(self, within_s: float = 0.0) -> bool:
        """Whether it is done, or will be within so long."""
        self.thread.join(within_s)
        return not self.thread.is_alive()

    def _run(self, work: Callable[[Progress], Any]) -> None:
        try:
            self.result = work(self._move)
        except Exception as error:  # told by who asks for the result
            self.error = error

    def _move(self, share: float) -> None:
        self.share = share
