"""The command line: each command parses, calls the function that the page calls, and prints.

Convention: `--json` prints one document on stdout, progress goes to stderr. Exit codes: 0 done,
1 an error in one line on stderr, 2 wrong usage. Heavy libraries load inside the commands.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.errors import MudraError
from core.studio.places import Places

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__.splitlines()[0])
weights_app = typer.Typer(no_args_is_help=True, help="The third-party models.")
app.add_typer(weights_app, name="weights")

_ESTIMATOR = "mediapipe-hands"
_ROOT = Path(__file__).resolve().parents[1]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Workspace = Annotated[
    Path | None, typer.Option(help="Database, runs and models; else MUDRA_WORKSPACE or data/.")
]
Mapping = Annotated[
    str | None, typer.Option("--map", help="Labels to gestures: 1=point_up,5=open_palm.")
]
Layout = Annotated[str, typer.Option(help="auto, folders, keypoints-csv or seed-csv.")]
ModelName = Annotated[str, typer.Option(help="A folder, a run's name, or starter.")]


def main() -> None:
    """Run a command; a MudraError becomes one line on stderr and exit code 1."""
    _mute_native_logs()
    try:
        app()
    except MudraError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A folder per class, a zip of one, or a table.")],
    project: Annotated[str, typer.Option(help="Made where missing.")],
    layout: Layout = "auto",
    person: Annotated[str | None, typer.Option(help="Who is in the pictures.")] = None,
    mapping: Mapping = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Add pictures or keypoints to a project."""
    from core.studio.importing import import_path

    labels = _parse_map(mapping)
    _check_layout(layout)
    places = Places.find(workspace)
    with _store(places) as store, _bar("importing") as progress:
        report = import_path(
            store, project, path, estimator_factory=_estimator(places), person=person,
            layout=layout, mapping=labels, progress=progress,
        )  # fmt: skip
    for name, reason in report.refused:
        print(f"refused {name}: {reason}", file=sys.stderr)
    _print(vars(report), report.text, as_json)


@app.command()
def train(
    project: Annotated[str, typer.Option(help="Whose samples to learn from.")],
    classifier: Annotated[str, typer.Option(help="mlp, knn, logreg or forest.")] = "mlp",
    seed: int = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
    estimator: Annotated[str | None, typer.Option(help="Learn from its keypoints.")] = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Train a classifier and measure it on people, sessions or recordings that it never saw."""
    from core.studio.training_room import CLASSIFIERS, train_here

    if classifier not in CLASSIFIERS:
        choice = ", ".join(CLASSIFIERS)
        raise typer.BadParameter(f"“{classifier}” is none of {choice}", param_hint="--classifier")
    places = Places.find(workspace)
    with _store(places) as store, _bar("training") as progress:
        result, run = train_here(
            store, places, project, classifier=classifier, seed=seed, epochs=epochs,
            estimator=estimator, progress=progress,
        )  # fmt: skip
    figures = result.figures
    low, high = figures["interval"]
    said = {
        "model": str(result.model) if result.model else None,
        "run": run.name,
        "seconds": result.seconds,
        "split": result.split,
        "accuracy": figures["accuracy"],
        "interval": [low, high],
        "n": figures["n"],
        "per_gesture": figures["per_gesture"],
    }
    text = (
        f"accuracy {100 * figures['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f}) on "
        f"{figures['n']} samples, split by {result.split}, {result.seconds:.1f} s\n"
        + (f"model: {result.model}" if result.model else "a baseline: compared, not saved")
    )
    _print(said, text, as_json)


@app.command()
def evaluate(
    model: ModelName,
    data: Annotated[Path, typer.Option(help="A folder per class, a zip of one, or a table.")],
    layout: Layout = "auto",
    mapping: Mapping = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Measure a model on labelled pictures or keypoints."""
    from core.gestures.model import GestureModel
    from core.studio.evaluating import evaluate as evaluate_

    labels = _parse_map(mapping)
    _check_layout(layout)
    places = Places.find(workspace)
    chosen = GestureModel.load(places.model(model))
    with _bar("looking") as progress:
        found = evaluate_(
            chosen, data, estimator_factory=_estimator(places), layout=layout, mapping=labels,
            progress=progress,
        )  # fmt: skip
    if found["unknown_folders"]:
        names = ", ".join(found["unknown_folders"])
        print(f"warning: counted as none: {names} (name their gesture with --map)", file=sys.stderr)
    _print(found, _evaluation_text(found), as_json)


@app.command()
def predict(
    source: Annotated[str, typer.Option("-i", "--input", help="Picture, folder, video, camera:0.")],
    model: ModelName = "starter",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="Annotated copy.")] = None,
    seconds: Annotated[float | None, typer.Option(help="The camera ends after so long.")] = None,
    hands: Annotated[int, typer.Option(min=1, max=2, help="Hands to look for.")] = 1,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Name the gestures in a picture, folder, video or camera."""
    from core.gestures.model import GestureModel
    from core.studio.predicting import predict as predict_

    places = Places.find(workspace)
    chosen = GestureModel.load(places.model(model))
    frames = []
    with _estimator(places, num_hands=hands)() as estimator, _bar("looking") as progress:
        found = predict_(source, chosen, estimator, out=out, seconds=seconds, progress=progress)
        try:
            for frame in found:
                frames.append(frame.record())
                if not as_json:
                    print(_frame_text(frames[-1]))
        except KeyboardInterrupt:  # the way to end a camera
            found.close()  # type: ignore[attr-defined]
    if as_json:
        _print({"frames": frames}, "", True)


@app.command()
def extract(
    path: Annotated[Path, typer.Argument(help="Picture, video, folder or zip.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="A .csv or .parquet.")],
    hands: Annotated[int, typer.Option(min=1, max=2, help="Hands to look for.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Write the keypoints found in pictures and videos to a table."""
    from core.studio.extracting import extract as extract_

    with _bar("looking") as progress:
        found = extract_(
            path,
            out,
            weights_folder=Places.find().weights,
            hands=hands,
            workers=workers,
            progress=progress,
        )
    for name, reason in found["refused"]:
        print(f"refused {name}: {reason}", file=sys.stderr)
    _print(found, f"{found['hands']} hands in {found['files']} files: {out}", as_json)


@app.command()
def studio(port: Annotated[int, typer.Option(help="Where to listen.")] = 8501) -> None:
    """Open the studio at http://localhost:8501."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    os.chdir(_ROOT)
    os.dup2(sys.stderr.fileno(), 2)  # the studio's own messages are wanted
    os.execv(sys.executable, command)


@app.command()
def starter(
    data: Annotated[Path, typer.Argument(help="hand_keypoints/, hand_images/ and hand_crops/.")],
    out: Annotated[Path, typer.Option("-o", "--output")] = Places.starter,
    landmarks: Annotated[
        Path | None, typer.Option(help="Keeps found landmarks; else the workspace.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the starter model anew: leave each recorder and source out, then train on everything."""
    from core.studio.starter import make_starter
    from core.studio.starter_data import make_landmarks

    places = Places.find()
    kept = landmarks or places.workspace / "landmarks"
    figures = make_starter(
        data, out, kept, lambda name: make_landmarks(data, kept, places.weights, name),
        lambda text: print(text, file=sys.stderr),
    )  # fmt: skip
    text = (
        f"mean {100 * figures['mean_accuracy']:.2f} %, worst {figures['worst_person']} "
        f"{100 * figures['worst_accuracy']:.2f} %: {out}"
    )
    _print(figures, text, as_json)


@weights_app.command()
def prepare() -> None:
    """Fetch and build the hand and pose models, once; works offline afterwards."""
    from core.weights.mediapipe_models import prepare as prepare_

    folder = Places.find().weights
    with _bar("models") as progress:
        prepare_(folder, progress=lambda text, share: progress(round(100 * share), 100))
    print(f"models ready in {folder}", file=sys.stderr)


# ----------------------------------------------------------------------------------- shared pieces


def _mute_native_logs() -> None:
    """MediaPipe's C++ writes to file descriptor 2 whatever it is told; Python keeps stderr."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


@contextmanager
def _store(places: Places) -> Iterator[Any]:
    from core.studio.store import Store

    store = Store(places.database)
    try:
        yield store
    finally:
        store.close()


def _estimator(places: Places, **options: Any) -> Callable[[], Any]:
    from core.estimators import create_estimator

    return lambda: create_estimator(_ESTIMATOR, places.weights, **options)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _parse_map(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [pair.split("=") for pair in text.split(",")]
    if any(len(pair) != 2 or not all(part.strip() for part in pair) for pair in pairs):
        raise typer.BadParameter(
            f"“{text}”: write it like 1=point_up,5=open_palm", param_hint="--map"
        )
    return {label.strip(): gesture.strip() for label, gesture in pairs}


def _check_layout(layout: str) -> None:
    from core.studio.importing import LAYOUTS

    if layout not in LAYOUTS:
        raise typer.BadParameter(
            f"“{layout}” is none of {', '.join(LAYOUTS)}", param_hint="--layout"
        )


def _print(said: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(said, ensure_ascii=False, allow_nan=False) if as_json else text)


def _frame_text(frame: dict[str, Any]) -> str:
    hands = ", ".join(f"{h['gesture']} {100 * h['probability']:.0f} %" for h in frame["hands"])
    return f"{frame['source']} {frame['frame']}: {hands or 'no hand'}"


def _evaluation_text(found: dict[str, Any]) -> str:
    def percent(share: float | None) -> str:
        return "–" if share is None else f"{100 * share:.1f} %"

    overall = percent(found["accuracy"])
    of_detected = percent(found["accuracy_detected"])
    lines = [
        f"{found['n']} samples, {found['detected']} detected: accuracy {overall}, "
        f"of the detected {of_detected}"
    ]
    for name, row in found["per_gesture"].items():
        lines.append(f"  {name:12} {row['n']:6} {percent(row['accuracy_detected'])}")
    return "\n".join(lines)
