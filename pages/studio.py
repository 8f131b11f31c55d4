"""Studio: record gestures, train, and see the answer, on one page."""

from functools import partial

import streamlit as st

from core.live.live import LiveProcessor, Options
from core.store import Project
from pages.panels.camera.keypoints import pick_keypoints, pick_overlay
from pages.panels.camera.stage import current_stage
from pages.panels.camera.stream import show_stream_problem
from pages.panels.layout import show_errors
from pages.panels.live.models import answering_model, model_for_keypoints
from pages.panels.live.readings import show_answers, show_placeholder
from pages.panels.project.projects import pick_project
from pages.panels.recording import options
from pages.panels.recording.cards import Cards, draw_gesture_cards
from pages.panels.training.quick import recording_advice, show_quick_training, train_after_recording


def page() -> None:
    """Draw the page: gesture cards and training beside the video, the answer below it."""
    project = pick_project()
    place = current_stage()
    with place.settings:
        person, plan = options.pick_person_name(), options.pick_plan()
        source = pick_keypoints("studio", project)
        maps, number = pick_overlay("studio", source), options.pick_max_people(project)
    recorder = options.visit_recorder(project, person)
    train = partial(train_after_recording, project)
    advice = recording_advice(project)
    with place.head:
        active, status = answering_model(project)
        model = model_for_keypoints(active, source)
    place.show_next_step(advice or status)
    live = options.show_recorded_video(
        place, Options(model, number, keypoints=source, maps=maps), recorder
    )
    with place.beside:
        cards = Cards(project, recorder, live, plan, "studio_cards", on_recorded=train)
        draw_gesture_cards(cards)
        show_quick_training(project, advice)
    with place.under:
        st.fragment(_draw_studio_answer, run_every=place.refresh_s(0.2) if live else None)(
            live, project
        )


def _draw_studio_answer(live: LiveProcessor | None, project: Project) -> None:
    """Draw the last frame's gestures and stream problems; a placeholder while the camera is off."""
    with show_errors():
        if live is None:
            show_placeholder("👋", "Show a gesture", "studio_answer")
            return
        latest = live.latest()
        show_stream_problem(latest)
        show_answers(latest, "studio_answer", project.skeleton)


page()
