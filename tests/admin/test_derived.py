"""Derived data: what holds pictures goes with them, what is a project's goes with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.admin.derived import DERIVED
from core.admin.erasing import (
    delete_project_pictures,
    empty_bin_here,
    erase_everything,
    list_stored_data,
)
from core.jobs.net_training import PACK
from core.jobs.owners import project_fields
from core.paths import Paths
from core.store import Project
from core.training.runs import Run, list_runs

MARK = b"a picture that must go"
# what fine-tuning does in its own process: it runs, holds pictures, and ends when interrupted
TRAINING = """
import sys, time
from pathlib import Path
from core.training.runs import Run
run = Run.create(Path(sys.argv[1]), project=sys.argv[2], net="cpm.x", **eval(sys.argv[3]))
(run.path / "pack").mkdir()
(run.path / "pack" / "pictures.npy").write_bytes(b"a picture that must go")
print(run.name, flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    run.log(event="end", status="stopped")
"""


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "here", tmp_path / "weights")


@pytest.fixture
def train(paths, root):
    """train(project): a process that fine-tunes on its pictures, and its run."""
    begun: list[subprocess.Popen] = []

    def train(project: Project) -> tuple[subprocess.Popen, Run]:
        about = project_fields(project)
        arguments = [str(paths.net_runs), about.pop("project"), repr(about)]
        command = [sys.executable, "-c", TRAINING, *arguments]
        begun.append(subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True))
        name = begun[-1].stdout.readline().strip()
        return begun[-1], Run.open(paths.net_runs / name)

    yield train
    for process in begun:
        process.kill()
        process.communicate()


def left_by_a_killed_process(paths: Paths, name: str) -> Run:
    """A net's training of before ids were kept, whose process died."""
    run = Run.create(paths.net_runs, project=name, net="cpm.x")
    run.release()
    (run.path / PACK).mkdir()
    (run.path / PACK / "pictures.npy").write_bytes(MARK)
    return run


def holding_pictures(paths: Paths) -> list[str]:
    found = [p for p in paths.workspace.rglob("*") if p.is_file() and MARK in p.read_bytes()]
    return sorted(path.relative_to(paths.net_runs).parts[0] for path in found)


def test_forgotten_pictures_are_in_no_net_s_training(store, paths, train):
    mine, other = store.create_project("mine"), store.create_project("other")
    process, run = train(mine)
    others_process, others_run = train(other)
    left_by_a_killed_process(paths, "a name of before")
    assert len(holding_pictures(paths)) == 3
    delete_project_pictures(store, paths, mine)
    assert holding_pictures(paths) == [others_run.name]
    assert process.wait(20) == 0 and run.status() == "stopped"
    assert others_process.poll() is None and others_run.status() == "running"
    assert len(list_runs(paths.net_runs)) == 3  # figures and weights stay


def test_a_project_deleted_for_good_takes_its_nets_trainings_along(store, paths, train):
    kept, gone = store.create_project("kept"), store.create_project("gone")
    process, _ = train(gone)
    others = Run.create(paths.net_runs, net="cpm.x", **project_fields(kept))
    others.log(event="end", status="done")
    old = left_by_a_killed_process(paths, "kept")
    store.delete_project(gone.id)
    empty_bin_here(store, paths)
    assert holding_pictures(paths) == []
    assert {run.name for run in list_runs(paths.net_runs)} == {others.name, old.name}
    process.wait(20)


def test_every_kind_of_derived_data_is_listed_and_goes_with_everything(store, paths):
    for one in DERIVED:
        folder = paths.workspace / one.folders.replace("*", "abc")
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(MARK)
    listed = {kept.title for kept in list_stored_data(store, paths)}
    assert listed >= {one.title for one in DERIVED}
    assert erase_everything(store, paths).failed == []
    assert [path for path in paths.workspace.iterdir() if path.is_dir()] == []


def test_every_folder_of_the_workspace_that_paths_name_is_in_the_table(paths):
    named = [value for name in dir(Paths) if isinstance(value := getattr(paths, name), Path)]
    below = {path for path in named if path.parent == paths.workspace} - {paths.database}
    assert below and {path.name for path in below} <= {one.folders for one in DERIVED}
