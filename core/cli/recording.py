"""The command that records samples: of a camera, a video, a source of depth."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Annotated, Any

import typer

from core.cli._shared import (
    AnySource,
    DepthCamera,
    DepthNetName,
    DepthUnit,
    Json,
    NewProject,
    OwnEstimator,
    Workspace,
    check_of_depth,
    estimator_of,
    hand_estimator,
    open_store,
    progress_bar,
    say,
)
from core.cli.depth_sources import open_source
from core.errors import StoreError
from core.paths import Paths

app = typer.Typer()


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
    """Record samples of a gesture with this machine's camera, or from a video; or of depth."""
    from core.recording.plans import Plan
    from core.recording.sources import record_source

    check_of_depth(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    if depth is not None:
        opened = partial(open_source, source, camera, unit_mm)
        plan = Plan(length_s=seconds, rate_hz=rate)
        taken = _record_depth(paths, project, gesture, opened, depth, plan, person or "me")
        _say_taken(taken, as_json)
        return
    with (
        open_store(paths) as store,
        hand_estimator(paths, estimator_of(store, project, estimator))() as hands,
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
    _say_taken(taken, as_json)


def _record_depth(
    paths: Paths,
    project: str,
    gesture: str,
    opened: Callable[[], Any],
    name: str,
    plan: Any,
    person: str,
) -> Any:
    from core.estimators.depth_nets import DepthNet
    from core.offline.depth_recording import record_depth_samples
    from core.reading.depth_reading import DepthReader
    from core.reading.hand_finding import default_finders

    net = DepthNet(paths.net(name))
    with (
        open_store(paths) as store,
        opened() as frames,
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


def _say_taken(taken: Any, as_json: bool) -> None:
    """How a recording went.

    Raises:
        StoreError: it was broken off.
    """
    if taken.error:
        raise StoreError(taken.error)
    say({"kept": taken.saved, "refused": taken.skipped}, taken.text, as_json)
