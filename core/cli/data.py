"""The commands that add samples to a project and write them out: import, record, export-data."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from core.cli import common
from core.cli.depth import open_depth_reader
from core.errors import StoreError
from core.paths import Paths

app = typer.Typer()


@common.command(app, "import")
def import_(
    paths: Paths,
    path: Annotated[
        Path, Argument(help="A folder per class, a zip of one, a table, or COCO json.")
    ],
    project: common.NewProject,
    layout: common.Layout = "auto",
    skeleton: common.TableSkeleton = None,
    person: Annotated[str | None, Option(help="Who is in the pictures.")] = None,
    mapping: common.Mapping = None,
    estimator: Annotated[
        str | None,
        Option(help="Default: the project's. For a COCO json: the one that found its keypoints."),
    ] = None,
    workers: common.Workers = 1,
    on: common.On = "local",
) -> common.Answer:
    """Import pictures or keypoints into a project."""
    from core.exchange.tables.data_in import import_data
    from core.recording.imports.importing import ImportOptions

    with common.open_store(paths) as store, common.progress_bar("importing") as progress:
        given = ImportOptions(
            common.project_estimator(paths, store, project, estimator),
            person=person,
            estimator=estimator,
            layout=layout,
            skeleton=skeleton,
            mapping=mapping,
            workers=workers,
            on=on,
            progress=progress,
        )
        report = import_data(store, project, path, given)
    for name, reason in report.skipped:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    return report.to_document(), report.text


@common.command(app)
def record(
    paths: Paths,
    project: common.NewProject,
    gesture: Annotated[str, Option(help="One of the project's gestures.")],
    source: common.AnySource = "camera:0",
    seconds: Annotated[float | None, Option(help="Duration; default: until Ctrl-C.")] = None,
    rate: Annotated[float, Option(help="Frames checked per second.")] = 10.0,
    person: Annotated[
        str | None, Option(help="Who shows the gesture; “me” at a camera, unknown in a video.")
    ] = None,
    estimator: common.OwnEstimator = None,
    depth: common.DepthNetName = None,
    camera: common.DepthCamera = None,
    unit_mm: common.DepthUnit = None,
) -> common.Answer:
    """Record samples of a gesture from this machine's camera, a video or a depth source."""
    from core.offline.depth_recording import record_depth_samples
    from core.recording.plans import Plan
    from core.recording.sources import record_source

    common.check_depth_options(depth, camera, unit_mm)
    with common.open_store(paths) as store, common.progress_bar("recording") as progress:
        if depth is None:
            with common.project_estimator(paths, store, project, estimator)() as hands:
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
            with open_depth_reader(paths, depth, source, camera, unit_mm) as opened:
                taken = record_depth_samples(
                    store, project, gesture, *opened, plan, person=person, progress=progress
                )
    if taken.error:
        raise StoreError(taken.error)
    return {"kept": taken.saved, "refused": taken.skipped}, taken.text


@common.command(app)
def export_data(
    paths: Paths,
    project: common.ProjectName,
    out: Annotated[Path, Option("-o", "--output", help="A .csv, .parquet or .json (COCO).")],
    kind: Annotated[
        str | None, Option(help="kazuhito: the keypoint.csv of Kazuhito00's app.")
    ] = None,
) -> common.Answer:
    """Write a project's samples to a table or a COCO keypoints file."""
    from core.exchange.tables.data_out import FORMATS
    from core.exchange.tables.data_out import export_data as export_data_

    if kind is not None:
        common.check_choice(kind, FORMATS, "--kind")
    with common.open_store(paths) as store, common.progress_bar("writing") as progress:
        found = store.project(project)
        went = export_data_(store, found, out, kind=kind, progress=progress)
    document = {
        "samples": went.samples,
        "left_out": went.left_out,
        "files": [*map(str, went.files)],
    }
    return document, went.text
