"""Options, checks, the progress bar, the store, estimators and output that commands share."""

import inspect
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from typer import Argument, Option

from core.paths import Paths
from core.progress import Progress

Json = Annotated[bool, Option("--json", help="Print one JSON document on stdout.")]
Workspace = Annotated[
    Path | None, Option(help="Database, runs and models; else MUDRA_WORKSPACE or data/.")
]
OwnEstimator = Annotated[
    str | None,
    Option(
        "--estimator",
        help="mediapipe-hands, mediapipe-both-hands, mediapipe-pose, a net; else what fits.",
    ),
]
TableEstimator = Annotated[
    str, Option("--estimator", help="mediapipe-hands, mediapipe-both-hands or mediapipe-pose.")
]
ModelName = Annotated[str, Option(help="A folder, a run's name, NAME.gesture, or starter.")]
NewProject = Annotated[str, Option("--project", help="Created if missing.")]
ProjectName = Annotated[str, Option("--project", help="The project of the samples.")]
TrainingProject = Annotated[str, Option("--project", help="The project to train on.")]
TrainingEstimator = Annotated[
    str | None, Option("--estimator", help="Only samples of this estimator.")
]
AnySource = Annotated[
    str,
    Option(
        "-i",
        "--input",
        help="camera:N of this machine, a video; of depth: a recording, sensor:NAME.",
    ),
]
DepthNetName = Annotated[
    str | None, Option("--depth", help="For depth input: the net that finds the hand's keypoints.")
]
DepthCamera = Annotated[
    str | None,
    Option("--camera", help="nyu, icvl, msra, hands17 or nvgesture; default: the recording's own."),
]
DepthUnit = Annotated[
    float | None, Option("--unit-mm", min=0.0001, help="Unit of a recording's numbers, as 0.125.")
]
NumHands = Annotated[
    int,
    Option(
        "--hands",
        "--persons",
        min=1,
        max=6,
        help="Hands or persons to look for; MediaPipe finds up to 4 persons.",
    ),
]
Workers = Annotated[int, Option(min=1, help="Processes for pictures.")]
On = Annotated[
    str, Option("--on", help="local; ray, started here or at RAY_ADDRESS; or ray://HOST:PORT.")
]
GestureFile = Annotated[Path, Argument(help="NAME.gesture.")]
InBin = Annotated[bool, Option("--bin", help="List the bin instead.")]


def _require_yes(yes: bool) -> None:
    if not yes:
        raise typer.BadParameter("this can't be undone: say --yes", param_hint="--yes")


Yes = Annotated[bool, Option("--yes", help="Confirm what can't be undone.", callback=_require_yes)]


def _parse_label_map(text: str) -> dict[str, str]:
    """Parse --map: “1=point_up,5=open_palm” → {"1": "point_up", "5": "open_palm"}."""
    pairs = [pair.split("=") for pair in text.split(",")]
    if any(len(pair) != 2 or not all(part.strip() for part in pair) for pair in pairs):
        raise typer.BadParameter(
            f"“{text}”: write it like 1=point_up,5=open_palm", param_hint="--map"
        )
    return {label.strip(): gesture.strip() for label, gesture in pairs}


def _check_layout(layout: str) -> str:
    """Return --layout, if it is a known layout of files."""
    from core.recording.imports.importing import LAYOUTS

    check_choice(layout, LAYOUTS, "--layout")
    return layout


def _check_skeleton(skeleton: str | None) -> str | None:
    """Return --skeleton, if it is the name of a known skeleton."""
    from core.pose.skeletons.table import SKELETONS  # numpy, which --help does without

    if skeleton is not None:
        check_choice(skeleton, SKELETONS, "--skeleton")
    return skeleton


def check_choice(value: str, choices: Collection[str], option: str) -> None:
    """Raise a usage error if an option's value is not one of the choices."""
    if value not in choices:
        raise typer.BadParameter(f"“{value}” is not one of {', '.join(choices)}", param_hint=option)


Mapping = Annotated[
    dict[str, str] | None,
    Option(
        "--map",
        parser=_parse_label_map,
        metavar="<str>",
        help="Labels to gestures: 1=point_up,5=open_palm.",
    ),
]
Layout = Annotated[
    str,
    Option(help="auto, folders, keypoints-csv, seed-csv or point-history.", callback=_check_layout),
]
TableSkeleton = Annotated[
    str | None,
    Option(
        "--skeleton",
        help="Of a table without a column skeleton, else what fits: hand_21, body_33, msra_21 ….",
        callback=_check_skeleton,
    ),
]

Answer = tuple[dict[str, Any], str] | None  # a command's JSON document and text; None: no output


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., Answer]], None]:
    """Register a function that returns an Answer as a command, and add its option --json; a
    parameter `paths` becomes the option --workspace."""

    def register(function: Callable[..., Answer]) -> None:
        @wraps(function)
        def run(*, as_json: bool, **given: Any) -> None:
            if "workspace" in given:
                given["paths"] = Paths.find(given.pop("workspace"))
            if answer := function(**given):
                print_result(*answer, as_json)

        signature = inspect.signature(function)
        keyword = inspect.Parameter.KEYWORD_ONLY
        workspace = inspect.Parameter("workspace", keyword, default=None, annotation=Workspace)
        json_option = inspect.Parameter("as_json", keyword, default=False, annotation=Json)
        own = [one for one in signature.parameters.values() if one.name != "paths"]
        added = [workspace, json_option] if "paths" in signature.parameters else [json_option]
        run.__signature__ = signature.replace(parameters=own + added)  # type: ignore[attr-defined]
        app.command(name)(run)

    return register


def open_store(paths: Paths) -> closing[Any]:
    """Open the store, in a context manager that closes it."""
    from core.store import Store

    return closing(Store(paths.store, owner=paths.owner))


def estimator_factory(
    paths: Paths, name: str = "mediapipe-hands", *, num_poses: int = 1
) -> Callable[[], Any]:
    """Return a function that creates the estimator of this name, or the estimator of a net."""
    from core.reading.keypoint_sources import KeypointSource

    return partial(KeypointSource(name).open, paths, num_poses=num_poses)


def project_estimator(
    paths: Paths, store: Any, project: str, name: str | None
) -> Callable[[], Any]:
    """Return a function that creates this estimator; if None, the default for the project's
    skeleton (if new, for hands)."""
    from core.reading.keypoint_sources import default_source
    from core.store.transfer import find_project_skeleton

    return estimator_factory(
        paths, name or default_source(find_project_skeleton(store, project)).name
    )


@contextmanager
def progress_bar(description: str) -> Iterator[Progress]:
    """Show a progress bar on stderr; yield the callback that updates it."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with RichProgress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(description, total=None)

        def move(done: float, total: float | None = None, label: str = "") -> None:
            bar.update(task, completed=done, total=total, description=label or description)

        yield move


def check_depth_options(depth: str | None, camera: str | None, unit_mm: float | None) -> None:
    """Raise a usage error if options of a depth recording are used without --depth."""
    if depth is None:
        reject_recording_options(camera, unit_mm, "it is for --depth alone")


def reject_recording_options(camera: str | None, unit_mm: float | None, reason: str) -> None:
    """Raise a usage error with this reason if --camera or --unit-mm is given."""
    for option, value in (("--camera", camera), ("--unit-mm", unit_mm)):
        if value is not None:
            raise typer.BadParameter(reason, param_hint=option)


def print_result(document: dict[str, Any], text: str, as_json: bool) -> None:
    """Print the JSON document or the text."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if as_json else text)
