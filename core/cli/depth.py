"""The commands about hands in depth: cameras and recordings, rendered pictures, finders."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from core.cli import common
from core.paths import Paths

app = typer.Typer()
_SENSOR = "sensor:"


@contextmanager
def _mute_sdk_output() -> Iterator[None]:
    """Redirect file descriptor 1, which camera SDKs print to, to stderr during the block."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def open_source(source: str, camera: str | None = None, unit_mm: float | None = None) -> Any:
    """Open a depth recording, or a depth camera given as sensor:NAME; the caller closes it."""
    from core.depth.cameras import get_camera
    from core.depth.io.recordings import open_depth
    from core.depth.sensors.finding import open_sensor

    if source.startswith(_SENSOR):
        common.reject_recording_options(camera, unit_mm, "a sensor provides its own")
        with _mute_sdk_output():
            return open_sensor(source.removeprefix(_SENSOR))
    given = get_camera(camera) if camera else None
    return open_depth(Path(source), camera=given, unit_mm=unit_mm)


@contextmanager
def open_depth_reader(
    paths: Paths, net_name: str, source: str, camera: str | None, unit_mm: float | None
) -> Iterator[tuple[Any, Any, Any]]:
    """Open a depth source and a net; yield the source, the reader of its hands, and the net."""
    from core.estimators.depth_nets import DepthNet
    from core.reading.depth_reading import DepthReader
    from core.reading.hand_finding import default_finders

    net = DepthNet(paths.net(net_name))
    with (
        open_source(source, camera, unit_mm) as frames,
        closing(DepthReader(net, default_finders(paths))) as reader,
    ):
        yield frames, reader, net


@common.command(app, "record-depth")
def record_depth(
    source: Annotated[str, Argument(help="A recording, or sensor:NAME, sensor:NAME:1 ….")],
    out: Annotated[Path, Argument(help="A new folder, or NAME.mkv.")],
    frames: Annotated[int | None, Option(min=1, help="Maximum number.")] = None,
    seconds: Annotated[float | None, Option(min=0.001, help="Length.")] = None,
    camera: common.DepthCamera = None,
    unit_mm: common.DepthUnit = None,
) -> common.Answer:
    """Record a depth camera, or convert a depth recording; Ctrl+C ends it."""
    from core.depth.io.recorder import record_depth

    done, opened = 0, open_source(source, camera, unit_mm)
    with opened, common.progress_bar("recording") as progress, suppress(KeyboardInterrupt):

        def count(number: float, total: float | None = None, label: str = "") -> None:
            nonlocal done
            done = int(number)
            progress(done, total)

        record_depth(opened, out, frames=frames, seconds=seconds, progress=count)
    return {"n": done, "out": str(out)}, f"{done} frames of {opened.name}: {out}"


@common.command(app, "depth-sensors")
def depth_sensors() -> common.Answer:
    """List the connected depth cameras, and what each supported kind needs."""
    from core.depth.sensors.finding import list_sensors

    with _mute_sdk_output():
        found = list_sensors()
    lines = [
        f"{one.name} ({one.cameras}): {one.problem or ', '.join(one.devices)}" for one in found
    ]
    return {"sensors": [asdict(one) for one in found]}, "\n".join(lines)


@common.command(app, "render-depth")
def render_depth(
    out: Annotated[Path, Argument(help="An empty or new folder.")],
    n: Annotated[int, Option("--n", min=1, help="Number of pictures.")] = 100,
    seed: Annotated[int, Option(min=0, help="The same seed renders the same pictures.")] = 0,
    camera: Annotated[str, Option(help="nyu, icvl, msra or hands17.")] = "nyu",
    noise: Annotated[str, Option(help="primesense, coded_light or none.")] = "primesense",
    skeleton: Annotated[str, Option(help="hand_21, nyu_14 or icvl_16.")] = "hand_21",
    near: Annotated[float, Option(min=250, help="The nearest palm, mm.")] = 500.0,
    far: Annotated[float, Option(help="The farthest palm, mm.")] = 1150.0,
    whole: Annotated[
        bool, Option("--whole", help="Whole pictures, not the part around the hand.")
    ] = False,
    workers: Annotated[int, Option(min=1, max=64, help="Processes.")] = 1,
) -> common.Answer:
    """Render a data set of synthetic depth pictures of hands with their true keypoints."""
    from core.depth.cameras import get_camera
    from core.depth.io.joint_files import JOINTS_FILE
    from core.lab.renderer.noise import NOISES
    from core.lab.renderer.render import JOINTS, WINDOW_MM, RenderSettings, write_rendered_hands

    common.check_choice(noise, NOISES, "--noise")
    common.check_choice(skeleton, JOINTS, "--skeleton")
    if far <= near:
        raise typer.BadParameter(f"{far:g} is not beyond --near {near:g}", param_hint="--far")
    window_mm = None if whole else WINDOW_MM
    settings = RenderSettings(get_camera(camera), NOISES[noise], (near, far), window_mm)
    with common.progress_bar("rendering") as progress:
        write_rendered_hands(out, n, seed, settings, skeleton, workers, progress)
    text = f"{n} pictures and {JOINTS_FILE} ({skeleton}, mm): {out}"
    return {"n": n, "seed": seed, "table": str(out / JOINTS_FILE)}, text


@common.command(app, "evaluate-finding")
def evaluate_finding(
    data: Annotated[
        Path,
        Option(
            help="Frames with known palms: frames.csv, joints.csv, NYU, "
            "ICVL, MSRA, HANDS 2017; or: rendered."
        ),
    ],
    finder: Annotated[
        list[str] | None,
        Option(help="rgb, depth or slices; several are tried in order. Else as on Depth."),
    ] = None,
) -> common.Answer:
    """Measure how often a hand is found within 50 mm of the known palm in depth frames."""
    from core.lab.palm_frames import measure_finding
    from core.reading.hand_finding import create_finder, default_finders

    paths = Paths.find()
    finders = [create_finder(method, paths) for method in finder or ()] or default_finders(paths)
    with common.progress_bar("finding hands") as progress:
        found = measure_finding(finders, data, progress)
    for one in finders:
        one.close()
    methods = ", ".join(f"{count} by {method}" for method, count in found["by"].items())
    text = (
        f"{found['n']} frames, {100 * found['found']:.1f} % found within 50 mm ({methods}); median "
        f"{found['median_mm']} mm, {found['ms']} ms a frame"
    )
    return found, text
