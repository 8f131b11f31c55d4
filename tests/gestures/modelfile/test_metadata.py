"""What a training read is counted by gesture and by person; metadata that can't be are refused."""

import numpy as np
import pytest

from core.errors import ModelError
from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.modelfile.metadata import ModelMetadata, dataset_statistics
from tests.support.gesture_samples import gesture_samples


def test_dataset_statistics_by_hand():
    persons, sessions = ["a", "a", "b", "b", "b"], [1, 2, 3, 3, 4]
    hands, gestures = np.zeros((5, 21, 2)), DEFAULT_GESTURES[:2]
    data = gesture_samples(hands, [0, 0, 0, 1, 1], gestures, persons, sessions)
    data.mirrored_view[[0, 2]] = True
    found = dataset_statistics(data)
    assert found == {
        "gestures": {
            "thumbs_up": {"samples": 3, "persons": 2, "sessions": 3},
            "thumbs_down": {"samples": 2, "persons": 1, "sessions": 2},
        },
        "persons": {
            "a": {"samples": 2, "persons": 1, "sessions": 2},
            "b": {"samples": 3, "persons": 1, "sessions": 2},
        },
        "sessions": 4,
        "mirrored": 2,
    }
    facts = ModelMetadata.parse({"estimator": "x", "census": found})
    assert facts.census.gestures["thumbs_up"].sessions == 3


NAN, INF = float("nan"), float("inf")
SCORE = {"score": "x", "threshold": 1}
MALFORMED = {
    "estimator": [None],
    "threshold": [INF],
    "split": ["\ud800"],
    "protocol": [
        {"split": 3},
        {"split": "person", "chosen": {"epochs": "moon"}},
        ["person"],
    ],
    "figures": [{"n": -1, "accuracy": 0.5}, {"n": 1, "accuracy": "good"}],
    "rejection": [
        "none",
        {"threshold": 1},
        SCORE | {"threshold": NAN},
        SCORE | {"threshold": "high"},
    ],
    "census": [{"persons": ["a"]}],
    "origin": [{"sources": {"x" * 301: 1}}],
    "smoothing": [
        *([], "fast", 7, {"hold_s": INF}, {"min_cutoff": "x"}),
        *({"min_cutoff": "nan"}, {"enter": 0.3, "leave": 0.4}, {"hold_s": 1e9}),
    ],
    "coverage": [[], {"legs": "all"}, {"legs": 2}, {"legs": None}],
    "usual": [
        *([], "x", 7, None, {"thumbs_up": 3}, {"thumbs_up": None}, {"thumbs_up": [1, 2]}),
        *({"thumbs_up": {"turn": tenths}} for tenths in ("x", 5, [], [1, 2], [1, 2, "x"], [1] * 4)),
        *({"thumbs_up": {"width": [0, v, 1]}} for v in (NAN, INF, None, {}, "1e999", 10**400)),
        *({"thumbs_up": {"side": side}} for side in ("left", 7, -1, NAN, [], {})),
    ],
    "steps": [0, "16"],
    "kind": ["shaking"],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in MALFORMED.items() for value in values],
)
def test_metadata_that_cannot_be_are_refused_in_words(field, value):
    moving = {"kind": "moving", "steps": 16}
    with pytest.raises(ModelError, match=f"metadata can't be used: '{field}.* Ask for") as raised:
        ModelMetadata.parse({"estimator": "x"} | moving | {field: value})
    assert len(str(raised.value)) < 600
