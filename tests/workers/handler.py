"""What a worker of the tests answers."""

import os
import time

import numpy as np

from core.errors import ModelError
from core.workers.child import limit_worker_memory

_hoard = []


def handle(command, options, arrays):
    if command == "double":
        return {"pid": os.getpid()}, [2 * array for array in arrays]
    if command == "hang":
        time.sleep(60)
    if command == "crash":
        os.kill(os.getpid(), 11)
    if command == "take":
        limit_worker_memory()
        _hoard.append(np.ones(options["bytes"], np.uint8))
    if command == "refuse":
        raise ModelError("this model is not liked")
    if command == "fail":
        raise ValueError("two\nlines")
    return {}, []
