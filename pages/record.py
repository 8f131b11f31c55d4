"""Record: samples of a gesture from the camera, from pictures, from snapshots."""

import streamlit as st

from core.live.live import Options
from core.pose.smoothing import Smoothing
from pages.panels.camera.keypoints import overlay, pick_keypoints
from pages.panels.camera.stage import stage
from pages.panels.camera.stream import watch_trouble
from pages.panels.capture.cards import gesture_cards
from pages.panels.capture.latest import add_files, latest_samples, show_added
from pages.panels.capture.remote import record_remote
from pages.panels.capture.session import (
    pick_person,
    pick_plan,
    pick_recorded,
    recorder_for,
    show_recording,
)
from pages.panels.project.projects import pick_project
from pages.panels.samples.balance import next_step


def page() -> None:
    """What to record beside the video, samples below."""
    project = pick_project()
    place = stage()
    with place.beside:
        cards = st.container()
        recorder = recorder_for(project, pick_person())
        plan = pick_plan()
    with place.settings:
        source = pick_keypoints("record", project)
        maps, number = overlay("record", source), pick_recorded(project)
    options = Options(hands=number, smoothing=Smoothing(joints=False), keypoints=source, maps=maps)
    place.say_next(next_step(project) or "Choose a gesture and hold its button.")
    live = show_recording(place, options, recorder)
    with cards:
        gesture = gesture_cards(
            project,
            recorder,
            live,
            plan,
            key="record_cards",
            on_calm=st.rerun,
            on_chosen=st.rerun,
            on_changed=st.rerun,
            watch=bool(st.session_state.get("remote_on")),
        )
    with place.under:
        watch_trouble(live)
    if gesture is None:
        st.info(
            "Every gesture of this project is switched off or deleted: add one above, or "
            "bring one back on Gestures.",
            icon="🖐",
        )
        return
    with place.beside:
        record_remote(live, recorder, gesture)
    show_added(project)
    samples, uploads = st.tabs(["🖐 Latest samples", "🖼 Add pictures, videos or a snapshot"])
    with samples:
        latest_samples(project, gesture)
    with uploads:
        add_files(recorder, project, gesture)


page()
