"""Published weights, converted once: any source's file → NAME.safetensors, with a NAME.json beside
it that holds its sha256 and says where it came from. Everything else reads those."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from core.errors import WeightsError
from core.files import sha256_of, write_whole
from core.modelfiles.body_weights import BODIES
from core.modelfiles.catalogue import WEIGHTS, expected_shapes, is_stage_array, named_as_ours
from core.modelfiles.formats.array_names import Arrays
from core.modelfiles.formats.caffemodel import read_caffemodel
from core.modelfiles.formats.numpy_pickle import read_numpy_pickle
from core.modelfiles.formats.onnx_import import given_net
from core.modelfiles.limits import check_file
from core.modelfiles.weights_entry import FORMATS, Weights
from core.pose.skeletons.table import skeleton_named

GIVEN = ".onnx"
_CHECKPOINT = (".index", ".meta", ".ckpt", ".data-00000-of-00001")


def entry_of(name: str) -> Weights:
    """The table's entry.

    Raises:
        WeightsError: no such name.
    """
    if name not in WEIGHTS:
        raise WeightsError(f"no weights “{name}”, there are: {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def import_weights(name: str, file: Path, folder: Path) -> dict[str, Any]:
    """Read a published file, check every array, write it for the net; says what NAME.json does.

    Raises:
        WeightsError: unknown name or format, hostile or broken file, or another net's weights.
    """
    if file.suffix == GIVEN:
        return _import_given(name, file, folder)
    if not entry_of(name).net:
        raise WeightsError(
            f"{name} is used as an ONNX graph, not {file.name}: {entry_of(name).sources[0].where}"
        )
    arrays = read_published(name, file)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": name, "source": file.name, "source_sha256": sha256_of(file)}
    content = safetensors.numpy.save(arrays, metadata=about)
    count = sum(array.size for array in arrays.values())
    found = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    record = {**about, **found, "arrays": len(arrays), "parameters": count}
    _keep(name, folder, ".safetensors", content, record)
    return record


def read_published(name: str, file: Path) -> Arrays:
    """A published file's arrays under our names, each of them checked.

    Raises:
        WeightsError: unknown name or format, hostile or broken file, or another net's weights.
    """
    entry_of(name)
    return _checked(name, named_as_ours(name, file.name, _read(file)), file.name)


def _import_given(name: str, file: Path, folder: Path) -> dict[str, Any]:
    """The same of a body net that somebody has as ONNX: the graph with its preprocessing."""
    entry = entry_of(name)
    if name not in BODIES or entry.trunk:
        raise WeightsError(f"{name} is not read from ONNX: give it as `weights list` names it")
    joints = skeleton_named(entry.skeleton).size
    content, metadata, counted = given_net(file, entry, joints)
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "name": name,
        "source": file.name,
        "source_sha256": sha256_of(file),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **counted,
        "metadata": metadata,
    }
    _keep(name, folder, GIVEN, content, record)
    return record


def _keep(name: str, folder: Path, suffix: str, content: bytes, record: dict[str, Any]) -> None:
    """One file and its record; of the same net in the other form none stays."""
    for other in (".safetensors", GIVEN):
        if other != suffix:
            (folder / f"{name}{other}").unlink(missing_ok=True)
    write_whole(folder / f"{name}{suffix}", content)
    write_whole(_record_of(name, folder), json.dumps(record, indent=1).encode())


def given_graph(name: str, folder: Path) -> tuple[bytes, dict[str, Any]] | None:
    """A net that was imported as ONNX, and what is to be said of it; None where it was not.

    Raises:
        WeightsError: it is missing or altered.
    """
    record = verify(name, folder)
    path = path_of(name, folder)
    return (path.read_bytes(), dict(record["metadata"])) if path.suffix == GIVEN else None


def verify(name: str, folder: Path) -> dict[str, Any]:
    """Check the converted file's sha256 and every array's name, shape and kind.

    Raises:
        WeightsError: it is missing, altered or not this net's.
    """
    record = _record(name, folder)
    found = sha256_of(path_of(name, folder))
    if found != record.get("sha256"):
        raise WeightsError(
            f"{path_of(name, folder)} has sha256 {found}, expected {record.get('sha256')}: it was "
            f"altered, {_fix(name)}"
        )
    path = path_of(name, folder)
    if path.suffix != GIVEN:
        _checked(name, safetensors.numpy.load_file(path), path.name)
    return record


def load_weights(name: str, folder: Path) -> Arrays:
    """Name → array of converted weights, as the net's `load_state_dict` names them.

    Raises:
        WeightsError: missing, altered or not this net's.
    """
    verify(name, folder)
    if path_of(name, folder).suffix == GIVEN:
        raise WeightsError(f"{name} was imported as ONNX, its single arrays are not to be had")
    return dict(safetensors.numpy.load_file(path_of(name, folder)))


def is_there(name: str, folder: Path) -> bool:
    """True where the weights have been converted."""
    return path_of(name, folder).is_file() and _record_of(name, folder).is_file()


def path_of(name: str, folder: Path) -> Path:
    """Where the converted weights lie."""
    entry_of(name)
    given = folder / f"{name}{GIVEN}"
    return given if given.is_file() else folder / f"{name}.safetensors"


def _record_of(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"


def _record(name: str, folder: Path) -> dict[str, Any]:
    if not is_there(name, folder):
        raise WeightsError(f"{path_of(name, folder)} is missing: {_fix(name)}")
    try:
        record = json.loads(_record_of(name, folder).read_bytes())
    except ValueError as error:
        raise WeightsError(
            f"{_record_of(name, folder)} is no JSON ({error}): {_fix(name)}"
        ) from None
    return record if isinstance(record, dict) else {}


def _fix(name: str) -> str:
    return f"`python -m core weights fetch {name}`, or `import {name} FILE` a file that you have"


# ------------------------------------------------------------------------ from a source's own names


def _read(file: Path) -> Arrays:
    beside = file.with_name(f"{file.name}.index")  # a checkpoint is named without its suffixes
    if beside.is_file() or file.suffix in _CHECKPOINT or file.name == "checkpoint":
        raise WeightsError(
            f"{file.name} is a TensorFlow checkpoint, which Mudra does not read: the same net is "
            "published as a pickle (cpm_hand.pkl, cpm_body.pkl), import that"
        )
    check_file(file)
    if FORMATS.get(file.suffix) not in _READERS:
        known = ", ".join(suffix for suffix, kind in FORMATS.items() if kind in _READERS)
        raise WeightsError(f"{file.name}: unknown kind “{file.suffix}”, expected one of {known}")
    return _READERS[FORMATS[file.suffix]](file)


def _from_caffemodel(file: Path) -> Arrays:
    arrays: Arrays = {}
    for layer, blobs in read_caffemodel(file).items():
        for kind, blob in zip(("weight", "bias"), blobs, strict=False):
            arrays[f"{layer}.{kind}"] = blob.reshape(-1) if kind == "bias" else blob
    return arrays


def _from_pickle(file: Path) -> Arrays:
    """Kernels come as (H, W, I, O) under the layer's name, biases under the name with _b."""
    arrays: Arrays = {}
    for name, array in read_numpy_pickle(file).items():
        if name.endswith("_b"):
            arrays[f"{name[:-2]}.bias"] = array.reshape(-1)
        elif array.ndim == 4:
            arrays[f"{name}.weight"] = array.transpose(3, 2, 0, 1)
        else:
            arrays[f"{name}.weight"] = array
    return arrays


def _from_pth(file: Path) -> Arrays:
    from core.modelfiles.formats.torch_checkpoint import (
        read_torch,  # torch: seconds that the others don't need
    )

    return read_torch(file)


def _from_safetensors(file: Path) -> Arrays:
    try:
        return dict(safetensors.numpy.load_file(file))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{file.name} is no whole safetensors file ({error}): get it again"
        ) from None


_READERS: dict[str, Callable[[Path], Arrays]] = {
    "caffemodel": _from_caffemodel,
    "pickle": _from_pickle,
    "pth": _from_pth,
    "safetensors": _from_safetensors,
}


def _checked(name: str, arrays: Arrays, file: str) -> Arrays:
    """The net's arrays as contiguous float32; arrays of stages that the net does not have are left
    out, any other unknown one is an error."""
    shapes = expected_shapes(name)
    strange = [n for n in arrays if n not in shapes and not is_stage_array(name, n)]
    missing = [n for n in shapes if n not in arrays]
    if strange or missing:
        detail = f"“{missing[0]}” is missing" if missing else f"“{strange[0][:60]}” is too many"
        raise WeightsError(
            f"{file} holds other weights than {name}'s: {detail} ({len(arrays)} arrays came, "
            f"{len(shapes)} are expected)"
        )
    for n, shape in shapes.items():
        if arrays[n].shape != shape or arrays[n].dtype.kind != "f":
            raise WeightsError(
                f"{file}: {n} is {arrays[n].dtype} {arrays[n].shape}, expected float32 {shape}: "
                f"these are not {name}'s weights"
            )
    checked = {n: np.ascontiguousarray(arrays[n], np.float32) for n in shapes}
    broken = [n for n, array in checked.items() if not np.isfinite(array).all()]
    if broken:
        raise WeightsError(
            f"{file}: {broken[0]} has values that are no numbers: get the file again"
        )
    return checked
