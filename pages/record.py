"""Record: samples of a gesture from the camera, from pictures, from snapshots."""

import streamlit as st

from core.capture.recording import CONTINUOUS, SHOT, TIMED, Plan, Recorder
from core.gestures.labels import safe_label
from core.pose.smoothing import Smoothing
from core.recognition.live import LiveProcessor, Options
from core.store import Gesture, Project
from pages.panels.camera.keypoints import overlay, pick_keypoints
from pages.panels.camera.stage import stage
from pages.panels.camera.stream import show_trouble
from pages.panels.capture.gesture import pick_gesture
from pages.panels.capture.keyboard import keyboard
from pages.panels.capture.latest import add_files, latest_samples, show_added
from pages.panels.capture.remote import record_remote
from pages.panels.choice import pick_one
from pages.panels.frame import errors_shown, studio
from pages.panels.project.projects import pick_project
from pages.panels.samples.balance import next_hint

TIMED_MODE, START_STOP, SINGLE = "Timed recording", "Start / stop", "Single shot"


def page() -> None:
    """What to record beside the video, samples below."""
    project = pick_project()
    place = stage()
    with place.beside:
        gesture = pick_gesture(project)
        person = _person()
        recorder = _recorder(project, person)
        plan = _pick_plan()
    with place.settings:
        source = pick_keypoints("record")
        maps = overlay("record", source)
    live = place.show(
        Options(hands=1, smoothing=Smoothing(joints=False), keypoints=source, maps=maps),
        watch=lambda frame, estimate, version: recorder.offer(frame, estimate, version).banner,
        on_end=lambda: recorder.stop(wait=False),
    )
    with place.beside:
        every = 0.3 if live is not None else None
        st.fragment(_record_button, run_every=every)(recorder, gesture, plan, live)
        keyboard()
        record_remote(live, recorder, gesture)
    show_added()
    next_hint(project)
    samples, uploads = st.tabs(["🖐 Latest samples", "🖼 Add pictures, videos or a snapshot"])
    with samples:
        latest_samples(project, gesture)
    with uploads:
        add_files(recorder, project, gesture)


def _person() -> str:
    return st.text_input(
        "Person",
        "me",
        key="person",
        bind="query-params",
        max_chars=40,
        help="Who shows the gesture. With two persons or more Mudra tells how well a new person "
        "is understood.",
    )


def _recorder(project: Project, person: str) -> Recorder:
    """This session's recorder: another session, project or person begins another session."""
    wanted = (st.session_state["visit"], project.id, person)
    if st.session_state.get("recorder_for") != wanted:
        if "recorder" in st.session_state:
            st.session_state["recorder"].close()
        st.session_state["recorder"] = Recorder(
            studio().store, project.id, person, with_pictures=not project.keypoints_only
        )
        st.session_state["recorder_for"] = wanted
    return st.session_state["recorder"]


def _pick_plan() -> Plan:
    mode = pick_one("How", [TIMED_MODE, START_STOP, SINGLE], "mode")
    if mode == SINGLE:
        return SHOT
    with st.popover("Rate and length", icon="⏱"):
        rate = st.slider("Frames a second", 1, 15, 10, key="rate", persist_state="session")
        if mode == START_STOP:
            return Plan(CONTINUOUS.delay_s, None, None, rate)
        delay = st.slider(
            "Countdown, s", 0, 10, int(TIMED.delay_s), key="delay", persist_state="session"
        )
        length = st.slider(
            "Length, s", 1, 30, int(TIMED.length_s or 3), key="length", persist_state="session"
        )
    return Plan(float(delay), float(length), None, rate)


def _record_button(
    recorder: Recorder, gesture: Gesture, plan: Plan, live: LiveProcessor | None
) -> None:
    """The button and the counters; a fragment, so that it moves while the camera runs."""
    with errors_shown():
        progress = recorder.progress()
        busy = progress.state != "idle"
        title = safe_label(gesture.label.title)
        if busy:
            if st.button("Stop", icon="⏹", type="primary", width="stretch", key="take_stop"):
                progress, busy = recorder.stop(), False
        elif st.button(
            f"Record {title}",
            icon="⏺",
            type="primary",
            width="stretch",
            key="take_begin",
            disabled=live is None,
            help=None if live else "Press START under the video first.",
        ):
            recorder.record(gesture.id, plan)
            progress, busy = recorder.progress(), True
        with st.container(key="count"):
            st.markdown(progress.headline)
        if progress.refused:
            st.caption(f"refused: {progress.reasons}")
        if progress.error:
            st.error(safe_label(progress.error), icon="💾")
        if live is not None:
            show_trouble(live.latest())
        if st.session_state.get("was_recording", False) and not busy:
            recorder.stop()  # all of it is in the store before the samples below are read
            st.session_state["was_recording"] = False
            st.rerun()
        st.session_state["was_recording"] = busy


page()
