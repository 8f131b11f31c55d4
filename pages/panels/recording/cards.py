"""The gesture cards: each gesture's samples, and the button that records it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.live.cards import CardsSetup, FrameSource, GestureCards
from core.recording.plans import Plan
from core.recording.recorder import Recorder
from core.store import Gesture, Project
from core.words import translate_all
from pages.components.stage import draw_cards
from pages.panels.camera.session import live_session
from pages.panels.controls import EMOJI_CHOICES
from pages.panels.language import t
from pages.panels.visit import acting_as_visitor, visitor_actions


def draw_gesture_cards(
    project: Project,
    recorder: Recorder,
    live: FrameSource | None,
    plan: Plan,
    key: str,
    *,
    on_recorded: Callable[[], object] = lambda: None,
    shows_choice: bool = False,
    make_cards: Callable[..., GestureCards] = GestureCards,
) -> Gesture | None:
    """Draw a card per enabled gesture with its record button; return the selected gesture.

    Args:
        live: None while the camera is off: nothing can be recorded.
        plan: with a lease, a button records while it is held; otherwise from one press to the next,
            or for the plan's length.
        key: the component's key.
        on_recorded: called in another thread when a recording has ended and is stored.
        make_cards: creates the visitor's cards of this project.
        shows_choice: whether the page shows the selected gesture and reruns for another one.
    """
    session = live_session()
    setup = CardsSetup(recorder, live, plan, on_recorded, shows_choice)
    cards = session.cards.get(project.id)
    if cards is None:
        cards = make_cards(project.id, setup, partial(acting_as_visitor, visitor_actions()))
        session.cards[project.id] = cards
    visit = st.session_state["visit"]
    cards.set_up(setup, forget_problem=st.session_state.get("cards_visit") != visit)
    st.session_state["cards_visit"] = visit
    if (wanted := st.session_state.pop(_wanted_key(project), None)) is not None:
        cards.choose(wanted)
    state = cards.state()
    session.show(cards.name, cards.state, cards.receive)
    session.show(f"{cards.name} pictures", cards.pictures)
    session.show(f"{cards.name} enlarged", cards.enlarged_picture)
    drawn = {name: state[name] for name in ("edits", "recorded")}
    draw_cards(key, cards.name, translate_all(state, t), EMOJI_CHOICES, drawn)
    return cards.chosen()


def select_for_recording(project: Project, gesture: Gesture) -> None:
    """Select a gesture on the cards of the page that is opened next."""
    st.session_state[_wanted_key(project)] = gesture.id


def _wanted_key(project: Project) -> str:
    return f"select_for_recording_{project.id}"
