"""The commands that add samples to a project and write them out: import, record, export-data."""

import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli._shared import (
    AnySource,
    DepthCamera,
    DepthNetName,
    DepthUnit,
    Json,
    Layout,
    Mapping,
    NewProject,
    On,
    OwnEstimator,
    ProjectName,
    TableSkeleton,
    Workers,
    Workspace,
    check_choice,
    check_depth_options,
    check_layout,
    check_skeleton,
    choose_estimator,
    estimator_factory,
    open_store,
    parse_label_map,
    print_result,
    progress_bar,
)
from core.cli.depth import open_source
from core.errors import StoreError
from core.paths import Paths

app = typer.Typer()


@app.command("import")
def import_(
    path: Annotated[
        Path, typer.Argument(help="A folder per class, a zip of one, a table, or COCO json.")
    ],
    project: NewProject,
    layout: Layout = "auto",
    skeleton: TableSkeleton = None,
    person: Annotated[str | None, typer.Option(help="Who is in the pictures.")] = None,
    mapping: Mapping = None,
    estimator: Annotated[
        str | None,
        typer.Option(help="Finds them, else what fits the project; of a COCO json: found them."),
    ] = None,
    workers: Workers = 1,
    on: On = "local",
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Import pictures or keypoints into a project."""
    from core.exchange.tables.data_in import import_data
    from core.recording.imports.importing import ImportOptions

    labels = parse_label_map(mapping)
    check_layout(layout)
    check_skeleton(skeleton)
    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("importing") as progress:
        options = ImportOptions(
            estimator_factory(paths, choose_estimator(store, project, estimator)),
            person=person,
            estimator=estimator,
            layout=layout,
            skeleton=skeleton,
            mapping=labels,
            workers=workers,
            on=on,
            progress=progress,
        )
        report = import_data(store, project, path, options)
    for name, reason in report.skipped:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    print_result(report.to_document(), report.text, as_json)


@app.command()
def record(
    project: NewProject,
    gesture: Annotated[str, typer.Option(help="One of the project's gestures.")],
    source: AnySource = "camera:0",
    seconds: Annotated[float | None, typer.Option(help="Else until Ctrl-C.")] = None,
    rate: Annotated[float, typer.Option(help="Frames a second looked at.")] = 10.0,
    person: Annotated[
        str | None,
        typer.Option(help="Who shows the gesture; “me” at a camera, unknown in a video."),
    ] = None,
    estimator: OwnEstimator = None,
    depth: DepthNetName = None,
    camera: DepthCamera = None,
    unit_mm: DepthUnit = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Record samples of a gesture from this machine's camera, a video or a depth source."""
    from core.recording.plans import Plan
    from core.recording.sources import record_source

    check_depth_options(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    if depth is not None:
        opened = partial(open_source, source, camera, unit_mm)
        plan = Plan(length_s=seconds, rate_hz=rate)
        taken = _record_depth(paths, project, gesture, opened, depth, plan, person or "me")
        _print_recording(taken, as_json)
        return
    with (
        open_store(paths) as store,
        estimator_factory(paths, choose_estimator(store, project, estimator))() as hands,
        progress_bar("recording") as progress,
    ):
        taken = record_source(
            store,
            project,
            gesture,
            source,
            hands,
            seconds=seconds,
            rate_hz=rate,
            person=person,
            progress=progress,
        )
    _print_recording(taken, as_json)


def _record_depth(
    paths: Paths,
    project: str,
    gesture: str,
    open_frames: Callable[[], Any],
    name: str,
    plan: Any,
    person: str,
) -> Any:
    """Record a depth source's hands as samples, with a progress bar; return the recording's
    final status."""
    from core.estimators.depth_nets import DepthNet
    from core.offline.depth_recording import record_depth_samples
    from core.reading.depth_reading import DepthReader
    from core.reading.hand_finding import default_finders

    net = DepthNet(paths.net(name))
    with (
        open_store(paths) as store,
        open_frames() as frames,
        closing(DepthReader(net, default_finders(paths))) as reader,
        progress_bar("recording") as progress,
    ):
        return record_depth_samples(
            store,
            project,
            gesture,
            frames,
            reader,
            net,
            plan,
            person=person,
            progress=progress,
        )


def _print_recording(status: Any, as_json: bool) -> None:
    """Print how many samples a recording added; raise StoreError if an error interrupted it.

    Raises:
        StoreError: it was interrupted by an error.
    """
    if status.error:
        raise StoreError(status.error)
    print_result({"kept": status.saved, "refused": status.skipped}, status.text, as_json)


@app.command()
def export_data(
    project: ProjectName,
    out: Annotated[Path, typer.Option("-o", "--output", help="A .csv, .parquet or .json (COCO).")],
    kind: Annotated[
        str | None, typer.Option(help="kazuhito: the keypoint.csv of Kazuhito00's app.")
    ] = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Write a project's samples to a table or a COCO keypoints file."""
    from core.exchange.tables.data_out import FORMATS
    from core.exchange.tables.data_out import export_data as export_data_

    if kind is not None:
        check_choice(kind, FORMATS, "--kind")
    with open_store(Paths.find(workspace)) as store, progress_bar("writing") as progress:
        found = store.project(project)
        went = export_data_(store, found, out, kind=kind, progress=progress)
    document = {
        "samples": went.samples,
        "left_out": went.left_out,
        "files": [*map(str, went.files)],
    }
    print_result(document, went.text, as_json)
