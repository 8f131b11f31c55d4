"""The command that acts on gestures: OSC, WebSocket, JSON lines."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Annotated, Any

import typer

from core.cli._shared import (
    AnySource,
    DepthCamera,
    DepthNetName,
    DepthUnit,
    NumHands,
    OwnEstimator,
    Workspace,
    check_of_depth,
    hand_estimator,
)
from core.cli.depth_sources import open_source
from core.paths import Paths

app = typer.Typer()
Act = Callable[..., Iterator[Any]]


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
    origin: Annotated[
        str, typer.Option(help="Pages in a browser that may listen: http://localhost:5500 …")
    ] = "",
    rate: Annotated[int, typer.Option(min=1, max=30, help="At most so many a second.")] = 10,
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
    """Tell other programs when a gesture begins and ends, by OSC, WebSocket or on stdout."""
    from core.actions.actions import Settings
    from core.actions.changes import Change
    from core.actions.websocket import new_token, parse_origins
    from core.actions.without_browser import open_actions
    from core.gestures.modelfile.bundle import load_model

    check_of_depth(depth, camera, unit_mm)
    paths = Paths.find(workspace)
    model = model or ("none" if depth else "starter")
    chosen = None if model == "none" else load_model(paths.model(model))
    found_by = estimator or (chosen.estimator if chosen else "mediapipe-hands")
    host, port = _parse_host_port(osc)
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
        _depth_actions(paths, opened_depth, depth)
        if depth
        else _camera_actions(paths, source, found_by, hands)
    )
    with reading as told_of:
        actions = open_actions(settings)
        if address := actions.status().address:
            print(f"WebSocket: {address}", file=sys.stderr)
        said: set[str] = set()
        try:
            for told in told_of(chosen, actions, seconds=seconds):
                if as_json:
                    print(told.json_line, flush=True)
                elif isinstance(told, Change):
                    print(told.text, flush=True)
                for error in set(actions.status().errors) - said:
                    print(f"warning: {error}", file=sys.stderr)
                    said.add(error)
        except KeyboardInterrupt:  # the way to end a camera
            actions.close()


@contextmanager
def _camera_actions(paths: Paths, source: str, estimator: str, hands: int) -> Iterator[Act]:
    """Yield `run_actions` bound to a camera or video."""
    from core.actions.without_browser import run_actions

    with hand_estimator(paths, estimator, num_poses=hands)() as detector:
        yield lambda model, actions, **more: run_actions(source, model, detector, actions, **more)


@contextmanager
def _depth_actions(paths: Paths, opened: Callable[[], Any], name: str) -> Iterator[Act]:
    """Yield `run_actions_on_depth` bound to a depth source."""
    from core.actions.without_browser import run_actions_on_depth
    from core.estimators.depth_nets import DepthNet
    from core.reading.depth_reading import DepthReader
    from core.reading.hand_finding import default_finders

    net = DepthNet(paths.net(name))
    with opened() as frames, closing(DepthReader(net, default_finders(paths))) as reader:
        yield lambda model, actions, **more: run_actions_on_depth(
            frames, model, reader, net.name, actions, **more
        )


def _parse_host_port(text: str | None) -> tuple[str, int]:
    """Parse “HOST:PORT”, by default Wekinator's."""
    host, _, port = (text or "127.0.0.1:12000").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"“{text}”: write it like 127.0.0.1:12000", param_hint="--osc")
    return host.strip("[]"), int(port)
