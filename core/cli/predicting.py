"""The commands that name gestures and find keypoints: predict, act, extract."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
    NumHands,
    On,
    OwnEstimator,
    TableEstimator,
    Workers,
    Workspace,
    check_depth_options,
    estimator_factory,
    print_result,
    progress_bar,
)
from core.cli.depth import open_source
from core.paths import Paths

app = typer.Typer()
Act = Callable[..., Iterator[Any]]


@app.command()
def predict(
    source: Annotated[str, typer.Option("-i", "--input", help="Picture, folder, video, camera:0.")],
    model: Annotated[
        str, typer.Option(help="A folder, a run's name, NAME.gesture, starter, or none.")
    ] = "starter",
    estimator: OwnEstimator = None,
    maps: Annotated[str, typer.Option(help="A net's heatmaps: single, multi or hm.")] = "single",
    out: Annotated[Path | None, typer.Option("-o", "--output", help="Annotated copy.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the camera's recording.")] = None,
    hands: NumHands = 1,
    boxes: Annotated[
        Path | None, typer.Option(help="People's boxes: detections or COCO annotations, .json.")
    ] = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Predict the gestures in a picture, folder, video or camera stream."""
    from core.gestures.modelfile.bundle import load_model
    from core.offline.predicting import predict as predict_

    paths = Paths.find(workspace)
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.estimator if chosen else "mediapipe-hands")
    frames = []
    with (
        estimator_factory(paths, found_by, num_poses=hands)() as detector,
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
        except KeyboardInterrupt:  # ends a camera
            found.close()  # type: ignore[attr-defined]
    if as_json:
        print_result({"frames": frames}, "", True)


def _frame_text(frame: dict[str, Any]) -> str:
    """Format a frame's predictions as one line: source, frame number and each pose."""
    from core.pose.skeletons.table import skeleton_named

    skeleton = skeleton_named(frame["skeleton"]) if "skeleton" in frame else None
    subject = "hand" if skeleton is None else "person" if skeleton.is_body else skeleton.title
    found = ", ".join(_pose_text(pose, subject) for pose in frame["hands"])
    return f"{frame['source']} {frame['frame']}: {found or f'no {subject}'}"


def _pose_text(hand: dict[str, Any], subject: str) -> str:
    """Format a pose's prediction: gesture and percentage, “no gesture” if rejected, “a hand”
    without a model."""
    if hand["gesture"] is None:
        return f"a {subject}"
    if hand["rejected"]:
        return f"no gesture (most like {hand['likeliest']})"
    return f"{hand['gesture']} {100 * hand['probability']:.0f} %"


@app.command()
def act(
    source: AnySource = "camera:0",
    model: Annotated[
        str | None,
        typer.Option(help="A folder, a run's name, NAME.gesture, starter (of cameras), or none."),
    ] = None,
    depth: DepthNetName = None,
    camera: DepthCamera = None,
    unit_mm: DepthUnit = None,
    estimator: OwnEstimator = None,
    osc: Annotated[
        str | None, typer.Option(help="HOST:PORT, Wekinator's: 127.0.0.1:12000.")
    ] = None,
    websocket: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to serve JSON lines on.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="MUDRA_TOKEN", help="For the WebSocket; else a new one, shown."),
    ] = None,
    origin: Annotated[str, typer.Option(help="Allowed web origins: http://localhost:5500 …")] = "",
    rate: Annotated[int, typer.Option(min=1, max=30, help="Maximum messages per second.")] = 10,
    joints: Annotated[
        bool, typer.Option("--joints", help="Every frame's hands in space, pinch and grab, too.")
    ] = False,
    hands: NumHands = 1,
    seconds: Annotated[float | None, typer.Option(help="Else until it ends, or Ctrl-C.")] = None,
    workspace: Workspace = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document a line, as they happen.")
    ] = False,
) -> None:
    """Send the start and end of gestures to other programs, by OSC, WebSocket or stdout."""
    from core.actions.actions import Settings
    from core.actions.changes import Change
    from core.actions.websocket import new_token, parse_origins
    from core.actions.without_browser import open_actions
    from core.gestures.modelfile.bundle import load_model

    check_depth_options(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    model = model or ("none" if depth else "starter")
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.estimator if chosen else "mediapipe-hands")
    host, port = _parse_address(osc)
    settings = Settings(
        osc=osc is not None,
        osc_host=host,
        osc_port=port,
        websocket=websocket is not None,
        websocket_port=websocket or 0,
        token=token or new_token(),
        origins=parse_origins(origin),
        joints=joints,
        per_second=rate,
        model=chosen.path.name if chosen else "",
    )
    opened_depth = partial(open_source, source, camera, unit_mm)
    reading = (
        _depth_act(paths, opened_depth, depth)
        if depth
        else _camera_act(paths, source, found_by, hands)
    )
    with reading as act_on:
        actions = open_actions(settings)
        if address := actions.status().address:
            print(f"WebSocket: {address}", file=sys.stderr)
        warned: set[str] = set()
        try:
            for event in act_on(chosen, actions, seconds=seconds):
                if as_json:
                    print(event.json_line, flush=True)
                elif isinstance(event, Change):
                    print(event.text, flush=True)
                for error in set(actions.status().errors) - warned:
                    print(f"warning: {error}", file=sys.stderr)
                    warned.add(error)
        except KeyboardInterrupt:  # ends a camera
            actions.close()


@contextmanager
def _camera_act(paths: Paths, source: str, estimator: str, hands: int) -> Iterator[Act]:
    """Open a camera or video with an estimator; yield a function that sends its gestures through
    given actions."""
    from core.actions.without_browser import run_actions

    with estimator_factory(paths, estimator, num_poses=hands)() as detector:
        yield lambda model, actions, **more: run_actions(source, model, detector, actions, **more)


@contextmanager
def _depth_act(paths: Paths, open_frames: Callable[[], Any], name: str) -> Iterator[Act]:
    """Open a depth source with a net; yield a function that sends its gestures through given
    actions."""
    from core.actions.without_browser import run_actions_on_depth
    from core.estimators.depth_nets import DepthNet
    from core.reading.depth_reading import DepthReader
    from core.reading.hand_finding import default_finders

    net = DepthNet(paths.net(name))
    with open_frames() as frames, closing(DepthReader(net, default_finders(paths))) as reader:
        yield lambda model, actions, **more: run_actions_on_depth(
            frames, model, reader, net.name, actions, **more
        )


def _parse_address(text: str | None) -> tuple[str, int]:
    """Parse --osc HOST:PORT, 127.0.0.1:12000 by default; raise a usage error for another format."""
    host, _, port = (text or "127.0.0.1:12000").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"“{text}”: write it like 127.0.0.1:12000", param_hint="--osc")
    return host.strip("[]"), int(port)


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
    """Detect the keypoints in pictures and videos and write them to a table."""
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
        print(f"skipped {name}: {reason}", file=sys.stderr)
    who = "persons" if "persons" in found else "hands"
    print_result(found, f"{found[who]} {who} in {found['files']} files: {out}", as_json)
