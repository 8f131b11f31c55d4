"""Models as files: export, verify, import-model."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from core.cli import common
from core.errors import MudraError
from core.paths import Paths

app = typer.Typer()


@common.command(app)
def export(
    paths: Paths,
    model: common.ModelName,
    out: Annotated[Path, Option("-o", "--output", help="NAME.gesture.")],
    no_names: Annotated[
        bool, Option("--no-names", help="Leave out those of persons and sources.")
    ] = False,
) -> common.Answer:
    """Export a model to one .gesture file that others can verify and use."""
    from core.exchange.model_files import describe_proof, export_model
    from core.gestures.modelfile.bundle import load_model

    bundle = export_model(load_model(paths.model(model)), out, paths, names=not no_names)
    proof = describe_proof(bundle, paths)
    return {"file": str(out), **proof}, f"{out}\n{_format_proof(proof)}"


@app.command()
def verify(file: common.GestureFile, as_json: common.Json = False) -> None:
    """Verify that a .gesture file is intact and predicts the same as when it was exported."""
    from core.exchange.model_files import describe_proof
    from core.gestures.modelfile.bundle import check_bundle

    try:
        proof = describe_proof(check_bundle(file), Paths.find())
    except MudraError as error:
        if as_json:
            common.print_result({"ok": False, "error": str(error)}, "", True)
        raise
    common.print_result({"ok": True, **proof}, f"{file} is whole\n{_format_proof(proof)}", as_json)


@common.command(app, "import-model")
def import_model(
    paths: Paths,
    file: common.GestureFile,
    project: common.NewProject,
    use: Annotated[bool, Option("--use", help="Make it the project's model.")] = False,
) -> common.Answer:
    """Verify a .gesture file and import its model into a project."""
    from core.exchange.model_files import import_model

    with common.open_store(paths) as store:
        run = import_model(store, paths, project, file, use=use)
    document = {"run": run.name, "model": str(run.path), "sha256": run.about()["sha256"]}
    return document, f"{run.name}: {run.path}"


def _format_proof(proof: dict[str, Any]) -> str:
    """Format the proof of a `.gesture` file; warn if its predict.py is not Mudra's."""
    lines = [*_format_vectors(proof), f"sha256: {proof['sha256']}"]
    if beside := proof["motions"]:
        lines += ["also included, motions.gesture:", *_format_vectors(beside)]
    for one, where in ((proof, ""), (beside, "motions.gesture: ")):
        if one and not one["known_predict"]:
            lines.append(
                f"{where}predict.py is not the one that this Mudra writes: read it before you run "
                "it"
            )
    return "\n".join(lines)


def _format_vectors(proof: dict[str, Any]) -> list[str]:
    """Format two lines: the test vectors' largest difference, and the gestures."""
    worst, limit = proof["worst_difference"], proof["tolerance"]
    kind = "gestures that move" if proof["moving"] else "gestures"
    return [
        f"worst difference of {len(proof['differences'])} vectors: {worst:.2g} (at most {limit:g})",
        f"{kind}: {', '.join(proof['gestures'])}",
    ]
