"""The commands for third-party models and weights."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from core.cli import common
from core.errors import WeightsError
from core.paths import Paths

app = typer.Typer(no_args_is_help=True, help="The third-party models.")

Name = Annotated[str, Argument(help="As `weights list` names it, e.g. cpm.openpose_hand.")]


@app.command()
def prepare() -> None:
    """Download and build the hand and pose models, and the browser's hand tracking, once; Mudra
    works offline afterwards."""
    from core.modelfiles.browser_files import prepare_browser_files
    from core.modelfiles.mediapipe_models import prepare_models

    folder = Paths.find().weights
    with common.progress_bar("models") as progress:
        prepare_models(folder, progress=progress)
    print(f"models ready in {folder}", file=sys.stderr)
    try:
        prepare_browser_files(folder)
    except WeightsError as error:  # all else works without
        print(f"hands can't be found in browsers yet: {error}", file=sys.stderr)


@common.command(app, "list")
def list_() -> common.Answer:
    """List the nets that are ready to use, and the published weights with their source and
    state."""
    from dataclasses import asdict

    from core.modelfiles.catalogue import WEIGHTS
    from core.modelfiles.converted_weights import has_converted_weights

    paths = Paths.find()
    folder, nets = paths.weights, _describe_nets(paths)
    rows: list[dict[str, Any]] = []
    lines = ["Ready to use, as `--estimator NAME` and on Heatmaps:", *map(_format_net, nets)]
    lines.append("Published weights:")
    for name, entry in WEIGHTS.items():
        here = has_converted_weights(name, folder)
        verified = [source.verification for source in entry.sources]
        rows.append({"name": name, "here": here, **asdict(entry), "verified_by": verified})
        lines.append(f"{'✅' if here else '– '} {name}: {entry.about}")
        lines.append(f"     input: {entry.scalings[0]}")
        for source in entry.sources:
            where = " ".join(source.urls) or source.where
            lines.append(f"     {source.file} ({source.licence})\n       {where}")
            lines.append(f"       verified by {source.verification}")
    return {"nets": nets, "weights": rows}, "\n".join(lines)


def _describe_nets(paths: Paths) -> list[dict[str, Any]]:
    """Return the available heatmap nets, each with name, skeleton, stages and licence."""
    from core.modelfiles.model_folder import HeatmapMetadata, read_net_metadata
    from core.reading.keypoint_sources import available_nets, body_nets

    rows = []
    for name, folder in (available_nets(paths) | body_nets(paths)).items():
        about = read_net_metadata(folder, HeatmapMetadata)
        row = {"name": name, "shipped": folder.parent == paths.shipped_models}
        row |= {"skeleton": about.skeleton, "stages": about.stages, "licence": about.licence}
        rows.append(row)
    return rows


def _format_net(net: dict[str, Any]) -> str:
    """Format a net as one line: name, keypoints, stages, and licence if shipped."""
    from core.pose.skeletons.table import skeleton_named

    skeleton = skeleton_named(net["skeleton"])
    origin = f"ships with Mudra ({net['licence']})" if net["shipped"] else "yours"
    return (
        f"✅ {net['name']}: {skeleton.size} keypoints of a {skeleton.title}, "
        f"{net['stages']} {'stage' if net['stages'] == 1 else 'stages'}; {origin}"
    )


@common.command(app)
def fetch(
    name: Name,
    accept_hash: Annotated[
        str | None, Option(help="The sha256 that you trust, where none is published.")
    ] = None,
) -> common.Answer:
    """Download published weights, verify and convert them."""
    from core.modelfiles.fetch import fetch_weights

    with common.progress_bar("fetching") as progress:
        record = fetch_weights(
            name, Paths.find().weights, accept_hash=accept_hash, progress=progress
        )
    _save_imported_net(name)
    return record, _format_weights(record)


@common.command(app, "import")
def import_(
    name: Name,
    file: Annotated[Path, Argument(help="A .caffemodel, .pkl, .pth, .safetensors or .onnx.")],
) -> common.Answer:
    """Verify and convert a file of published weights that you have."""
    from core.modelfiles.converted_weights import import_weights

    record = import_weights(name, file, Paths.find().weights)
    _save_imported_net(name)
    return record, _format_weights(record)


@common.command(app)
def verify(name: Name) -> common.Answer:
    """Verify converted weights: sha256, names and shapes."""
    from core.modelfiles.converted_weights import verify_weights

    record = verify_weights(name, Paths.find().weights)
    return record, f"{_format_weights(record)}: whole"


@common.command(app, "convert-movenet")
def convert_movenet(
    package: Annotated[Path, Argument(help="human-models-3.0.4.tgz of npm, see the nets' cards.")],
    out: Annotated[Path, Option("-o", "--output", help="Folder for the two nets' folders.")],
) -> common.Answer:
    """Make the shipped MoveNet nets anew of Google's TF.js files."""
    from core.lab.movenet.make_nets import make_movenet_nets

    folders = [str(folder) for folder in make_movenet_nets(package, out)]
    return {"nets": folders}, "\n".join(folders)


def _save_imported_net(name: str) -> None:
    """Save imported weights as one of the nets that the app offers."""
    from core.training.published_nets import save_published_net

    paths = Paths.find()
    save_published_net(name, paths.weights, paths.own_nets)


def _format_weights(record: dict[str, Any]) -> str:
    """Format weights as one line: name, source, numbers of arrays and parameters, sha256."""
    return (
        f"{record['name']} from {record['source']}: {record['arrays']} arrays, "
        f"{record['parameters']:,} parameters, sha256 {record['sha256']}"
    )
