"""The main job's commands: import, train, evaluate, predict, extract."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli._shared import (
    Json,
    Layout,
    Mapping,
    ModelName,
    NewProject,
    NumHands,
    On,
    OwnEstimator,
    ProjectName,
    TableEstimator,
    TableSkeleton,
    TrainingEstimator,
    TrainingProject,
    Workers,
    Workspace,
    check_choice,
    check_layout,
    check_skeleton,
    estimator_of,
    hand_estimator,
    open_store,
    parse_map,
    progress_bar,
    say,
)
from core.cli.measuring import interval_text, leave_out, left_out_text, percent
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
    """Add pictures or keypoints to a project."""
    from core.exchange.tables.data_in import import_data

    labels = parse_map(mapping)
    check_layout(layout)
    check_skeleton(skeleton)
    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("importing") as progress:
        report = import_data(
            store,
            project,
            path,
            estimator_factory=hand_estimator(paths, estimator_of(store, project, estimator)),
            person=person,
            estimator=estimator,
            layout=layout,
            skeleton=skeleton,
            mapping=labels,
            workers=workers,
            on=on,
            progress=progress,
        )
    for name, reason in report.skipped:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    say(report.to_document(), report.text, as_json)


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
    """Write a project's samples as a table or as COCO keypoints."""
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
    say(document, went.text, as_json)


@app.command()
def train(
    project: TrainingProject,
    classifier: Annotated[str, typer.Option(help="mlp, knn, logreg or forest.")] = "mlp",
    seed: int = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="How many; else as many as are enough.")
    ] = None,
    estimator: TrainingEstimator = None,
    in_space: Annotated[
        bool | None,
        typer.Option(
            "--in-space/--in-picture",
            help="From now on, learn from keypoints in space, or from those in the picture.",
        ),
    ] = None,
    leave_one_person_out: Annotated[
        bool, typer.Option("--leave-one-person-out", help="Then measure each person as new.")
    ] = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Train a classifier and measure it on people, sessions or recordings that it never saw."""
    from core.gestures.data import CLASSIFIERS
    from core.jobs.trainings import excluded_samples_text, optimism_text, train_here
    from core.store.learned import learn_in_space

    check_choice(classifier, CLASSIFIERS, "--classifier")
    if leave_one_person_out and classifier != "mlp":
        raise typer.BadParameter("it is for the mlp alone", param_hint="--leave-one-person-out")
    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("training") as progress:
        meant = store.project(project)
        if in_space is not None:
            learn_in_space(store, meant, in_space)
            meant = store.find_project(meant.id)
        left = not estimator and excluded_samples_text(store, meant)
        if left:
            print(f"warning: {left}", file=sys.stderr)
        result, run = train_here(
            store,
            paths,
            meant,
            classifier=classifier,
            seed=seed,
            epochs=epochs,
            estimator=estimator,
            progress=progress,
        )
    figures = result.figures
    document = {
        "model": str(result.model) if result.model else None,
        "run": run.name,
        "seconds": result.seconds,
        **result.protocol.to_dict(),
        "accuracy": figures["accuracy"],
        "interval": figures["interval"],
        "n": figures["n"],
        "per_gesture": figures["per_gesture"],
    }
    lines = [
        f"accuracy {percent(figures['accuracy'])} ({interval_text(figures['interval'])}) on "
        f"{figures['n']} samples, split by {result.protocol.split}, {result.seconds:.1f} s",
        result.protocol.describe_choices(),
        optimism_text(result.protocol),
        f"model: {result.model}" if result.model else "a baseline: compared, not saved",
    ]
    if leave_one_person_out:
        with open_store(paths) as store:
            document["leave_one_person_out"] = found = leave_out(store, paths, meant, run)
        lines.append(left_out_text(found))
    say(document, "\n".join(filter(None, lines)), as_json)


@app.command()
def evaluate(
    model: ModelName,
    data: Annotated[Path, typer.Option(help="A folder per class, a zip of one, or a table.")],
    layout: Layout = "auto",
    skeleton: TableSkeleton = None,
    mapping: Mapping = None,
    workers: Workers = 1,
    on: On = "local",
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Measure a model on labelled pictures or keypoints."""
    from core.gestures.modelfile.bundle import load_model
    from core.measuring.gesture_evaluation import evaluate_gestures

    labels = parse_map(mapping)
    check_layout(layout)
    check_skeleton(skeleton)
    paths = Paths.find(workspace)
    chosen = load_model(paths.model(model))
    with progress_bar("detecting") as progress:
        found = evaluate_gestures(
            chosen,
            data,
            estimator_factory=hand_estimator(paths, chosen.estimator),
            layout=layout,
            skeleton=skeleton,
            mapping=labels,
            workers=workers,
            on=on,
            progress=progress,
        )
    if found["unknown_folders"]:
        names = ", ".join(found["unknown_folders"])
        print(f"warning: counted as none: {names} (name their gesture with --map)", file=sys.stderr)
    if remark := found.get("remark"):
        print(f"warning: {data.name} {remark}", file=sys.stderr)
    say(found, _evaluation_text(found), as_json)


@app.command()
def predict(
    source: Annotated[str, typer.Option("-i", "--input", help="Picture, folder, video, camera:0.")],
    model: Annotated[
        str, typer.Option(help="A folder, a run's name, NAME.gesture, starter, or none.")
    ] = "starter",
    estimator: OwnEstimator = None,
    maps: Annotated[str, typer.Option(help="A net's heatmaps: single, multi or hm.")] = "single",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="Annotated copy.")] = None,
    seconds: Annotated[float | None, typer.Option(help="The camera ends after so long.")] = None,
    hands: NumHands = 1,
    boxes: Annotated[
        Path | None, typer.Option(help="People's boxes: detections or COCO annotations, .json.")
    ] = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Name the gestures in a picture, folder, video or camera."""
    from core.gestures.modelfile.bundle import load_model
    from core.offline.predicting import predict as predict_

    paths = Paths.find(workspace)
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.estimator if chosen else "mediapipe-hands")
    frames = []
    with (
        hand_estimator(paths, found_by, num_poses=hands)() as detector,
        progress_bar("detecting") as progress,
    ):
        found = predict_(
            source,
            chosen,
            detector,
            out=out,
            maps=maps,
            seconds=seconds,
            boxes=boxes,
            progress=progress,
        )
        try:
            for frame in found:
                frames.append(frame.record())
                if not as_json:
                    print(_frame_text(frames[-1]))
        except KeyboardInterrupt:  # the way to end a camera
            found.close()  # type: ignore[attr-defined]
    if as_json:
        say({"frames": frames}, "", True)


@app.command()
def extract(
    path: Annotated[Path, typer.Argument(help="Picture, video, folder or zip.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="A .csv or .parquet.")],
    estimator: TableEstimator = "mediapipe-hands",
    hands: NumHands = 1,
    workers: Workers = 1,
    on: On = "local",
    as_json: Json = False,
) -> None:
    """Write the keypoints found in pictures and videos to a table."""
    from core.offline.extracting import extract as extract_

    with progress_bar("detecting") as progress:
        found = extract_(
            path,
            out,
            weights_folder=Paths.find().weights,
            estimator=estimator,
            hands=hands,
            workers=workers,
            on=on,
            progress=progress,
        )
    for name, reason in found["refused"]:
        print(f"refused {name}: {reason}", file=sys.stderr)
    of_whom = "persons" if "persons" in found else "hands"
    say(found, f"{found[of_whom]} {of_whom} in {found['files']} files: {out}", as_json)


def _frame_text(frame: dict[str, Any]) -> str:
    from core.pose.skeletons.table import skeleton_named

    skeleton = skeleton_named(frame["skeleton"]) if "skeleton" in frame else None
    who = "hand" if skeleton is None else "person" if skeleton.is_body else skeleton.title
    found = ", ".join(_pose_text(pose, who) for pose in frame["hands"])
    return f"{frame['source']} {frame['frame']}: {found or f'no {who}'}"


def _pose_text(hand: dict[str, Any], who: str) -> str:
    if hand["gesture"] is None:
        return f"a {who}"
    if hand["rejected"]:
        return f"no gesture (most like {hand['likeliest']})"
    return f"{hand['gesture']} {100 * hand['probability']:.0f} %"


def _evaluation_text(found: dict[str, Any]) -> str:
    def share(key: str, row: dict[str, Any] = found) -> str:
        return "–" if row[key] is None else percent(row[key])

    def right(of: str, row: dict[str, Any] = found) -> str:
        interval = row[f"interval{of}"]
        return share(f"accuracy{of}", row) + (f" ({interval_text(interval)})" if interval else "")

    lines = [
        f"{found['n']} samples, {found['detected']} detected: accuracy {right('')}, "
        f"of the detected {right('_detected')}",
        f"turned away: {share('rejected')} of the gestures; "
        f"got a gesture: {share('false_accept')} of the others",
        _COUNTED[found["interval_counts"]],
    ]
    if "mean_accuracy" in found:
        lines.append(
            f"mean of {len(found['per_person'])} persons: {share('mean_accuracy')}; the worst is "
            f"{found['worst_person']} with {share('worst_accuracy')}"
        )
    if unjudged := found.get("unjudged"):
        names = ", ".join(f"{name} ({count})" for name, count in unjudged.items())
        lines.append(f"not judged, as the model knows no such gesture: {names}")
    for name, row in found["per_gesture"].items():
        lines.append(f"  {name:12} {row['n']:6} {right('_detected', row)}")
    return "\n".join(lines)


_COUNTED = {
    "persons": "the 95 % intervals take each person's rows as alike",
    "bursts": "the 95 % intervals take rows of one gesture that follow each other as alike",
    "pictures": "the 95 % intervals are for pictures taken one by one: frames of a video say less",
}
