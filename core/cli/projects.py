"""The commands about projects: list, create, delete, restore, export, import."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli._shared import (
    InBin,
    Json,
    Workspace,
    Yes,
    open_store,
    print_result,
    progress_bar,
    require_yes,
)
from core.errors import NotFoundError
from core.paths import Paths

app = typer.Typer(
    no_args_is_help=True, help="Projects: list, create, delete, restore, export, import."
)

Name = Annotated[str, typer.Argument(help="A project's name.")]


@app.command("list")
def list_(
    in_bin: InBin = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """List the projects, or those in the bin, with their numbers of samples."""
    with open_store(Paths.find(workspace)) as store:
        projects = store.projects(deleted=in_bin)
        found = [
            {
                "name": project.name,
                "samples": sum(row.samples for row in store.overview(project.id)),
                "keypoints_only": project.keypoints_only,
                "active_model": project.active_model,
                "in_space": project.in_space,
            }
            for project in projects
        ]
    lines = [f"{p['name']}: {p['samples']:,} samples" for p in found] or ["no projects"]
    print_result({"projects": found}, "\n".join(lines), as_json)


@app.command()
def create(
    name: Name,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Of whole bodies, with arm poses to begin with.")
    ] = False,
    both_hands: Annotated[
        bool, typer.Option("--both-hands", help="Of two hands together, with gestures of both.")
    ] = False,
    motions: Annotated[
        bool, typer.Option("--motions", help="Of hands, with gestures that move to begin with.")
    ] = False,
    keypoints_only: Annotated[
        bool, typer.Option("--keypoints-only", help="Store no pictures.")
    ] = False,
    in_space: Annotated[
        bool, typer.Option("--in-space", help="It learns from hands' keypoints in space.")
    ] = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Create a project of hands, of both hands together or of bodies."""
    from core.pose.skeletons.table import SUBJECTS

    if bodies + both_hands + motions > 1:
        raise typer.BadParameter("choose one of --bodies, --both-hands and --motions")
    if in_space and (bodies or both_hands):
        raise typer.BadParameter("single hands alone are learned in space: leave out --in-space")
    skeleton = SUBJECTS["Bodies" if bodies else "Both hands" if both_hands else "Hands"].name
    with open_store(Paths.find(workspace)) as store:
        project = store.create_project(
            name,
            skeleton=skeleton,
            keypoints_only=keypoints_only,
            in_space=in_space,
            motions=motions,
        )
        gestures = [gesture.name for gesture in store.gestures(project.id)]
    document = {"name": project.name, "skeleton": project.skeleton, "gestures": gestures}
    document["in_space"] = project.in_space
    where = " in space" if project.in_space else ""
    print_result(
        document, f"“{project.name}”, {project.skeleton}{where}: {', '.join(gestures)}", as_json
    )


@app.command()
def delete(name: Name, workspace: Workspace = None, as_json: Json = False) -> None:
    """Move a project to the bin."""
    with open_store(Paths.find(workspace)) as store:
        project = store.project(name)
        store.delete_project(project.id)
    text = f"“{project.name}” is in the bin: `project restore` restores it"
    print_result({"deleted": project.name}, text, as_json)


@app.command()
def restore(name: Name, workspace: Workspace = None, as_json: Json = False) -> None:
    """Restore a project from the bin; of several with that name the newest."""
    with open_store(Paths.find(workspace)) as store:
        there = store.projects(deleted=True)
        found = [project for project in there if project.name.casefold() == name.casefold()]
        if not found:
            names = ", ".join(f"“{project.name}”" for project in there) or "nothing"
            raise NotFoundError(f"no project “{name}” in the bin; in it: {names}")
        project = max(found, key=lambda one: one.id)
        store.restore_project(project.id)
    print_result({"restored": project.name}, f"“{project.name}” is back", as_json)


@app.command()
def empty_bin(
    yes: Yes = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Delete permanently everything in the bin, of all projects."""
    from core.admin.erasing import empty_bin_here

    require_yes(yes)
    paths = Paths.find(workspace)
    with open_store(paths) as store:
        gone = empty_bin_here(store, paths)
    told = ", ".join(f"{count:,} {what}" for what, count in gone.items() if count) or "nothing"
    print_result(gone, f"deleted for good: {told}", as_json)


@app.command()
def forget_pictures(
    name: Name,
    yes: Yes = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Delete a project's pictures permanently; from then on it stores keypoints only."""
    from core.admin.erasing import forget_pictures_here

    require_yes(yes)
    paths = Paths.find(workspace)
    with open_store(paths) as store:
        project = store.project(name)
        count = forget_pictures_here(store, paths, project)
    text = f"{count:,} pictures deleted for good; “{project.name}” keeps keypoints only now"
    print_result({"project": project.name, "deleted": count}, text, as_json)


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option("-o", "--output", help="The zip to write.")],
    with_bin: Annotated[bool, typer.Option("--with-bin", help="And what is in the bin.")] = False,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Leave the crops of the hands out.")
    ] = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Export a whole project to one zip: samples, pictures, gestures, trainings, models."""
    from core.exchange.project.project_file import export_project

    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("packing") as progress:
        went = export_project(
            store,
            paths,
            name,
            out,
            with_bin=with_bin,
            with_pictures=not no_pictures,
            progress=progress,
        )
    print_result({**vars(went), "file": str(out)}, f"{out}: {went.text}", as_json)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A zip that `project export` wrote.")],
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Import a project from a zip: all of it, or nothing and the reason."""
    from core.exchange.project.project_file import import_project

    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("unpacking") as progress:
        came = import_project(store, paths, path, progress=progress)
    print_result(vars(came), f"imported {came.text}", as_json)
