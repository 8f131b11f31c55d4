"""What the commands share: each option said once, the store, the estimator, progress, output."""

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
from core.pose.skeletons.table import SKELETONS
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
        help="Of a table without a column skeleton, else what fits: " + ", ".join(SKELETONS) + ".",
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
NewProject = Annotated[str, typer.Option("--project", help="Made where missing.")]
ProjectName = Annotated[str, typer.Option("--project", help="Whose samples.")]
TrainingProject = Annotated[str, typer.Option("--project", help="Whose samples to train on.")]
TrainingEstimator = Annotated[
    str | None, typer.Option("--estimator", help="Learn from its keypoints.")
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
    typer.Option("--depth", help="The input is of depth; this net finds the hand's keypoints."),
]
DepthCamera = Annotated[
    str | None,
    typer.Option(
        "--camera", help="nyu, icvl, msra, hands17 or nvgesture; else as it tells itself."
    ),
]
DepthUnit = Annotated[
    float | None,
    typer.Option("--unit-mm", min=0.0001, help="Of a recording's numbers, as 0.125."),
]
NumHands = Annotated[
    int, typer.Option("--hands", "--persons", min=1, max=4, help="Hands or persons to look for.")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes that look at pictures.")]
On = Annotated[
    str,
    typer.Option("--on", help="local; ray, begun here or RAY_ADDRESS; or ray://HOST:PORT."),
]
GestureFile = Annotated[Path, typer.Argument(help="NAME.gesture.")]
InBin = Annotated[bool, typer.Option("--bin", help="What is in the bin instead.")]
Yes = Annotated[bool, typer.Option("--yes", help="I know that it can't be undone.")]


def open_store(paths: Paths) -> closing[Any]:
    from core.store import Store

    return closing(Store(paths.store, owner=paths.owner))


def hand_estimator(
    paths: Paths, name: str = "mediapipe-hands", *, num_poses: int = 1
) -> Callable[[], Any]:
    from core.reading.keypoint_sources import KeypointSource

    return partial(KeypointSource(name).open, paths, num_poses=num_poses)


def estimator_of(store: Any, project: str, given: str | None) -> str:
    """The estimator that was asked for, else the one of the project's skeleton."""
    from core.reading.keypoint_sources import KeypointSource, default_source

    if given is not None:
        return given
    there = [p.skeleton for p in store.projects() if p.name.casefold() == project.casefold()]
    return (default_source(there[0]) if there else KeypointSource()).name


@contextmanager
def progress_bar(description: str) -> Iterator[Progress]:
    """Show a progress bar on stderr; yields the callback that moves it."""
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


def parse_map(text: str | None) -> dict[str, str] | None:
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
    if skeleton is not None:
        check_choice(skeleton, SKELETONS, "--skeleton")


def check_choice(given: str, choices: Collection[str], option: str) -> None:
    if given not in choices:
        raise typer.BadParameter(f"“{given}” is none of {', '.join(choices)}", param_hint=option)


def check_of_depth(depth: str | None, camera: str | None, unit_mm: float | None) -> None:
    """Refuse what is said of a recording of depth where the input is none."""
    if depth is None:
        _refuse(camera, unit_mm, "it is for --depth alone")


def check_of_recording(camera: str | None, unit_mm: float | None) -> None:
    """Refuse what is said of a recording of depth where a sensor is asked."""
    _refuse(camera, unit_mm, "a sensor tells it itself")


def _refuse(camera: str | None, unit_mm: float | None, why: str) -> None:
    for option, given in (("--camera", camera), ("--unit-mm", unit_mm)):
        if given is not None:
            raise typer.BadParameter(why, param_hint=option)


def must_agree(yes: bool) -> None:
    if not yes:
        raise typer.BadParameter("this can't be undone: say --yes", param_hint="--yes")


def say(document: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if as_json else text)
