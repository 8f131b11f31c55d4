"""What is said of published weights: of the file, of how pictures are fed, of how maps are read."""

from dataclasses import dataclass

from core.pose.map_reading import OF_CELLS, Reading

Channels = float | tuple[float, ...]  # one number for all three, or one each

FORMATS = {  # suffix -> format
    ".caffemodel": "caffemodel",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".pth": "pth",
    ".pt": "pth",
    ".tar": "pth",  # pose_resnet_50_256x192.pth.tar is what torch.save wrote
    ".safetensors": "safetensors",
    ".onnx": "onnx",
}


@dataclass(frozen=True)
class Scaling:
    """How a picture becomes the net's input: value · factor + offset, of 0..255.

    Attributes:
        channels: "RGB" or "BGR", the order that the net wants.
        factor, offset: three numbers are in that order.
    """

    channels: str
    factor: Channels
    offset: Channels

    @property
    def in_words(self) -> str:
        """E.g. "BGR, value · 0.0039 − 0.5"."""
        factor, offset = (_numbers(part) for part in (self.factor, self.offset))
        return f"{self.channels}, value of 0..255 · {factor} − {offset}"


def _numbers(channels: Channels) -> str:
    three = channels if isinstance(channels, tuple) else (channels,)
    return " ".join(f"{abs(number):.4g}" for number in three)


PLAIN = Scaling("RGB", 1 / 255, 0.0)  # 0..1, as nets are fed that nobody trained before


def normalised(channels: str, mean: tuple[float, ...], std: tuple[float, ...]) -> Scaling:
    """(value − mean) / std of values 0..255, as a scaling."""
    factor = tuple(1 / s for s in std)
    return Scaling(channels, factor, tuple(-m / s for m, s in zip(mean, std, strict=True)))


@dataclass(frozen=True)
class Source:
    """A published file.

    Attributes:
        format: one of those in `FORMATS`.
        urls: tried in this order; empty where it is fetched by hand (see `where`).
        sha256, bytes: of the file, where they are known.
        sha256_start: the first digits, where its name carries them.
        where: in words, for a file without a direct address.
    """

    file: str
    format: str
    licence: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    bytes: int | None = None
    where: str = ""
    sha256_start: str = ""

    @property
    def verified_by(self) -> str:
        """In words, how it is known that what comes is what was published."""
        if self.sha256:
            return f"its sha256, {self.sha256}"
        seen = "every array's name and shape; nobody published its sha256, you accept what came"
        if self.sha256_start:
            return f"the first digits of its sha256, {self.sha256_start}, and {seen}"
        return seen


@dataclass(frozen=True)
class Weights:
    """The weights of a net.

    Attributes:
        net: the net's name; "" where Mudra has none such and the file is an ONNX graph.
        skeleton: the name of the one whose keypoints it finds, in that order; "" where none has
            its.
        sources: the same net from several hands, the first is the one fetched.
        scalings: the first is the one it was trained with.
        input_hw: (H, W) that it was trained at; None: the net's own.
        trunk: they fill the trunk alone, to train the rest.
        reading: how its maps are read.
    """

    net: str
    skeleton: str
    about: str
    sources: tuple[Source, ...]
    scalings: tuple[Scaling, ...]
    input_hw: tuple[int, int] | None = None
    trunk: bool = False
    reading: Reading = OF_CELLS

    @property
    def fed(self) -> str:
        """In words, what its input is."""
        return self.scalings[0].in_words
