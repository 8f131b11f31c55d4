"""A progress bar for acts that tell how far they are."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx

from core.jobs.job import Job

_MOVES_S = 0.1


def moves(bar: DeltaGenerator, text: str | None = None) -> Callable[[float], None]:
    """What a long act calls with the share that is done, 0..1, to move a progress bar."""

    def move(share: float) -> None:
        bar.progress(share, text)

    return move


def start_job(key: str, work: Callable[[Callable[[float], None]], Any]) -> None:
    """Begin what must not be half done: Streamlit breaks off a page where another widget is used.

    Args:
        key: what this visitor's page calls it.
        work: given what to tell its share; it touches nothing of Streamlit.
    """
    before: Job | None = st.session_state.get(key)
    if before is not None:
        before.thread.join()
    job = Job(work)
    add_script_run_ctx(job.thread)  # it is this visitor's act
    job.thread.start()
    st.session_state[key] = job


def show_job(key: str, text: str) -> None:
    """Where that goes on, a bar until it is done, then the page anew; raises its error, once."""
    job: Job | None = st.session_state.get(key)
    if job is None or job.result is not None:
        return
    bar = st.progress(job.share, text)
    while not job.over(_MOVES_S):
        bar.progress(job.share, text)
    if job.error is None:
        st.rerun()
    bar.empty()
    forget_job(key)
    raise job.error


def job_result(key: str) -> Any:
    """What it gave; None until it is done."""
    job: Job | None = st.session_state.get(key)
    return None if job is None else job.result


def forget_job(key: str) -> None:
    """Its result is not needed any more."""
    st.session_state.pop(key, None)
