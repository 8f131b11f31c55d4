"""The command line: each command parses, calls the function that the page calls, and prints.

Convention: `--json` prints one document on stdout, progress goes to stderr. Exit codes: 0 done,
1 an error in one line on stderr, 2 wrong usage. Heavy libraries load inside the commands.
"""

import os
import sys

import typer

from core.cli import (
    data,
    depth,
    machine,
    models,
    pose_nets,
    predicting,
    projects,
    samples,
    training,
    weights,
)
from core.errors import MudraError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__.splitlines()[0])
app.add_typer(data.app)
app.add_typer(training.app)
app.add_typer(predicting.app)
app.add_typer(models.app)
app.add_typer(pose_nets.app)
app.add_typer(depth.app)
app.add_typer(machine.app)
app.add_typer(projects.app, name="project")
app.add_typer(samples.app, name="samples")
app.add_typer(weights.app, name="weights")


def main() -> None:
    """Run the command line; a MudraError becomes one line on stderr and exit code 1."""
    _mute_native_logs()
    try:
        app()
    except MudraError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)


def _mute_native_logs() -> None:
    """Discard what native code (MediaPipe) writes to file descriptor 2; Python's own stderr
    still works."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    os.close(devnull)
