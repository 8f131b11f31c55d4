"""The Export page's data: projects and samples, exported and imported."""

import streamlit as st

from core.exchange.downloads import (
    WHOLE_PROJECT,
    Download,
    import_uploaded_project,
    import_uploaded_samples,
    prepare_download,
)
from core.exchange.tables.data_in import SUFFIXES
from core.exchange.tables.data_out import FORMATS
from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.controls import download_button, upload_field
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.progress import forget_job, job_result, progress_bar, show_job, start_job
from pages.panels.resources import studio, visitor_folder
from pages.panels.visit import select_project

BIG_MB = 100
_PROJECT, _SAMPLES = "import_project_job", "import_samples_job"


def show_data_exchange(store: Store, project: Project) -> None:
    """Draw export and import, side by side, of the project and of its samples."""
    show_import_result(project)
    left, right = st.columns(2, gap="large")
    with left:
        _export_project_form(store, project)
    with right:
        import_project_form(store)
    st.divider()
    left, right = st.columns(2, gap="large")
    with left:
        _export_samples_form(store, project)
    with right:
        import_samples_form(store, project)


def _export_project_form(store: Store, project: Project) -> None:
    """Draw the options and the download of the whole project as one zip."""
    st.subheader(t("The whole project, one file"), anchor=False)
    st.caption(
        t(
            "Gestures, people, sessions, samples, trainings and models, each with its sha256. Open "
            "it here or on another machine. At most 500 MB."
        )
    )
    label = t("With the pictures")
    pictures = st.checkbox(label, True, key="zip_pictures", persist_state="session")
    in_bin = st.checkbox(t("With the bin"), key="zip_bin", persist_state="session")
    title, options = t("Prepare the project file"), {"with_bin": in_bin, "with_pictures": pictures}
    _draw_prepared_download(store, project, WHOLE_PROJECT, title, **options)


def _export_samples_form(store: Store, project: Project) -> None:
    """Show a selector for a table format and the download of the samples in it."""
    st.subheader(t("Samples for other programs"), anchor=False)
    kind = st.selectbox(
        t("Format"),
        list(FORMATS),
        key="data_kind",
        format_func=lambda name: t(FORMATS[name].title),
        persist_state="session",
    )
    st.caption(t(FORMATS[kind].keeps))
    title = t("Prepare {format}", format=t(FORMATS[kind].title))
    _draw_prepared_download(store, project, kind, title)


def _draw_prepared_download(
    store: Store, project: Project, kind: str, title: str, **options: bool
) -> None:
    """Draw a button that writes a file of this kind, then one that downloads it."""
    key = (project.id, kind, *options.values())
    ready: tuple[tuple[object, ...], Download] | None = st.session_state.get("download")
    if st.button(title, icon="📦", key=f"prepare_{kind}"):
        with show_errors(), progress_bar(t("writing …")) as progress:
            paths, folder = studio().paths, visitor_folder()
            made = prepare_download(
                store, paths, project, kind, folder, progress=progress, **options
            )
            ready = st.session_state["download"] = (key, made)
    if ready is None or ready[0] != key or not ready[1].path.exists():
        return
    download = ready[1]
    st.caption(safe_label(t(download.text)))
    if download.megabytes > BIG_MB:
        st.caption(
            t(
                "The download loads {size:.0f} MB into this server's memory; the command line "
                "writes it straight to disk.",
                size=download.megabytes,
            )
        )
    download_button(
        t("Download {file}", file=download.name),
        download.path.read_bytes,
        download.name,
        icon="⬇️",
        type="primary",
        key=f"download_{kind}",
    )


def show_import_result(project: Project) -> None:
    """Show the last import's result once; select an imported project."""
    if message := st.session_state.pop("data_said", None):
        st.success(safe_label(message), icon="✅")
    if found := job_result(_PROJECT):
        project_id, text = found
        select_project(project_id)
        _reset_import_fields(_PROJECT, t("Imported {what}", what=t(text)))
    if message := job_result(_samples_job_key(project)):
        _reset_import_fields(_samples_job_key(project), t(message))


def _samples_job_key(project: Project) -> str:
    return f"{_SAMPLES}_{project.id}"


def _reset_import_fields(job: str, message: str) -> None:
    """Store the message, empty the upload fields, forget the job, and rerun the page."""
    st.session_state["data_said"] = message
    st.session_state["data_turn"] = st.session_state.get("data_turn", 0) + 1
    forget_job(job)
    st.rerun()


def import_project_form(store: Store) -> None:
    """Draw the upload of a project zip and a button that imports it in a background job."""
    st.subheader(t("Open a project file"), anchor=False)
    turn = st.session_state.get("data_turn", 0)
    file = upload_field(
        ["zips"],
        t("A zip that Mudra wrote"),
        ["zip"],
        key=f"project_file_{turn}",
        help=t(
            "It is checked first. Everything is imported, or nothing; a name that is taken gets a "
            "number."
        ),
    )
    if file is not None and st.button(t("Import"), icon="📥", key="bring_project"):
        name, content = file.name, file.getvalue()
        paths, folder = studio().paths, visitor_folder()
        start_job(
            _PROJECT,
            lambda progress: import_uploaded_project(store, paths, content, name, folder, progress),
        )
    with show_errors():
        show_job(_PROJECT, t("Checking and importing …"))


def import_samples_form(store: Store, project: Project) -> None:
    """Draw the upload of tables or COCO files and a button that adds their samples in a job."""
    st.subheader(t("Samples from other programs"), anchor=False)
    turn = st.session_state.get("data_turn", 0)
    files = upload_field(
        ["CSV", "JSON", "Parquet"],
        t("A table or COCO keypoints"),
        SUFFIXES,
        accept_multiple_files=True,
        key=f"data_files_{turn}",
        help=t(
            "Mudra's own files, COCO keypoints (json), Kazuhito00's keypoint.csv with its "
            "keypoint_classifier_label.csv, or columns gesture, x0, y0 … x20, y20; of a body … "
            "x32, y32 and v0 … v32, below 0.5 if hidden."
        ),
    )
    add = t("Add to {project}", project=safe_label(project.name))
    if files and st.button(add, icon="➕", key="add_data"):
        uploads, folder = [(file.name, file.getvalue()) for file in files], visitor_folder()
        start_job(
            _samples_job_key(project),
            lambda progress: import_uploaded_samples(store, project, uploads, folder, progress),
        )
    with show_errors():
        show_job(_samples_job_key(project), t("Reading …"))
