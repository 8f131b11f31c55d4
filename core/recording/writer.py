"""Samples on their way into the store: a thread of each recording writes them in small batches, so
a busy or full disk never holds up the camera's picture."""

import logging
import queue
import threading

from core.errors import MudraError
from core.store import NewSample, Store

log = logging.getLogger(__name__)


class Writer:
    """Stores one recording's samples from a separate thread."""

    def __init__(self, store: Store, burst_id: int, every_s: float) -> None:
        self.reason, self.lost = "", 0
        self._store, self._recording_id, self._every_s = store, burst_id, every_s
        self._queue: queue.SimpleQueue[NewSample] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._write_until_closed, name="mudra-writer", daemon=True
        )
        self._thread.start()

    @property
    def error(self) -> str:
        """Error message for the user, or ""."""
        if not self.reason:
            return ""
        return f"recording stopped, {self.lost} samples were not stored: {self.reason}"

    def put(self, sample: NewSample) -> None:
        """Add a sample to the next batch."""
        self._queue.put(sample)

    def no_more(self) -> None:
        """Store what is waiting, then stop."""
        self._ended.set()

    def finish(self) -> None:
        """Call `no_more` and wait until everything is stored."""
        self.no_more()
        self._thread.join()

    def _write_until_closed(self) -> None:
        while not self._ended.wait(self._every_s):
            self._write_batch()
        self._write_batch()

    def _write_batch(self) -> None:
        batch = [self._queue.get() for _ in range(self._queue.qsize())]
        if not batch:
            return
        try:
            if not self.reason:
                self._store.add_samples(self._recording_id, batch)
                return
        except MudraError as error:
            self.reason = str(error)
        except Exception as error:  # the thread would end without a word
            log.exception("samples could not be stored")
            self.reason = repr(error)
        self.lost += len(batch)
