"""Published weights, converted once: any publisher's file → NAME.safetensors (or NAME.onnx), and
NAME.json with its sha256 and source. All other code reads the converted files."""

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
from core.modelfiles.catalogue import (
    BODIES,
    expected_shapes,
    find_weights,
    is_later_stage_array,
    rename_published_arrays,
)
from core.modelfiles.formats import check_file
from core.modelfiles.formats.array_names import Arrays
from core.modelfiles.formats.caffemodel import read_caffemodel
from core.modelfiles.formats.numpy_pickle import read_numpy_pickle
from core.modelfiles.formats.onnx_import import import_onnx
from core.pose.skeletons.table import skeleton_named

_ONNX, _SAFETENSORS = ".onnx", ".safetensors"
_TENSORFLOW = (".index", ".meta", ".ckpt", ".data-00000-of-00001")


def import_weights(name: str, file: Path, folder: Path) -> dict[str, Any]:
    """Convert a published file to NAME.safetensors, or NAME.onnx, after checking every array;
    return its record NAME.json: name, source, source_sha256, sha256, bytes, arrays, parameters.
    Raises WeightsError: unknown name or format, malicious or damaged file, or wrong weights."""
    if file.suffix == _ONNX:
        return _import_onnx_weights(name, file, folder)
    if not find_weights(name).net:
        where = find_weights(name).sources[0].where
        raise WeightsError(f"{name} is used as an ONNX graph, not {file.name}: {where}")
    arrays = read_published_arrays(name, file)
    about = {"name": name, "source": file.name, "source_sha256": sha256_of(file)}
    content = safetensors.numpy.save(arrays, metadata=about)
    counts = {"arrays": len(arrays), "parameters": sum(array.size for array in arrays.values())}
    return _write_converted(folder, _SAFETENSORS, content, about, counts)


def read_published_arrays(name: str, file: Path) -> Arrays:
    """Read a published file's arrays under our net's names; raises as `import_weights`."""
    find_weights(name)
    arrays = rename_published_arrays(name, file.name, _read_published_file(file))
    return _check_arrays(name, arrays, file)


def _import_onnx_weights(name: str, file: Path, folder: Path) -> dict[str, Any]:
    """Convert a body net's ONNX file to NAME.onnx, with preprocessing in the graph."""
    entry = find_weights(name)
    if name not in BODIES or entry.backbone:
        raise WeightsError(f"{name} is not read from ONNX: import a file that `weights list` names")
    content, metadata, counts = import_onnx(file, entry, skeleton_named(entry.skeleton).size)
    about = {"name": name, "source": file.name, "source_sha256": sha256_of(file)}
    return _write_converted(folder, _ONNX, content, about, {**counts, "metadata": metadata})


def _write_converted(
    folder: Path, suffix: str, content: bytes, origin: dict[str, Any], details: dict[str, Any]
) -> dict[str, Any]:
    """Write converted weights and their record, which is returned; delete other formats."""
    name = origin["name"]
    check = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    record = {**origin, **check, **details}
    folder.mkdir(parents=True, exist_ok=True)
    other = _ONNX if suffix == _SAFETENSORS else _SAFETENSORS
    (folder / f"{name}{other}").unlink(missing_ok=True)
    write_whole(folder / f"{name}{suffix}", content)
    write_whole(_record_path(name, folder), json.dumps(record, indent=1).encode())
    return record


def load_imported_graph(name: str, folder: Path) -> tuple[bytes, dict[str, Any]] | None:
    """Return graph and metadata of an imported ONNX net; None for weights stored as arrays."""
    record = verify_weights(name, folder)
    path = locate_converted(name, folder)
    return (path.read_bytes(), dict(record["metadata"])) if path.suffix == _ONNX else None


def verify_weights(name: str, folder: Path) -> dict[str, Any]:
    """Check a converted file's sha256 and, except for ONNX, every array's name, shape and type;
    return its record, NAME.json. Raises WeightsError: missing, altered or wrong weights."""
    record, path = _read_record(name, folder), locate_converted(name, folder)
    found, expected = sha256_of(path), record.get("sha256")
    if found != expected:
        raise WeightsError(
            f"{path} has sha256 {found}, expected {expected}: altered; {_import_remedy(name)}"
        )
    if path.suffix != _ONNX:
        _check_arrays(name, safetensors.numpy.load_file(path), path)
    return record


def load_weights(name: str, folder: Path) -> Arrays:
    """Verify converted weights and load them as name → array of the `state_dict`."""
    verify_weights(name, folder)
    path = locate_converted(name, folder)
    if path.suffix == _ONNX:
        raise WeightsError(f"{name} was imported as an ONNX graph, which has no arrays to load")
    return dict(safetensors.numpy.load_file(path))


def has_converted_weights(name: str, folder: Path) -> bool:
    """Whether the weights were converted."""
    return locate_converted(name, folder).is_file() and _record_path(name, folder).is_file()


def locate_converted(name: str, folder: Path) -> Path:
    """Return the path of converted weights: NAME.onnx if it exists, else NAME.safetensors."""
    find_weights(name)
    graph = folder / f"{name}{_ONNX}"
    return graph if graph.is_file() else folder / f"{name}{_SAFETENSORS}"


def _record_path(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"


def _read_record(name: str, folder: Path) -> dict[str, Any]:
    """Read the record NAME.json; raise WeightsError if weights or record are missing."""
    if not has_converted_weights(name, folder):
        raise WeightsError(f"{locate_converted(name, folder)} is missing: {_import_remedy(name)}")
    path = _record_path(name, folder)
    try:
        record = json.loads(path.read_bytes())
    except ValueError as error:
        raise WeightsError(f"{path} is not valid JSON ({error}): {_import_remedy(name)}") from None
    return record if isinstance(record, dict) else {}


def _import_remedy(name: str) -> str:
    return f"`python -m core weights fetch {name}`, or `import {name} FILE` a file that you have"


def _read_published_file(file: Path) -> Arrays:
    """Read a file's arrays by its suffix; raise WeightsError if the format is unknown."""
    index = file.with_name(f"{file.name}.index")  # a checkpoint may be named without its suffixes
    if index.is_file() or file.suffix in _TENSORFLOW or file.name == "checkpoint":
        raise WeightsError(
            f"{file.name} is a TensorFlow checkpoint, which Mudra does not read: the same net is "
            "published as a pickle (cpm_hand.pkl, cpm_body.pkl), import that"
        )
    check_file(file)
    if file.suffix not in _READERS:
        known = ", ".join(_READERS)
        raise WeightsError(f"{file.name}: unknown format “{file.suffix}”, expected one of {known}")
    return _READERS[file.suffix](file)


def _read_caffemodel_arrays(file: Path) -> Arrays:
    """Read a .caffemodel's blobs as LAYER.weight and LAYER.bias, (O,)."""
    arrays: Arrays = {}
    for layer, blobs in read_caffemodel(file).items():
        for kind, blob in zip(("weight", "bias"), blobs, strict=False):
            arrays[f"{layer}.{kind}"] = blob.reshape(-1) if kind == "bias" else blob
    return arrays


def _read_pickle_arrays(file: Path) -> Arrays:
    """Read a pickle's kernels as LAYER.weight, (O, I, H, W), and LAYER_b as LAYER.bias, (O,)."""
    arrays: Arrays = {}
    for name, array in read_numpy_pickle(file).items():
        if name.endswith("_b"):
            arrays[f"{name[:-2]}.bias"] = array.reshape(-1)
        else:
            arrays[f"{name}.weight"] = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    return arrays


def _read_torch_arrays(file: Path) -> Arrays:
    from core.modelfiles.formats.torch_checkpoint import read_torch  # importing torch takes seconds

    return read_torch(file)


def _read_safetensors_arrays(file: Path) -> Arrays:
    """Read a .safetensors file's arrays; raise WeightsError if it is damaged."""
    try:
        return dict(safetensors.numpy.load_file(file))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{file.name} is not a complete safetensors file ({error}): get it again"
        ) from None


_READERS: dict[str, Callable[[Path], Arrays]] = {
    ".caffemodel": _read_caffemodel_arrays,
    ".pkl": _read_pickle_arrays,
    ".pickle": _read_pickle_arrays,
    ".pth": _read_torch_arrays,
    ".pt": _read_torch_arrays,
    ".tar": _read_torch_arrays,  # pose_resnet_50_256x192.pth.tar is what torch.save wrote
    ".safetensors": _read_safetensors_arrays,
}


def _check_arrays(name: str, arrays: Arrays, path: Path) -> Arrays:
    """Check names, shapes and values of a net's arrays; return them as contiguous float32, dropping
    CPM stages that the net lacks. Raises WeightsError: arrays are missing, unexpected, not finite
    or have the wrong shape."""
    file, shapes = path.name, expected_shapes(name)
    unexpected = [n for n in arrays if n not in shapes and not is_later_stage_array(name, n)]
    missing = [n for n in shapes if n not in arrays]
    if unexpected or missing:
        fault = f"“{missing[0]}” is missing" if missing else f"“{unexpected[0][:60]}” is unexpected"
        raise WeightsError(
            f"{file} contains other weights than {name}'s: {fault} ({len(arrays)} arrays found, "
            f"{len(shapes)} expected)"
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
        raise WeightsError(f"{file}: {broken[0]} has NaN or infinite values: get the file again")
    return checked
