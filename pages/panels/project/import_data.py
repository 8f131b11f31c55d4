"""The Export page's way in: a project file that Mudra wrote, samples from other programs."""

import streamlit as st

from core.exchange.data_in import SUFFIXES
from core.exchange.downloads import import_uploaded_project, import_uploaded_samples
from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.progress import moves
from pages.panels.project.chosen import use_project


def show_imported() -> None:
    """What came in last, once."""
    if message := st.session_state.pop("data_said", None):
        st.success(safe_label(message), icon="✅")


def project_in(store: Store) -> None:
    """A project file becomes a project, and the one in use."""
    st.subheader("Open a project file", anchor=False)
    turn = st.session_state.get("data_turn", 0)
    file = st.file_uploader(
        "A zip that Mudra wrote",
        ["zip"],
        key=f"project_file_{turn}",
        help="It is checked first. All of it comes in, or nothing; a name that is taken gets a "
        "number.",
    )
    if file is None or not st.button("Import", icon="📥", key="bring_project"):
        return
    bar = st.progress(0.0, "checking …")
    with errors_shown():
        name, text = import_uploaded_project(
            store, studio().paths, file.getvalue(), file.name, temporary_folder(), moves(bar)
        )
        use_project(name)
        _done(f"Imported {text}", turn)
    bar.empty()


def samples_in(store: Store, project: Project) -> None:
    """Tables and COCO files become samples of this project."""
    st.subheader("Samples from other programs", anchor=False)
    turn = st.session_state.get("data_turn", 0)
    files = st.file_uploader(
        "A table or COCO keypoints",
        [suffix.strip(".") for suffix in SUFFIXES],
        True,
        key=f"data_files_{turn}",
        help="What Mudra wrote, COCO keypoints (json), Kazuhito00's keypoint.csv with its "
        "keypoint_classifier_label.csv, or columns gesture, x0, y0 … x20, y20.",
    )
    if not files or not st.button(f"Add to {safe_label(project.name)}", icon="➕", key="add_data"):
        return
    with errors_shown(), st.spinner("Reading …"):
        uploads = [(file.name, file.getvalue()) for file in files]
        _done(import_uploaded_samples(store, project, uploads, temporary_folder()), turn)


def _done(message: str, turn: int) -> None:
    """Say it on a page with empty fields."""
    st.session_state["data_said"] = message
    st.session_state["data_turn"] = turn + 1
    st.rerun()
