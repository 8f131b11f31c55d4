"""What the tests of the command line share: commands in this process."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from core.cli import app


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
