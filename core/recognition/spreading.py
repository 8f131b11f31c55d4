"""The same work on many things: one after another, in processes of this machine, or on Ray.

Ray is not in requirements.txt: `pip install ray`. It is imported when asked for, and tells nobody
that it is used. A worker that is killed has its part done again by another.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from core.errors import EstimatorError

LOCAL, RAY = "local", "ray"
_AHEAD = 8  # parts a worker that are given out before they are asked for
_TRIES = 3

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    work: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 1, on: str = LOCAL
) -> Iterator[Result]:
    """What `work` makes of each item, in their order; see `check_place` for `on`.

    Args:
        work: a function of a module or a `partial` of one. Files that it reads must lie at the same
            path on each machine of a cluster.
        workers: processes here, `local` or `ray` that is begun here; a cluster has its own.

    Raises:
        EstimatorError: Ray is not installed, or the cluster can't be reached.
    """
    check_place(on)
    if on != LOCAL:
        with _cluster(on, workers) as ray:
            yield from _by_ray(ray, work, items)
    elif workers <= 1:
        yield from map(work, items)
    else:
        with ProcessPoolExecutor(workers) as pool:
            yield from pool.map(work, items)


def check_place(on: str) -> None:
    """`local`; `ray`, the cluster that RAY_ADDRESS names, else one that is begun here; or the
    address of one, `ray://HOST:PORT`.

    Raises:
        EstimatorError: it is none of these.
    """
    if on not in (LOCAL, RAY) and not on.startswith("ray://"):
        raise EstimatorError(f"“{on}” is no place to work: local, ray or ray://HOST:PORT")


@contextmanager
def _cluster(on: str, workers: int) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise EstimatorError(f"--on {on} needs Ray: pip install ray, on each machine") from error
    address = os.environ.get("RAY_ADDRESS") if on == RAY else on
    here: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False}
    here["_node_ip_address"] = "127.0.0.1"  # nobody else is to reach it
    try:
        ray.init(address or "local", log_to_driver=False, **({} if address else here))
    except Exception as error:  # Ray raises this very class where it does not start in time
        raise EstimatorError(f"no Ray at {address or 'this machine'}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _by_ray(ray: Any, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """In order, a few ahead of what was taken, so that results don't fill the memory."""
    task = ray.remote(num_cpus=1, max_retries=_TRIES)(_done)
    given = ray.put(work)
    waiting = (task.remote(given, item) for item in items)
    ahead = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    coming = deque(islice(waiting, ahead))
    while coming:
        result = ray.get(coming.popleft())
        coming.extend(islice(waiting, 1))
        yield result


def _done(work: Callable[[Item], Result], item: Item) -> Result:
    """In a worker."""
    return work(item)
