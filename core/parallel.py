"""Process many items: one after another, in processes of this machine, or on Ray.

Items are submitted in parts, a few per worker in advance, so that memory use stays constant, and
results are returned in the items' order. If a worker is killed, another repeats its part: the work
must have no effects besides its results.

Ray is not in requirements.txt: `pip install ray`, `ray[client]` for ray://. It is imported when
needed, with its usage statistics off. Ray's tasks are used, not Ray Data, which keeps the order
only on request, needs rows that fit into Arrow tables, and has waited for ever for a killed worker
(ray-project/ray 50890, 62746).
"""

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar, cast

from core.errors import EstimatorError, MediaError

LOCAL, RAY = "local", "ray"
_MAX_PART = 16  # items: about a second of work on pictures
_PARTS_AHEAD = 4  # per worker, submitted in advance
_RETRIES = 3  # of a part whose workers are killed
_READ_AHEAD = 2  # items read in threads while one is used
_MUDRA = Path(__file__).resolve().parents[1]

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Iterable[Item]], Iterator[Result]]


@contextmanager
def map_parallel(
    work: Work[Item, Result], items: Sequence[Item], *, workers: int = 1, on: str = LOCAL
) -> Iterator[Iterator[Result]]:
    """Yield an iterator over the results of `work` for all items, in order, computed in processes
    or on a Ray cluster.

    Args:
        work: returns one result per item for any part of the items; a function of a module or a
            `partial` of one. Files it reads must be at the same path on each machine of a cluster.
        workers: processes on this machine; a cluster has its own number.
        on: where to work, see `check_place`.

    Raises:
        EstimatorError: Ray is not installed, the cluster can't be reached, or a part's workers were
            killed again and again.
    """
    check_place(on)
    with closing(_dispatch_work(work, items, workers, on)) as each:
        yield each


def _dispatch_work(
    work: Work[Item, Result], items: Sequence[Item], workers: int, on: str
) -> Generator[Result]:
    """Yield the results, computed on Ray, in several processes or, for one worker, in this one."""
    if on != LOCAL:
        with _connect_to_ray(on, workers) as ray:
            yield from _run_on_ray(ray, work, items)
    elif workers > 1:
        yield from _run_in_processes(work, items, workers)
    else:
        yield from work(items)


def check_place(on: str, path: Path | None = None) -> None:
    """Raise an error unless `on` is `local`, `ray` (the cluster in RAY_ADDRESS if set, or a new
    local one) or `ray://HOST:PORT`.

    Args:
        path: file or folder that will be read there.

    Raises:
        EstimatorError: another text.
        MediaError: the path is a zip, which would be unpacked on this machine only.
    """
    if on not in (LOCAL, RAY) and not on.startswith("ray://"):
        raise EstimatorError(f"unknown place “{on}”: local, ray or ray://HOST:PORT")
    if _find_cluster_address(on) and path is not None and path.suffix.lower() == ".zip":
        raise MediaError(
            f"{path.name} would be unpacked on this machine alone: unpack it where all machines of "
            "the cluster can read it, and give the folder"
        )


def _find_cluster_address(on: str) -> str | None:
    """Return the Ray cluster's address; None for `local`, or for a local cluster to be started."""
    if on == LOCAL:
        return None
    return os.environ.get("RAY_ADDRESS") if on == RAY else on


def _split_into_parts(items: Sequence[Item], workers: int) -> Iterator[Sequence[Item]]:
    """Split items into parts of at most _MAX_PART, smaller if there are too few for all workers."""
    size = max(1, min(_MAX_PART, len(items) // (_PARTS_AHEAD * workers)))
    return (items[start : start + size] for start in range(0, len(items), size))


def _run_parts_in_order(
    submit: Callable[..., Any],
    wait: Callable[[Any], list[Result]],
    parts: Iterator[Sequence[Item]],
    ahead: int,
    pending: deque[Sequence[Item]],
) -> Iterator[Result]:
    """Yield the results of all parts in order, submitting up to `ahead` parts in advance.

    Args:
        pending: parts submitted and not done; at the start those to submit first, after an error
            those that were lost.
    """
    results = deque(map(submit, pending))
    while True:
        for part in islice(parts, ahead - len(pending)):
            pending.append(part)
            results.append(submit(part))
        if not pending:
            return
        result = wait(results.popleft())
        pending.popleft()
        yield from result


def _run_part(work: Work[Any, Any], part: Sequence[Any]) -> list[Any]:
    """Run the work on one part; called in a worker."""
    return list(work(part))


def _make_workers_killed_error(part: Sequence[Any]) -> EstimatorError:
    """Create the error for workers that were repeatedly killed at the same part."""
    return EstimatorError(
        f"workers were killed {1 + _RETRIES} times in a row, at {part[0]} or soon after: too "
        "little memory, or a file that can't be read safely; what was done until then is kept"
    )


# ----------------------------------------------------------------------- processes of this machine


def _run_in_processes(
    work: Work[Item, Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    """Yield a process pool's results in order; if a worker is killed, retry with a new pool."""
    parts, pending = _split_into_parts(items, workers), deque[Sequence[Item]]()
    first: Sequence[Item] | None = None
    attempts = 0
    while True:
        try:
            with _open_process_pool(workers) as pool:
                submit: Callable[..., Any] = partial(cast(Any, pool).submit, _run_part, work)
                yield from _run_parts_in_order(
                    submit, Future.result, parts, _PARTS_AHEAD * workers, pending
                )
                return
        except BrokenProcessPool as error:
            attempts = attempts + 1 if pending[0] is first else 1
            first = pending[0]
            if attempts > _RETRIES:
                raise _make_workers_killed_error(first) from error


@contextmanager
def _open_process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of forkserver processes, which don't inherit threads; Ctrl+C ends them."""
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("forkserver"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield pool
    except BrokenProcessPool:
        # CPython 3.11 waits for ever for a process started while the others were ended
        for late in list((pool._processes or {}).values()):
            late.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


# --------------------------------------------------------------------------------------------- Ray


def _run_on_ray(ray: Any, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield a Ray cluster's results in order; convert Ray's errors to EstimatorError."""
    workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_run_part)
    pending, remote_work = deque[Sequence[Item]](), ray.put(work)
    try:
        submit, parts = partial(task.remote, remote_work), _split_into_parts(items, workers)
        yield from _run_parts_in_order(submit, ray.get, parts, _PARTS_AHEAD * workers, pending)
    except ray.exceptions.RayTaskError as error:  # raised by the work itself
        raise error.cause from error
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise _make_workers_killed_error(pending[0]) from error
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise EstimatorError(f"the Ray cluster broke off: {error}") from error


@contextmanager
def _connect_to_ray(on: str, workers: int) -> Iterator[Any]:
    """Connect to the Ray cluster, or start a local one if it has no address; yield `ray`."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise EstimatorError(
            f"--on {on} needs Ray: pip install 'ray[client]', on each machine"
        ) from error
    address = _find_cluster_address(on)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    logging.getLogger("ray.client_builder").setLevel(logging.ERROR)  # prints the same
    if address:  # its processes find Mudra in any working folder
        options["runtime_env"] = {"env_vars": {"PYTHONPATH": f"{_MUDRA}:${{PYTHONPATH}}"}}
    else:
        options |= {"num_cpus": workers, "include_dashboard": False}
        options["_node_ip_address"] = "127.0.0.1"  # not reachable from other machines
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


# ------------------------------------------------------------------------------------------ threads


def read_ahead(read: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `read(item)` for each item in order; threads read the next few items in advance."""
    results: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(_READ_AHEAD) as pool:
        for item in items:
            results.append(pool.submit(read, item))
            if len(results) > _READ_AHEAD:
                yield results.popleft().result()
        while results:
            yield results.popleft().result()
