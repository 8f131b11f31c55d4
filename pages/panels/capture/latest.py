"""The Record page's lower half: the latest samples, and samples from pictures."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.capture.recording import Recorder
from core.capture.samples import picture_of
from core.capture.stills import Added
from core.capture.uploads import add_uploads, file_recorder
from core.gestures.labels import safe_label
from core.offline.files import SUFFIXES, refusal_text
from core.pose.skeletons import skeleton_named
from core.reading.keypoint_sources import source_for
from core.store import Gesture, Project, Sample
from core.store.bin import delete_samples
from pages.panels.frame import errors_shown, studio
from pages.panels.progress import begin, done, follow, forget
from pages.panels.uploads import upload_field

COLUMNS, ROWS = 8, 2


def latest_samples(project: Project, gesture: Gesture) -> None:
    """The gesture's newest samples as crops with skeleton, each with a button to delete it."""
    store = studio().store
    with st.container(horizontal=True, vertical_alignment="center", key="samples"):
        total = sum(r.samples for r in store.overview(project.id) if r.gesture.id == gesture.id)
        title = safe_label(gesture.label.title)
        st.markdown(f"**{title}**: {total} samples")
    shown = store.samples(project.id, gesture_id=gesture.id, limit=COLUMNS * ROWS)
    if not shown:
        st.caption("No samples yet.")
        return
    for row in range(0, len(shown), COLUMNS):
        for column, sample in zip(st.columns(COLUMNS), shown[row : row + COLUMNS], strict=False):
            with column, st.container(gap=None):
                _tile(project, sample)
    st.button(
        f"Delete these {len(shown)}",
        icon="🗑️",
        on_click=_delete,
        args=(project, [sample.id for sample in shown]),
    )


def _tile(project: Project, sample: Sample) -> None:
    st.image(picture_of(sample), width="stretch")
    st.button(
        "Delete",
        key=f"delete_{sample.id}",
        width="stretch",
        type="tertiary",
        on_click=_delete,
        args=(project, [sample.id]),
    )


def _delete(project: Project, ids: list[int]) -> None:
    """Before the page is drawn anew: what another window deleted has no button there any more."""
    with errors_shown():
        if not delete_samples(studio().store, project.id, ids):
            st.toast(
                "That sample was deleted already."
                if len(ids) == 1
                else "Those samples were deleted already.",
                icon="🗑️",
            )


def add_files(recorder: Recorder, project: Project, gesture: Gesture) -> None:
    """Upload of pictures, videos and zips, and a snapshot by the browser's own camera widget."""
    title = safe_label(gesture.label.title)
    left, right = st.columns(2, gap="large")
    with left, st.form("upload", border=False, clear_on_submit=True):
        files = upload_field(
            ["pictures", "videos", "zips"],
            f"Pictures or videos of {title}, or a zip with a folder per gesture",
            [s.strip(".") for s in SUFFIXES],
            accept_multiple_files=True,
            key="files",
            help="Of a video five frames a second are looked at. Folders in a zip are named like "
            "their gesture; new names become gestures of the project.",
        )
        person = st.text_input(
            "Who is in them",
            max_chars=40,
            key="files_person",
            placeholder="unknown",
            help="Leave it empty where nobody knows: unknown people count as no further person.",
        )
        # a key, for a press while another gesture's page is on its way is of the same button
        if st.form_submit_button(f"Add as {title}", icon="➕", key="add_files"):
            if files:
                own = file_recorder(recorder, [file.name for file in files], person)
                _add(own, project, gesture, [(file.name, file.getvalue()) for file in files])
            else:
                st.caption("Choose pictures or videos first.")
    with right:
        _snapshot(recorder, project, gesture)
    with left, errors_shown():
        follow(_upload_job(project), f"Looking for {skeleton_named(project.skeleton).titles} …")


def _snapshot(recorder: Recorder, project: Project, gesture: Gesture) -> None:
    if not st.toggle("Take a snapshot", help="For when the live video can't connect."):
        return
    shot = st.camera_input(f"Snapshot of {safe_label(gesture.label.title)}", key="snapshot")
    if shot is not None and st.session_state.get("snapshot_added") != shot.file_id:
        st.session_state["snapshot_added"] = shot.file_id
        _add(recorder, project, gesture, [(shot.name, shot.getvalue())])


def _add(
    recorder: Recorder, project: Project, gesture: Gesture, uploads: list[tuple[str, bytes]]
) -> None:
    paths = studio().paths

    def make_estimator() -> Any:
        return source_for(project.skeleton).open(paths)

    def work(progress: Callable[[float], None]) -> Added:
        return add_uploads(recorder, project, gesture, uploads, make_estimator, progress=progress)

    begin(_upload_job(project), work)


def _upload_job(project: Project) -> str:
    return f"upload_job_{project.id}"


def show_added(project: Project) -> None:
    """What became of the last upload into the project, until the next one."""
    added: Added | None = done(_upload_job(project))
    if added is None:
        return
    with st.container(border=True):
        st.markdown(f"🖼 kept **{added.kept}** / refused **{len(added.refused)}**")
        lines = [safe_label(refusal_text(*one)) for one in added.refused[:20]]
        st.markdown("\n".join(f"- {line}" for line in lines))
        if len(added.refused) > 20:
            st.caption(f"and {len(added.refused) - 20} more")
        if st.button("OK", key="said_ok"):
            forget(_upload_job(project))
            st.rerun()
