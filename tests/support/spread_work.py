"""Work for the tests of spreading, in a module that a worker loads in a moment."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def squared(numbers: Iterable[int]) -> Iterator[int]:
    """Each of them."""
    return (number**2 for number in numbers)


def squared_unless_killed(folder: Path, numbers: Iterable[int]) -> Iterator[int]:
    """The first to come to 5 is killed in the midst of it."""
    for number in numbers:
        if number == 5:
            _killed_once(folder / "killed")
        yield number**2


def killed(numbers: Iterable[int]) -> Iterator[int]:
    """Whoever comes to 5 is."""
    for number in numbers:
        if number == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        yield number


def telling(folder: Path, numbers: Iterable[int]) -> Iterator[int]:
    """Leaves a file of each number that it comes to."""
    for number in numbers:
        (folder / str(number)).touch()
        yield number


def no_keypoints(numbers: Iterable[int]) -> Iterator[int]:
    """As an estimator fails, after a while."""
    from core.errors import EstimatorError

    for number in numbers:
        if number == 3:
            raise EstimatorError("this estimator is closed")
        yield number


def fragile_hands(weights_folder: Path, mark: Path) -> Any:
    """MediaPipe's; the process that is the first to look at a picture is killed by it."""
    from core.estimators.mediapipe_hands import MediapipeHands

    class Fragile(MediapipeHands):
        def estimate_still(self, rgb: Any, **options: Any) -> Any:
            _killed_once(mark)
            return super().estimate_still(rgb, **options)

    return Fragile(weights_folder)


def watched_hands(weights_folder: Path, folder: Path) -> Any:
    """MediaPipe's; each look leaves a file named after the machine of the cluster."""
    from core.estimators.mediapipe_hands import MediapipeHands

    class Watched(MediapipeHands):
        def estimate_still(self, rgb: Any, **options: Any) -> Any:
            import ray

            folder.mkdir(exist_ok=True)
            (folder / f"{ray.get_runtime_context().get_node_id()} {time.time_ns()}").touch()
            return super().estimate_still(rgb, **options)

    return Watched(weights_folder)


def _killed_once(mark: Path) -> None:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
