"""How the samples are spread over gestures, people and hands, and what to record next."""

from collections.abc import Sequence

import streamlit as st

from core.gestures.labels import safe_label
from core.pose.skeletons.table import skeleton_named
from core.review import balance
from core.store import Gesture, Project
from core.store.index import SampleIndex, read_index
from pages.panels.language import t
from pages.panels.layout import show_table
from pages.panels.resources import label_noise_cache, studio


def show_balance(project: Project, sample_index: SampleIndex) -> None:
    """Show advice on what to record next, and a table of samples, people, sessions, hand sides and
    suspected label errors per gesture."""
    rows = _gesture_spreads(project, sample_index)
    skeleton = skeleton_named(project.skeleton)
    st.info(safe_label(t(balance.advise_next_recording(rows, skeleton.title))), icon="➡️")
    scored = any(row.suspected is not None for row in rows)
    columns: dict[str, Sequence[object]] = {
        t("Gesture"): [_title_gesture(row.gesture) for row in rows],
        t("Samples"): [row.samples for row in rows],
        t("People"): [row.persons for row in rows],
        t("Sessions"): [row.sessions for row in rows],
    }
    if skeleton.is_hand:
        columns[t("Left")] = [row.left for row in rows]
        columns[t("Right")] = [row.right for row in rows]
    if scored:
        columns[t("Suspected label errors")] = [
            "–" if row.suspected is None else f"{row.suspected:.0%}" for row in rows
        ]
    show_table(columns, bar=t("Samples"), bar_max=max(row.samples for row in rows))
    notes = [t("Imported tables don't say left or right hand.")] if skeleton.is_hand else []
    if not scored:
        notes.append(
            t("To count suspected label errors here, order the samples by “most suspect first”.")
        )
    st.caption(" ".join(notes))


def _title_gesture(gesture: Gesture) -> str:
    """Return a gesture's title, which says if it is switched off."""
    title = gesture.label.title
    return title if gesture.enabled else t("{gesture} (off)", gesture=title)


def show_no_samples() -> None:
    """Show that nothing is recorded yet, with links to Record and Demo."""
    st.info(t("Nothing is recorded yet: record gestures, or fill the demo project."), icon="🎥")
    with st.container(horizontal=True):
        st.page_link("pages/record.py", label=t("Record gestures"), icon="➡️")
        st.page_link("pages/demo.py", label=t("Demo"), icon="👋")


def next_step(project: Project, *, untrained: bool = False) -> str:
    """Return advice on what to record next, or to press Train if `untrained`; "" if empty."""
    rows = _gesture_spreads(project, read_index(studio().store, project.id))
    if untrained and not balance.advise_before_training(rows):
        return t("➡️ Press Train, and watch how it learns.")
    if not any(row.samples for row in rows):
        return ""
    title = skeleton_named(project.skeleton).title
    return f"➡️ {safe_label(t(balance.advise_next_recording(rows, title)))}"


def _gesture_spreads(project: Project, sample_index: SampleIndex) -> list[balance.GestureBalance]:
    label_noise = label_noise_cache(studio().paths).get(project.id)
    return balance.count_balance(sample_index, studio().store.gestures(project.id), label_noise)
