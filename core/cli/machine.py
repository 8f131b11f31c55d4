"""The commands about this machine: studio, doctor, delete-everything, bench, starter."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli._shared import Json, Workspace, Yes, check_choice, print_result, require_yes
from core.cli.training import interval_text
from core.paths import Paths

app = typer.Typer()
_ROOT = Path(__file__).resolve().parents[2]


@app.command()
def studio(port: Annotated[int, typer.Option(help="Where to listen.")] = 8501) -> None:
    """Run the studio on this machine, at http://localhost and the port."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    os.chdir(_ROOT)
    os.dup2(sys.stderr.fileno(), 2)  # the studio's own messages are wanted
    os.execv(sys.executable, command)


@app.command()
def doctor(
    port: Annotated[int, typer.Option(help="Where the studio is to listen.")] = 8501,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Check this machine for what keeps Mudra from working, and print how to fix it."""
    from core.admin.doctor import has_no_failure, run_checks

    checks = run_checks(Paths.find(workspace), port)
    well = has_no_failure(checks)
    marks = {"ok": "✅", "warn": "⚠️ ", "wrong": "❌"}
    lines = [
        f"{marks[c.state]} {c.name}: {c.found}" + (f"\n   → {c.fix}" if c.fix else "")
        for c in checks
    ]
    print_result(
        {"well": well, "checks": [_check_document(check) for check in checks]},
        "\n".join(lines),
        as_json,
    )
    if not well:
        raise typer.Exit(1)


def _check_document(check: Any) -> dict[str, str]:
    """Convert to JSON; scripts read the fix under its old name “mend”."""
    found = dict(vars(check))
    return {"mend" if key == "fix" else key: value for key, value in found.items()}


@app.command()
def delete_everything(
    yes: Yes = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Delete permanently everything recorded, trained and imported on this machine."""
    from core.admin.erasing import erase_unopened

    require_yes(yes)
    erased = erase_unopened(Paths.find(workspace))
    print_result({"bytes": erased.bytes, "left": erased.failed}, erased.text, as_json)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="live, train, learn, import, net or depth.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "-i",
            "--input",
            help="A video with a hand or person, keypoint table, folder or net. Of depth may be "
            "left out.",
        ),
    ] = None,
    skeleton: Annotated[str, typer.Option(help="Of live: hand or body.")] = "hand",
    as_json: Json = False,
) -> None:
    """Measure how long Mudra's work takes on this machine: live frames, trainings, imports or
    nets."""
    from core.lab.bench import BENCHES
    from core.lab.bench_live import bench_body

    check_choice(what, BENCHES, "WHAT")
    check_choice(skeleton, ("hand", "body") if what == "live" else ("hand",), "--skeleton")
    measure = bench_body if skeleton == "body" else BENCHES[what]
    if source is None and what != "depth":
        raise typer.BadParameter(f"bench {what} needs one", param_hint="-i")
    found = measure(Paths.find(), *(() if source is None else (source,)))
    tables = ("stages", "batches", "by_threads")
    lines = [f"{name}: {value}" for name, value in found.items() if name not in tables]
    lines += [f"  {name}: {ms} ms" for name, ms in found.get("stages", {}).items()]
    for row in (*found.get("batches", []), *found.get("by_threads", [])):
        lines.append("  " + ", ".join(f"{name} {value}" for name, value in row.items()))
    print_result(found, "\n".join(lines), as_json)


@app.command()
def starter(
    data: Annotated[Path, typer.Argument(help="hand_keypoints/, hand_images/ and hand_crops/.")],
    out: Annotated[Path, typer.Option("-o", "--output")] = Paths.starter,
    landmarks: Annotated[
        Path | None, typer.Option(help="Keeps found keypoints; else the workspace.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train the starter model again: evaluate it leave-one-group-out, then train on everything."""
    from core.lab.net_data import landmarks_folder
    from core.lab.starter import make_starter
    from core.lab.starter_data import extract_source_keypoints

    paths = Paths.find()
    kept = landmarks or landmarks_folder(paths, data)
    figures = make_starter(
        data,
        out,
        kept,
        lambda name: extract_source_keypoints(data, kept, paths.weights, name),
        lambda text: print(text, file=sys.stderr),
    )
    text = (
        f"mean {100 * figures['mean_accuracy']:.2f} % ({interval_text(figures['interval'])}), "
        f"worst {figures['worst_person']} "
        f"{100 * figures['worst_accuracy']:.2f} %: {out}"
    )
    print_result(figures, text, as_json)
