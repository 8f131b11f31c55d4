"""The commands that add samples to a project and write them out: import, record, export-data."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from core.cli import options
from core.cli._shared import (
    Answer,
    check_choice,
    check_depth_options,
    check_layout,
    check_skeleton,
    choose_estimator,
    command,
    estimator_factory,
    open_store,
    parse_label_map,
    progress_bar,
)
from core.cli.depth import open_depth_reader
from core.errors import StoreError
from core.paths import Paths

app = typer.Typer()


@command(app, "import")
def import_(
    path: Annotated[
        Path, Argument(help="A folder per class, a zip of one, a table, or COCO json.")
    ],
    project: options.NewProject,
    layout: options.Layout = "auto",
    skeleton: options.TableSkeleton = None,
    person: Annotated[str | None, Option(help="Who is in the pictures.")] = None,
    mapping: options.Mapping = None,
    estimator: Annotated[
        str | None,
        Option(help="Default: the project's. For a COCO json: the one that found its keypoints."),
    ] = None,
    workers: options.Workers = 1,
    on: options.On = "local",
    workspace: options.Workspace = None,
) -> Answer:
    """Import pictures or keypoints into a project."""
    from core.exchange.tables.data_in import import_data
    from core.recording.imports.importing import ImportOptions

    labels = parse_label_map(mapping)
    check_layout(layout)
    check_skeleton(skeleton)
    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("importing") as progress:
        given = ImportOptions(
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
        report = import_data(store, project, path, given)
    for name, reason in report.skipped:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    return report.to_document(), report.text


@command(app)
def record(
    project: options.NewProject,
    gesture: Annotated[str, Option(help="One of the project's gestures.")],
    source: options.AnySource = "camera:0",
    seconds: Annotated[float | None, Option(help="Duration; default: until Ctrl-C.")] = None,
    rate: Annotated[float, Option(help="Frames checked per second.")] = 10.0,
    person: Annotated[
        str | None, Option(help="Who shows the gesture; “me” at a camera, unknown in a video.")
    ] = None,
    estimator: options.OwnEstimator = None,
    depth: options.DepthNetName = None,
    camera: options.DepthCamera = None,
    unit_mm: options.DepthUnit = None,
    workspace: options.Workspace = None,
) -> Answer:
    """Record samples of a gesture from this machine's camera, a video or a depth source."""
    from core.offline.depth_recording import record_depth_samples
    from core.recording.plans import Plan
    from core.recording.sources import record_source

    check_depth_options(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    if depth is None:
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
    else:
        plan, person = Plan(length_s=seconds, rate_hz=rate), person or "me"
        with (
            open_store(paths) as store,
            open_depth_reader(paths, depth, source, camera, unit_mm) as opened,
            progress_bar("recording") as progress,
        ):
            taken = record_depth_samples(
                store, project, gesture, *opened, plan, person=person, progress=progress
            )
    if taken.error:
        raise StoreError(taken.error)
    return {"kept": taken.saved, "refused": taken.skipped}, taken.text


@command(app)
def export_data(
    project: options.ProjectName,
    out: Annotated[Path, Option("-o", "--output", help="A .csv, .parquet or .json (COCO).")],
    kind: Annotated[
        str | None, Option(help="kazuhito: the keypoint.csv of Kazuhito00's app.")
    ] = None,
    workspace: options.Workspace = None,
) -> Answer:
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
    return document, went.text
