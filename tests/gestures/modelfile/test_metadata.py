"""What a training read is counted by gesture and by person."""

import numpy as np

from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.modelfile.metadata import ModelMetadata, dataset_statistics


def test_dataset_statistics_by_hand():
    labels = np.array([0, 0, 0, 1, 1])
    persons = np.array(["a", "a", "b", "b", "b"])
    data = GestureData(
        np.zeros((5, 21, 2), np.float32),
        np.array([True, False, True, False, False]),
        labels,
        DEFAULT_GESTURES[:2],
        persons,
        np.array([1, 2, 3, 3, 4]),
        np.arange(5),
    )
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
