"""The Export page's data: the whole project as one file, and samples for other programs."""

from collections.abc import Callable

import streamlit as st

from core.exchange.data_out import KINDS
from core.exchange.downloads import WHOLE, Download, prepare
from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.progress import moves
from pages.panels.project.import_data import project_in, samples_in, show_imported

BIG_MB = 100
KEPT = {
    "csv": "Comes back to the last bit: keypoints, scores, gesture, person, session, recording, "
    "mirror, estimator. Left out: pictures, the bin, trainings, gestures without samples.",
    "parquet": "The same as CSV in a smaller file.",
    "coco": "Comes back to the last bit, too; what COCO has no place for stands under “mudra”. "
    "Left out: pictures, the bin, trainings, gestures without samples.",
    "kazuhito": "The keypoints as seen on the screen, from the wrist, the farthest 1, and the "
    "gesture. Left out: everything else, and samples with a missing keypoint.",
}
NAMES = {
    "csv": "CSV",
    "parquet": "Parquet",
    "coco": "COCO keypoints (json)",
    "kazuhito": "Kazuhito00's keypoint.csv (zip)",
}


def data_section(store: Store, project: Project) -> None:
    """The project and its samples, out on the left and in on the right."""
    show_imported(project)
    left, right = st.columns(2, gap="large")
    with left:
        _project_out(store, project)
    with right:
        project_in(store)
    st.divider()
    left, right = st.columns(2, gap="large")
    with left:
        _samples_out(store, project)
    with right:
        samples_in(store, project)


def _project_out(store: Store, project: Project) -> None:
    st.subheader("The whole project, one file", anchor=False)
    st.caption(
        "Gestures, persons, sessions, samples, trainings and models, each with its sha256. "
        "Open it here or on another machine. At most 500 MB."
    )
    pictures = st.checkbox("With the pictures", True, key="zip_pictures", persist_state="session")
    in_bin = st.checkbox("With what is in the bin", key="zip_bin", persist_state="session")
    about = (project.id, WHOLE, pictures, in_bin)
    _prepare_and_download(
        about,
        "Prepare the project file",
        lambda progress: prepare(
            store,
            studio().paths,
            project,
            WHOLE,
            temporary_folder(),
            with_bin=in_bin,
            with_pictures=pictures,
            progress=progress,
        ),
    )


def _samples_out(store: Store, project: Project) -> None:
    st.subheader("Samples for other programs", anchor=False)
    kind = st.selectbox(
        "Format",
        list(KINDS),
        key="data_kind",
        format_func=NAMES.__getitem__,
        persist_state="session",
    )
    st.caption(KEPT[kind])
    _prepare_and_download(
        (project.id, kind),
        f"Prepare {NAMES[kind]}",
        lambda progress: prepare(
            store, studio().paths, project, kind, temporary_folder(), progress=progress
        ),
    )


def _prepare_and_download(
    about: tuple[object, ...], title: str, make: Callable[[Callable[[float], None]], Download]
) -> None:
    """A button that writes the file, then one that hands it out."""
    ready: tuple[tuple[object, ...], Download] | None = st.session_state.get("download")
    if st.button(title, icon="📦", key=f"prepare_{about[1]}"):
        bar = st.progress(0.0, "writing …")
        with errors_shown():
            ready = (about, make(moves(bar, "writing …")))
            st.session_state["download"] = ready
        bar.empty()
    if ready is None or ready[0] != about or not ready[1].path.exists():
        return
    download = ready[1]
    st.caption(safe_label(download.text))
    if download.megabytes > BIG_MB:
        st.caption(
            f"{download.megabytes:.0f} MB pass through this server's memory on their way to "
            "the browser; the command line writes it straight to disk."
        )
    st.download_button(
        f"Download {download.name}",
        download.path.read_bytes,
        download.name,
        download.mime,
        icon="⬇️",
        type="primary",
        key=f"download_{about[1]}",
        on_click="ignore",
    )


def forget_prepared() -> None:
    """Delete the file that this visitor prepared for download: it may hold pictures."""
    if ready := st.session_state.pop("download", None):
        ready[1].path.unlink(missing_ok=True)
