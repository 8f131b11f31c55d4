"""What this visitor did last that can be undone; another window's acts are not theirs."""

import time
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.store.history import HistoryEntry

_KEY = "acts"


@dataclass(frozen=True)
class Act:
    """An entry of a project's history, and which of this visitor's acts it is, from 1 on."""

    project_id: int
    entry: HistoryEntry
    number: int
    done_s: float


@dataclass
class _Acts:
    latest: Act | None = None


def begin_acts() -> None:
    """From now on this visitor's acts are remembered."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _Acts()


def remember_act(project_id: int, entry: HistoryEntry) -> None:
    """Told by the store in the thread that acted: a visitor's, or one that works by itself."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    # Streamlit may break the page off where it gives a value, here in the midst of the act; the
    # copy of all values it gives without that
    acts: _Acts | None = context.session_state.filtered_state.get(_KEY)
    if acts is not None:
        number = acts.latest.number + 1 if acts.latest else 1
        acts.latest = Act(project_id, entry, number, time.monotonic())


def latest_act() -> Act | None:
    """The last one of this visitor."""
    acts: _Acts | None = st.session_state.get(_KEY)
    return acts.latest if acts else None
