"""The evaluation protocol of a model: how its samples were split, on which part each choice was
made, and on which part its figures are reported. It travels in the model's metadata.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """What a choice was made on."""

    FIXED = "fixed"  # nothing: decided before any sample of this data was looked at
    TRAINING = "training"  # the training part, or inner folds of it
    OTHER_FOLDS = "other folds"  # for each held-out fold, the other held-out folds
    HELD_OUT = "held out"  # the part that the figures are reported on


HELD_OUT_GROUPS = {  # split → what its held-out part consists of
    "person": "other people than those it was trained on",
    "leave-one-person-out": "every person by a model that never saw that person",
    "session": "other sessions of the same people",
    "burst": "other recordings of the same sessions",
    "tail": "the last fifth of each recording",
}
_NEW_PEOPLE = ("person", "leave-one-person-out")
_PHRASES = {
    Part.FIXED: "fixed beforehand",
    Part.TRAINING: "chosen on the training samples",
    Part.OTHER_FOLDS: "chosen for each fold on the other held-out folds",
    Part.HELD_OUT: "chosen on the same held-out samples",
}


@dataclass(frozen=True)
class Protocol:
    """How figures came about. Nothing should be chosen on the part that they are reported on.

    Attributes:
        split: what kept the parts apart, a key of `HELD_OUT_GROUPS`.
        chosen: what was chosen ("epochs", "matcher", "threshold", "floor") → on which part.
        reported: the part that the figures are of.
    """

    split: str
    chosen: Mapping[str, Part] = field(default_factory=dict)
    reported: Part = Part.HELD_OUT

    @property
    def new_people(self) -> bool:
        """Whether the figures are of people that the model was not trained on."""
        return self.split in _NEW_PEOPLE

    @property
    def chosen_on_reported(self) -> list[str]:
        """What was chosen on the part that the figures are reported on."""
        return [what for what, part in self.chosen.items() if part == self.reported]

    @property
    def optimistic(self) -> bool:
        """Whether new people should expect worse than the figures."""
        return not self.new_people or bool(self.chosen_on_reported)

    def describe_choices(self) -> str:
        """Say on which part each choice was made, in one sentence; "" where nothing was chosen."""
        phrases = [f"{what} {_PHRASES[part]}" for what, part in self.chosen.items()]
        return f"{'; '.join(phrases).capitalize()}." if phrases else ""

    def to_dict(self) -> dict[str, Any]:
        """For a log or metadata.json: `split`, `optimistic`, and `protocol` as a whole."""
        chosen = {what: str(part) for what, part in self.chosen.items()}
        whole = {"split": self.split, "chosen": chosen, "reported": str(self.reported)}
        return {"split": self.split, "optimistic": self.optimistic, "protocol": whole}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Protocol":
        """Read what `to_dict` wrote, among other keys.

        Trainings used to write no protocol: these chose the epoch of a net, or the matcher of
        moving gestures, on the samples that they report on.

        Raises:
            ValueError: a part that isn't known.
        """
        if (whole := record.get("protocol")) is not None:
            chosen = {what: Part(part) for what, part in whole["chosen"].items()}
            return cls(whole["split"], chosen, Part(whole["reported"]))
        split = str(record.get("split", ""))
        if split == "leave-one-person-out":
            return cls(split, {"epochs": Part.FIXED})
        return cls(split, {"matcher" if "matcher" in record else "epochs": Part.HELD_OUT})
