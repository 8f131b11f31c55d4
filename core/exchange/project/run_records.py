"""What the log of a training that came in a file may say, line by line: what every page that shows
trainings counts on. `core.gestures.classifier.learner` writes these records; keys that only others
read pass.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.exchange.project.manifest import Emoji, Name, Short, Text
from core.gestures.evaluation.protocol import Part

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Interval = Annotated[list[Share], Field(min_length=2, max_length=2)]
Split = Literal["person", "session", "burst", "tail"]
Matcher = Literal["net", "templates"]


class Record(BaseModel):
    """Any line: its event, and when it was written."""

    model_config = ConfigDict(allow_inf_nan=False)

    event: str
    time: float = Field(ge=0, le=4_000_000_000)  # seconds since 1970, until 2096


class Start(Record):
    """What is trained. A measurement, which has a kind, travels in no project file."""

    kind: None = None
    samples: Count | None = None
    imported: Text | None = None


class Epoch(Record):
    """How far it is."""

    epoch: Count
    epochs: Annotated[int, Field(ge=1, le=10**6)]
    loss: float | None = None
    accuracy: Share | None = None
    val_loss: float | None = None
    val_accuracy: Share | None = None


class End(Record):
    """How it ended."""

    status: Literal["done", "stopped", "failed", "dead"]
    message: Annotated[str, Field(max_length=20_000)] = ""


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class OfGesture(_Part):
    """One gesture's held-out samples."""

    n: Count
    accuracy: Share
    interval: Interval | None = None  # none in old trainings


class Rejection(_Part):
    """How often gestures pass, and others do."""

    true_accept: Share
    false_accept: Share | None
    gestures: Count
    foreign: Count
    measured_on: Text


class Figures(_Part):
    """How accurate the answers on held-out samples are."""

    n: Count
    accuracy: Share
    interval: Interval
    effective_n: Annotated[float, Field(ge=0)] | None = None
    per_gesture: dict[Name, OfGesture]
    confusion: list[list[Count]]
    rejection: Rejection | None = None


class OfProtocol(_Part):
    """How the figures came about."""

    split: Split
    chosen: dict[Short, Part]
    reported: Part


class Gesture(_Part):
    """A class of the model."""

    name: Name
    emoji: Emoji


class Measured(_Part):
    """Figures, and what they are of."""

    figures: Figures
    split: Split
    protocol: OfProtocol | None = None
    gestures: list[Gesture]
    matcher: Matcher | None = None
    compared: dict[Matcher, Share] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        size = len(self.gestures)
        if [len(row) for row in self.figures.confusion] != [size] * size:
            raise ValueError(f"the confusion matrix does not fit {size} gestures")
        if self.matcher is not None and self.compared is None:
            raise ValueError("a matcher without what it was compared with")
        return self


class Result(Record, Measured):
    """What a training gave."""

    seconds: Annotated[float, Field(ge=0)]
    motions: Measured | None = None


RECORDS: dict[str, type[Record]] = {"start": Start, "epoch": Epoch, "result": Result, "end": End}


def check_record(record: Any) -> None:
    """Hold a line of a log against what its event must say.

    Raises:
        ValidationError: it says something else.
    """
    event = Record.model_validate(record).event
    RECORDS.get(event, Record).model_validate(record)
