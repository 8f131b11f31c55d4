"""What a training read is counted by gesture and by person."""

import numpy as np

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
