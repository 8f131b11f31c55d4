"""What runs in a worker: `python -m core.workers.child HANDLER SHARED_FILE`."""

import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from core.workers.channel import Arrays, Channel

EXTRA_MEMORY = "MUDRA_WORKER_MEMORY"  # names the bytes that it may take above those of the idle
_MAX_TEXT = 2000  # characters of an error


def limit_worker_memory() -> None:
    """Limit this worker's memory to its current size plus the extra set by its parent (Linux)."""
    extra = os.environ.pop(EXTRA_MEMORY, None)
    if extra is None or sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = pages * resource.getpagesize() + int(extra)
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _exit_with_parent(parent: int) -> None:
    """Check every second that the parent is running; exit this process once it isn't."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Run a worker: answer requests with the named handler until stdin is closed."""
    requests, replies = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    with Path(sys.argv[2]).open("r+b") as shared:
        channel = Channel(requests, replies, shared)
    os.dup2(2, 1)  # what libraries print must not get between the replies
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    handler = importlib.import_module(sys.argv[1])
    while True:
        arrays: Arrays = []
        try:
            request, given = channel.receive()
            answer, arrays = handler.handle(str(request.pop("command")), request, given)
        except EOFError:
            os._exit(0)  # libraries' threads are not waited for
        except Exception as error:
            answer = {"error": str(error)[:_MAX_TEXT], "kind": type(error).__name__}
        channel.send(answer, arrays)


if __name__ == "__main__":
    main()
