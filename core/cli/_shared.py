"""Functions that commands share: the store, estimators, the progress bar, checks, output."""

import inspect
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial, wraps
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from core.cli.options import Json
from core.paths import Paths
from core.progress import Progress

Answer = tuple[dict[str, Any], str] | None  # a command's JSON document and text; None: no output


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., Answer]], None]:
    """Register a function that returns an Answer as a command, and add its option --json."""

    def register(function: Callable[..., Answer]) -> None:
        @wraps(function)
        def run(*, as_json: bool, **given: Any) -> None:
            if answer := function(**given):
                print_result(*answer, as_json)

        signature = inspect.signature(function)
        keyword = inspect.Parameter.KEYWORD_ONLY
        json_option = inspect.Parameter("as_json", keyword, default=False, annotation=Json)
        parameters = [*signature.parameters.values(), json_option]
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
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


def choose_estimator(store: Any, project: str, estimator: str | None) -> str:
    """Return `estimator`; if None, the default for the project's skeleton (if new, for hands)."""
    from core.reading.keypoint_sources import KeypointSource, default_source

    if estimator is not None:
        return estimator
    skeletons = [p.skeleton for p in store.projects() if p.name.casefold() == project.casefold()]
    return (default_source(skeletons[0]) if skeletons else KeypointSource()).name


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


def parse_label_map(text: str | None) -> dict[str, str] | None:
    """Parse --map: “1=point_up,5=open_palm” → {"1": "point_up", "5": "open_palm"}."""
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
    """Raise a usage error if --skeleton is not the name of a known skeleton."""
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
        reject_recording_options(camera, unit_mm, "it is for --depth alone")


def reject_recording_options(camera: str | None, unit_mm: float | None, reason: str) -> None:
    """Raise a usage error with this reason if --camera or --unit-mm is given."""
    for option, value in (("--camera", camera), ("--unit-mm", unit_mm)):
        if value is not None:
            raise typer.BadParameter(reason, param_hint=option)


def print_result(document: dict[str, Any], text: str, as_json: bool) -> None:
    """Print the JSON document or the text."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if as_json else text)
