"""Models of the lines of an imported training's log: what all pages that show trainings rely on.

`core.gestures.classifier.learner` writes these records; further keys are allowed.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.exchange.project.manifest import Emoji, Name, Short, Text
from core.gestures.evaluation.protocol import Part

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Interval = Annotated[list[Fraction], Field(min_length=2, max_length=2)]
Split = Literal["person", "session", "burst", "tail"]
Matcher = Literal["net", "templates"]


class Record(BaseModel):
    """Any line: its event and time."""

    model_config = ConfigDict(allow_inf_nan=False)

    event: str
    time: float = Field(ge=0, le=4_000_000_000)  # seconds since 1970, until 2096


class Start(Record):
    """The start of a training; measurements, which have a kind, are not exported."""

    kind: None = None
    samples: Count | None = None
    imported: Text | None = None


class Epoch(Record):
    """The figures of an epoch."""

    epoch: Count
    epochs: Annotated[int, Field(ge=1, le=10**6)]
    loss: float | None = None
    accuracy: Fraction | None = None
    val_loss: float | None = None
    val_accuracy: Fraction | None = None


class End(Record):
    """The end of a training."""

    status: Literal["done", "stopped", "failed", "dead"]
    message: Annotated[str, Field(max_length=20_000)] = ""


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class GestureFigures(_Part):
    """Accuracy on the held-out samples of one gesture."""

    n: Count
    accuracy: Fraction
    interval: Interval | None = None  # none in old trainings


class Rejection(_Part):
    """Acceptance rates of gestures and of unknown signs."""

    true_accept: Fraction
    false_accept: Fraction | None
    gestures: Count
    foreign: Count
    measured_on: Text


class Figures(_Part):
    """Accuracy on held-out samples."""

    n: Count
    accuracy: Fraction
    interval: Interval
    effective_n: Annotated[float, Field(ge=0)] | None = None
    per_gesture: dict[Name, GestureFigures]
    confusion: list[list[Count]]
    rejection: Rejection | None = None


class EvaluationProtocol(_Part):
    """The split, and which part chose and reported the figures."""

    split: Split
    chosen: dict[Short, Part]
    reported: Part


class Gesture(_Part):
    """A class of the model."""

    name: Name
    emoji: Emoji


class Measured(_Part):
    """Figures with their split and gestures."""

    figures: Figures
    split: Split
    protocol: EvaluationProtocol | None = None
    gestures: list[Gesture]
    matcher: Matcher | None = None
    compared: dict[Matcher, Fraction] | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        """Raise ValueError unless the confusion matrix has a row and a column per gesture, and a
        matcher has its comparison."""
        size = len(self.gestures)
        if [len(row) for row in self.figures.confusion] != [size] * size:
            raise ValueError(f"the confusion matrix does not fit {size} gestures")
        if self.matcher is not None and self.compared is None:
            raise ValueError("a matcher without what it was compared with")
        return self


class Result(Record, Measured):
    """The result of a training."""

    seconds: Annotated[float, Field(ge=0)]
    motions: Measured | None = None


RECORDS: dict[str, type[Record]] = {"start": Start, "epoch": Epoch, "result": Result, "end": End}


def check_record(record: Any) -> None:
    """Raise ValidationError if a line of a log is invalid for its event."""
    event = Record.model_validate(record).event
    RECORDS.get(event, Record).model_validate(record)
