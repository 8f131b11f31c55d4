"""Reads the weights of a Keras model from its HDF5 file: arrays only, not the model's code or
configuration. Links out of the file are not followed."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.media.limits import MODEL


def read_keras(path: Path) -> dict[str, list[NDArray[Any]]]:
    """Read a Keras HDF5 file's weights as layer name → arrays, in the model's order; a dense layer
    has kernel (in, out) and bias. Raises WeightsError if it isn't a Keras model."""
    try:
        with h5py.File(path, "r") as file:
            model = file.get("model_weights", file)
            layers = {}
            for name in _read_names(model, "layer_names"):
                group = _follow_hard_links(model, name)
                layers[name] = [_read_dataset(group, n) for n in _read_names(group, "weight_names")]
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        detail = str(error).strip("'\"").splitlines()[0]
        raise WeightsError(
            f"{path.name} is not a Keras model in HDF5 ({detail}): get it again"
        ) from None
    with_weights = {name: arrays for name, arrays in layers.items() if arrays}
    if not with_weights:
        raise WeightsError(f"{path.name} has no layer with weights")
    return with_weights


def _read_names(group: Any, attribute: str) -> list[str]:
    return [n.decode() if isinstance(n, bytes) else str(n) for n in group.attrs[attribute]]


def _follow_hard_links(group: Any, path: str) -> Any:
    """Return the object at a path within the file; raise WeightsError for external links."""
    for part in path.split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise WeightsError(f"“{path}” is missing or outside the file")
        group = group[part]
    return group


def _read_dataset(group: Any, name: str) -> NDArray[Any]:
    """Read a dataset as floats; raise WeightsError for other types or external data."""
    dataset = _follow_hard_links(group, name)
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise WeightsError(f"the numbers of “{name}” are not in this file")
    if dataset.dtype.kind != "f" or dataset.nbytes > MODEL.max_keras_array_bytes:
        raise WeightsError(f"“{name}” has {dataset.nbytes} bytes of {dataset.dtype}, not weights")
    return np.asarray(dataset[()])
