"""What the tests of the command line share: `python -m core` as a program of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
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


def document(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(*arguments: str) -> Any:
    """Run a command in this process with --json and read what it printed."""
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
