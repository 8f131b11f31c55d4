"""The evaluation protocol of a model, stored in its metadata: how the samples were split, on which
part each choice was made, and which part the figures are of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.words import Words, mark, words


class Part(StrEnum):
    """The samples that a choice was made on."""

    FIXED = "fixed"  # none: decided before any sample was seen
    TRAINING = "training"  # the training part, or inner folds of it
    OTHER_FOLDS = "other folds"  # for each held-out fold, the other held-out folds
    HELD_OUT = "held out"  # the part that the figures are of


HELD_OUT_GROUPS = {  # kind of split → held-out part
    "person": mark("other people than those it was trained on"),
    "leave-one-person-out": mark("every person by a model that never saw that person"),
    "session": mark("other sessions of the same people"),
    "burst": mark("other recordings of the same sessions"),
    "tail": mark("the last fifth of each recording"),
}
_NEW_PEOPLE = ("person", "leave-one-person-out")
_PHRASES = {
    Part.FIXED: mark("{choice} fixed beforehand"),
    Part.TRAINING: mark("{choice} chosen on the training samples"),
    Part.OTHER_FOLDS: mark("{choice} chosen for each fold on the other held-out folds"),
    Part.HELD_OUT: mark("{choice} chosen on the same held-out samples"),
}
_CHOICES = {
    "epochs": words("epochs"),
    "threshold": words("threshold"),
    "matcher": words("matcher"),
}


@dataclass(frozen=True)
class Protocol:
    """How figures were measured. No choice should be made on the part that was measured."""

    split: str  # a key of `HELD_OUT_GROUPS`
    chosen: Mapping[str, Part] = field(default_factory=dict)  # choice → where it was made
    reported: Part = Part.HELD_OUT  # the part that the figures are of

    @property
    def new_people(self) -> bool:
        """Whether the figures were measured on people whom the model was not trained on."""
        return self.split in _NEW_PEOPLE

    @property
    def chosen_on_reported(self) -> list[str]:
        """The choices that were made on the part that was measured."""
        return [what for what, part in self.chosen.items() if part == self.reported]

    @property
    def optimistic(self) -> bool:
        """Whether the model is expected to perform worse on new people."""
        return not self.new_people or bool(self.chosen_on_reported)

    def list_choices(self) -> list[Words]:
        """Return a phrase for each choice: on which part it was made."""
        return [
            words(_PHRASES[part], choice=name_choice(what)) for what, part in self.chosen.items()
        ]

    def describe_choices(self) -> str:
        """Describe in a sentence on which part each choice was made; "" if there are none."""
        phrases = self.list_choices()
        return f"{'; '.join(phrases).capitalize()}." if phrases else ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to the keys `split`, `optimistic` and `protocol` of a log or metadata.json."""
        chosen = {what: str(part) for what, part in self.chosen.items()}
        whole = {"split": self.split, "chosen": chosen, "reported": str(self.reported)}
        return {"split": self.split, "optimistic": self.optimistic, "protocol": whole}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Protocol":
        """Create a protocol from a log or metadata with the keys of `to_dict`. Raise ValueError for
        an unknown part.

        Early versions stored no protocol: they chose the epoch of a net, or the matcher of moving
        gestures, on the held-out samples.
        """
        if (whole := record.get("protocol")) is not None:
            chosen = {what: Part(part) for what, part in whole["chosen"].items()}
            return cls(whole["split"], chosen, Part(whole["reported"]))
        split = str(record.get("split", ""))
        if split == "leave-one-person-out":
            return cls(split, {"epochs": Part.FIXED})
        return cls(split, {"matcher" if "matcher" in record else "epochs": Part.HELD_OUT})


def name_choice(choice: str) -> str:
    """Return a choice's name for people."""
    return _CHOICES.get(choice, choice)
