"""What the studio's processes cost is counted whole, whoever started them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.studio import cpu_seconds

WORK = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORK!r}])"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_the_cpu_time_of_a_process_holds_that_of_those_it_started():
    before = cpu_seconds(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin and parent.stdout and parent.stdout.readline() == b"done\n"
        assert cpu_seconds(parent.pid) >= 0.28  # the kernel counts in hundredths
        assert cpu_seconds(os.getpid()) - before >= 0.28
        parent.stdin.write(b"\n")
