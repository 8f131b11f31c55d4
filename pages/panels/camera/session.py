"""This visitor's live session, and its connection to the page."""

import weakref

import streamlit as st

from core.live.channel import PATH
from core.live.session import LiveSession
from pages.components.stage import connect_page
from pages.panels.access import local_url, visitor_path
from pages.panels.language import chosen_language, visitor_translator

_KEY = "live_session"


class _SessionHolder:
    """Closes its session when Streamlit drops the visitor's state; the session itself is part of
    reference cycles."""

    def __init__(self) -> None:
        self.session = LiveSession()
        weakref.finalize(self, self.session.close)


def live_session() -> LiveSession:
    """Return this visitor's session."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _SessionHolder()
    return st.session_state[_KEY].session


def end_live_session() -> None:
    """Close this visitor's session now: who has logged out can't use its channel any more."""
    if (holder := st.session_state.pop(_KEY, None)) is not None:
        holder.session.close()


def connect_live_session() -> LiveSession:
    """Connect the page to this visitor's session and return it."""
    session = live_session()
    session.address = local_url()
    session.channel.translate = visitor_translator()
    connect_page(visitor_path(PATH), session.channel.token, chosen_language())
    return session
