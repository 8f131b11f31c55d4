"""Everything recorded, in one database: projects, gestures, persons, sessions, samples, the bin.

Use `Store`; `curation`, `bin`, `index`, `transfer` and `deleting` are its other queries, `history`
its undo.
"""

from core.store.rows import Gesture, GestureOverview, NewSample, Person, Project, Sample
from core.store.store import Store

__all__ = ["Gesture", "GestureOverview", "NewSample", "Person", "Project", "Sample", "Store"]
