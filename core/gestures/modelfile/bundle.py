"""A `.gesture` file: a gesture model to give away, with test vectors.

Convention: a zip of exactly MEMBERS, and of BESIDE, a `.gesture` file of moving gestures, where
these go with still ones. `vectors.json` contains V = 16 inputs and the model's answers at export;
readers compare their own. `metadata.json` contains the sha256 of the other members. They reveal
damage and changed parts, but not who made the file.
"""

import json
import re
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
from core.files import replace_atomically, sha256_of
from core.gestures.modelfile.gesture_model import METADATA, MODEL, MOTIONS, OUTPUTS, GestureModel
from core.gestures.modelfile.metadata import Export
from core.media.archives import unpack_zip
from core.modelfiles.graph_checks import find_cost_fault
from core.words import words
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory
from core.workers.process import use_worker

SUFFIX = ".gesture"
LABELS, VECTORS, CARD, PREDICT = "labels.txt", "vectors.json", "CARD.md", "predict.py"
MEMBERS = (MODEL, METADATA, LABELS, VECTORS, CARD, PREDICT)
BESIDE = MOTIONS + SUFFIX
VECTOR_COUNT = 16
TOLERANCE = 1e-4  # largest difference between a vector and the model's answer
MAX_BYTES = 32 * 2**20
_VERSION = 1
_MAX_TEXT_BYTES = 2**20
_MEMBER_NAMES = re.compile("|".join(map(re.escape, (*MEMBERS, BESIDE))))
_TIMEOUT_S, _START_TIMEOUT_S = 8.0, 60.0

_MAX_OPERATIONS = 1e9  # for one sample; ours take 1e5 to 1e7
_ROWS = 16  # random poses that a folder's models are run on

Answers = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Inputs of a model: (V, K, D), or windows (V, T, K, D), and (V,) bool."""

    keypoints: NDArray[np.float32]
    mirrored_view: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bundle:
    """The checked content of a `.gesture` file: a model, test inputs, and its expected outputs."""

    model: GestureModel
    inputs: Inputs
    answers: Answers
    sha256: Mapping[str, str]  # of each member, and under "" of the file itself
    card: str  # untrusted Markdown
    predict: str  # its predict.py, never run here
    motions: "Bundle | None" = None  # the file of moving gestures inside

    def compare_answers(self) -> NDArray[np.float64]:
        """Run the model on the test vectors, and return for each of the V its largest difference
        from the expected outputs; inf for NaN. Values beyond ±1 are compared relative to their
        size. Raise ModelError if it can't be run, or its output names differ from the vectors'."""
        found = run_model(self.model, self.inputs)
        shapes = {name: values.shape for name, values in found.items()}
        expected = {name: values.shape for name, values in self.answers.items()}
        if shapes != expected:
            raise ModelError(f"{self.model.path} gives {shapes}, its vectors contain {expected}")
        worst = np.zeros(len(self.inputs.keypoints))
        for name, wanted in self.answers.items():
            size = np.maximum(1.0, np.abs(wanted).astype(np.float64))
            off = np.abs(found[name].astype(np.float64) - wanted) / size
            off[~np.isfinite(off)] = np.inf
            worst = np.maximum(worst, off.reshape(len(off), -1).max(axis=1))
        return worst


def write_bundle(
    model: GestureModel, out: Path, inputs: Inputs, *, card: str, predict: str, beside: bytes = b""
) -> Bundle:
    """Write a model as a `.gesture` file, with test vectors of V = 16 inputs; read it back, check
    that its outputs are the same, and return it. Raise ModelError if the model can't be run, or
    outputs differ by more than 1e-4. Raise ArchiveError if the file can't be written or its name
    doesn't end in `.gesture`.

    Args:
        beside: the content of a `.gesture` file of moving gestures to include.
    """
    if out.suffix != SUFFIX:
        raise ArchiveError(f"{out.name}: the file's name must end in {SUFFIX}")
    members = {
        MODEL: model.onnx,
        LABELS: "".join(f"{gesture.name}\n" for gesture in model.gestures).encode(),
        VECTORS: _encode_json(
            {
                "tolerance": TOLERANCE,
                "keypoints": _to_lists(inputs.keypoints),
                "mirrored_view": inputs.mirrored_view.tolist(),
                **{name: _to_lists(out) for name, out in run_model(model, inputs).items()},
            }
        ),
        CARD: card.encode(),
        PREDICT: predict.encode(),
        **({BESIDE: beside} if beside else {}),
    }
    members[METADATA] = _encode_json(add_hashes(model.metadata, members))
    try:
        with replace_atomically(out) as part:
            write_zip(part, members)
            bundle = check_answers(read_bundle(part), part.name)
            return replace(bundle, model=replace(model, path=out, beside=bundle.model.beside))
    except OSError as error:
        raise ArchiveError(f"{out} can't be written: {error.strerror}") from error


def run_model(model: GestureModel, inputs: Inputs) -> Answers:
    """Return the model's outputs by name. Raise ModelError if it can't be run."""
    answers = model.predict(inputs.keypoints, inputs.mirrored_view)
    return dict(zip(model.outputs, answers, strict=False))  # early models have only the first


def _to_lists(values: Any) -> Any:
    """Convert an array to nested lists of the shortest numbers that restore the same float32."""
    if isinstance(values, np.ndarray):
        return [_to_lists(value) for value in values]
    return float(str(values)) if np.isfinite(values) else None


def add_hashes(metadata: Mapping[str, Any], members: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the metadata with a `bundle` entry: version, time and each member's sha256."""
    export = {
        "version": _VERSION,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": {name: sha256(content).hexdigest() for name, content in members.items()},
    }
    return {**metadata, "bundle": export}


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a compressed zip with these members (name to content)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _encode_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def load_model(path: Path) -> GestureModel:
    """Load a model from its folder, its model.onnx, or a `.gesture` file, which is checked as
    untrusted. Raise MudraError if there is no model, or it can't be trusted."""
    is_bundle = path.suffix == SUFFIX and not path.is_dir()
    return check_bundle(path).model if is_bundle else GestureModel.load(path)


def check_bundle(path: Path) -> Bundle:
    """Check an untrusted `.gesture` file and its test vectors in a worker process with limits, and
    read it. Raise ArchiveError if its zip is invalid or unsafe. Raise ModelError if it was altered,
    isn't a gesture model, is too costly, or outputs differ by more than 1e-4."""
    _check_in_worker("file", path)
    return read_bundle(path)


def check_folder(path: Path) -> None:
    """Run an untrusted folder's model in a worker. Raise ModelError if it is too slow or large."""
    _check_in_worker("folder", path)


def _check_in_worker(command: str, path: Path) -> None:
    """Run a check of `handle` in a worker; raise ModelError if the worker fails or is too slow."""
    try:
        with use_worker(__name__) as worker:
            worker.call("prepare", timeout_s=_START_TIMEOUT_S)
            options = {"path": str(path.resolve()), "name": path.name}
            worker.call(command, options, timeout_s=_TIMEOUT_S)
    except WorkerError as error:
        raise ModelError(
            words("{file} can't be checked: {error}", file=path.name, error=error.text)
        ) from error


def check_answers(bundle: Bundle, name: str) -> Bundle:
    """Run the bundle's model on its test vectors, and return the bundle. Raise ModelError if an
    output, including those of its moving gestures, differs by more than 1e-4."""
    for title, one in ((name, bundle), (f"{name}: {BESIDE}", bundle.motions)):
        worst = 0.0 if one is None else float(one.compare_answers().max())
        if not worst <= TOLERANCE:
            raise ModelError(
                words(
                    "{file} answers {difference:.2g} off its own vectors, at most {most:g} is "
                    "allowed: ask for a new export",
                    file=title,
                    difference=worst,
                    most=TOLERANCE,
                )
            )
    return bundle


def read_bundle(path: Path) -> Bundle:
    """Read a `.gesture` file within the limits for untrusted zips, and check hashes, metadata and
    graph, without running the model. Raise ArchiveError if its zip is invalid or unsafe. Raise
    ModelError if it was altered or isn't a gesture model."""
    if not path.is_file():
        raise ArchiveError(f"{path} is not there: give a file that ends in {SUFFIX}")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise ArchiveError(
            words(
                "{file} has {size:,} bytes; the limit is {most:,}",
                file=path.name,
                size=size,
                most=MAX_BYTES,
            )
        )
    with unpack_zip(path, _MEMBER_NAMES) as folder:
        texts = _read_texts(folder, path.name)
        model = replace(GestureModel.load(folder), path=path)
        motions = None
        if (inside := folder / BESIDE).is_file():
            motions = _read_inner_bundle(model, inside, path.name)
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


def _read_inner_bundle(model: GestureModel, path: Path, name: str) -> Bundle:
    """Read the `.gesture` file of moving gestures inside that of a still model; raise ModelError if
    skeleton or axes differ."""
    fault = words(
        "{file}: {member} goes with a model of still gestures alone: ask for a new export",
        file=name,
        member=BESIDE,
    )
    if model.steps is not None:  # so files are not nested deeper
        raise ModelError(fault)
    found = read_bundle(path)
    kinds = {(one.skeleton.name, one.axes) for one in (model, found.model)}
    if found.model.steps is None or len(kinds) > 1:
        raise ModelError(fault)
    return found


def _read_texts(folder: Path, name: str) -> dict[str, str]:
    """Read the text members, each at most 1 MiB, by name; raise ArchiveError if a member is
    missing, too large or not UTF-8."""
    missing = [member for member in MEMBERS if not (folder / member).is_file()]
    if missing:
        raise ArchiveError(
            words(
                "{file} lacks {members}: ask for a new export",
                file=name,
                members=", ".join(missing),
            )
        )
    texts = {}
    for member in (METADATA, LABELS, VECTORS, CARD, PREDICT):
        size = (folder / member).stat().st_size
        if size > _MAX_TEXT_BYTES:
            raise ArchiveError(f"{name}: {member} has {size:,} bytes, over {_MAX_TEXT_BYTES:,}")
        try:
            texts[member] = (folder / member).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise ArchiveError(
                f"{name}: {member} is no text in UTF-8: ask for a new export"
            ) from error
    return texts


def _check_hashes(export: Export | None, digests: Mapping[str, str], name: str) -> None:
    """Raise ModelError if a sha256 or the export version isn't the expected one."""
    if export is None or export.version != _VERSION:
        raise ModelError(
            words(
                "{file} has no export version, or another one than {version}: ask for a new "
                "export, or update Mudra",
                file=name,
                version=_VERSION,
            )
        )
    named = [member for member in (*MEMBERS, BESIDE) if member != METADATA]
    if altered := [one for one in named if export.sha256.get(one) != digests.get(one)]:
        raise ModelError(
            words(
                "{file} was altered after its export ({members}): ask for a new export",
                file=name,
                members=", ".join(altered),
            )
        )


def _read_vectors(
    text: str, classes: int, shape: tuple[int, ...], name: str
) -> tuple[Inputs, Answers]:
    """Read inputs and expected outputs of `vectors.json`; raise ModelError if it is invalid."""
    try:
        with np.errstate(all="ignore"):  # a number that is too large becomes infinite
            content = json.loads(text)
            named = [key for key in ("keypoints", "mirrored_view", *OUTPUTS) if key in content]
            arrays = {key: np.array(content[key], np.float32) for key in named}
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{name}: {VECTORS} can't be read ({error!r:.200})") from error
    found = {key: array.shape for key, array in arrays.items()}
    wanted = {
        "mirrored_view": (VECTOR_COUNT,),
        "probabilities": (VECTOR_COUNT, classes),
        "rejection": (VECTOR_COUNT,),
        "keypoints": (VECTOR_COUNT, *shape),
    }
    if not {*wanted} - {"rejection"} <= {*found} or any(found[k] != wanted[k] for k in found):
        raise ModelError(f"{name}: {VECTORS} contains {found}, expected are {wanted}")
    inputs = Inputs(arrays.pop("keypoints"), arrays.pop("mirrored_view").astype(bool))
    return inputs, arrays


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Handle a worker's request: `prepare` (load libraries, limit the memory), check a `file` (see
    `check_bundle`) or a `folder` (see `check_folder`). The reply is empty."""
    if command == "file":
        _check_file(Path(options["path"]), options["name"])
    elif command == "folder":
        _check_folder(Path(options["path"]))
    else:
        # the memory limit is above what is loaded by now
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401

        limit_worker_memory()
    return {}, []


def _check_file(path: Path, name: str) -> None:
    """Check a `.gesture` file, its costs and test vectors; raise MudraError if a check fails."""
    bundle = read_bundle(path)
    for one in (bundle, bundle.motions):
        if one is not None:
            _check_costs(one.model, name)
    check_answers(bundle, name)


def _check_folder(path: Path) -> None:
    """Check the costs of a folder's models and run them on random poses; raise ModelError if they
    are too high. Models that can't be read or run pass the check."""
    try:
        model = GestureModel.load(path)
        models = [model] if model.steps is not None else [model, model.motions]
    except ModelError:
        return
    for one in models:
        if one is not None:
            _check_costs(one, path.name)
            poses = np.random.default_rng(_ROWS).normal(300, 100, (_ROWS, *one.shape))
            try:
                one.predict(poses.astype(np.float32), np.zeros(_ROWS, bool))
            except ModelError:
                continue


def _check_costs(model: GestureModel, name: str) -> None:
    """Raise ModelError if a sample, alone or in a batch, needs more than _MAX_OPERATIONS."""
    import onnx

    graph = onnx.load_model_from_string(model.onnx)
    for value in graph.graph.input:
        if value.name == "keypoints":  # in early models the number of keypoints is open
            for dim, size in zip(value.type.tensor_type.shape.dim[1:], model.shape, strict=False):
                dim.dim_value = dim.dim_value or size
    if fault := find_cost_fault(graph.SerializeToString(), _MAX_OPERATIONS, model.max_batch):
        raise ModelError(f"{name}: its model {fault}")
