"""Reading what comes next while the present one is looked at, in flat memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_AHEAD = 2  # read while one is looked at

Item = TypeVar("Item")
Found = TypeVar("Found")


def read_ahead(read: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
    """What `read` gives of each item, in order; the next few are read on threads meanwhile.

    A window, since `Executor.map` would read all of them before the first is asked for.
    """
    coming: deque[Future[Found]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        for item in items:
            coming.append(pool.submit(read, item))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
