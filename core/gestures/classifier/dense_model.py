"""Dense networks from a Keras file, run in numpy: the classifiers of Hand-Pose-Classification
(22 OpenPose points → 44 numbers → no/yes) and of Kazuhito00's app (42 → open, close, pointer).

Hand-Pose-Classification scales its inputs to 0..1 by the range of its table in training, but not in
prediction, which costs 5 points of accuracy. `DenseModel` stores the range for both.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.modelfiles.formats.keras_h5 import read_keras

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DenseModel:
    """Dense layers, ReLU between them and softmax at the end."""

    layers: tuple[tuple[Floats, Floats], ...]  # kernel (in, out) and bias (out,) of each
    low: Floats | None = None  # (in,) lowest inputs in training; None: inputs are not scaled
    high: Floats | None = None  # (in,) highest inputs in training

    @classmethod
    def load(cls, path: Path) -> "DenseModel":
        """Read the dense layers of a Keras HDF5 file, in order. Raise WeightsError if it isn't a
        Keras model, ModelError if its layers don't form a chain of dense layers."""
        layers = []
        width: int | None = None
        for name, arrays in read_keras(path).items():
            shapes = [array.shape for array in arrays]
            fits = len(shapes) == 2 and len(shapes[0]) == 2 and shapes[1] == shapes[0][1:]
            if not fits or width not in (None, shapes[0][0]):
                raise ModelError(
                    f"{path.name}: layer “{name}” has arrays of shape {shapes}, expected a dense "
                    f"kernel ({width or 'in'}, out) and its bias (out,)"
                )
            layers.append((arrays[0], arrays[1]))
            width = shapes[0][1]
        return cls(tuple(layers))

    def scale_inputs_by(self, inputs: Floats) -> "DenseModel":
        """Return a copy that scales its inputs to 0..1 by the range of these (N, in) inputs."""
        return replace(self, low=inputs.min(0), high=inputs.max(0))

    def probabilities(self, inputs: Floats) -> Floats:
        """Compute (N, C) softmax probabilities of (N, in) inputs, scaled to 0..1 if the model has
        input ranges. Raise ModelError for a wrong number of inputs."""
        width = self.layers[0][0].shape[0]
        if inputs.ndim != 2 or inputs.shape[1] != width:
            raise ModelError(f"this network takes (N, {width}) inputs, got {inputs.shape}")
        x = inputs.astype(np.float32)
        if self.low is not None and self.high is not None:
            span = self.high - self.low
            x = np.asarray((x - self.low) / np.where(span > 0, span, 1), np.float32)
        for kernel, bias in self.layers[:-1]:
            x = np.asarray(np.maximum(x @ kernel + bias, 0), np.float32)
        kernel, bias = self.layers[-1]
        logits = x @ kernel + bias
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)
