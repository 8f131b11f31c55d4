"""What every page that records asks: person, plan, number of people; and the recorder."""

from dataclasses import replace

import streamlit as st

from core.live.live import LiveProcessor, Options
from core.pose.skeletons.table import skeleton_named
from core.recording.plans import CONTINUOUS, HELD, SHOT, TIMED, Plan
from core.recording.recorder import Recorder
from core.store import Project, Store
from core.words import mark
from pages.panels.camera.keypoints import pick_max_poses
from pages.panels.camera.stage import Stage
from pages.panels.controls import pick_option
from pages.panels.language import t
from pages.panels.resources import studio

HOLD, TIMED_MODE = mark("Hold"), mark("Timed")
START_STOP, SINGLE = mark("Start / stop"), mark("Single shot")


def pick_person_name() -> str:
    """Draw the text field for the person who shows the gestures; return the name, at first "me"."""
    return st.text_input(
        t("Person"),
        "me",
        key="person",
        bind="query-params",
        max_chars=40,
        help=t(
            "Who shows the gesture. With two or more people Mudra measures how well it recognises "
            "a new person."
        ),
    )


def pick_plan() -> Plan:
    """Draw recording mode, sample rate, countdown, length and sound; return them as a plan."""
    mode = pick_option(
        t("Recording mode"),
        [HOLD, TIMED_MODE, START_STOP, SINGLE],
        "mode",
        help=t("Timed counts down first: for gestures that need both hands."),
    )
    if mode == SINGLE:
        return SHOT
    rate = st.slider(t("Samples per second"), 1, 15, 10, key="rate", persist_state="session")
    if mode in (HOLD, START_STOP):
        return replace(HELD if mode == HOLD else CONTINUOUS, rate_hz=rate)
    delay = st.slider(
        t("Countdown (s)"), 0, 10, int(TIMED.delay_s), key="delay", persist_state="session"
    )
    length = st.slider(
        t("Length (s)"), 1, 30, int(TIMED.length_s or 3), key="length", persist_state="session"
    )
    sound = st.toggle(
        t("🔔 Sound"),
        True,
        key="beat_sound",
        persist_state="session",
        help=t(
            "A moving gesture is performed five times to a beat after the countdown: low clicks "
            "count in, a high click starts each performance."
        ),
    )
    return Plan(float(delay), float(length), None, rate, sound=sound)


def pick_max_people(project: Project) -> int:
    """Draw the switch for several people in a body project; return the maximum number of poses."""
    if not skeleton_named(project.skeleton).is_body:
        return 1
    text = t("The largest person is recorded, the middle one of equals. Slower in every frame.")
    return pick_max_poses("recorded_people", project.skeleton, help=text)


def visit_recorder(
    project: Project, person: str, source: str = "webcam", store: Store | None = None
) -> Recorder:
    """Return this visit's recorder; if the arguments changed, close it and open a new session.

    Args:
        store: of the project; None: this visitor's.
    """
    wanted = (st.session_state["visit"], project.id, person, source)
    if st.session_state.get("recorder_for") != wanted:
        if "recorder" in st.session_state:
            st.session_state["recorder"].close()
        st.session_state["recorder"] = Recorder(
            store or studio().store,
            project.id,
            person,
            source=source,
            with_pictures=not project.keypoints_only,
        )
        st.session_state["recorder_for"] = wanted
    return st.session_state["recorder"]


def show_recorded_video(place: Stage, options: Options, recorder: Recorder) -> LiveProcessor | None:
    """Show the video and pass each frame to the recorder; return the video's processor."""
    return place.show(
        options,
        watch=recorder.record_frame,
        on_end=lambda: recorder.stop(wait=False),
        recorder=recorder,
    )
