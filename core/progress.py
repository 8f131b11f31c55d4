"""How long work reports how far it is: one signature everywhere."""

from typing import Protocol


class Progress(Protocol):
    """Called by long work after each of its parts."""

    def __call__(self, done: float, total: float | None = None, label: str = "", /) -> None:
        """Report that `done` of `total` is finished (None: unknown) and what is being done now."""


def ignore_progress(done: float, total: float | None = None, label: str = "", /) -> None:
    """Ignore the progress: the default for functions that take a `Progress`."""


def to_fraction(done: float, total: float | None) -> float:
    """Return the finished fraction, 0..1, for a progress bar; 0.5 if the total is unknown."""
    return min(1.0, done / total) if total else 0.5
