"""What is free goes back to the system."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.admin.memory import free_memory


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it otherwise")
def test_what_lies_in_cycles_and_in_arenas_is_given_back():
    def resident_mb() -> int:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 // 2**20

    free_memory()
    before = resident_mb()
    blocks = [np.ones(12_000) for _ in range(2000)]  # 96 kB each: below what malloc maps alone
    keep = blocks[-1]
    cycle: list = [blocks]
    cycle.append(cycle)
    del blocks, cycle
    assert resident_mb() > before + 150
    free_memory()
    assert resident_mb() < before + 40 and keep.sum() == 12_000
