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
for commands in (data, training, predicting, models, pose_nets, depth, machine):
    app.add_typer(commands.app)
app.add_typer(projects.app, name="project")
app.add_typer(samples.app, name="samples")
app.add_typer(weights.app, name="weights")


def main() -> None:
    """Run the command line; print a MudraError as one line on stderr and exit with code 1. What
    native code (MediaPipe) writes to file descriptor 2 is discarded; Python's own stderr still
    works."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    os.close(devnull)
    try:
        app()
    except MudraError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)
