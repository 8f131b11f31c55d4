"""Recording depth hands as samples of a project, training, and naming their gestures."""

import time
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import MudraError
from core.estimators.depth_nets import DepthNet
from core.gestures.labels import safe_label
from core.live.depth_stream import DepthStream
from core.offline import depth_recording
from core.reading.depth_playback import DepthPlayback, DepthView
from core.store import Gesture, Project
from core.store.index import count_samples
from core.store.learned import set_train_in_space
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.live.models import load_active_model
from pages.panels.recording.cards import draw_gesture_cards
from pages.panels.recording.options import pick_person_name, pick_plan, visit_recorder
from pages.panels.resources import studio
from pages.panels.training.quick import recording_advice, show_quick_training, train_after_recording

GestureNamer = Callable[[DepthView], str]


def depth_gesture_namer(project: Project, net: DepthNet) -> tuple[str, GestureNamer]:
    """Return the project's model name, and a function from a frame to its gesture text; both are or
    return "" if the model wasn't trained on this net's keypoints."""
    model = load_active_model(project)[0] if project.in_space else None
    if model is None or model.axes != 3 or not model.knows(net.name):
        return "", lambda view: ""

    def name_gesture(view: DepthView) -> str:
        """Return the frame's gesture and probability as text; "" if there is no hand."""
        answer = depth_recording.predict_depth_hand(view, model, net.name)
        if answer is None:
            return ""
        gesture, probability = answer.gesture, answer.likeliest[1]
        accepted = gesture is not None and probability >= model.about.threshold
        return f"{gesture.title} {probability:.0%}" if gesture and accepted else t("No gesture")

    trained = model.metadata.get("made_at", "")
    return f"{model.path.name} {trained}", name_gesture


def teach_from_camera(project: Project, stream: DepthStream, net: DepthNet, name: str) -> None:
    """Draw the gesture cards, which record from the depth camera, and the training controls."""
    if not _check_depth_project(project, net):
        return
    left, right = _draw_teaching_columns(project, net)
    with right:
        person, plan = pick_person_name(), pick_plan()
        recorder = visit_recorder(project, person, name)
        show_quick_training(project, recording_advice(project))
    stream.watch = lambda frame, found: depth_recording.offer_depth_frame(
        recorder, frame, found, net.name, source=name, time_s=time.monotonic()
    )
    with left:
        train = train_after_recording(project)
        draw_gesture_cards(project, recorder, stream, plan, "depth_cards", on_recorded=train)


def teach_from_recording(
    project: Project, playback: DepthPlayback, net: DepthNet, name: str
) -> None:
    """Draw the form that adds a range of frames as a gesture's samples, and training controls."""
    if not _check_depth_project(project, net):
        return
    left, right = _draw_teaching_columns(project, net)
    with right:
        person = pick_person_name()
        show_quick_training(
            project, recording_advice(project, t("Choose the frames that show it."))
        )
    with left, show_errors():
        gestures = studio().store.gestures(project.id, enabled_only=True)
        gesture = st.selectbox(
            t("Gesture"), gestures, format_func=_gesture_title, key="depth_gesture"
        )
        first, last = 1, playback.count
        if playback.count > 1:
            first, last = st.slider(t("Frames"), 1, last, (1, last), key=f"depth_frames_{name}")
        if gesture is not None and st.button(t("Add these frames as samples"), icon="⏺"):
            with st.spinner(t("Reading …")):
                frames = playback.read(range(first - 1, last))
                source = visit_recorder(project, person, playback.source.name)
                added = depth_recording.add_depth_samples(
                    source, gesture.id, frames, net.name, source=playback.source.name
                )
            train_after_recording(project)()
            st.toast(safe_label(f"{gesture.label.title}: {t(added.text)}"), icon="⏺")
            st.rerun()
        counts = count_samples(studio().store, project.id)
        parts = [
            f"{_gesture_title(one)} {counts[one.id]:,}" for one in gestures if one.id in counts
        ]
        listed = ", ".join(parts)
        text = t("Samples: {listed}", listed=listed) if parts else t("Samples: none yet")
        st.caption(safe_label(text))


def _draw_teaching_columns(project: Project, net: DepthNet) -> Sequence[DeltaGenerator]:
    """Draw the heading, and a note if the model wasn't trained for the net; return two columns."""
    st.subheader(t("Teach “{project}”", project=safe_label(project.name)), anchor=False)
    model = load_active_model(project)[0]
    if model is not None and model.axes == 3 and not model.knows(net.name):
        st.caption(
            t(
                "Its model knows {known} keypoints, not those of {net}, so no gesture is named "
                "here. Record some and train again: a 3-D training learns from all of them.",
                known=safe_label(t(" and ").join(model.estimators)),
                net=safe_label(net.name),
            )
        )
    return st.columns([3, 2])


def _gesture_title(gesture: Gesture) -> str:
    return gesture.label.title


def _check_depth_project(project: Project, net: DepthNet) -> bool:
    """Return whether the project accepts 3-D hands of the net's skeleton; if not, show why."""
    try:
        depth_recording.check_takes_depth(project, net.skeleton)
    except MudraError as error:
        st.info(safe_label(t(error.text)), icon="🧊")
        empty = not count_samples(studio().store, project.id)
        able = empty and net.skeleton == project.skeleton
        if able and st.button(t("Make it a 3-D project"), key="depth_in_space"):
            set_train_in_space(studio().store, project, True)
            st.rerun()
        return False
    return True
