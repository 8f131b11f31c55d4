"""What the tests of the command line share: commands in this process or as a program of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from core.cli import app

ROOT_COMMAND = [sys.executable, "-m", "core"]


@pytest.fixture
def run(tmp_path, root, weights_folder):
    environment = {
        **os.environ,
        "MUDRA_WORKSPACE": str(tmp_path / "workspace"),
        "MUDRA_WEIGHTS": str(weights_folder),
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ROOT_COMMAND, *map(str, arguments)],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


@pytest.fixture
def home(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty workspace of the commands in this process."""
    monkeypatch.setenv("MUDRA_WORKSPACE", str(workspace))
    return workspace


def invoke(*arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def told(*arguments: object) -> str:
    """Run a command in this process and return what it printed; raise its error."""
    done = invoke(*arguments)
    if done.exception:
        raise done.exception
    return done.stdout


def said(*arguments: object) -> Any:
    """Run a command in this process with --json and read what it printed."""
    return json.loads(told(*arguments, "--json"))
