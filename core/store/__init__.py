"""Everything recorded, in one database: projects, gestures, persons, sessions, samples, the bin.

`Store` is the main class; `curation`, `bin`, `index`, `learned`, `trimming`, `transfer`, `merging`
and `deleting` are further queries, `database` is what is below them.
"""

from core.store.rows import Gesture, GestureOverview, NewSample, Person, Project, Sample
from core.store.store import Store

__all__ = ["Gesture", "GestureOverview", "NewSample", "Person", "Project", "Sample", "Store"]
