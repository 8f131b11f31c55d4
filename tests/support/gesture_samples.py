"""Hand-made training samples in a line."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel


def gesture_samples(
    keypoints: Any,
    labels: Any,
    gestures: Iterable[GestureLabel | str],
    persons: str | Sequence[Any] = "p",
    sessions: Any = None,
    recordings: Any = None,
    **more: Any,
) -> GestureData:
    """Samples that were seen unmirrored; a person without sessions has one, a session without
    recordings has one."""
    n = len(labels)
    persons = np.full(n, persons) if isinstance(persons, str) else np.array(persons)
    sessions = persons if sessions is None else np.array(sessions)
    recordings = sessions if recordings is None else np.array(recordings)
    return GestureData(
        np.asarray(keypoints, np.float32),
        np.zeros(n, bool),
        np.asarray(labels, np.int64),
        tuple(GestureLabel(one) if isinstance(one, str) else one for one in gestures),
        persons,
        sessions,
        recordings,
        **more,
    )
