"""The commands about hands in depth."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli._shared import Json, check_choice, progress_bar, say

app = typer.Typer()


@app.command("render-depth")
def render_depth(
    out: Annotated[Path, typer.Argument(help="An empty folder, or a new one.")],
    n: Annotated[int, typer.Option("--n", min=1, help="So many pictures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same pictures.")] = 0,
    camera: Annotated[str, typer.Option(help="nyu, icvl, msra or hands17.")] = "nyu",
    noise: Annotated[str, typer.Option(help="primesense, coded_light or none.")] = "primesense",
    skeleton: Annotated[str, typer.Option(help="hand_21, nyu_14 or icvl_16.")] = "hand_21",
    near: Annotated[float, typer.Option(min=250, help="The nearest palm, mm.")] = 500.0,
    far: Annotated[float, typer.Option(help="The farthest palm, mm.")] = 1150.0,
    whole: Annotated[
        bool, typer.Option("--whole", help="Whole pictures, not the part round the hand.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Render depth pictures of hands with the truth of their joints."""
    from core.depth.cameras import get_camera
    from core.depth.io.joint_tables import JOINTS_FILE
    from core.lab.renderer.files import write_rendered_hands
    from core.lab.renderer.noise import NOISES
    from core.lab.renderer.render import JOINTS, WINDOW_MM, RenderSettings

    check_choice(noise, NOISES, "--noise")
    check_choice(skeleton, JOINTS, "--skeleton")
    if far <= near:
        raise typer.BadParameter(f"{far:g} is not beyond --near {near:g}", param_hint="--far")
    window_mm = None if whole else WINDOW_MM
    settings = RenderSettings(get_camera(camera), NOISES[noise], (near, far), window_mm)
    with progress_bar("rendering") as progress:
        write_rendered_hands(out, n, seed, settings, skeleton, workers, progress)
    text = f"{n} pictures and {JOINTS_FILE} ({skeleton}, mm): {out}"
    say({"n": n, "seed": seed, "table": str(out / JOINTS_FILE)}, text, as_json)


@app.command("evaluate-finding")
def evaluate_finding(
    data: Annotated[
        Path,
        typer.Option(
            help="Frames whose palms are known: frames.csv, joints.csv, NYU, "
            "ICVL, MSRA, HANDS 2017; or: rendered."
        ),
    ],
    finder: Annotated[
        list[str] | None,
        typer.Option(
            help="rgb, depth or slices; several are asked in that order. Else as on Depth."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how often a hand is found in depth frames: within 50 mm of its palm."""
    from core.lab.finding_evaluating import measure_finding
    from core.paths import Paths
    from core.reading.hand_finding import create_finder, default_finders

    paths = Paths.find()
    finders = [create_finder(how, paths) for how in finder or ()] or default_finders(paths)
    with progress_bar("finding hands") as progress:
        found = measure_finding(finders, data, progress)
    for one in finders:
        one.close()
    ways = ", ".join(f"{count} by {how}" for how, count in found["by"].items())
    text = (
        f"{found['n']} frames, {100 * found['found']:.1f} % found within 50 mm ({ways}); median "
        f"{found['median_mm']} mm, {found['ms']} ms a frame"
    )
    say(found, text, as_json)
