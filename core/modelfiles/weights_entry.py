"""An entry of the catalogue of published weights: its files, how pictures are scaled for the
net, and the decoding of its heatmaps."""

from dataclasses import dataclass

import numpy as np

from core.pose.heatmaps import CELL_CENTRED, MapDecoding

Channels = float | tuple[float, ...]  # one number for all three channels, or one each


@dataclass(frozen=True)
class Scaling:
    """The net's input scaling of pixel values 0..255: value · factor + offset, each a number or one
    per channel; `channels` is the net's channel order, "RGB" or "BGR"."""

    channels: str
    factor: Channels
    offset: Channels

    @classmethod
    def from_mean_std(
        cls, channels: str, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> "Scaling":
        """Build the scaling (value − mean) / std as factor 1 / std and offset −mean / std."""
        offset = tuple(-m / s for m, s in zip(mean, std, strict=True))
        return cls(channels, tuple(1 / s for s in std), offset)

    def __str__(self) -> str:
        """E.g. "BGR, value of 0..255 · 0.0039 − 0.5"."""
        numbers = (np.ravel(part).tolist() for part in (self.factor, self.offset))
        factor, offset = (" ".join(f"{abs(one):.4g}" for one in part) for part in numbers)
        return f"{self.channels}, value of 0..255 · {factor} − {offset}"


UNIT_SCALING = Scaling("RGB", 1 / 255, 0.0)  # 0..1, for nets that are trained here


@dataclass(frozen=True)
class WeightsFile:
    """A published file."""

    file: str
    format: str  # "caffemodel", "pickle", "pth", "safetensors" or "onnx"
    licence: str
    urls: tuple[str, ...] = ()  # tried in this order; if empty, downloaded by hand (`where`)
    sha256: str | None = None
    bytes: int | None = None
    where: str = ""  # how to find a file that has no URL
    sha256_start: str = ""  # where the file's name contains its first digits

    @property
    def verification(self) -> str:
        """Describe how a download is verified."""
        if self.sha256:
            return f"its sha256, {self.sha256}"
        checks = "every array's name and shape; no sha256 is published, you accept the download's"
        if self.sha256_start:
            return f"the first digits of its sha256, {self.sha256_start}, and {checks}"
        return checks


@dataclass(frozen=True)
class PublishedWeights:
    """The published weights of a net."""

    net: str  # "" for an ONNX graph that is used unchanged
    skeleton: str  # of the predicted keypoints, in their order
    about: str
    sources: tuple[WeightsFile, ...]  # from several publishers; the first is fetched
    scalings: tuple[Scaling, ...]  # the first is the one it was trained with
    input_hw: tuple[int, int] | None = None  # training input size; None: the default
    backbone: bool = False  # weights of the backbone only; the rest is trained
    reading: MapDecoding = CELL_CENTRED
