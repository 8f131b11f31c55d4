"""The schema of a gesture model's metadata, which may be untrusted, and the statistics of its
training samples."""

from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import LabelError, ModelError
from core.gestures.data import GestureData
from core.gestures.evaluation.protocol import Protocol
from core.gestures.labels import safe_name
from core.pose.skeletons.table import HAND_21
from core.pose.smoothing import Smoothing
from core.words import words

_MAX_FAULTS = 3  # named in an error
_MAX_ENTRIES = 10_000
MOVING = "moving"

Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=300)]


def _check_name(name: str) -> str:
    """Return a gesture's name unchanged. Raise ValueError if `safe_name` doesn't allow it."""
    try:
        safe_name(name)
    except LabelError as error:
        raise ValueError(str(error)) from error
    return name


class _Record(BaseModel):
    """Base of the metadata's records; unknown keys are ignored."""

    model_config = ConfigDict(allow_inf_nan=False)


class Gesture(_Record):
    """A class; they are in the order of the model's output."""

    name: Annotated[str, AfterValidator(_check_name)]
    emoji: str


class Group(_Record):
    """Number of samples, persons and sessions of one gesture or person."""

    samples: Count
    persons: Count = 1
    sessions: Count = 0


class DatasetStatistics(_Record):
    """Statistics of the training samples, see `dataset_statistics`."""

    gestures: dict[Text, Group] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    persons: dict[Text, Group] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    sessions: Count = 0
    mirrored: Count = 0


class Origin(_Record):
    """Samples by source and estimator version, and the first and last day of recording."""

    sources: dict[Text, Count] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    estimator_versions: dict[Text, Count] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    recorded: tuple[Text, Text] | None = None


class Measured(_Record):
    """An accuracy on n samples with its interval."""

    n: Count
    accuracy: Fraction
    interval: tuple[Fraction, Fraction] | None = None


class Figures(Measured):
    """Accuracy on held-out samples, overall and by gesture, and the mean and worst person's."""

    per_gesture: dict[Text, Measured] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    mean_accuracy: Fraction | None = None
    worst_person: Text | None = None
    worst_accuracy: Fraction | None = None


class Rejection(_Record):
    """How a model rejects unknown hands, and its measured acceptance rates."""

    score: Text  # what the score was learned from
    threshold: float  # a hand with a larger score gets no gesture
    true_accept: Fraction | None = None  # of gesture samples, by thresholds chosen without them
    false_accept: Fraction | None = None  # of unknown hands; None where there were none
    measured_on: Text = ""  # which hands these were, for people
    gestures: Count = 0  # number of gesture samples
    foreign: Count = 0  # number of unknown hands


class Options(_Record):
    """Options of the training."""

    seed: int | None = None
    classifier: Text | None = None


class Export(_Record):
    """The export of a `.gesture` file: the sha256 of each other member."""

    version: int
    sha256: dict[Text, Text] = Field(default_factory=dict, max_length=_MAX_ENTRIES)


Tenths = tuple[float, float, float]


class Usual(_Record):
    """How a gesture's hands are held: 10th, 50th and 90th percentiles of `HandMeasures`, and the
    fraction whose index side is left; None if the value has no meaning for the gesture."""

    turn: Tenths | None = None
    width: Tenths | None = None
    reach: Tenths | None = None
    side: Fraction | None = None


class ModelMetadata(_Record):
    """The checked content of `metadata.json`; keys with a default may be missing in early versions.
    See `GestureModel` for their meaning."""

    gestures: list[Gesture] = Field(default_factory=list, max_length=_MAX_ENTRIES)
    feature_version: int | None = None
    estimator: Text
    estimators: list[Text] = Field(default_factory=list, max_length=100)
    skeleton: Text = HAND_21.name
    axes: Literal[2, 3] = 2
    kind: Literal["still", "moving"] = "still"
    steps: Annotated[int, Field(ge=2, le=256, strict=True)] | None = None
    longest_s: list[Annotated[float, Field(ge=0, le=3600)]] = Field(default_factory=list)
    threshold: Fraction = 0.6
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
    smoothing: Smoothing | None = None
    usual: dict[Text, Usual] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    coverage: dict[Text, Fraction] = Field(default_factory=dict, max_length=_MAX_ENTRIES)
    options: Options = Field(default_factory=Options)
    census: DatasetStatistics = Field(default_factory=DatasetStatistics)
    origin: Origin = Field(default_factory=Origin)
    bundle: Export | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> "ModelMetadata":
        """Raise ValueError for duplicate gesture names, or fields that contradict each other."""
        names = [gesture.name for gesture in self.gestures]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise ValueError(f"names the gesture “{twice}” twice")
        if self.longest_s and len(self.longest_s) != len(names):
            raise ValueError(f"{len(self.longest_s)} longest examples of {len(names)} gestures")
        if self.estimators and self.estimator not in self.estimators:
            raise ValueError(f"{self.estimator!a} is not among the estimators")
        if self.kind == MOVING and self.steps is None:
            raise ValueError("a model of moving gestures has steps")
        return self

    @property
    def measured_by(self) -> Protocol:
        """The evaluation protocol; for early models, the one that was used then."""
        return self.protocol or Protocol.from_dict(self.model_dump(exclude_none=True))

    @classmethod
    def parse(cls, metadata: dict[str, Any]) -> "ModelMetadata":
        """Validate a model's metadata, and return them typed. Raise ModelError if a value has the
        wrong type or is out of range."""
        try:
            return cls.model_validate(metadata)
        except ValidationError as error:
            faults = [
                f"{'.'.join(map(str, fault['loc']))[:80]!a}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)[:_MAX_FAULTS]
            ]
            raise ModelError(
                words(
                    "the model's metadata can't be used: {faults}. Ask for a new export",
                    faults="; ".join(faults),
                )
            ) from error


def dataset_statistics(data: GestureData) -> dict[str, Any]:
    """Count samples, persons and sessions, in the format of `DatasetStatistics`."""
    names = np.array([gesture.name for gesture in data.gestures], object)
    groups = {"gesture": names[data.labels], "person": data.persons.astype(str)}
    table = pd.DataFrame(groups | {"session": data.sessions})
    counts = {"samples": ("session", "size"), "persons": ("person", "nunique")}
    counts["sessions"] = ("session", "nunique")
    gestures = table.groupby("gesture").agg(**counts).reindex(names, fill_value=0)
    return {
        "gestures": gestures.to_dict("index"),
        "persons": table.groupby("person").agg(**counts).to_dict("index"),
        "sessions": table["session"].nunique(),
        "mirrored": int(data.mirrored_view.sum()),
    }
