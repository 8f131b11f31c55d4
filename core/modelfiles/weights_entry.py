"""What a table of published weights says of each entry: its files, and how pictures are fed to the
net and its heatmaps decoded."""

from dataclasses import dataclass

import numpy as np

from core.pose.heatmaps import CELL_CENTRED, MapDecoding

Channels = float | tuple[float, ...]  # one number for all three channels, or one each


@dataclass(frozen=True)
class Scaling:
    """How pixel values 0..255 become the net's input: value · factor + offset, both one number or
    one for each of the channels, "RGB" or "BGR", the order that the net expects."""

    channels: str
    factor: Channels
    offset: Channels

    @classmethod
    def from_mean_std(
        cls, channels: str, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> "Scaling":
        """Build the scaling (value − mean) / std, as factor 1 / std and offset −mean / std."""
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
    urls: tuple[str, ...] = ()  # tried in this order; else a person gets it (`where`)
    sha256: str | None = None
    bytes: int | None = None
    where: str = ""  # to find a file that has no URL, in words
    sha256_start: str = ""  # where the file's name contains its first digits

    @property
    def verification(self) -> str:
        """How a download is verified, in words."""
        if self.sha256:
            return f"its sha256, {self.sha256}"
        checks = "every array's name and shape; no sha256 is published, you accept the download's"
        if self.sha256_start:
            return f"the first digits of its sha256, {self.sha256_start}, and {checks}"
        return checks


@dataclass(frozen=True)
class PublishedWeights:
    """The published weights of a net."""

    net: str  # "" where the file is an ONNX graph that is used as it is
    skeleton: str  # of the keypoints that it finds, in that order
    about: str
    sources: tuple[WeightsFile, ...]  # from several publishers; the first is fetched
    scalings: tuple[Scaling, ...]  # the first is the one it was trained with
    input_hw: tuple[int, int] | None = None  # that it was trained at; None: the default
    backbone: bool = False  # they fill the backbone alone, to train the rest
    reading: MapDecoding = CELL_CENTRED
