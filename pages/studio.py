"""Studio: the teachable machine on one page: show gestures, train, see the answer."""

import streamlit as st

from core.live.live import LiveProcessor, Options
from core.store import Project
from pages.panels.camera.keypoints import overlay, pick_keypoints
from pages.panels.camera.stage import stage
from pages.panels.camera.stream import show_trouble
from pages.panels.layout import errors_shown
from pages.panels.live.models import answering_model, fitting
from pages.panels.live.readings import show_gesture, show_hands
from pages.panels.project.projects import pick_project
from pages.panels.recording.cards import gesture_cards
from pages.panels.recording.options import (
    pick_person,
    pick_plan,
    pick_recorded,
    recorder_for,
    show_recording,
)
from pages.panels.training.quick import missing, quick_training, recorded


def page() -> None:
    """Gestures and training beside the video, the answer under it."""
    project = pick_project()
    place = stage()
    with place.settings:
        person, plan = pick_person(), pick_plan()
        source = pick_keypoints("studio", project)
        maps, number = overlay("studio", source), pick_recorded(project)
    recorder = recorder_for(project, person)
    lacks = missing(project)
    with place.head:
        answering, says = answering_model(project)
        model = fitting(answering, source)
    place.say_next(lacks or says)
    live = show_recording(place, Options(model, number, keypoints=source, maps=maps), recorder)
    with place.beside:
        gesture_cards(
            project,
            recorder,
            live,
            plan,
            key="studio_cards",
            on_recorded=lambda: recorded(project),
            on_calm=st.rerun,
            on_changed=st.rerun,
        )
        quick_training(project, lacks)
    with place.under:
        st.fragment(_answer, run_every=place.every(0.2) if live else None)(live, project)


def _answer(live: LiveProcessor | None, project: Project) -> None:
    with errors_shown():
        if live is None:
            show_gesture("👋", "Show a gesture", "studio_answer")
            return
        latest = live.latest()
        show_trouble(latest)
        show_hands(latest, "studio_answer", project.skeleton)


page()
