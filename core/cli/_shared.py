"""Parts that commands share: options, the store, estimators, the progress bar, output."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from core.paths import Paths
from core.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Workspace = Annotated[
    Path | None, typer.Option(help="Database, runs and models; else MUDRA_WORKSPACE or data/.")
]
Mapping = Annotated[
    str | None, typer.Option("--map", help="Labels to gestures: 1=point_up,5=open_palm.")
]
Layout = Annotated[
    str, typer.Option(help="auto, folders, keypoints-csv, seed-csv or point-history.")
]
TableSkeleton = Annotated[
    str | None,
    typer.Option(
        "--skeleton",
        help="Of a table without a column skeleton, else what fits: hand_21, body_33, msra_21 ….",
    ),
]
OwnEstimator = Annotated[
    str | None,
    typer.Option(
        "--estimator",
        help="mediapipe-hands, mediapipe-both-hands, mediapipe-pose, a net; else what fits.",
    ),
]
TableEstimator = Annotated[
    str,
    typer.Option("--estimator", help="mediapipe-hands, mediapipe-both-hands or mediapipe-pose."),
]
ModelName = Annotated[str, typer.Option(help="A folder, a run's name, NAME.gesture, or starter.")]
NewProject = Annotated[str, typer.Option("--project", help="Created if missing.")]
ProjectName = Annotated[str, typer.Option("--project", help="The project of the samples.")]
TrainingProject = Annotated[str, typer.Option("--project", help="The project to train on.")]
TrainingEstimator = Annotated[
    str | None, typer.Option("--estimator", help="Only samples of this estimator.")
]
AnySource = Annotated[
    str,
    typer.Option(
        "-i",
        "--input",
        help="camera:N of this machine, a video; of depth: a recording, sensor:NAME.",
    ),
]
DepthNetName = Annotated[
    str | None,
    typer.Option("--depth", help="For depth input: the net that finds the hand's keypoints."),
]
DepthCamera = Annotated[
    str | None,
    typer.Option(
        "--camera", help="nyu, icvl, msra, hands17 or nvgesture; else as the recording says."
    ),
]
DepthUnit = Annotated[
    float | None,
    typer.Option("--unit-mm", min=0.0001, help="Unit of a recording's numbers, as 0.125."),
]
NumHands = Annotated[
    int, typer.Option("--hands", "--persons", min=1, max=4, help="Hands or persons to look for.")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes for pictures.")]
On = Annotated[
    str,
    typer.Option("--on", help="local; ray, started here or at RAY_ADDRESS; or ray://HOST:PORT."),
]
GestureFile = Annotated[Path, typer.Argument(help="NAME.gesture.")]
InBin = Annotated[bool, typer.Option("--bin", help="List the bin instead.")]
Yes = Annotated[bool, typer.Option("--yes", help="Confirm what can't be undone.")]


def open_store(paths: Paths) -> closing[Any]:
    """Open the store as a context manager that closes it."""
    from core.store import Store

    return closing(Store(paths.store, owner=paths.owner))


def estimator_factory(
    paths: Paths, name: str = "mediapipe-hands", *, num_poses: int = 1
) -> Callable[[], Any]:
    """Return a function without arguments that creates the named estimator or net's estimator."""
    from core.reading.keypoint_sources import KeypointSource

    return partial(KeypointSource(name).open, paths, num_poses=num_poses)


def choose_estimator(store: Any, project: str, estimator: str | None) -> str:
    """Return the given estimator's name, else the default for the named project's skeleton, or
    for hands without such a project."""
    from core.reading.keypoint_sources import KeypointSource, default_source

    if estimator is not None:
        return estimator
    skeletons = [p.skeleton for p in store.projects() if p.name.casefold() == project.casefold()]
    return (default_source(skeletons[0]) if skeletons else KeypointSource()).name


@contextmanager
def progress_bar(description: str) -> Iterator[Progress]:
    """Show a progress bar on stderr in a `with` block; yield the progress callback that moves
    it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=None)

        def move(done: float, total: float | None = None, label: str = "") -> None:
            bar.update(task, completed=done, total=total, description=label or description)

        yield move


def parse_label_map(text: str | None) -> dict[str, str] | None:
    """Parse --map: “1=point_up,5=open_palm” → {"1": "point_up", "5": "open_palm"}; raise a usage
    error for another format."""
    if text is None:
        return None
    pairs = [pair.split("=") for pair in text.split(",")]
    if any(len(pair) != 2 or not all(part.strip() for part in pair) for pair in pairs):
        raise typer.BadParameter(
            f"“{text}”: write it like 1=point_up,5=open_palm", param_hint="--map"
        )
    return {label.strip(): gesture.strip() for label, gesture in pairs}


def check_layout(layout: str) -> None:
    from core.recording.imports.importing import LAYOUTS

    check_choice(layout, LAYOUTS, "--layout")


def check_skeleton(skeleton: str | None) -> None:
    """Raise a usage error if --skeleton is not a known skeleton's name."""
    from core.pose.skeletons.table import SKELETONS  # numpy, which --help does without

    if skeleton is not None:
        check_choice(skeleton, SKELETONS, "--skeleton")


def check_choice(value: str, choices: Collection[str], option: str) -> None:
    """Raise a usage error if an option's value is not one of the choices."""
    if value not in choices:
        raise typer.BadParameter(f"“{value}” is none of {', '.join(choices)}", param_hint=option)


def check_depth_options(depth: str | None, camera: str | None, unit_mm: float | None) -> None:
    """Raise a usage error if options of a depth recording are used without --depth."""
    if depth is None:
        _reject_options(camera, unit_mm, "it is for --depth alone")


def check_recording_options(camera: str | None, unit_mm: float | None) -> None:
    """Raise a usage error if options of a depth recording are used with a sensor."""
    _reject_options(camera, unit_mm, "a sensor tells it itself")


def _reject_options(camera: str | None, unit_mm: float | None, reason: str) -> None:
    for option, value in (("--camera", camera), ("--unit-mm", unit_mm)):
        if value is not None:
            raise typer.BadParameter(reason, param_hint=option)


def require_yes(yes: bool) -> None:
    """Raise a usage error without --yes."""
    if not yes:
        raise typer.BadParameter("this can't be undone: say --yes", param_hint="--yes")


def print_result(document: dict[str, Any], text: str, as_json: bool) -> None:
    """Print the JSON document or the text."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if as_json else text)
