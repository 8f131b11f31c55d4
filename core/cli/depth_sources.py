"""The commands about sources of depth."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli._shared import (
    DepthCamera,
    DepthUnit,
    Json,
    check_of_recording,
    progress_bar,
    say,
)

app = typer.Typer()
_SENSOR = "sensor:"


@contextmanager
def _greetings_muted() -> Iterator[None]:
    """Makers' libraries write to file descriptor 1, which is our document's."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def open_source(source: str, camera: str | None = None, unit_mm: float | None = None) -> Any:
    """The recording, or sensor:NAME, which tells itself what it is; to be closed after use."""
    from core.depth.cameras import get_camera
    from core.depth.io.recordings import open_depth
    from core.depth.sensors.finding import open_sensor

    if source.startswith(_SENSOR):
        check_of_recording(camera, unit_mm)
        with _greetings_muted():
            return open_sensor(source.removeprefix(_SENSOR))
    given = get_camera(camera) if camera else None
    return open_depth(Path(source), camera=given, unit_mm=unit_mm)


@app.command("record-depth")
def record_depth(
    source: Annotated[str, typer.Argument(help="A recording, or sensor:NAME, sensor:NAME:1 ….")],
    out: Annotated[Path, typer.Argument(help="A new folder, or NAME.mkv.")],
    frames: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.001, help="For so long.")] = None,
    camera: DepthCamera = None,
    unit_mm: DepthUnit = None,
    as_json: Json = False,
) -> None:
    """Record a depth camera, or convert a recording; Ctrl+C ends it."""
    from core.depth.io.recorder import record_depth

    done, opened = 0, open_source(source, camera, unit_mm)
    with opened, progress_bar("recording") as progress, suppress(KeyboardInterrupt):

        def count(number: float, total: float | None = None, label: str = "") -> None:
            nonlocal done
            done = int(number)
            progress(done, total)

        record_depth(opened, out, frames=frames, seconds=seconds, progress=count)
    say({"n": done, "out": str(out)}, f"{done} frames of {opened.name}: {out}", as_json)


@app.command("depth-sensors")
def depth_sensors(as_json: Json = False) -> None:
    """List the depth cameras that are plugged in, and what each kind needs."""
    from core.depth.sensors.finding import list_sensors

    with _greetings_muted():
        found = list_sensors()
    lines = []
    for one in found:
        lines.append(f"{one.name} ({one.cameras}): {one.problem or ', '.join(one.devices)}")
    rows = [
        {"name": o.name, "cameras": o.cameras, "devices": list(o.devices), "problem": o.problem}
        for o in found
    ]
    say({"sensors": rows}, "\n".join(lines), as_json)
