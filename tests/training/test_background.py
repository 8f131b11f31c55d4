"""Work in a thread: ended, stopped, failed, replaced."""

import threading

import pytest

from core.errors import TrainingError
from core.training.background import RunThread, Stop
from core.training.runs import DONE, Run


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path)


def test_stop_reaches_the_work_whose_result_is_there_after_the_wait(run):
    thread = RunThread(run, lambda stop: stop.wait(10))
    assert thread.alive
    thread.stop()
    thread.wait(10)
    assert (thread.result, thread.error, thread.alive) == (True, None, False)


@pytest.mark.parametrize(
    ("error", "message"),
    [(TrainingError("too few"), "too few"), (ZeroDivisionError("no"), "ZeroDivisionError")],
)
def test_a_failure_is_in_the_log(run, error, message):
    def work(stop: Stop) -> None:
        raise error

    thread = RunThread(run, work)
    thread.wait(10)
    assert thread.error is error and run.status() == "failed"
    assert message in run.records("end")[0]["message"]


def test_a_failure_after_the_end_leaves_the_end_alone(run):
    def work(stop: Stop) -> None:
        run.log(event="end", status=DONE)
        raise TrainingError("late")

    RunThread(run, work).wait(10)
    assert [r["status"] for r in run.records("end")] == [DONE]


def test_replaced_work_ends_at_once_with_that_status(run):
    started = threading.Event()

    def work(stop: Stop) -> None:
        while True:
            started.set()
            stop.check()

    thread = RunThread(run, work)
    assert started.wait(10)
    thread.replace()
    thread.wait(10)
    assert not thread.alive and thread.error is None and run.status() == "replaced"
