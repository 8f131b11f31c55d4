"""The Export page's way in: a project file that Mudra wrote, samples from other programs."""

from collections.abc import Callable

import streamlit as st

from core.exchange.data_in import SUFFIXES
from core.exchange.downloads import import_uploaded_project, import_uploaded_samples
from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.progress import begin, done, follow, forget
from pages.panels.project.chosen import use_project
from pages.panels.uploads import upload_field

_PROJECT, _SAMPLES = "import_project_job", "import_samples_job"
_Progress = Callable[[float], None]


def show_imported(project: Project) -> None:
    """What came in last, once; a project is the one in use then."""
    if message := st.session_state.pop("data_said", None):
        st.success(safe_label(message), icon="✅")
    if found := done(_PROJECT):
        name, text = found
        use_project(studio().store.project(name).id)
        _next(_PROJECT, f"Imported {text}")
    if message := done(_samples_job(project)):
        _next(_samples_job(project), message)


def _samples_job(project: Project) -> str:
    return f"{_SAMPLES}_{project.id}"


def _next(job: str, message: str) -> None:
    """Say it on a page with empty fields."""
    st.session_state["data_said"] = message
    st.session_state["data_turn"] = st.session_state.get("data_turn", 0) + 1
    forget(job)
    st.rerun()


def project_in(store: Store) -> None:
    """A project file becomes a project, and the one in use."""
    st.subheader("Open a project file", anchor=False)
    turn = st.session_state.get("data_turn", 0)
    file = upload_field(
        ["zips"],
        "A zip that Mudra wrote",
        ["zip"],
        key=f"project_file_{turn}",
        help="It is checked first. All of it comes in, or nothing; a name that is taken gets a "
        "number.",
    )
    if file is not None and st.button("Import", icon="📥", key="bring_project"):
        name, content = file.name, file.getvalue()
        paths, folder = studio().paths, temporary_folder()

        def work(progress: _Progress) -> tuple[str, str]:
            return import_uploaded_project(store, paths, content, name, folder, progress)

        begin(_PROJECT, work)
    with errors_shown():
        follow(_PROJECT, "Checking and importing …")


def samples_in(store: Store, project: Project) -> None:
    """Tables and COCO files become samples of this project."""
    st.subheader("Samples from other programs", anchor=False)
    turn = st.session_state.get("data_turn", 0)
    files = upload_field(
        ["CSV", "JSON", "Parquet"],
        "A table or COCO keypoints",
        [suffix.strip(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"data_files_{turn}",
        help="What Mudra wrote, COCO keypoints (json), Kazuhito00's keypoint.csv with its "
        "keypoint_classifier_label.csv, or columns gesture, x0, y0 … x20, y20, of a body … x32, "
        "y32 and v0 … v32, below 0.5 where hidden.",
    )
    add = f"Add to {safe_label(project.name)}"
    if files and st.button(add, icon="➕", key="add_data"):
        uploads, folder = [(file.name, file.getvalue()) for file in files], temporary_folder()

        def work(progress: _Progress) -> str:
            return import_uploaded_samples(store, project, uploads, folder, progress)

        begin(_samples_job(project), work)
    with errors_shown():
        follow(_samples_job(project), "Reading …")
