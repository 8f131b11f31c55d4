"""A `.gesture` file: a gesture model to give away, with what it must answer.

Convention: a zip of exactly MEMBERS, and of BESIDE where moving gestures go with still ones: a
`.gesture` file of them. `vectors.json` holds V = 16 inputs and what the model answered where it was
exported: whoever reads the file compares. Hashes of the other members stand in `metadata.json`.
They find damage and tampering with parts; who made the file they do not tell.
"""

import json
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ArchiveError, ModelError, WorkerError
from core.files import sha256_of, written_whole
from core.gestures.modelfile.gesture_model import METADATA, MODEL, MOTIONS, OUTPUTS, GestureModel
from core.gestures.modelfile.metadata import Export
from core.media.archives import unpack_zip
from core.workers.process import borrowed_worker

SUFFIX = ".gesture"
LABELS, VECTORS, CARD, PREDICT = "labels.txt", "vectors.json", "CARD.md", "predict.py"
MEMBERS = (MODEL, METADATA, LABELS, VECTORS, CARD, PREDICT)
BESIDE = MOTIONS + SUFFIX
COUNT = 16  # vectors in a file
TOLERANCE = 1e-4  # largest difference between a vector and the model's answer
MAX_FILE = 32 * 2**20
_VERSION = 1
_MAX_TEXT = 2**20
_ONLY = re.compile("|".join(map(re.escape, (*MEMBERS, BESIDE))))
_AS_ASKED = "ask for a new export"
_WORKER = "core.gestures.modelfile.bundle_worker"
_TIMEOUT_S, _START_TIMEOUT_S = 8.0, 60.0

Answers = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Hands to try a model with: (V, K, D), D = 2 in pixels or 3 in space, with NaN where missing,
    and (V,) bool; windows (V, T, K, D) of gestures that move."""

    keypoints: NDArray[np.float32]
    mirrored_view: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A `.gesture` file as read: whole, and its model as safe as any other's.

    Attributes:
        answers: what each output must be for the inputs, (V, …).
        sha256: of each member, and under "" of the file itself.
        card: the model card, Markdown by whoever made the file.
        predict: its predict.py, never run here.
        motions: the file of moving gestures in it, as whole.
    """

    model: GestureModel
    inputs: Inputs
    answers: Answers
    sha256: Mapping[str, str]
    card: str
    predict: str
    motions: "Bundle | None" = None

    def differences(self) -> NDArray[np.float64]:
        """(V,) largest difference of each vector from what the model answers here; inf where the
        answer is no number. A score beyond ±1 counts relative to its size.

        Raises:
            ModelError: it can't be run, or gives other outputs than the vectors.
        """
        came = run_model(self.model, self.inputs)
        shapes = {name: values.shape for name, values in came.items()}
        held = {name: values.shape for name, values in self.answers.items()}
        if shapes != held:
            raise ModelError(f"{self.model.path} gives {shapes}, its vectors hold {held}")
        worst = np.zeros(len(self.inputs.keypoints))
        for name, wanted in self.answers.items():
            size = np.maximum(1.0, np.abs(wanted).astype(np.float64))
            off = np.abs(came[name].astype(np.float64) - wanted) / size
            off[~np.isfinite(off)] = np.inf
            worst = np.maximum(worst, off.reshape(len(off), -1).max(axis=1))
        return worst


# ---------------------------------------------------------------------------------------- writing


def write_bundle(
    model: GestureModel, out: Path, inputs: Inputs, *, card: str, predict: str, beside: bytes = b""
) -> Bundle:
    """Write a model's `.gesture` file, read it back, and keep it only if it answers as it must.

    Args:
        out: where to; the name ends in `.gesture`.
        inputs: V = 16 hands.
        beside: the content of a `.gesture` file of moving gestures, which goes along.

    Returns:
        The file as read back.

    Raises:
        ModelError: the model is none, or the file answers more than 1e-4 off.
        ArchiveError: another name, or a place that can't be written.
    """
    if out.suffix != SUFFIX:
        raise ArchiveError(f"{out.name}: the file's name must end in {SUFFIX}")
    members = {
        MODEL: model.onnx,
        LABELS: "".join(f"{gesture.name}\n" for gesture in model.gestures).encode(),
        VECTORS: _to_json(_vectors(inputs, run_model(model, inputs))),
        CARD: card.encode(),
        PREDICT: predict.encode(),
        **({BESIDE: beside} if beside else {}),
    }
    members[METADATA] = _to_json(add_hashes(model.metadata, members))
    try:
        with written_whole(out) as part:
            _zip(part, members)
            bundle = prove(read_bundle(part), part.name)
            beside_it = bundle.model.beside
            return replace(bundle, model=replace(model, path=out, beside=beside_it))
    except OSError as error:
        raise ArchiveError(f"{out} can't be written: {error.strerror}") from error


def run_model(model: GestureModel, inputs: Inputs) -> Answers:
    """The model's outputs by name, as they are in use.

    Raises:
        ModelError: it can't be run.
    """
    answers = model.predict(inputs.keypoints, inputs.mirrored_view)
    return dict(zip(model.outputs, answers, strict=False))  # of early models the first alone


def _vectors(inputs: Inputs, answers: Answers) -> dict[str, Any]:
    return {
        "tolerance": TOLERANCE,
        "keypoints": _listed(inputs.keypoints),
        "mirrored_view": inputs.mirrored_view.tolist(),
        **{name: _listed(values) for name, values in answers.items()},
    }


def _listed(values: Any) -> Any:
    """Nested lists of the shortest numbers that give the same float32; null for NaN."""
    if isinstance(values, np.ndarray):
        return [_listed(value) for value in values]
    return float(str(values)) if np.isfinite(values) else None


def add_hashes(metadata: Mapping[str, Any], members: Mapping[str, bytes]) -> dict[str, Any]:
    """The metadata with the sha256 of each other member."""
    about = {
        "version": _VERSION,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": {name: sha256(content).hexdigest() for name, content in members.items()},
    }
    return {**metadata, "bundle": about}


def _zip(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            entry = zipfile.ZipInfo(name, time.localtime()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, members[name])


def _to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


# ---------------------------------------------------------------------------------------- reading


def load_model(path: Path) -> GestureModel:
    """A model by its folder, its model.onnx, or a `.gesture` file that answers as it must.

    Raises:
        MudraError: none of them, or one that can't be trusted.
    """
    is_bundle = path.suffix == SUFFIX and not path.is_dir()
    return check_bundle(path).model if is_bundle else GestureModel.load(path)


def check_bundle(path: Path) -> Bundle:
    """Read a stranger's `.gesture` file and let it prove itself, in a worker first.

    Raises:
        ArchiveError: no zip of these members, or one that can't be trusted.
        ModelError: altered, no gesture model, too costly, or answers that are more than 1e-4 off.
    """
    if not path.is_file():
        raise ArchiveError(f"{path} is not there: give a file that ends in {SUFFIX}")
    _check_in_worker("file", path)
    return read_bundle(path)


def check_folder(path: Path) -> None:
    """Run the model of a folder that somebody else wrote in a worker.

    Raises:
        ModelError: it takes too long or too much memory.
    """
    _check_in_worker("folder", path)


def _check_in_worker(command: str, path: Path) -> None:
    try:
        with borrowed_worker(_WORKER) as worker:
            worker.call("prepare", timeout_s=_START_TIMEOUT_S)
            options = {"path": str(path.resolve()), "name": path.name}
            worker.call(command, options, timeout_s=_TIMEOUT_S)
    except WorkerError as error:
        raise ModelError(f"{path.name} can't be checked: {error}") from error


def prove(bundle: Bundle, name: str) -> Bundle:
    """The bundle, once it and the moving gestures in it answer what their vectors hold.

    Raises:
        ModelError: answers that are more than 1e-4 off.
    """
    for title, one in ((name, bundle), (f"{name}: {BESIDE}", bundle.motions)):
        worst = 0.0 if one is None else float(one.differences().max())
        if not worst <= TOLERANCE:
            raise ModelError(
                f"{title} answers {worst:.2g} off its own vectors, at most {TOLERANCE:g} is "
                f"allowed: {_AS_ASKED}"
            )
    return bundle


def read_bundle(path: Path) -> Bundle:
    """Read a `.gesture` file: a zip under every limit for untrusted zips, whole by its hashes, its
    model checked as any untrusted one. Nothing of it is run.

    Raises:
        ArchiveError: no zip of these members, or one that can't be trusted.
        ModelError: altered, or no gesture model.
    """
    if not path.is_file():
        raise ArchiveError(f"{path} is not there: give a file that ends in {SUFFIX}")
    if path.stat().st_size > MAX_FILE:
        size = path.stat().st_size
        raise ArchiveError(f"{path.name} has {size:,} bytes, a model at most {MAX_FILE:,}")
    with unpack_zip(path, _ONLY) as folder:
        texts = _texts(folder, path.name)
        model = replace(GestureModel.load(folder), path=path)
        motions = None
        if (inside := folder / BESIDE).is_file():
            motions = _read_beside(model, inside, path.name)
            model = replace(model, beside=motions.model)
        digests = {member.name: sha256_of(member) for member in folder.iterdir()}
    _check_hashes(model.about.bundle, digests, path.name)
    names = [gesture.name for gesture in model.gestures]
    if texts[LABELS].splitlines() != names:
        raise ModelError(f"{path.name}: {LABELS} names other gestures than {METADATA}")
    inputs, answers = _read_vectors(texts[VECTORS], len(names), model.shape, path.name)
    if "rejection" in answers and model.about.rejection is None:
        raise ModelError(f"{path.name}: {METADATA} lacks the threshold of the rejection score")
    digests[""] = sha256_of(path)
    return Bundle(model, inputs, answers, digests, texts[CARD], texts[PREDICT], motions)


def _read_beside(model: GestureModel, path: Path, name: str) -> Bundle:
    """The file of moving gestures that lies in the file of a model."""
    fault = f"{name}: {BESIDE} goes with a model of still gestures alone: {_AS_ASKED}"
    if model.steps is not None:  # nor do files lie in files without end
        raise ModelError(fault)
    found = read_bundle(path)
    of = [(one.skeleton, one.axes) for one in (model, found.model)]
    if found.model.steps is None or of[0] != of[1]:
        raise ModelError(fault)
    return found


def _texts(folder: Path, name: str) -> dict[str, str]:
    """The members that are text, none of them large."""
    missing = [member for member in MEMBERS if not (folder / member).is_file()]
    if missing:
        raise ArchiveError(f"{name} lacks {', '.join(missing)}: {_AS_ASKED}")
    texts = {}
    for member in (METADATA, LABELS, VECTORS, CARD, PREDICT):
        size = (folder / member).stat().st_size
        if size > _MAX_TEXT:
            raise ArchiveError(f"{name}: {member} has {size:,} bytes, over {_MAX_TEXT:,}")
        try:
            texts[member] = (folder / member).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{name}: {member} is no text in UTF-8: {_AS_ASKED}") from error
    return texts


def _check_hashes(export: Export | None, digests: Mapping[str, str], name: str) -> None:
    """Raise ModelError where a member is not the one that was exported."""
    if export is None or export.version != _VERSION:
        raise ModelError(
            f"{name} says nothing of its export, or is of another version than {_VERSION}: "
            f"{_AS_ASKED}, or update Mudra"
        )
    named = [member for member in (*MEMBERS, BESIDE) if member != METADATA]
    if altered := [one for one in named if export.sha256.get(one) != digests.get(one)]:
        raise ModelError(f"{name} was altered after its export ({', '.join(altered)}): {_AS_ASKED}")


def _read_vectors(
    text: str, classes: int, shape: tuple[int, ...], name: str
) -> tuple[Inputs, Answers]:
    try:
        with np.errstate(all="ignore"):  # a number that is too large becomes infinite
            content = json.loads(text)
            named = [key for key in ("keypoints", "mirrored_view", *OUTPUTS) if key in content]
            arrays = {key: np.array(content[key], np.float32) for key in named}
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{name}: {VECTORS} can't be read ({error!r:.200})") from error
    found = {key: array.shape for key, array in arrays.items()}
    wanted = {"mirrored_view": (COUNT,), "probabilities": (COUNT, classes), "rejection": (COUNT,)}
    wanted["keypoints"] = (COUNT, *shape)
    if not {*wanted} - {"rejection"} <= {*found} or any(found[k] != wanted[k] for k in found):
        raise ModelError(f"{name}: {VECTORS} holds {found}, wanted are {wanted}")
    inputs = Inputs(arrays.pop("keypoints"), arrays.pop("mirrored_view").astype(bool))
    return inputs, arrays
