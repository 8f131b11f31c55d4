"""Studio: record gestures, train, and see the answer, on one page."""

from core.live.live import Options
from pages.panels.camera.keypoints import pick_keypoints, pick_overlay
from pages.panels.camera.stage import current_stage
from pages.panels.invitation import offer_invitation
from pages.panels.language import t
from pages.panels.live.models import load_active_model, model_for_keypoints
from pages.panels.live.rules import show_rules
from pages.panels.project.projects import pick_project
from pages.panels.recording import options
from pages.panels.recording.cards import draw_gesture_cards
from pages.panels.resources import studio
from pages.panels.training.quick import recording_advice, show_quick_training, train_after_recording


def page() -> None:
    """Draw the page: gesture cards and training beside the video, the answer below it."""
    project = pick_project()
    place = current_stage()
    with place.share:
        offer_invitation(project)
    with place.settings:
        person, plan = options.pick_person_name(), options.pick_plan()
        source = pick_keypoints("studio", project)
        maps, number = pick_overlay("studio", source), options.pick_max_people(project)
    recorder = options.visit_recorder(project, person)
    advice = recording_advice(project)
    with place.head:
        active, status = load_active_model(project)
        model = model_for_keypoints(active, source)
    if studio().trainings.runs(project):
        place.show_next_step(t(advice or status))
    else:
        place.show_steps(t(status), can_train=not advice)
    live = options.show_recorded_video(
        place, Options(model, number, keypoints=source, maps=maps), recorder
    )
    with place.beside:
        train = train_after_recording(project)
        draw_gesture_cards(project, recorder, live, plan, "studio_cards", on_recorded=train)
        show_quick_training(project, advice)
    with place.under:
        place.show_answer("studio_answer", project.skeleton)
    show_rules(live, project)


page()
