"""A run's folder says everything about it."""

import json
import os
import subprocess
import sys

import pytest

from core.errors import TrainingError
from core.training.runs import Run, list_runs


def test_lines_come_back_in_order_and_by_event(tmp_path):
    run = Run.create(tmp_path, project="demo")
    run.log(event="epoch", epoch=1)
    run.log(event="epoch", epoch=2)
    assert [r["event"] for r in run.records()] == ["start", "epoch", "epoch"]
    assert [r["epoch"] for r in Run.open(run.path).records("epoch")] == [1, 2]
    assert run.about()["project"] == "demo"


def test_runs_of_one_millisecond_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_790_000_000.5)
    for _ in range(300):
        Run.create(tmp_path).log(event="end", status="done")
    assert len(list_runs(tmp_path)) == 300


def test_what_another_process_adds_to_a_log_that_was_read_is_seen(tmp_path):
    run = Run.create(tmp_path, net={"size": 1})
    run.about()["net"] = "changed by who asked"
    assert run.about()["net"] == {"size": 1} and len(run.records()) == 1
    with (run.path / "log.jsonl").open("a") as log:
        log.write('{"event": "epoch", "time": 1}\n')
    assert [r["event"] for r in run.records()] == ["start", "epoch"]
    run.log(event="end", status="done")
    assert run.status() == "done" and len(run.records()) == 3


def test_a_log_that_was_read_is_not_read_again_before_it_changes(tmp_path):
    """A page asks for every training's several times a second."""
    run = Run.create(tmp_path)
    run.log(event="end", status="done")
    assert run.status() == "done"
    log = run.path / "log.jsonl"
    about, text = log.stat(), log.read_bytes()
    log.write_bytes(text.replace(b"done", b"gone"))
    os.utime(log, ns=(about.st_atime_ns, about.st_mtime_ns))  # as if it were the same
    assert run.status() == "done"
    os.utime(log)
    assert run.status() == "gone"


def test_a_line_half_written_is_left_out(tmp_path):
    run = Run.create(tmp_path)
    with (run.path / "log.jsonl").open("a") as log:
        log.write('{"event": "epo')
    assert len(run.records()) == 1


def test_numbers_that_json_does_not_know_are_refused(tmp_path):
    with pytest.raises(ValueError):
        Run.create(tmp_path).log(event="epoch", loss=float("nan"))


def test_status_follows_the_log(tmp_path):
    run = Run.create(tmp_path)
    assert run.status() == "running"
    run.log(event="end", status="stopped")
    assert run.status() == "stopped"


def test_a_run_whose_process_is_gone_is_dead(tmp_path):
    code = "from pathlib import Path; import sys; from core.training.runs import Run;"
    code += "print(Run.create(Path(sys.argv[1])).path)"
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert Run.open(list_runs(tmp_path)[0].path).status() == "dead"
    assert out.stdout.strip() == str(list_runs(tmp_path)[0].path)


def test_the_newest_run_comes_first_and_other_folders_are_no_runs(tmp_path):
    for name in ("20250101-000000-aaaa", "20260101-000000-bbbb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.jsonl").write_text(json.dumps({"event": "start", "pid": 1}) + "\n")
    (tmp_path / "notes").mkdir()
    assert [r.name[:4] for r in list_runs(tmp_path)] == ["2026", "2025"]
    assert list_runs(tmp_path / "missing") == []
    with pytest.raises(TrainingError, match="no training run"):
        Run.open(tmp_path / "notes")


def test_a_resumed_run_runs_again_though_it_ended_before(tmp_path):
    run = Run.create(tmp_path)
    run.log(event="end", status="stopped")
    assert run.status() == "stopped"
    run.resume()
    assert run.status() == "running"
    run.log(event="end", status="done")
    assert run.status() == "done"
