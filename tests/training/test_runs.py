"""A run's folder: its log, its status, and processes that die, lock it or tear its lines."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.training import runs
from core.training.runs import Run, list_runs
from tests.conftest import wait_until

TRAINING = """
import sys, time
from pathlib import Path
from core.training.runs import Run
print(Run.create(Path(sys.argv[1])).path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path, project="demo", net={"size": 1})


def log_of(run: Run) -> Path:
    return run.path / "log.jsonl"


def start_training(tmp_path, before: str = "") -> tuple[subprocess.Popen, Run]:
    command = [sys.executable, "-c", before + TRAINING, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, Run(Path(process.stdout.readline().strip()))


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def test_lines_are_read_in_order_and_by_event(run):
    run.log(event="epoch", epoch=1)
    run.log(event="epoch", epoch=2)
    assert [r["event"] for r in run.records()] == ["start", "epoch", "epoch"]
    assert [r["epoch"] for r in Run.open(run.path).records("epoch")] == [1, 2]
    with pytest.raises(ValueError):
        run.log(event="epoch", loss=float("nan"))


def test_runs_of_one_millisecond_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_790_000_000.5)
    for _ in range(300):
        Run.create(tmp_path).log(event="end", status="done")
    assert len(list_runs(tmp_path)) == 300


def test_lines_of_another_process_and_a_caller_s_changes_do_not_meet(run):
    run.about()["net"] = "changed by a caller"
    assert run.about()["net"] == {"size": 1} and len(run.records()) == 1
    with log_of(run).open("a") as log:
        log.write('{"event": "epoch", "time": 1}\n')
    assert [r["event"] for r in run.records()] == ["start", "epoch"]


def test_an_unchanged_log_is_not_read_again(run):
    """A page asks for every training's several times a second."""
    run.log(event="end", status="done")
    assert run.status() == "done"
    log = log_of(run)
    stat, text = log.stat(), log.read_bytes()
    log.write_bytes(text.replace(b"done", b"gone"))
    os.utime(log, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as if it were the same
    assert run.status() == "done"
    os.utime(log)
    assert run.status() == "gone"


def test_the_status_follows_the_log_and_a_resumed_run_runs_again(run):
    seen = [run.status()]
    for end in ("stopped", "done"):
        run.log(event="end", status=end)
        seen.append(run.status())
        run.resume()
        seen.append(run.status())
    assert seen == ["running", "stopped", "running", "done", "running"]


def test_the_newest_run_comes_first_and_other_folders_are_no_runs(tmp_path):
    for name, line in {
        "20250101-000000-aaaa": '{"event": "start", "pid": 1}\n',
        "20260101-000000-bbbb": '{"event": "start", "pid": 1}\n',
        "20270101-000000-cccc": "",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.jsonl").write_text(line)
    (tmp_path / "notes").mkdir()
    assert [r.name[:4] for r in list_runs(tmp_path)] == ["2026", "2025"]
    assert list_runs(tmp_path / "missing") == []
    for name in ("notes", "20270101-000000-cccc"):
        with pytest.raises(TrainingError, match="no training run"):
            Run.open(tmp_path / name)


def test_a_torn_line_damages_no_other(run):
    with log_of(run).open("a") as log:
        log.write('{"event": "epo')
    assert len(run.records()) == 1
    run.log(event="epoch", epoch=2)
    assert [r.get("epoch") for r in run.records()] == [None, 2]
    with log_of(run).open("ab") as log:
        log.write(b'\x00\x00\xff\n[1]\n"x"\n{"a": 1}\n')
    run.log(event="end", status="done")
    assert [r["event"] for r in run.records()] == ["start", "epoch", "end"]
    assert run.status() == "done"


def test_a_killed_training_is_dead_at_once(tmp_path):
    process, run = start_training(tmp_path)
    assert run.status() == "running"
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays as a zombie
    assert run.status() == "dead"
    process.communicate()


def test_a_dead_training_s_process_id_used_again_does_not_revive_it(tmp_path):
    process, run = start_training(tmp_path)
    kill(process)
    [start] = run.records()
    line = json.dumps(start | {"pid": os.getpid()})  # as after a restart, in a container often
    log_of(run).write_text(line + "\n")
    assert run.status() == "dead"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
def test_a_forked_helper_that_lives_on_does_not_keep_its_run_alive(tmp_path):
    helper = (
        "import os, time\n"
        "from core.training.runs import Run\n"
        "create = Run.create\n"
        "def make_run(root):\n"
        "    run = create(root)\n"
        "    if os.fork() == 0: time.sleep(60)\n"
        "    return run\n"
        "Run.create = make_run\n"
    )
    process, run = start_training(tmp_path, helper)
    assert run.status() == "running"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    helpers = children.read_text().split() if children.exists() else []
    process.kill()
    try:
        process.wait()
        # on a busy machine the helper still holds the lock
        wait_until(lambda: run.status() == "dead", within_s=20)
    finally:
        for pid in helpers:
            os.kill(int(pid), signal.SIGKILL)
        process.stdout.close()


def test_a_run_released_without_an_end_is_dead_though_its_process_lives(run):
    thread = threading.Thread(target=run.release)
    thread.start()
    thread.join()
    assert run.status() == "dead"
    run.resume()
    assert run.status() == "running"


def test_a_run_that_another_process_trains_is_not_resumed(tmp_path):
    process, run = start_training(tmp_path)
    with pytest.raises(TrainingError, match="another process"):
        run.resume()
    assert run.status() == "running" and len(run.records()) == 1
    kill(process)
    run.resume()
    assert run.status() == "running"
    run.release()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_clear_error(run):
    run.release()
    log_of(run).unlink()
    log_of(run).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match="the disk is full"):
        run.log(event="epoch", epoch=1)


def test_a_folder_that_can_t_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"file/\d.* can't be written"):
        Run.create(tmp_path / "file")


def test_a_system_without_locks_looks_for_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "fcntl", None)
    process, run = start_training(tmp_path, "import sys; sys.modules['fcntl'] = None\n")
    assert run.status() == "running"
    kill(process)
    assert run.status() == "dead"
