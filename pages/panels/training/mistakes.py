"""Which gestures are taken for which, and the samples behind every cell."""

from typing import Any

import streamlit as st

from core.capture.samples import picture_of
from core.gestures.evaluation.predictions import read_predictions, samples_of
from core.learning.runs import Run
from core.store import Project
from core.store.index import read_samples
from pages.panels.frame import errors_shown, studio
from pages.panels.training.charts import CELL, confusion_chart, draw

SHOWN, SIZE = 8, 110

Cell = tuple[int, int]


def mistakes(run: Run, project: Project, result: dict[str, Any]) -> None:
    """The matrix, and the samples of a cell that was clicked or chosen."""
    confusion, gestures = result["figures"]["confusion"], result["gestures"]
    st.subheader("What is taken for what", anchor=False)
    st.caption(
        "Rows are what was shown, columns the prediction. Click on a cell to see its samples."
    )
    chart = confusion_chart(confusion, gestures)
    chosen = draw(chart, on_select="rerun", key=f"matrix_{run.name}")
    key = f"cell_{run.name}"
    clicked = [(int(c["row"]), int(c["column"])) for c in chosen["selection"].get(CELL, [])]
    if clicked and clicked != st.session_state.get(f"clicked_{key}"):
        st.session_state[key] = clicked[0]
    st.session_state[f"clicked_{key}"] = clicked
    cell = _cell(confusion, gestures, key)
    if cell is None and clicked:
        st.caption("No sample is in that cell.")
    if cell is not None:
        with errors_shown():
            _samples(run, project, gestures[cell[0]]["name"], gestures[cell[1]]["name"])


def _cell(confusion: list[list[int]], gestures: list[dict[str, str]], key: str) -> Cell | None:
    """The same choice without a mouse."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    cells = _sorted(confusion)
    if st.session_state.get(key) not in cells:  # an empty cell was clicked
        st.session_state[key] = None

    def title(cell: Cell) -> str:
        count = confusion[cell[0]][cell[1]]
        return f"{titles[cell[0]]} → {titles[cell[1]]} · {count}"

    return st.selectbox(
        "Samples of (shown → prediction)",
        cells,
        index=None,
        key=key,
        format_func=title,
        placeholder="Choose a cell, or click on it",
    )


def _sorted(confusion: list[list[int]]) -> list[Cell]:
    """The cells that are not empty: mistakes first, the most frequent first."""
    size = range(len(confusion))
    cells = [(i, j) for i in size for j in size if confusion[i][j]]
    return sorted(cells, key=lambda cell: (cell[0] == cell[1], -confusion[cell[0]][cell[1]]))


def _samples(run: Run, project: Project, target: str, predicted: str) -> None:
    ids = samples_of(read_predictions(run.path), target, predicted)
    shown = read_samples(studio().store, ids[:SHOWN], project_id=project.id)
    if not shown:
        st.caption("Their samples are gone, or this training is from before Mudra kept them.")
        return
    with st.container(horizontal=True):
        for sample in shown:
            st.image(picture_of(sample), width=SIZE)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Open {'it' if len(ids) == 1 else f'all {len(ids)}'} in Review", icon="🔎"):
            st.session_state[f"review_ids_{project.id}"] = ids
            for choice in ("Gesture", "Person", "Session"):  # earlier ones could hide them
                st.session_state[f"review_{choice}_{project.id}"] = None
            st.switch_page("pages/review.py")
        st.caption("The surest answers come first.")
