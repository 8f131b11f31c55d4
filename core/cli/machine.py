"""The commands about this machine: studio, doctor, delete-everything, bench, starter."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from core.cli import common
from core.cli.training import format_range
from core.paths import Paths

app = typer.Typer()
_ROOT = Path(__file__).resolve().parents[2]


@app.command()
def studio(
    port: Annotated[int, Option(help="Where to listen.")] = 8501,
    lan: Annotated[
        bool, Option("--lan", help="Let phones in: HTTPS on the local network, with a QR code.")
    ] = False,
) -> None:
    """Run the studio on this machine, at http://localhost and the port."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    if lan:
        from core.admin.certificate import prepare_certificate
        from core.admin.lan import LAN, find_addresses

        addresses, paths = find_addresses(), Paths.find()
        pem = prepare_certificate((paths.shared or paths.workspace) / "lan", addresses)
        os.environ[LAN] = ",".join(addresses)
        os.environ.pop("FORWARDED_ALLOW_IPS", None)  # else a header could claim to be this machine
        command += ["--server.address", "0.0.0.0"]
        command += ["--server.sslCertFile", str(pem), "--server.sslKeyFile", str(pem)]
    os.chdir(_ROOT)
    os.dup2(sys.stderr.fileno(), 2)  # the studio's own messages are wanted
    os.execv(sys.executable, command)


@app.command()
def doctor(
    port: Annotated[int, Option(help="Where the studio is to listen.")] = 8501,
    workspace: common.Workspace = None,
    as_json: common.Json = False,
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
    # scripts read the fix under its old name
    found = [{"name": c.name, "state": c.state, "found": c.found, "mend": c.fix} for c in checks]
    common.print_result({"well": well, "checks": found}, "\n".join(lines), as_json)
    if not well:
        raise typer.Exit(1)


@common.command(app)
def delete_everything(paths: Paths, yes: common.Yes = False) -> common.Answer:
    """Delete permanently everything recorded, trained and imported on this machine."""
    from core.admin.erasing import erase_unopened

    erased = erase_unopened(paths)
    return {"bytes": erased.bytes, "left": erased.failed}, erased.text


@common.command(app)
def bench(
    what: Annotated[str, Argument(help="live, train, learn, import, net or depth.")],
    source: Annotated[
        Path | None,
        Option(
            "-i",
            "--input",
            help="A video with a hand or person, keypoint table, folder or net. Of depth may be "
            "left out.",
        ),
    ] = None,
    skeleton: Annotated[str, Option(help="Of live: hand or body.")] = "hand",
) -> common.Answer:
    """Measure how long Mudra's work takes on this machine: live frames, trainings, imports or
    nets."""
    from core.lab.bench import BENCHES
    from core.lab.bench_live import bench_body

    common.check_choice(what, BENCHES, "WHAT")
    common.check_choice(skeleton, ("hand", "body") if what == "live" else ("hand",), "--skeleton")
    measure = bench_body if skeleton == "body" else BENCHES[what]
    if source is None and what != "depth":
        raise typer.BadParameter(f"bench {what} needs one", param_hint="-i")
    found = measure(Paths.find(), *(() if source is None else (source,)))
    tables = ("stages", "batches", "by_threads")
    lines = [f"{name}: {value}" for name, value in found.items() if name not in tables]
    lines += [f"  {name}: {ms} ms" for name, ms in found.get("stages", {}).items()]
    for row in (*found.get("batches", []), *found.get("by_threads", [])):
        lines.append("  " + ", ".join(f"{name} {value}" for name, value in row.items()))
    return found, "\n".join(lines)


@common.command(app)
def starter(
    data: Annotated[Path, Argument(help="hand_keypoints/, hand_images/ and hand_crops/.")],
    out: Annotated[Path, Option("-o", "--output")] = Paths.starter,
    landmarks: Annotated[
        Path | None, Option(help="Keeps found keypoints; else the workspace.")
    ] = None,
) -> common.Answer:
    """Train the starter model again: evaluate it leave-one-group-out, then train on everything."""
    from core.lab.net_data import locate_landmarks
    from core.lab.starter import make_starter
    from core.lab.starter_data import extract_source_keypoints

    paths = Paths.find()
    kept = landmarks or locate_landmarks(paths, data)
    figures = make_starter(
        data,
        out,
        kept,
        lambda name: extract_source_keypoints(data, kept, paths, name),
        lambda text: print(text, file=sys.stderr),
    )
    text = (
        f"mean {100 * figures['mean_accuracy']:.2f} % ({format_range(figures['interval'])}), "
        f"worst {figures['worst_person']} "
        f"{100 * figures['worst_accuracy']:.2f} %: {out}"
    )
    return figures, text
