"""The commands that name gestures and find keypoints: predict, act, extract."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from core.cli import common
from core.cli.depth import open_depth_reader
from core.paths import Paths

app = typer.Typer()


@app.command()
def predict(
    source: Annotated[str, Option("-i", "--input", help="Picture, folder, video, camera:0.")],
    model: Annotated[
        str, Option(help="A folder, a run's name, NAME.gesture, starter, or none.")
    ] = "starter",
    estimator: common.OwnEstimator = None,
    maps: Annotated[str, Option(help="A net's heatmaps: single, multi or hm.")] = "single",
    out: Annotated[Path | None, Option("-o", "--output", help="Annotated copy.")] = None,
    seconds: Annotated[float | None, Option(help="Length of the camera's recording.")] = None,
    hands: common.NumHands = 1,
    boxes: Annotated[
        Path | None, Option(help="People's boxes: detections or COCO annotations, .json.")
    ] = None,
    workspace: common.Workspace = None,
    as_json: common.Json = False,
) -> None:
    """Predict the gestures in a picture, folder, video or camera stream."""
    from core.gestures.modelfile.bundle import load_model
    from core.offline.predicting import predict as predict_

    paths = Paths.find(workspace)
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.about.estimator if chosen else "mediapipe-hands")
    frames = []
    with (
        common.estimator_factory(paths, found_by, num_poses=hands)() as detector,
        common.progress_bar("detecting") as progress,
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
                    print(_format_frame(frames[-1]))
        except KeyboardInterrupt:  # ends a camera
            found.close()  # type: ignore[attr-defined]
    if as_json:
        common.print_result({"frames": frames}, "", True)


def _format_frame(frame: dict[str, Any]) -> str:
    """Format a frame's predictions as one line: source, frame number and each pose."""
    from core.pose.skeletons.table import skeleton_named

    skeleton = skeleton_named(frame["skeleton"]) if "skeleton" in frame else None
    subject = "hand" if skeleton is None else "person" if skeleton.is_body else skeleton.title
    found = ", ".join(_format_pose(pose, subject) for pose in frame["hands"])
    return f"{frame['source']} {frame['frame']}: {found or f'no {subject}'}"


def _format_pose(hand: dict[str, Any], subject: str) -> str:
    """Format a pose's prediction: “fist 97 %”, “no gesture (most like fist)” or “a hand”."""
    if hand["gesture"] is None:
        return f"a {subject}"
    if hand["rejected"]:
        return f"no gesture (most like {hand['likeliest']})"
    return f"{hand['gesture']} {100 * hand['probability']:.0f} %"


@app.command()
def act(
    source: common.AnySource = "camera:0",
    model: Annotated[
        str | None,
        Option(help="A folder, a run's name, NAME.gesture, starter (of cameras), or none."),
    ] = None,
    depth: common.DepthNetName = None,
    camera: common.DepthCamera = None,
    unit_mm: common.DepthUnit = None,
    estimator: common.OwnEstimator = None,
    osc: Annotated[str | None, Option(help="HOST:PORT, Wekinator's: 127.0.0.1:12000.")] = None,
    websocket: Annotated[
        int | None, Option(min=0, max=65535, help="Port to serve JSON lines on.")
    ] = None,
    token: Annotated[
        str | None, Option(envvar="MUDRA_TOKEN", help="For the WebSocket; else a new one, shown.")
    ] = None,
    origin: Annotated[str, Option(help="Allowed web origins: http://localhost:5500 …")] = "",
    rate: Annotated[int, Option(min=1, max=30, help="Maximum messages per second.")] = 10,
    joints: Annotated[
        bool, Option("--joints", help="Every frame's hands in space, pinch and grab, too.")
    ] = False,
    hands: common.NumHands = 1,
    seconds: Annotated[
        float | None, Option(help="Duration; default: until it ends, or Ctrl-C.")
    ] = None,
    workspace: common.Workspace = None,
    as_json: Annotated[
        bool, Option("--json", help="Print one JSON document a line, as they happen.")
    ] = False,
) -> None:
    """Send the start and end of gestures to other programs, by OSC, WebSocket or stdout."""
    from core.actions.actions import Settings, open_actions, run_actions
    from core.actions.changes import Change
    from core.actions.websocket import new_token, parse_origins
    from core.gestures.modelfile.bundle import load_model

    common.check_depth_options(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    model = model or ("none" if depth else "starter")
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.about.estimator if chosen else "mediapipe-hands")
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
    reading = (
        _open_depth(paths, depth, source, camera, unit_mm)
        if depth
        else _open_camera(paths, source, found_by, hands)
    )
    with reading as (frames, estimate):
        actions = open_actions(settings)
        if address := actions.status().address:
            print(f"WebSocket: {address}", file=sys.stderr)
        warned: set[str] = set()
        try:
            for event in run_actions(frames, estimate, chosen, actions, seconds=seconds):
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
def _open_camera(paths: Paths, source: str, estimator: str, hands: int) -> Iterator[Any]:
    """Open a camera or video; yield its frames, and the function that estimates a frame's poses."""
    from core.recording.sources import open_frames

    with common.estimator_factory(paths, estimator, num_poses=hands)() as detector:
        yield open_frames(source), detector.estimate


@contextmanager
def _open_depth(paths: Paths, net_name: str, *source: Any) -> Iterator[Any]:
    """Open a depth source and a net; yield its frames, and a function that estimates a frame."""
    with open_depth_reader(paths, net_name, *source) as (frames, reader, net):
        yield (
            frames,
            lambda frame: reader.read(frame).to_estimate(frame.camera, net.name, frame.time_s),
        )


def _parse_address(text: str | None) -> tuple[str, int]:
    """Parse --osc HOST:PORT (default 127.0.0.1:12000); raise a usage error for other formats."""
    host, _, port = (text or "127.0.0.1:12000").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"“{text}”: write it like 127.0.0.1:12000", param_hint="--osc")
    return host.strip("[]"), int(port)


@common.command(app)
def extract(
    path: Annotated[Path, Argument(help="Picture, video, folder or zip.")],
    out: Annotated[Path, Option("-o", "--output", help="A .csv or .parquet.")],
    estimator: common.TableEstimator = "mediapipe-hands",
    hands: common.NumHands = 1,
    workers: common.Workers = 1,
    on: common.On = "local",
) -> common.Answer:
    """Detect the keypoints in pictures and videos and write them to a table."""
    from core.offline.extracting import extract as extract_

    with common.progress_bar("detecting") as progress:
        found = extract_(
            path,
            out,
            paths=Paths.find(),
            estimator=estimator,
            hands=hands,
            workers=workers,
            on=on,
            progress=progress,
        )
    for name, reason in found["refused"]:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    who = "persons" if "persons" in found else "hands"
    return found, f"{found[who]} {who} in {found['files']} files: {out}"
