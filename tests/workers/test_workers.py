"""A worker answers, and where it crashes, hangs or takes too much its caller goes on."""

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError, WorkerError
from core.workers.process import Worker
from tests.conftest import wait_until

HANDLER = "tests.workers.handler"
MB = 2**20


@pytest.fixture
def worker():
    with closing(Worker(HANDLER, extra_memory=64 * MB)) as one:
        yield one


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.zeros((0, 21, 2), np.float32),
        np.array([True, False]),
        np.array(7, np.int64),
        np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-1],  # not contiguous
        np.full(20 * MB, 3, np.uint8),  # more than shared memory holds
    ],
)
def test_arrays_go_there_and_back(worker, array):
    _, [found, again] = worker.call("double", arrays=[array, array], timeout_s=20)
    worker.call("double", arrays=[0 * array], timeout_s=20)  # an answer stays as it is
    assert found.shape == array.shape
    np.testing.assert_array_equal(found, 2 * array)
    np.testing.assert_array_equal(again, 2 * array)


def test_a_crash_is_one_error_and_the_next_call_has_a_new_process(worker):
    before, _ = worker.call("double", timeout_s=20)
    with pytest.raises(WorkerError, match=r"it crashed \(exit code -11\)"):
        worker.call("crash", timeout_s=20)
    after, _ = worker.call("double", timeout_s=20)
    assert after["pid"] != before["pid"] and not is_alive(before["pid"])


def test_killed_while_idle_it_is_started_again(worker):
    pid = worker.call("double", timeout_s=20)[0]["pid"]
    os.kill(pid, 9)
    wait_until(lambda: not worker.is_running)
    assert worker.call("double", timeout_s=20)[0]["pid"] != pid


def test_what_takes_too_long_is_ended(worker):
    pid = worker.call("double", timeout_s=20)[0]["pid"]
    started = time.monotonic()
    with pytest.raises(WorkerError, match="more than 1 s"):
        worker.call("hang", timeout_s=1)
    assert time.monotonic() - started < 10 and not is_alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere resident memory is watched")
def test_more_memory_than_allowed_is_an_error(worker):
    worker.call("take", {"bytes": MB}, timeout_s=20)
    with pytest.raises(WorkerError, match="MemoryError"):
        worker.call("take", {"bytes": 100 * MB}, timeout_s=20)
    worker.call("double", timeout_s=20)


def test_our_errors_come_as_they_were_raised_and_others_in_one_line(worker):
    with pytest.raises(ModelError, match=r"^this model is not liked$"):
        worker.call("refuse", timeout_s=20)
    with pytest.raises(WorkerError, match=r"^ValueError: two lines$"):
        worker.call("fail", timeout_s=20)


def test_closed_it_leaves_no_process_and_no_thread_behind():
    before = threading.active_count()
    worker = Worker(HANDLER)
    pid = worker.call("double", timeout_s=20)[0]["pid"]
    worker.close()
    assert not is_alive(pid)
    wait_until(lambda: threading.active_count() <= before)


def test_it_ends_with_a_parent_that_is_killed():
    code = (
        "import os\n"
        "from core.workers.process import Worker\n"
        f"worker = Worker({HANDLER!r})\n"
        "print(worker.call('double', timeout_s=20)[0]['pid'], flush=True)\n"
        "import threading\n"
        "threading.Thread(target=worker.call, args=('hang',), kwargs={'timeout_s': 50}).start()\n"
        "import time; time.sleep(0.5)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pid = int(done.stdout)
    wait_until(lambda: not is_alive(pid))
