"""A pose net as a folder: `model.onnx`, and `metadata.json`, which contains the graph's sha256."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import WeightsError
from core.files import write_whole
from core.modelfiles.catalogue import WEIGHTS
from core.modelfiles.onnx_session import open_session
from core.pose.heatmaps import Alignment, MapDecoding, PeakDecoder
from core.pose.skeletons.table import HAND_21
from core.words import words

MODEL, METADATA = "model.onnx", "metadata.json"
PEOPLE = "people"  # the output of a net of `PeopleMetadata`

_Count = Annotated[int, Field(ge=1)]
_Degrees = Annotated[float, Field(ge=-180, le=180, strict=True)]


class NetMetadata(BaseModel):
    """The metadata of every net; other keys become extra attributes."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    input_kind: ClassVar[str]  # the value of `input`

    name: str
    input: str = "pictures"
    input_hw: tuple[_Count, _Count]
    sha256: str
    licence: str = ""


class HeatmapMetadata(NetMetadata):
    """A net that predicts heatmaps; `reading` is the decoding of a body's heatmaps."""

    input_kind = "pictures"

    stride: _Count
    stages: _Count
    joints: _Count
    skeleton: str
    background: bool = True
    alignment: Alignment = "cells"
    decode: PeakDecoder = "parabola"

    @model_validator(mode="before")
    @classmethod
    def _complete_older_metadata(cls, values: Any) -> Any:
        """Add fields that older metadata lacks: the skeleton, and `input_hw` of a square input."""
        values = dict(values)
        if "input_size" in values:
            values.setdefault("input_hw", [values["input_size"]] * 2)
        if "skeleton" not in values:
            published = WEIGHTS.get(str(values.get("name")))
            hand = HAND_21.name if values.get("joints") == HAND_21.size else ""
            values["skeleton"] = published.skeleton if published else hand
        return values

    @property
    def reading(self) -> MapDecoding:
        """How the maps are decoded."""
        return MapDecoding(self.alignment, self.decode)


class DepthMetadata(NetMetadata):
    """A net that finds a hand's keypoints in depth crops.

    Attributes:
        turns_deg: each crop is rotated by these angles, and the results are averaged.
    """

    input_kind = "depth"

    joints: _Count
    skeleton: str
    turns_deg: tuple[_Degrees, ...] = Field((0.0,), min_length=1, max_length=8)


class PalmMetadata(NetMetadata):
    """A net that finds a palm in whole depth frames."""

    input_kind = "depth frame"

    stride: _Count


class PeopleMetadata(NetMetadata):
    """A net that finds people in whole pictures, whose longer side is that of `input_hw`."""

    input_kind = "pictures of people"

    skeleton: str


Metadata = TypeVar("Metadata", bound=NetMetadata)


def read_net_metadata(folder: Path, kind: type[Metadata]) -> Metadata:
    """Read and validate a net folder's metadata. Raises WeightsError: there is no net, it is of
    another kind, or its metadata is invalid."""
    path = folder / METADATA
    if not (path.is_file() and (folder / MODEL).is_file()):
        raise WeightsError(
            words(
                "no net in {folder}: {model} or {metadata} is missing",
                folder=folder,
                model=MODEL,
                metadata=METADATA,
            )
        )
    try:
        values = json.loads(path.read_bytes())
        if not isinstance(values, dict):
            raise ValueError("not an object")
        found = values.get("input", HeatmapMetadata.input_kind)
        if found != kind.input_kind:
            raise WeightsError(
                words(
                    "{name} is a net for {found}, not {wanted}",
                    name=folder.name,
                    found=str(found)[:20],
                    wanted=kind.input_kind,
                )
            )
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise WeightsError(
            words(
                "{path} does not describe a net: “{field}” is {value}: {reason}; if it is "
                "from a newer Mudra, update this one",
                path=path,
                field=field,
                value=repr(fault["input"])[:100],
                reason=fault["msg"],
            )
        ) from None
    except (OSError, ValueError) as error:
        raise WeightsError(
            words("{path} can't be read: {error}", path=path, error=str(error))
        ) from None


def is_net_folder(folder: Path, kind: type[NetMetadata]) -> bool:
    """Return whether a folder contains a net of that kind with valid metadata."""
    try:
        return bool(read_net_metadata(folder, kind))
    except WeightsError:
        return False


def open_net(folder: Path, kind: type[Metadata], *, threads: int = 1) -> tuple[Metadata, Any]:
    """Read a net's metadata, verify its graph's sha256, and open it in onnxruntime. Raises
    WeightsError: there is no net of that kind, or the graph has another sha256."""
    metadata = read_net_metadata(folder, kind)
    graph = (folder / MODEL).read_bytes()
    if hashlib.sha256(graph).hexdigest() != metadata.sha256:
        raise WeightsError(
            words("{path} was altered since it was made: get it again", path=folder / MODEL)
        )
    return metadata, open_session(graph, threads=threads)


def write_net(folder: Path, graph: bytes, metadata: Mapping[str, Any]) -> None:
    """Write a net's graph, and its metadata including the graph's sha256."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {**metadata, "sha256": hashlib.sha256(graph).hexdigest()}
    write_whole(folder / MODEL, graph)
    write_whole(folder / METADATA, (json.dumps(described, indent=2) + "\n").encode())
