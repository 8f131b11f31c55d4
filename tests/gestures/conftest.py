"""synthetic outliers: each gesture a random hand shape, each person a random way of holding it."""

from collections.abc import Callable

import numpy as np
import pytest

from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES


def make_data(persons: int = 3, gestures: int = 4, each: int = 4, seed: int = 0) -> GestureData:
    """Samples of every gesture by every person, one session a person, two recordings a gesture."""
    rng = np.random.default_rng(seed)
    shapes = rng.normal(0, 40, (gestures, 21, 2))
    rows = [(p, g, i) for p in range(persons) for g in range(gestures) for i in range(each)]
    person, gesture, number = (np.array(column) for column in zip(*rows, strict=True))
    ways = rng.normal(0, 5, (persons, 21, 2))
    noise = rng.normal(0, 2, (len(rows), 21, 2))
    halves = number >= each // 2
    return GestureData(
        (shapes[gesture] + ways[person] + noise + 300).astype(np.float32),
        np.zeros(len(rows), bool),
        gesture.astype(np.int64),
        DEFAULT_GESTURES[:gestures],
        np.array([f"p{p}" for p in person]),
        np.array([f"s{p}" for p in person]),
        np.array([f"b{p}-{g}-{h}" for p, g, h in zip(person, gesture, halves, strict=True)]),
    )


@pytest.fixture
def hands() -> Callable[..., GestureData]:
    return make_data
