"""A process's memory, as the benchmark of the pages reads it."""

import os

import numpy as np

from benchmarks.page_memory import resident_mb


def test_memory_is_told_in_mb_and_the_most_outlives_what_took_it():
    before = resident_mb(os.getpid())
    held = np.ones(100 * 2**20, np.uint8)
    assert 80 < resident_mb(os.getpid()) - before < 120
    del held
    assert resident_mb(os.getpid(), "VmHWM") > before + 80
