"""Return free memory to the system: a stream's frames are large and come from several threads, and
the gaps that they leave in the allocator's arenas would stay with the process."""

import ctypes
import gc
import sys
import threading

DELAY_S = 1.0  # the connection releases its buffers a moment after the stream's end


def free_memory_later() -> None:
    """Call `free_memory` after DELAY_S in a separate thread."""
    timer = threading.Timer(DELAY_S, free_memory)
    timer.daemon = True
    timer.start()


def free_memory() -> None:
    """Collect reference cycles, then return free memory to the system (glibc only)."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
