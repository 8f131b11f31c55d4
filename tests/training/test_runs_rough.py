"""A run's folder after rough use: processes that die, numbers used again, lines that are torn."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.training import runs
from core.training.runs import Run, list_runs

_TRAINS = """
import sys, time
from pathlib import Path
from core.training.runs import Run
print(Run.create(Path(sys.argv[1])).path, flush=True)
time.sleep(60)
"""


def training(tmp_path, before: str = "") -> tuple[subprocess.Popen, Run]:
    command = [sys.executable, "-c", before + _TRAINS, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, Run(Path(process.stdout.readline().strip()))


def test_a_killed_training_is_dead_at_once_though_nobody_asked_how_it_ended(tmp_path):
    process, run = training(tmp_path)
    assert run.status() == "running"
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays as a zombie
    assert run.status() == "dead"
    process.communicate()


def test_the_number_of_a_dead_process_used_again_does_not_revive_its_run(tmp_path):
    process, run = training(tmp_path)
    process.kill()
    process.communicate()
    [start] = run.records()
    line = json.dumps(start | {"pid": os.getpid()})  # as after a restart, in a container often
    (run.path / "log.jsonl").write_text(line + "\n")
    assert run.status() == "dead"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
def test_a_helper_process_that_lives_on_does_not_keep_its_run_alive(tmp_path):
    helper = "import os, sys, time\n" + (
        "from core.training import runs\n"
        "keep, create = time.sleep, runs.Run.create\n"
        "def made(root):\n"
        "    run = create(root)\n"
        "    if os.fork() == 0: keep(60); os._exit(0)\n"
        "    return run\n"
        "runs.Run.create = made\n"
    )
    process, run = training(tmp_path, helper)
    assert run.status() == "running"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    helpers = children.read_text().split() if children.exists() else []
    process.kill()
    try:
        process.wait()
        end = time.monotonic() + 20  # on a busy machine the helper has not let go of it yet
        while run.status() == "running" and time.monotonic() < end:
            time.sleep(0.05)
        assert run.status() == "dead"
    finally:
        for pid in helpers:
            os.kill(int(pid), signal.SIGKILL)
        process.stdout.close()


def test_a_run_let_go_without_an_end_is_dead_though_its_process_lives(tmp_path):
    run = Run.create(tmp_path)
    thread = threading.Thread(target=run.let_go)
    thread.start()
    thread.join()
    assert run.status() == "dead"
    run.resume()
    assert run.status() == "running"


def test_a_run_that_another_process_trains_is_not_resumed(tmp_path):
    process, run = training(tmp_path)
    with pytest.raises(TrainingError, match="another process"):
        run.resume()
    assert run.status() == "running" and len(run.records()) == 1
    process.kill()
    process.communicate()
    run.resume()
    assert run.status() == "running"
    run.let_go()


def test_many_may_ask_at_once_while_a_run_begins_and_ends(tmp_path):
    run, over = Run.create(tmp_path), threading.Event()
    said = set()

    def ask():
        while not over.is_set():
            said.add(run.status())

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    time.sleep(0.3)
    over.set()
    for asker in askers:
        asker.join()
    assert said == {"running"}


def test_a_log_without_a_line_is_no_run_and_stops_nobody(tmp_path):
    (tmp_path / "20260101-000000-aaaa").mkdir()
    (tmp_path / "20260101-000000-aaaa" / "log.jsonl").write_text("")
    run = Run.create(tmp_path)
    assert [one.name for one in list_runs(tmp_path)] == [run.name]
    with pytest.raises(TrainingError, match="no training run"):
        Run.open(tmp_path / "20260101-000000-aaaa")


def test_a_torn_line_costs_itself_alone(tmp_path):
    run = Run.create(tmp_path)
    with (run.path / "log.jsonl").open("a") as log:
        log.write('{"event": "epo')
    run.log(event="epoch", epoch=2)
    assert [one.get("epoch") for one in run.records()] == [None, 2]
    with (run.path / "log.jsonl").open("ab") as log:
        log.write(b'\x00\x00\xff\n[1]\n"x"\n{"a": 1}\n')
    run.log(event="end", status="done")
    assert [one["event"] for one in run.records()] == ["start", "epoch", "end"]
    assert run.status() == "done"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_in_plain_words(tmp_path):
    run = Run.create(tmp_path)
    run.let_go()
    (run.path / "log.jsonl").unlink()
    (run.path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(TrainingError, match="the disk is full"):
        run.log(event="epoch", epoch=1)


def test_a_place_that_can_t_be_written_is_said_in_plain_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"file/\d.* can't be written"):
        Run.create(tmp_path / "file")


def test_a_system_without_locks_asks_for_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "fcntl", None)
    process, run = training(tmp_path, "import sys; sys.modules['fcntl'] = None\n")
    assert run.status() == "running"
    process.kill()
    process.communicate()
    assert run.status() == "dead"
