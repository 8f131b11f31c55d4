"""Record: samples of a gesture from the camera, from pictures, from snapshots."""

from dataclasses import replace

import streamlit as st

from core.capture.recording import CONTINUOUS, HELD, SHOT, TIMED, Plan, Recorder
from core.pose.smoothing import Smoothing
from core.recognition.live import LiveProcessor, Options
from core.store import Project
from pages.panels.camera.keypoints import overlay, pick_keypoints
from pages.panels.camera.stage import stage
from pages.panels.camera.stream import show_trouble
from pages.panels.capture.cards import gesture_cards
from pages.panels.capture.latest import add_files, latest_samples, show_added
from pages.panels.capture.remote import record_remote
from pages.panels.choice import pick_one
from pages.panels.frame import studio
from pages.panels.project.projects import pick_project
from pages.panels.samples.balance import next_hint

HOLD, TIMED_MODE, START_STOP, SINGLE = "Hold", "Timed", "Start / stop", "Shot"


def page() -> None:
    """What to record beside the video, samples below."""
    project = pick_project()
    place = stage()
    with place.beside:
        cards = st.container()
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
    with cards:
        gesture = gesture_cards(
            project,
            recorder,
            live,
            plan,
            key="record_cards",
            on_recorded=st.rerun,
            on_changed=st.rerun,
            watch=bool(st.session_state.get("remote_on")),
        )
    with place.under:
        if live is not None:
            st.fragment(_trouble, run_every=1.0)(live)
    if gesture is None:
        st.info(
            "Every gesture of this project is switched off or deleted: add one above, or "
            "bring one back on Gestures.",
            icon="🖐",
        )
        return
    with place.beside:
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
    mode = pick_one("How", [HOLD, TIMED_MODE, START_STOP, SINGLE], "mode")
    if mode == SINGLE:
        return SHOT
    with st.popover("Rate and length", icon="⏱"):
        rate = st.slider("Frames a second", 1, 15, 10, key="rate", persist_state="session")
        if mode in (HOLD, START_STOP):
            return replace(HELD if mode == HOLD else CONTINUOUS, rate_hz=rate)
        delay = st.slider(
            "Countdown, s", 0, 10, int(TIMED.delay_s), key="delay", persist_state="session"
        )
        length = st.slider(
            "Length, s", 1, 30, int(TIMED.length_s or 3), key="length", persist_state="session"
        )
    return Plan(float(delay), float(length), None, rate)


def _trouble(live: LiveProcessor) -> None:
    show_trouble(live.latest())


page()
