"""Gesture models as files: given away, and taken into a project. Where gestures that move were
learned beside still ones, the one file holds both."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ArchiveError, ModelError, TrainingError
from core.files import temporary_folder
from core.gestures.modelfile.bundle import (
    BESIDE,
    COUNT,
    MAX_FILE,
    SUFFIX,
    TOLERANCE,
    Bundle,
    Inputs,
    check_bundle,
    write_bundle,
)
from core.gestures.modelfile.card import model_card
from core.gestures.modelfile.gesture_model import METADATA, MODEL, MOTIONS, GestureModel
from core.jobs.owners import project_fields
from core.jobs.trainings import MOTIONS_ORIGIN
from core.paths import Paths
from core.pose.skeletons.skeleton import BODY, PAIR
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named
from core.recording.imports.tables import read_table
from core.store import Project, Store
from core.store.transfer import find_or_create_project
from core.training.runs import DONE, LOG, Run

_NOTES = "CARD.md"  # beside a shipped model: what its maker says of it
_PERSONS = ("persons", "per_person", "worst_person")  # keys under which persons are named
_WIDTH = 640  # px, of the pictures that the sample hands are put into
_LEAST_WAY = 40.0  # pixels


def card_of(model: GestureModel, *, names: bool = True) -> str:
    """The model's card in Markdown; without `names`, persons are numbered.

    Raises:
        ModelError: metadata that can't be used.
    """
    model = with_origin(model)
    model = model if names else without_names(model)
    notes = model.path / _NOTES
    text = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    moving = model.motions.gestures if model.steps is None and model.motions is not None else ()
    return model_card(model.metadata, model.gestures, moving=moving, notes=text)


def export_model(model: GestureModel, out: Path, paths: Paths, *, names: bool = True) -> Bundle:
    """Write the model's `.gesture` file, tried on the shipped hands. That of the moving gestures
    beside it lies in it as a file of its own.

    Args:
        names: keep the names of persons and sources in the card and the metadata.

    Raises:
        MudraError: the model is none, its training has not ended, the file would answer otherwise,
            or it can't be written.
    """
    if model.preliminary:
        raise ModelError(
            f"{model.path.name} is a preliminary model, nothing was measured yet: wait for its "
            "training's end, or train again where that was broken off"
        )
    card = card_of(model, names=names)
    model = with_origin(model)
    beside = _beside(model, paths, names)
    model = model if names else without_names(model)
    inputs, predict = _tried_with(model, paths), _predict_py(model, paths)
    return write_bundle(model, out, inputs, card=card, predict=predict, beside=beside)


def _beside(model: GestureModel, paths: Paths, names: bool) -> bytes:
    """The content of the file of the moving gestures beside it; empty where there are none."""
    moving = model.motions
    if moving is None or moving is model:
        return b""
    told = Run.open(model.path).about() if (model.path / LOG).is_file() else {}
    own = told.get(MOTIONS_ORIGIN) or model.metadata.get("origin")  # of one training
    moving = replace(moving, metadata=({"origin": own} if own else {}) | moving.metadata)
    with temporary_folder() as folder:
        out = folder / BESIDE
        export_model(moving, out, paths, names=names)
        return out.read_bytes()


def _tried_with(model: GestureModel, paths: Paths) -> Inputs:
    flat = model.skeleton == HAND_21 and model.axes == 2
    poses = sample_hands(paths.demo) if flat else sample_poses(model.skeleton, model.axes)
    return poses if model.steps is None else moved(poses, model.steps)


@dataclass(frozen=True)
class Exported:
    """A `.gesture` file's content, what it proved (see `proof_of`), its card, and that of the
    moving gestures beside it; "" where there are none."""

    content: bytes
    proof: dict[str, Any]
    card: str
    motions_card: str


def exported(model: GestureModel, paths: Paths, *, names: bool = True) -> Exported:
    """As `export_model`, without a file that stays."""
    with temporary_folder() as folder:
        out = folder / f"model{SUFFIX}"
        bundle = export_model(model, out, paths, names=names)
        motions = "" if bundle.motions is None else bundle.motions.card
        return Exported(out.read_bytes(), proof_of(bundle, paths), bundle.card, motions)


def file_name(project: str) -> str:
    """A file's name for a project's model."""
    words = re.findall(r"[^\W_]+", project)
    return ("-".join(words) or "model") + SUFFIX


def proof_of(bundle: Bundle, paths: Paths) -> dict[str, Any]:
    """What a file that was read proves, ready for JSON: its gestures, whether they move, each
    vector's difference and the worst, sha256 of the file and of each member, whether its
    predict.py is ours, and under `motions` the same of the file of moving gestures in it, None
    where there is none."""
    members = {name: digest for name, digest in bundle.sha256.items() if name}
    differences = bundle.differences().tolist()
    return {
        "gestures": [gesture.name for gesture in bundle.model.gestures],
        "estimator": bundle.model.estimator,
        "skeleton": bundle.model.skeleton.name,
        "moving": bundle.model.steps is not None,
        "differences": differences,
        "worst_difference": max(differences),
        "tolerance": TOLERANCE,
        "sha256": bundle.sha256[""],
        "members": members,
        "known_predict": bundle.predict == _predict_py(bundle.model, paths),
        "motions": None if bundle.motions is None else proof_of(bundle.motions, paths),
    }


def _predict_py(model: GestureModel, paths: Paths) -> str:
    """What reads pictures and keypoints for a model without Mudra."""
    if model.steps is not None:
        return paths.motion_receiver.read_text(encoding="utf-8")
    of_hands = paths.space_receiver if model.axes == 3 else paths.receiver
    of = {BODY: paths.body_receiver, PAIR: paths.pair_receiver}.get(model.skeleton.title, of_hands)
    return of.read_text(encoding="utf-8")


def with_origin(model: GestureModel) -> GestureModel:
    """The model with what its training's run knows of the samples' origin."""
    if "origin" in model.metadata or not (model.path / LOG).is_file():
        return model
    origin = Run.open(model.path).about().get("origin")
    return replace(model, metadata=model.metadata | {"origin": origin}) if origin else model


def without_names(model: GestureModel) -> GestureModel:
    """The model with its persons as “person 1”, “person 2”, and its sources counted together.

    Raises:
        ModelError: metadata that can't be used.
    """
    about = model.about
    measured = [model.metadata.get(key) or {} for key in ("figures", "leave_one_person_out")]
    known = {name for one in measured for name in one.get("per_person", {})}
    known |= {one.get("worst_person") for one in measured} | {*about.census.persons}
    order = sorted(name for name in known if name is not None)
    names = {name: f"person {number}" for number, name in enumerate(order, 1)}
    metadata = _renamed(model.metadata, names)
    if sources := about.origin.sources:
        counted = {"names left out": sum(sources.values())}
        metadata["origin"] = metadata["origin"] | {"sources": counted}
    return replace(model, metadata=metadata)


def _renamed(value: Any, names: Mapping[str, str], of_person: bool = False) -> Any:
    """The value with other names wherever a key says that persons are named."""
    if isinstance(value, dict):
        keys = {key: names.get(key, key) if of_person else key for key in value}
        return {keys[key]: _renamed(part, names, key in _PERSONS) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names, of_person) for part in value]
    return names.get(value, value) if of_person and isinstance(value, str) else value


def sample_hands(table: Path) -> Inputs:
    """16 real hands of every gesture in a keypoint table, as varied as a camera's: other places
    and sizes, every other one seen as in a mirror, one without a keypoint, one without a finger.

    Raises:
        TableError: it can't be read.
    """
    read = read_table(table, "keypoints-csv")
    order = np.argsort(read.gestures, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, COUNT).round().astype(int)]
    sizes = np.geomspace(0.5, 4, COUNT)[:, None, None]
    mirrored = np.arange(COUNT) % 2 == 1
    points = read.keypoints[chosen] * sizes
    points[mirrored, :, 0] = _WIDTH - points[mirrored, :, 0]
    points[3, 8] = np.nan
    points[10, 17:] = np.nan
    return Inputs(points.round(1).astype(np.float32), mirrored)


def sample_poses(skeleton: Skeleton, axes: int = 2) -> Inputs:
    """16 made-up poses of any skeleton, of other places and sizes, every other one seen as in a
    mirror, one without a keypoint where it has several: what a model says of them is its own,
    whatever they show."""
    rng = np.random.default_rng(COUNT)
    sizes = np.geomspace(20, 200, COUNT)[:, None, None]
    points = rng.normal(0, 1, (COUNT, skeleton.size, axes)) * sizes + rng.uniform(
        100, 500, (COUNT, 1, axes)
    )
    points[3, 1:][-1:] = np.nan
    return Inputs(points.round(1).astype(np.float32), np.arange(COUNT) % 2 == 1)


def moved(poses: Inputs, steps: int) -> Inputs:
    """Windows of so many frames in which each of the poses goes a way of its own: a circle, an
    ellipse or a line, of about its size; a lone keypoint, which has none, _LEAST_WAY."""
    middle = np.nanmean(poses.keypoints, 1, keepdims=True)
    reach = 2 * np.nanmax(np.abs(poses.keypoints - middle), (1, 2))[:, None]
    reach = np.maximum(reach, _LEAST_WAY)  # a window that stands still has no size to be divided by
    angle, tilt = np.linspace(0, 2 * np.pi, steps), np.linspace(0, 2 * np.pi, COUNT)[:, None]
    points = np.repeat(poses.keypoints[:, None], steps, 1)
    points[..., 0] += (reach * np.cos(angle) * np.cos(tilt))[:, :, None]
    points[..., 1] += (reach * np.sin(angle))[:, :, None]
    return Inputs(points.round(1).astype(np.float32), poses.mirrored_view)


# --------------------------------------------------------------------------------------- taken in


@dataclass(frozen=True)
class Imported:
    """A bundle that became a project's model: its run, and the sha256 of its file."""

    run: Run
    sha256: str


def import_into(
    store: Store,
    paths: Paths,
    project: str | Project,
    path: Path,
    *,
    use: bool = False,
    title: str = "",
) -> Imported:
    """Take a `.gesture` file into a project, or into the one of that name, which is made for its
    keypoints where it is missing.

    Args:
        use: make it the project's model.
        title: what the file is called where `path` is a copy.

    Raises:
        MudraError: the file can't be trusted, or can't be kept, or the project is about others.
    """
    bundle = check_bundle(path)
    skeleton, in_space = bundle.model.skeleton, bundle.model.axes == 3
    with find_or_create_project(store, project, skeleton.name, in_space=in_space) as (found, _):
        if found.skeleton != skeleton.name:
            own, needed = skeleton_named(found.skeleton).titles, skeleton.titles
            raise ModelError(
                f"{title or path.name} knows gestures of {needed}, “{found.name}” is about {own}: "
                f"add it to a project about {needed}, or to a new one"
            )
        taken = _take_in(bundle, paths, found, title or path.name)
        if use:
            store.set_active_model(found.id, taken.run.name)
    return taken


@contextmanager
def uploaded(name: str, content: bytes) -> Iterator[Path]:
    """A file that came through the browser, as a path for a while.

    Raises:
        ArchiveError: too large to be a model.
    """
    if len(content) > MAX_FILE:
        raise ArchiveError(f"{name} has {len(content):,} bytes, a model at most {MAX_FILE:,}")
    with temporary_folder() as folder:
        path = folder / (re.sub(r"[^\w.-]+", "_", name.removesuffix(SUFFIX))[:60] + SUFFIX)
        path.write_bytes(content)
        yield path


def _take_in(bundle: Bundle, paths: Paths, project: Project, title: str) -> Imported:
    """Put a checked file's model among the project's, as a run that has ended.

    Only the models and their metadata are kept: the card is written anew from them, and predict.py
    is never run.

    Raises:
        TrainingError: the workspace can't be written.
    """
    run = Run.create(
        paths.workspace / "incoming",
        **project_fields(project),
        imported=title[-100:],
        sha256=bundle.sha256[""],
        classifier="imported",
    )
    try:
        _keep(bundle.model, run.path)
        if bundle.motions is not None:
            _keep(bundle.motions.model, run.path / MOTIONS)
        run.log(event="end", status=DONE)
        paths.runs.mkdir(parents=True, exist_ok=True)
        moved = Run(run.path.rename(paths.runs / run.name))
    except OSError as error:
        raise TrainingError(f"{paths.runs} can't be written: {error.strerror}") from error
    finally:
        run.release()
        shutil.rmtree(run.path, ignore_errors=True)
    return Imported(moved, bundle.sha256[""])


def _keep(model: GestureModel, folder: Path) -> None:
    """Put a checked file's model into a folder, and see that it can be read from there."""
    metadata = {key: value for key, value in model.metadata.items() if key != "bundle"}
    folder.mkdir(exist_ok=True)
    (folder / MODEL).write_bytes(model.onnx)
    (folder / METADATA).write_text(json.dumps(metadata), encoding="utf-8")
    GestureModel.load(folder)
