"""The commands for third-party models and weights."""

import sys

import typer

from core.cli._shared import progress_bar
from core.studio.places import Places

app = typer.Typer(no_args_is_help=True, help="The third-party models.")


@app.command()
def prepare() -> None:
    """Fetch and build the hand and pose models, once; works offline afterwards."""
    from core.weights.mediapipe_models import prepare as prepare_

    folder = Places.find().weights
    with progress_bar("models") as progress:
        prepare_(folder, progress=lambda text, share: progress(round(100 * share), 100))
    print(f"models ready in {folder}", file=sys.stderr)
