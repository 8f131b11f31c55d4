"""A process's memory, as the benchmark of the pages reads it."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, os
import numpy as np
from benchmarks.studio import resident_mb
before = resident_mb(os.getpid())
held = np.ones(100 * 2**20, np.uint8)
there = resident_mb(os.getpid())
del held
print(json.dumps([there - before, resident_mb(os.getpid(), "VmHWM") - before]))
"""


def test_memory_is_told_in_mb_and_the_most_outlives_what_took_it(root: Path) -> None:
    # a process of its own: one that has freed much takes the array's memory from there
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True
    )
    held, most = json.loads(said.stdout)
    assert 80 < held < 120
    assert most > 80
