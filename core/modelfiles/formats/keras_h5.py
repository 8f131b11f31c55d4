"""Reads the weights of a Keras model from its HDF5 file, arrays and nothing else: the model's
code and configuration in it are left alone. Links that lead out of the file are not followed."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.modelfiles.limits import MAX_KERAS_BYTES


def read_keras(path: Path) -> dict[str, list[NDArray[Any]]]:
    """Layer name → its arrays, in the model's order: of a dense layer, kernel (in, out) and bias.

    Layers without weights and the optimizer's state are left out.

    Raises:
        WeightsError: the file is missing, damaged, or no Keras model.
    """
    try:
        with h5py.File(path, "r") as file:
            model = file.get("model_weights", file)
            layers = {name: _arrays(model, name) for name in _names(model, "layer_names")}
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        detail = str(error).strip("'\"").splitlines()[0]
        raise WeightsError(
            f"{path.name} is no Keras model in HDF5 ({detail}): get it again"
        ) from None
    found = {name: arrays for name, arrays in layers.items() if arrays}
    if not found:
        raise WeightsError(f"{path.name} has no layer with weights")
    return found


def _names(group: Any, attribute: str) -> list[str]:
    return [n.decode() if isinstance(n, bytes) else str(n) for n in group.attrs[attribute]]


def _arrays(model: Any, layer: str) -> list[NDArray[Any]]:
    group = _inside(model, layer)
    return [_array(_inside(group, name), name) for name in _names(group, "weight_names")]


def _inside(group: Any, path: str) -> Any:
    """What lies at a path in this file itself."""
    for part in path.split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise WeightsError(f"“{path}” is missing or leads out of the file")
        group = group[part]
    return group


def _array(dataset: Any, name: str) -> NDArray[Any]:
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise WeightsError(f"“{name}” has no numbers of its own in this file")
    if dataset.dtype.kind != "f" or dataset.nbytes > MAX_KERAS_BYTES:
        raise WeightsError(f"“{name}” has {dataset.nbytes} bytes of {dataset.dtype}, not weights")
    return np.asarray(dataset[()])
