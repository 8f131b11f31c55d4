"""Everything recorded, in one database: projects, gestures, persons, sessions, samples, the bin.

Use `Store`; `caring`, `bin`, `sample_index` and `moving` are its other queries, `acts` its undo.
"""

from core.store.rows import Gesture, GestureOverview, NewSample, Person, Project, Sample
from core.store.store import Store

__all__ = ["Gesture", "GestureOverview", "NewSample", "Person", "Project", "Sample", "Store"]
