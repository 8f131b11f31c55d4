"""What this visitor did last that can be undone; another window's acts are not theirs."""

import time
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.store.history import HistoryEntry

_KEY = "act"


@dataclass(frozen=True)
class Act:
    """An entry of a project's history, and which of this visitor's acts it is, from 1 on."""

    project_id: int
    entry: HistoryEntry
    number: int
    done_s: float


def remember_act(project_id: int, entry: HistoryEntry) -> None:
    """Told by the store in the thread that acted: a visitor's, or one that works by itself."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return
    before = st.session_state.get(_KEY)
    number = before.number + 1 if before else 1
    st.session_state[_KEY] = Act(project_id, entry, number, time.monotonic())


def latest_act() -> Act | None:
    """The last one of this visitor."""
    return st.session_state.get(_KEY)
