"""The same work on many things: one after another, in processes of this machine, or on Ray.

Things are given out in parts, a few a worker ahead, so that memory stays flat, and what is made of
them comes back in their order. A worker that is killed has its part done again by another: work
must leave nothing behind but what it gives.

Ray is not in requirements.txt: `pip install ray`, `ray[client]` for ray://. It is imported when
asked for, and tells nobody that it is used. It is Ray's tasks and not Ray Data, which keeps the
order only where told to, wants rows that fit into Arrow's tables, and has been seen to wait for
ever for a worker that was killed (ray-project/ray 50890, 62746), where this is a window of tasks.
"""

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar, cast

from core.errors import EstimatorError, MediaError

LOCAL, RAY = "local", "ray"
_PART = 16  # things at most: about a second of work, of pictures
_AHEAD = 4  # parts a worker that are given out before they are asked for
_TRIES = 3  # of a part whose workers are killed, after the first
_MUDRA = Path(__file__).resolve().parents[1]

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Iterable[Item]], Iterator[Result]]


@contextmanager
def spread(
    work: Work[Item, Result], items: Sequence[Item], *, workers: int = 1, on: str = LOCAL
) -> Iterator[Iterator[Result]]:
    """Gives what `work` makes of each item, in their order; see `check_place` for `on`.

    Args:
        work: makes one result an item of any part of them; a function of a module or a `partial` of
            one. Files that it reads must lie at the same path on each machine of a cluster.
        workers: processes here, `local` or `ray` that is begun here; a cluster has its own.

    Raises:
        EstimatorError: Ray is not installed, the cluster can't be reached, or a part's workers were
            killed again and again.
    """
    check_place(on)
    with closing(_results(work, items, workers, on)) as each:
        yield each


def _results(
    work: Work[Item, Result], items: Sequence[Item], workers: int, on: str
) -> Generator[Result]:
    if on != LOCAL:
        with _cluster(on, workers) as ray:
            yield from _on_ray(ray, work, items)
    elif workers > 1:
        yield from _in_processes(work, items, workers)
    else:
        yield from work(items)


def check_place(on: str, path: Path | None = None) -> None:
    """`local`; `ray`, the cluster that RAY_ADDRESS names, else one that is begun here; or the
    address of one, `ray://HOST:PORT`.

    Args:
        path: what is to be read there.

    Raises:
        EstimatorError: it is none of these.
        MediaError: a zip, which is unpacked where other machines can't read it.
    """
    if on not in (LOCAL, RAY) and not on.startswith("ray://"):
        raise EstimatorError(f"“{on}” is no place to work: local, ray or ray://HOST:PORT")
    if _address(on) and path is not None and path.suffix.lower() == ".zip":
        raise MediaError(
            f"{path.name} would be unpacked on this machine alone: unpack it where all machines of "
            "the cluster can read it, and give the folder"
        )


def _address(on: str) -> str | None:
    """The cluster's; None where there is none yet."""
    if on == LOCAL:
        return None
    return os.environ.get("RAY_ADDRESS") if on == RAY else on


def _parts(items: Sequence[Item], workers: int) -> Iterator[Sequence[Item]]:
    """Smaller ones where there are few things, so that all workers have some."""
    size = max(1, min(_PART, len(items) // (_AHEAD * workers)))
    return (items[start : start + size] for start in range(0, len(items), size))


def _in_order(
    give: Callable[..., Any],
    take: Callable[[Any], list[Result]],
    parts: Iterator[Sequence[Item]],
    ahead: int,
    given: deque[Sequence[Item]],
) -> Iterator[Result]:
    """What is taken of each part, `ahead` of them being given out.

    Args:
        given: the parts given out and not done yet: those to begin with, and after an error those
            that are lost.
    """
    coming = deque(map(give, given))
    while True:
        for part in islice(parts, ahead - len(given)):
            given.append(part)
            coming.append(give(part))
        if not given:
            return
        found = take(coming.popleft())
        given.popleft()
        yield from found


def _done(work: Work[Any, Any], part: Sequence[Any]) -> list[Any]:
    """In a worker."""
    return list(work(part))


def _killed(part: Sequence[Any]) -> EstimatorError:
    return EstimatorError(
        f"workers were killed {1 + _TRIES} times in a row, at {part[0]} or soon after: too little "
        "memory, or a file that can't be read safely; what was done until then is kept"
    )


# ----------------------------------------------------------------------- processes of this machine


def _in_processes(
    work: Work[Item, Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    """Where a process is killed its pool ends, and another does what that had not done."""
    parts, given = _parts(items, workers), deque[Sequence[Item]]()
    first: Sequence[Item] | None = None
    tries = 0
    while True:
        try:
            with _processes(workers) as pool:
                give: Callable[..., Any] = partial(cast(Any, pool).submit, _done, work)
                yield from _in_order(give, Future.result, parts, _AHEAD * workers, given)
                return
        except BrokenProcessPool as error:
            tries = tries + 1 if given[0] is first else 1
            first = given[0]
            if tries > _TRIES:
                raise _killed(first) from error


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Begun afresh, since a fork would have this process's threads and database in half; Ctrl+C
    ends them at once."""
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("forkserver"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield pool
    except BrokenProcessPool:
        # one that was begun while the others were ended is waited for for ever (CPython 3.11)
        for late in list((pool._processes or {}).values()):
            late.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


# --------------------------------------------------------------------------------------------- Ray


def _on_ray(ray: Any, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
    workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
    task = ray.remote(num_cpus=1, max_retries=_TRIES)(_done)
    given, work_there = deque[Sequence[Item]](), ray.put(work)
    try:
        give, parts = partial(task.remote, work_there), _parts(items, workers)
        yield from _in_order(give, ray.get, parts, _AHEAD * workers, given)
    except ray.exceptions.RayTaskError as error:  # raised by the work itself
        raise error.cause from error
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise _killed(given[0]) from error
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise EstimatorError(f"the Ray cluster broke off: {error}") from error


@contextmanager
def _cluster(on: str, workers: int) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise EstimatorError(
            f"--on {on} needs Ray: pip install 'ray[client]', on each machine"
        ) from error
    address = _address(on)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    logging.getLogger("ray.client_builder").setLevel(logging.ERROR)  # it tells these
    if address:  # wherever its processes were begun, they find Mudra
        options["runtime_env"] = {"env_vars": {"PYTHONPATH": f"{_MUDRA}:${{PYTHONPATH}}"}}
    else:
        options |= {"num_cpus": workers, "include_dashboard": False}
        options["_node_ip_address"] = "127.0.0.1"  # nobody else is to reach it
    try:
        ray.init(address or "local", **options)
    except Exception as error:  # Ray raises this very class where it does not start in time
        raise EstimatorError(
            f"no Ray at {address or 'this machine'}: {error}"
            + (" (does it want a token? Set RAY_AUTH_MODE=token here, too)" if address else "")
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
