"""Memory that is free goes back to the system: a stream's frames are large and come from several
threads, and what they leave scattered in the allocator's arenas would stay with the process."""

import ctypes
import gc
import sys
import threading

WAIT_S = 1.0  # the connection lets go of its buffers a moment after the stream's end


def give_back_later() -> None:
    """Free unused memory soon, in a separate thread."""
    timer = threading.Timer(WAIT_S, give_back)
    timer.daemon = True
    timer.start()


def give_back() -> None:
    """Collect what is in reference cycles, then return free pages (where the C library can:
    glibc)."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
