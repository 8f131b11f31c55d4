"""Record: samples of a gesture from the camera, pictures, videos or snapshots."""

from functools import partial

import streamlit as st

from core.actions.osc import IN_PORT, START, STOP, RecordingRemote
from core.gestures.labels import safe_label
from core.live.live import LiveProcessor, Options
from core.offline.files import SUFFIXES
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import default_source
from core.recording.imports.uploads import add_uploads, create_file_recorder
from core.recording.recorder import Recorder
from core.recording.sample_pictures import draw_sample
from core.recording.samples import AddReport
from core.store import Gesture, Project
from core.store.bin import delete_samples
from core.words import words
from pages.components.stage import Lines, draw_lines
from pages.panels.access import is_at_this_machine
from pages.panels.camera.keypoints import pick_keypoints, pick_overlay
from pages.panels.camera.stage import current_stage
from pages.panels.controls import upload_field
from pages.panels.language import t
from pages.panels.layout import list_skipped, show_errors
from pages.panels.progress import forget_job, job_result, show_job, start_job
from pages.panels.project.projects import pick_project
from pages.panels.recording.cards import draw_gesture_cards
from pages.panels.recording.options import (
    pick_max_people,
    pick_person_name,
    pick_plan,
    show_recorded_video,
    visit_recorder,
)
from pages.panels.resources import studio
from pages.panels.samples.balance import next_step

COLUMNS, ROWS = 8, 2


def page() -> None:
    """Draw the page: video and gesture cards, remote control, latest samples and uploads."""
    project = pick_project()
    place = current_stage()
    with place.beside:
        cards_place = st.container()
        recorder = visit_recorder(project, pick_person_name())
        plan = pick_plan()
    with place.settings:
        source = pick_keypoints("record", project)
        maps, number = pick_overlay("record", source), pick_max_people(project)
    options = Options(hands=number, smoothing=Smoothing(joints=False), keypoints=source, maps=maps)
    place.show_next_step(next_step(project) or t("Select a gesture and hold its button."))
    live = show_recorded_video(place, options, recorder)
    with cards_place:
        gesture = draw_gesture_cards(
            project, recorder, live, plan, "record_cards", shows_choice=True
        )
    with place.under:
        place.show_problems()
    if gesture is None:
        st.info(
            t(
                "Every gesture of this project is inactive or deleted: add one above, or activate "
                "one on Gestures."
            ),
            icon="🖐",
        )
        return
    with place.beside:
        show_remote_control(live, recorder, gesture)
    show_upload_result(project)
    samples, uploads = st.tabs([t("🖐 Latest samples"), t("🖼 Add pictures, videos or a snapshot")])
    with samples:
        show_latest_samples(project, gesture)
    with uploads:
        add_files_form(recorder, project, gesture)


def show_latest_samples(project: Project, gesture: Gesture) -> None:
    """Show the gesture's newest samples as crops with skeleton, each with a Delete button."""
    store = studio().store
    with st.container(horizontal=True, vertical_alignment="center", key="samples"):
        total = sum(r.samples for r in store.overview(project.id) if r.gesture.id == gesture.id)
        title = safe_label(gesture.label.title)
        st.markdown(t("**{gesture}**: {n} samples", gesture=title, n=total))
    shown = store.samples(project.id, gesture_id=gesture.id, limit=COLUMNS * ROWS)
    if not shown:
        st.caption(t("No samples yet."))
        return
    for row in range(0, len(shown), COLUMNS):
        for column, sample in zip(st.columns(COLUMNS), shown[row : row + COLUMNS], strict=False):
            with column, st.container(gap=None):
                alt = t("A sample of {gesture}", gesture=gesture.name)
                st.image(draw_sample(sample), width="stretch", alt=alt)
                st.button(
                    t("Delete"),
                    key=f"delete_{sample.id}",
                    width="stretch",
                    type="tertiary",
                    on_click=_delete_samples,
                    args=(project, [sample.id]),
                )
    st.button(
        t("Delete these {n}", n=len(shown)),
        icon="🗑️",
        on_click=_delete_samples,
        args=(project, [sample.id for sample in shown]),
    )


def _delete_samples(project: Project, ids: list[int]) -> None:
    """Delete samples before the page reruns; show a message if already deleted."""
    with show_errors():
        if not delete_samples(studio().store, project.id, ids):
            st.toast(t("Already deleted in another window."), icon="🗑️")


def add_files_form(recorder: Recorder, project: Project, gesture: Gesture) -> None:
    """Draw the upload of pictures, videos and zips and the snapshot, added in a background job."""
    title = safe_label(gesture.label.title)
    left, right = st.columns(2, gap="large")
    with left, st.form("upload", border=False, clear_on_submit=True):
        files = upload_field(
            ["pictures", "videos", "zips"],
            t("Pictures or videos of {gesture}, or a zip with a folder per gesture", gesture=title),
            SUFFIXES,
            accept_multiple_files=True,
            key="files",
            help=t(
                "Five frames per second of a video are used. Folders in a zip are named after "
                "their gesture; new names become gestures of the project."
            ),
        )
        person = st.text_input(
            t("Who is in them"),
            max_chars=40,
            key="files_person",
            placeholder=t("unknown"),
            help=t("Leave it empty if unknown: unknown people don't count as another person."),
        )
        # a key, so that a press during a change of gesture counts for the same button
        if st.form_submit_button(t("Add as {gesture}", gesture=title), icon="➕", key="add_files"):
            if files:
                uploads = [(file.name, file.getvalue()) for file in files]
                of_files = create_file_recorder(recorder, [name for name, _ in uploads], person)
                _start_upload_job(of_files, project, gesture, uploads)
            else:
                st.caption(t("Choose pictures or videos first."))
    with right:
        _snapshot_form(recorder, project, gesture)
    with left, show_errors():
        searched = t(skeleton_named(project.skeleton).titles)
        show_job(_upload_job_key(project), t("Looking for {hands} …", hands=searched))


def _snapshot_form(recorder: Recorder, project: Project, gesture: Gesture) -> None:
    """Draw the switch and the browser's snapshot camera; add each new snapshot as a sample."""
    if not st.toggle(t("Take a snapshot"), help=t("If the live video can't connect.")):
        return
    title = t("Snapshot of {gesture}", gesture=safe_label(gesture.label.title))
    shot = st.camera_input(title, key="snapshot")
    if shot is not None and st.session_state.get("snapshot_added") != shot.file_id:
        st.session_state["snapshot_added"] = shot.file_id
        _start_upload_job(recorder, project, gesture, [(shot.name, shot.getvalue())])


def _start_upload_job(
    recorder: Recorder, project: Project, gesture: Gesture, uploads: list[tuple[str, bytes]]
) -> None:
    """Start a job that estimates keypoints in the files and adds them as the gesture's samples."""
    paths, source = studio().paths, default_source(project.skeleton)
    start_job(
        _upload_job_key(project),
        lambda progress: add_uploads(
            recorder, project, gesture, uploads, lambda: source.open(paths), progress=progress
        ),
    )


def _upload_job_key(project: Project) -> str:
    return f"upload_job_{project.id}"


def show_upload_result(project: Project) -> None:
    """Show how many files of the last upload were added and skipped, and why."""
    added: AddReport | None = job_result(_upload_job_key(project))
    if added is None:
        return
    with st.container(border=True):
        counts = {"added": added.added, "skipped": len(added.skipped)}
        st.markdown(t("🖼 **{added}** added, **{skipped}** skipped", **counts))
        list_skipped(added.skipped, 20)
        if st.button(t("OK"), key="said_ok"):
            forget_job(_upload_job_key(project))
            st.rerun()


def show_remote_control(live: LiveProcessor | None, recorder: Recorder, gesture: Gesture) -> None:
    """Draw the OSC remote control's switch and port; open it while the camera runs. Hidden if the
    studio is reachable from the network."""
    with st.popover(t("Remote control"), icon="🎛"):
        if not is_at_this_machine():
            st.caption(
                t(
                    "Other people can reach this studio, so it opens no port for OSC: use the "
                    "remote control in a studio of your own."
                )
            )
            return
        label = t("Start and stop recordings by OSC")
        on = st.toggle(label, key="remote_on", persist_state="session")
        port = st.number_input(
            t("Port"), 1024, 65535, IN_PORT, key="remote_port", persist_state="session"
        )
        st.caption(
            t(
                "`{start}` and `{stop}`, as for Wekinator, start and stop a recording of the "
                "selected gesture. This page must be open with its camera running.",
                start=START,
                stop=STOP,
            )
        )
    if live is None:
        if on:
            st.caption(t("🎛 The remote control waits for the camera."))
        return
    remote = live.listener
    if isinstance(remote, RecordingRemote) and (not on or remote.port != port):
        live.attach(None)
    if not on:
        return current_stage().session.hide("remote")
    with show_errors():
        if not isinstance(remote, RecordingRemote) or remote.port != port:
            remote = RecordingRemote(int(port))
            live.attach(remote)
        remote.set_target(recorder, gesture.id)
        current_stage().session.show("remote", partial(_remote_state, remote))
        draw_lines("remote", "remote")


def _remote_state(remote: RecordingRemote) -> Lines:
    """Return the remote control's port, last command and error, as lines."""
    text = words(
        "🎛 Listening on port {port}. {command}", port=remote.port, command=remote.last_command
    )
    return {"texts": [text], "errors": [remote.error] if remote.error else []}


page()
