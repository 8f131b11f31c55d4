"""What the tests of several rooms read from a store."""

from core.store import Store
from core.store.learned import count_estimators


def count_by_estimator(store: Store, project_id: int) -> dict[str, int]:
    """Count a project's samples per estimator."""
    counts = count_estimators(store, project_id, None, in_space=False)
    return {count.estimator: count.samples for count in counts}
