"""Gesture models as `.gesture` files, exported and imported.

A model of moving gestures that was trained beside one of still gestures is in the same file.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError, TrainingError
from core.files import temporary_folder
from core.gestures.modelfile.bundle import (
    BESIDE,
    SUFFIX,
    TOLERANCE,
    VECTOR_COUNT,
    Bundle,
    Inputs,
    check_bundle,
    write_bundle,
)
from core.gestures.modelfile.card import format_card
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
from core.words import words

_NOTES = "CARD.md"  # the notes of a shipped model's maker
_PERSON_KEYS = ("persons", "per_person", "worst_person")  # of metadata that names persons
_PICTURE_WIDTH_PX = 640  # of the pictures that the sample hands are put into
_MIN_REACH_PX = 40.0  # of test movements
_MAX_TITLE = 100  # characters of a file's name in a training's log


def create_card(model: GestureModel, *, names: bool = True) -> str:
    """Create the model's card in Markdown. Unless `names`, persons become "person 1" … and source
    names are removed. Raise ModelError for invalid metadata."""
    model = add_origin(model)
    model = model if names else anonymise(model)
    notes = model.path / _NOTES
    text = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    moving = model.motions.gestures if model.steps is None and model.motions is not None else ()
    return format_card(model.metadata, model.gestures, moving=moving, notes=text)


def export_model(model: GestureModel, out: Path, paths: Paths, *, names: bool = True) -> Bundle:
    """Export a model with card, predict.py and test vectors to a `.gesture` file, which also
    contains the file of its model of moving gestures.

    Args:
        names: keep the names of persons and sources in the card and the metadata.

    Raises:
        MudraError: no finished model, the file's answers differ from the model's, or it can't be
            written.
    """
    if model.about.preliminary:
        raise ModelError(
            words(
                "{model} is a preliminary model, nothing was measured yet: wait for its training's "
                "end, or train again where that was broken off",
                model=model.path.name,
            )
        )
    card = create_card(model, names=names)
    model = add_origin(model)
    motions = _export_motions(model, paths, names)
    model = model if names else anonymise(model)
    inputs, script = _create_test_inputs(model, paths), _read_predict_script(model, paths)
    return write_bundle(model, out, inputs, card=card, predict=script, beside=motions)


def _export_motions(model: GestureModel, paths: Paths, names: bool) -> bytes:
    """Return the `.gesture` file of a model's model of moving gestures; b"" if there is none."""
    motions = model.motions
    if motions is None or motions is model:
        return b""
    start = Run.open(model.path).about() if (model.path / LOG).is_file() else {}
    origin = start.get(MOTIONS_ORIGIN) or model.metadata.get("origin")  # of one training
    motions = replace(motions, metadata=({"origin": origin} if origin else {}) | motions.metadata)
    with temporary_folder() as folder:
        out = folder / BESIDE
        export_model(motions, out, paths, names=names)
        return out.read_bytes()


def _create_test_inputs(model: GestureModel, paths: Paths) -> Inputs:
    """Create a model's test inputs: poses or, for a model of moving gestures, windows of them."""
    is_flat_hand = model.skeleton == HAND_21 and model.axes == 2
    poses = (
        read_sample_hands(paths.demo)
        if is_flat_hand
        else create_sample_poses(model.skeleton, model.axes)
    )
    return poses if model.steps is None else animate_poses(poses, model.steps)


@dataclass(frozen=True)
class ExportedModel:
    """The content of a `.gesture` file, its proof (`describe_proof`) and its cards; `motions_card`
    is "" without a model of moving gestures."""

    content: bytes
    proof: dict[str, Any]
    card: str
    motions_card: str


def export_model_content(model: GestureModel, paths: Paths, *, names: bool = True) -> ExportedModel:
    """Export a model as `export_model` does, and return the content of the file."""
    with temporary_folder() as folder:
        out = folder / f"model{SUFFIX}"
        bundle = export_model(model, out, paths, names=names)
        motions_card = "" if bundle.motions is None else bundle.motions.card
        proof = describe_proof(bundle, paths)
        return ExportedModel(out.read_bytes(), proof, bundle.card, motions_card)


def name_model_file(project: str) -> str:
    """Return the file name for a project's model."""
    words = re.findall(r"[^\W_]+", project)
    return ("-".join(words) or "model") + SUFFIX


def describe_proof(bundle: Bundle, paths: Paths) -> dict[str, Any]:
    """Return, ready for JSON, how a `.gesture` file was verified: gestures, output differences of
    the test vectors, hashes, and whether its predict.py is Mudra's."""
    members = {name: digest for name, digest in bundle.sha256.items() if name}
    differences = bundle.compare_answers().tolist()
    return {
        "gestures": [gesture.name for gesture in bundle.model.gestures],
        "estimator": bundle.model.about.estimator,
        "skeleton": bundle.model.skeleton.name,
        "moving": bundle.model.steps is not None,
        "differences": differences,
        "worst_difference": max(differences),
        "tolerance": TOLERANCE,
        "sha256": bundle.sha256[""],
        "members": members,
        "known_predict": bundle.predict == _read_predict_script(bundle.model, paths),
        "motions": None if bundle.motions is None else describe_proof(bundle.motions, paths),
    }


def _read_predict_script(model: GestureModel, paths: Paths) -> str:
    """Read the predict.py with which a model of this kind runs without Mudra."""
    if model.steps is not None:
        script = paths.motion_receiver
    elif model.skeleton.title in (BODY, PAIR):
        script = paths.body_receiver if model.skeleton.title == BODY else paths.pair_receiver
    else:
        script = paths.space_receiver if model.axes == 3 else paths.receiver
    return script.read_text(encoding="utf-8")


def add_origin(model: GestureModel) -> GestureModel:
    """Add the samples' origin from the training log to the model's metadata, if there is a log."""
    if "origin" in model.metadata or not (model.path / LOG).is_file():
        return model
    origin = Run.open(model.path).about().get("origin")
    return replace(model, metadata=model.metadata | {"origin": origin}) if origin else model


def anonymise(model: GestureModel) -> GestureModel:
    """Replace the names of persons in the model's metadata by "person 1", "person 2" … and the
    names of sources by their total; raise ModelError for invalid metadata."""
    about = model.about
    measured = [model.metadata.get(key) or {} for key in ("figures", "leave_one_person_out")]
    known = {name for one in measured for name in one.get("per_person", {})}
    known |= {one.get("worst_person") for one in measured} | {*about.census.persons}
    order = sorted(name for name in known if name is not None)
    names = {name: f"person {number}" for number, name in enumerate(order, 1)}
    metadata = _rename_persons(model.metadata, names)
    if sources := about.origin.sources:
        counted = {"names left out": sum(sources.values())}
        metadata["origin"] = metadata["origin"] | {"sources": counted}
    return replace(model, metadata=metadata)


def _rename_persons(value: Any, names: Mapping[str, str], is_person: bool = False) -> Any:
    """Replace persons' names in nested metadata, but only under keys for persons."""
    if isinstance(value, dict):
        keys = {key: names.get(key, key) if is_person else key for key in value}
        return {
            keys[key]: _rename_persons(part, names, key in _PERSON_KEYS)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_rename_persons(part, names, is_person) for part in value]
    return names.get(value, value) if is_person and isinstance(value, str) else value


def read_sample_hands(table: Path) -> Inputs:
    """Read VECTOR_COUNT (16) hands of a keypoint table as test inputs, spread over gestures and
    sizes; every second hand is mirrored and some have missing keypoints."""
    read = read_table(table, "keypoints-csv")
    order = np.argsort(read.gestures, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, VECTOR_COUNT).round().astype(int)]
    sizes = np.geomspace(0.5, 4, VECTOR_COUNT)[:, None, None]
    mirrored = np.arange(VECTOR_COUNT) % 2 == 1
    points = read.keypoints[chosen] * sizes
    points[mirrored, :, 0] = _PICTURE_WIDTH_PX - points[mirrored, :, 0]
    points[3, 8] = np.nan
    points[10, 17:] = np.nan
    return Inputs(points.round(1).astype(np.float32), mirrored)


def create_sample_poses(skeleton: Skeleton, axes: int = 2) -> Inputs:
    """Create VECTOR_COUNT (16) random poses as test inputs, with various sizes and positions; every
    second pose is mirrored and one has a missing keypoint."""
    rng = np.random.default_rng(VECTOR_COUNT)
    sizes = np.geomspace(20, 200, VECTOR_COUNT)[:, None, None]
    points = rng.normal(0, 1, (VECTOR_COUNT, skeleton.size, axes)) * sizes + rng.uniform(
        100, 500, (VECTOR_COUNT, 1, axes)
    )
    points[3, 1:][-1:] = np.nan
    return Inputs(points.round(1).astype(np.float32), np.arange(VECTOR_COUNT) % 2 == 1)


def animate_poses(poses: Inputs, steps: int) -> Inputs:
    """Move each pose on an ellipse of about the pose's size; return windows of `steps` frames."""
    middle = np.nanmean(poses.keypoints, 1, keepdims=True)
    reach = 2 * np.nanmax(np.abs(poses.keypoints - middle), (1, 2))[:, None]
    reach = np.maximum(reach, _MIN_REACH_PX)  # features divide by the size of a movement
    angle, tilt = np.linspace(0, 2 * np.pi, steps), np.linspace(0, 2 * np.pi, VECTOR_COUNT)[:, None]
    points = np.repeat(poses.keypoints[:, None], steps, 1)
    points[..., 0] += (reach * np.cos(angle) * np.cos(tilt))[:, :, None]
    points[..., 1] += (reach * np.sin(angle))[:, :, None]
    return Inputs(points.round(1).astype(np.float32), poses.mirrored_view)


def import_model(
    store: Store, paths: Paths, project: str | Project, path: Path, *, use: bool = False
) -> Run:
    """Import a `.gesture` file as a finished training run of a project (created if missing); if
    `use`, make it the project's active model. Raises MudraError: the file is invalid, the workspace
    can't be written, or the project has another skeleton."""
    bundle = check_bundle(path)
    skeleton, in_space = bundle.model.skeleton, bundle.model.axes == 3
    with find_or_create_project(store, project, skeleton.name, in_space=in_space) as (found, _):
        if found.skeleton != skeleton.name:
            own, needed = skeleton_named(found.skeleton).titles, skeleton.titles
            raise ModelError(
                words(
                    "{file} knows gestures of {needed}, “{project}” is about {own}: add it to a "
                    "project about {needed}, or to a new one",
                    file=path.name,
                    needed=words(needed),
                    project=found.name,
                    own=words(own),
                )
            )
        run = _create_run(bundle, paths, found, path.name)
        if use:
            store.set_active_model(found.id, run.name)
    return run


def _create_run(bundle: Bundle, paths: Paths, project: Project, title: str) -> Run:
    """Store a checked file's models and metadata as a finished training run. Its card is created
    again from the metadata and its predict.py is never run. Raise TrainingError if the workspace
    can't be written."""
    run = Run.create(
        paths.workspace / "incoming",
        **project_fields(project),
        imported=title[-_MAX_TITLE:],
        sha256=bundle.sha256[""],
        classifier="imported",
    )
    try:
        _write_model(bundle.model, run.path)
        if bundle.motions is not None:
            _write_model(bundle.motions.model, run.path / MOTIONS)
        run.log(event="end", status=DONE)
        paths.runs.mkdir(parents=True, exist_ok=True)
        return Run(run.path.rename(paths.runs / run.name))
    except OSError as error:
        raise TrainingError(
            words("{path} can't be written: {reason}", path=paths.runs, reason=error.strerror)
        ) from error
    finally:
        run.release()
        shutil.rmtree(run.path, ignore_errors=True)


def _write_model(model: GestureModel, folder: Path) -> None:
    """Write a verified model and its metadata to a folder, then load it once to check it."""
    metadata = {key: value for key, value in model.metadata.items() if key != "bundle"}
    folder.mkdir(exist_ok=True)
    (folder / MODEL).write_bytes(model.onnx)
    (folder / METADATA).write_text(json.dumps(metadata), encoding="utf-8")
    GestureModel.load(folder)
