"""How the samples are spread over gestures, persons and hands, and what to record next."""

import streamlit as st

from core.gestures.labels import safe_label
from core.review.balance import Spread, record_next, spread
from core.store import Project
from core.store.index import Roster, read_roster
from pages.panels.frame import doubt_book, studio


def balance(project: Project, roster: Roster) -> None:
    """The sentence and the table."""
    rows = _rows(project, roster)
    st.info(safe_label(record_next(rows)), icon="➡️")
    most = max(row.samples for row in rows)
    st.dataframe(
        {
            "Gesture": [_title(row) for row in rows],
            "Samples": [row.samples for row in rows],
            "Persons": [row.persons for row in rows],
            "Sessions": [row.sessions for row in rows],
            "Left": [row.left for row in rows],
            "Right": [row.right for row in rows],
            "Doubtful": [row.doubtful for row in rows],
        },
        hide_index=True,
        width="stretch",
        column_config={
            "Samples": st.column_config.ProgressColumn(
                format="%d", min_value=0, max_value=max(1, most)
            ),
            "Doubtful": st.column_config.NumberColumn(format="percent"),
        },
    )
    st.caption(
        "Left and right are the hands; those of tables are not known. Doubtful are labels that "
        "more than half speaks against; they are counted once you order the samples by doubt."
    )


def _title(row: Spread) -> str:
    return row.gesture.label.title + ("" if row.gesture.enabled else " (off)")


def next_hint(project: Project) -> None:
    """What to record next, in one sentence; nothing before the first sample."""
    rows = _rows(project, read_roster(studio().store, project.id))
    if any(row.samples for row in rows):
        st.caption(f"➡️ {safe_label(record_next(rows))}")


def _rows(project: Project, roster: Roster) -> list[Spread]:
    doubts = doubt_book(studio().places).latest(project.id)
    return spread(roster, studio().store.gestures(project.id), doubts)
