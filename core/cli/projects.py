"""The commands about projects: list, create, delete, restore, export, import."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from core.cli import common
from core.errors import NotFoundError
from core.paths import Paths

app = typer.Typer(
    no_args_is_help=True, help="Projects: list, create, delete, restore, export, import."
)

Name = Annotated[str, Argument(help="A project's name.")]


@common.command(app, "list")
def list_(paths: Paths, in_bin: common.InBin = False) -> common.Answer:
    """List the projects, or those in the bin, with their numbers of samples."""
    with common.open_store(paths) as store:
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
    return {"projects": found}, "\n".join(lines)


@common.command(app)
def create(
    paths: Paths,
    name: Name,
    bodies: Annotated[
        bool, Option("--bodies", help="Of whole bodies, starting with arm poses.")
    ] = False,
    both_hands: Annotated[
        bool, Option("--both-hands", help="Of two hands together, with gestures of both.")
    ] = False,
    motions: Annotated[
        bool, Option("--motions", help="Of hands, starting with moving gestures.")
    ] = False,
    keypoints_only: Annotated[bool, Option("--keypoints-only", help="Store no pictures.")] = False,
    in_space: Annotated[bool, Option("--in-space", help="Learn from 3-D hand keypoints.")] = False,
) -> common.Answer:
    """Create a project of hands, of both hands together or of bodies."""
    from core.pose.skeletons.table import SUBJECTS

    if bodies + both_hands + motions > 1:
        raise typer.BadParameter("choose one of --bodies, --both-hands and --motions")
    if in_space and (bodies or both_hands):
        raise typer.BadParameter("single hands alone are learned in space: leave out --in-space")
    skeleton = SUBJECTS["Bodies" if bodies else "Both hands" if both_hands else "Hands"].name
    with common.open_store(paths) as store:
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
    return document, f"“{project.name}”, {project.skeleton}{where}: {', '.join(gestures)}"


@common.command(app)
def delete(paths: Paths, name: Name) -> common.Answer:
    """Move a project to the bin."""
    with common.open_store(paths) as store:
        project = store.project(name)
        store.delete_project(project.id)
    text = f"“{project.name}” is in the bin: `project restore` restores it"
    return {"deleted": project.name}, text


@common.command(app)
def restore(paths: Paths, name: Name) -> common.Answer:
    """Restore a project from the bin; of several with that name the newest."""
    from core.store.bin import PROJECT, restore_from_bin

    with common.open_store(paths) as store:
        there = store.projects(deleted=True)
        found = [project for project in there if project.name.casefold() == name.casefold()]
        if not found:
            names = ", ".join(f"“{project.name}”" for project in there) or "nothing"
            raise NotFoundError(f"no project “{name}” in the bin; in it: {names}")
        project = max(found, key=lambda one: one.id)
        restore_from_bin(store, project.id, PROJECT, project.id)
    return {"restored": project.name}, f"“{project.name}” is back"


@common.command(app)
def empty_bin(paths: Paths, yes: common.Yes = False) -> common.Answer:
    """Delete permanently everything in the bin, of all projects."""
    from core.admin.erasing import empty_bin_here

    with common.open_store(paths) as store:
        gone = empty_bin_here(store, paths)
    counts = ", ".join(f"{count:,} {what}" for what, count in gone.items() if count) or "nothing"
    return gone, f"deleted for good: {counts}"


@common.command(app)
def forget_pictures(paths: Paths, name: Name, yes: common.Yes = False) -> common.Answer:
    """Delete a project's pictures permanently; from then on it stores keypoints only."""
    from core.admin.erasing import delete_project_pictures

    with common.open_store(paths) as store:
        project = store.project(name)
        count = delete_project_pictures(store, paths, project)
    text = f"{count:,} pictures deleted for good; “{project.name}” keeps keypoints only now"
    return {"project": project.name, "deleted": count}, text


@common.command(app)
def export(
    paths: Paths,
    name: Name,
    out: Annotated[Path, Option("-o", "--output", help="The zip to write.")],
    with_bin: Annotated[bool, Option("--with-bin", help="And what is in the bin.")] = False,
    no_pictures: Annotated[
        bool, Option("--no-pictures", help="Leave the crops of the hands out.")
    ] = False,
) -> common.Answer:
    """Export a whole project to one zip: samples, pictures, gestures, trainings, models."""
    from core.exchange.project.project_file import export_project

    with common.open_store(paths) as store, common.progress_bar("packing") as progress:
        went = export_project(
            store,
            paths,
            name,
            out,
            with_bin=with_bin,
            with_pictures=not no_pictures,
            progress=progress,
        )
    return {**vars(went), "file": str(out)}, f"{out}: {went.text}"


@common.command(app, "import")
def import_(
    paths: Paths,
    path: Annotated[Path, Argument(help="A zip that `project export` wrote.")],
) -> common.Answer:
    """Import a project from a zip: all of it, or nothing and the reason."""
    from core.exchange.project.project_file import import_project

    with common.open_store(paths) as store, common.progress_bar("unpacking") as progress:
        came = import_project(store, paths, path, progress=progress)
    return vars(came), f"imported {came.text}"
