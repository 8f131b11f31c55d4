"""The metadata of a gesture model: their schema, by which untrusted ones are checked, and the
statistics of the samples that a model was trained on."""

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import LabelError, ModelError
from core.gestures.data import GestureData
from core.gestures.evaluation.protocol import Protocol
from core.gestures.labels import safe_name
from core.pose.skeletons.table import HAND_21

_SHOWN = 3  # faults named in an error
_MANY = 10_000
MOVING = "moving"

Count = Annotated[int, Field(ge=0)]
Part = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=300)]


def _check_name(name: str) -> str:
    """The name as it is, where a gesture may have it."""
    try:
        safe_name(name)
    except LabelError as error:
        raise ValueError(str(error)) from error
    return name


class _Record(BaseModel):
    """What is not named here is not looked at."""

    model_config = ConfigDict(allow_inf_nan=False)


class Gesture(_Record):
    """One of the classes, in the order of the model's output."""

    name: Annotated[str, AfterValidator(_check_name)]
    emoji: str


class Group(_Record):
    """How much there is of one gesture or of one person."""

    samples: Count
    persons: Count = 1
    sessions: Count = 0


class DatasetStatistics(_Record):
    """What a training read, as `census` counts it."""

    gestures: dict[Text, Group] = Field(default_factory=dict, max_length=_MANY)
    persons: dict[Text, Group] = Field(default_factory=dict, max_length=_MANY)
    sessions: Count = 0
    mirrored: Count = 0


class Origin(_Record):
    """What only the store knows: sources and versions with their samples, first and last day."""

    sources: dict[Text, Count] = Field(default_factory=dict, max_length=_MANY)
    estimator_versions: dict[Text, Count] = Field(default_factory=dict, max_length=_MANY)
    recorded: tuple[Text, Text] | None = None


class Measured(_Record):
    """Samples of one gesture, and the accuracy with its interval."""

    n: Count
    accuracy: Part
    interval: tuple[Part, Part] | None = None


class Figures(Measured):
    """What was measured on held-out samples; the mean and the worst are of persons."""

    per_gesture: dict[Text, Measured] = Field(default_factory=dict, max_length=_MANY)
    mean_accuracy: Part | None = None
    worst_person: Text | None = None
    worst_accuracy: Part | None = None


class Rejection(_Record):
    """How what is none of the gestures is told apart."""

    score: Text
    threshold: float
    true_accept: Part | None = None
    false_accept: Part | None = None
    measured_on: Text = ""


class SmoothingFacts(_Record):
    """How answers are smoothed in use."""

    joints: bool = True
    enter: float | None = None
    leave: float | None = None
    hold_s: float | None = None


class Options(_Record):
    """Of the training."""

    seed: int | None = None
    classifier: Text | None = None


class Export(_Record):
    """What a `.gesture` file says of its making: the sha256 of each other member."""

    version: int
    sha256: dict[Text, Text] = Field(default_factory=dict, max_length=_MANY)


Tenths = tuple[float, float, float]


class Usual(_Record):
    """How the hands of a gesture's samples are held: 10th, 50th and 90th percentiles, and a share.

    `drift.Measures` says of what; None where it says nothing of this gesture.
    """

    turn: Tenths | None = None
    width: Tenths | None = None
    reach: Tenths | None = None
    side: Part | None = None


class ModelMetadata(_Record):
    """What is read of `metadata.json`; models of earlier versions lack what has a default.

    Attributes:
        estimator: whose keypoints the model knows; of several, those that most samples are by.
        estimators: everyone whose keypoints it knows.
        kind: "moving" where it takes windows of `steps` frames.
        longest_s: of each moving gesture's examples; 0 where unknown.
        threshold: of probability, below which the answer in use is no gesture.
        onnx_sha256: of the graph that the metadata belong to.
        preliminary: its training goes on, or was broken off; nothing was measured.
    """

    gestures: list[Gesture] = Field(default_factory=list, max_length=_MANY)
    feature_version: int | None = None
    estimator: Text
    estimators: list[Text] = Field(default_factory=list, max_length=100)
    skeleton: Text = HAND_21.name
    axes: Literal[2, 3] = 2
    kind: Literal["still", "moving"] = "still"
    steps: Annotated[int, Field(ge=2, le=256, strict=True)] | None = None
    longest_s: list[Annotated[float, Field(ge=0, le=3600)]] = Field(default_factory=list)
    threshold: Part = 0.6
    onnx_sha256: Text | None = None
    preliminary: bool = False
    samples: Count | None = None
    persons: Count | None = None
    data_sha256: Text | None = None
    made_at: Text | None = None
    split: Text | None = None
    matcher: Text | None = None
    protocol: Protocol | None = None
    refitted_on_all: bool = False
    figures: Figures | None = None
    leave_one_person_out: Figures | None = None
    rejection: Rejection | None = None
    smoothing: SmoothingFacts | None = None
    usual: dict[Text, Usual] = Field(default_factory=dict, max_length=_MANY)
    options: Options = Field(default_factory=Options)
    census: DatasetStatistics = Field(default_factory=DatasetStatistics)
    origin: Origin = Field(default_factory=Origin)
    bundle: Export | None = None

    @model_validator(mode="after")
    def _check_together(self) -> "ModelMetadata":
        names = [gesture.name for gesture in self.gestures]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise ValueError(f"names the gesture “{twice}” twice")
        if self.longest_s and len(self.longest_s) != len(names):
            raise ValueError(f"{len(self.longest_s)} longest examples of {len(names)} gestures")
        if self.estimators and self.estimator not in self.estimators:
            raise ValueError(f"{self.estimator!a} is none of the estimators")
        if self.kind == MOVING and self.steps is None:
            raise ValueError("a model of moving gestures has steps")
        return self

    @property
    def measured_by(self) -> Protocol:
        """The protocol, also of a model that was trained before there was one."""
        return self.protocol or Protocol.from_dict(self.model_dump(exclude_none=True))

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> "ModelMetadata":
        """A model's metadata, checked.

        Raises:
            ModelError: a value is none of its kind, or out of its range.
        """
        try:
            return cls.model_validate(metadata)
        except ValidationError as error:
            faults = [
                f"{'.'.join(map(str, fault['loc']))[:80]!a}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)[:_SHOWN]
            ]
            raise ModelError(
                f"the model's metadata can't be used: {'; '.join(faults)}. Ask for a new export"
            ) from error


def dataset_statistics(data: GestureData) -> dict[str, Any]:
    """Samples, persons and sessions of what is trained on, as `DatasetStatistics` reads it."""
    gestures = {
        gesture.name: _group(data, data.labels == number)
        for number, gesture in enumerate(data.gestures)
    }
    persons = {str(name): _group(data, data.persons == name) for name in np.unique(data.persons)}
    return {
        "gestures": gestures,
        "persons": persons,
        "sessions": len(np.unique(data.sessions)),
        "mirrored": int(data.mirrored_view.sum()),
    }


def _group(data: GestureData, rows: NDArray[np.bool_]) -> dict[str, int]:
    return {
        "samples": int(rows.sum()),
        "persons": len(np.unique(data.persons[rows])),
        "sessions": len(np.unique(data.sessions[rows])),
    }
