"""Progress bars, and jobs that finish even if the page that started them is redrawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.job import Job
from core.offline.files import UploadResult, read_upload
from core.progress import Progress, to_fraction
from core.reading.keypoint_sources import KeypointSource
from pages.panels.language import t
from pages.panels.resources import studio, visitor_folder
from pages.panels.visit import acting_as_visitor, get_or_make, visitor_actions

_POLL_S = 0.1


@contextmanager
def progress_bar(text: str) -> Iterator[Progress]:
    """Show a progress bar in the context; yield a callback that moves it, labelled by default
    `text`."""
    bar = st.progress(0.0, text)

    def move_bar(done: float, total: float | None = None, label: str = "", /) -> None:
        bar.progress(to_fraction(done, total), t(label) or text)

    try:
        yield move_bar
    finally:
        bar.empty()


def read_cached_upload(
    name: str,
    file: Any,
    title: str,
    model: GestureModel | None,
    source: KeypointSource,
    num_poses: int,
    maps: str,
) -> UploadResult:
    """Analyse an uploaded picture, video or zip behind a progress bar with this title; cached by
    `name`, per file and settings. Videos are stored in the visitor's folder."""

    def read() -> UploadResult:
        with progress_bar(title) as progress:
            return read_upload(
                file.name,
                file.getvalue(),
                model,
                lambda: source.open(studio().paths, num_poses=num_poses),
                visitor_folder(),
                maps=maps,
                progress=progress,
            )

    key = (file.file_id, model and model.path, source, num_poses, maps)
    return get_or_make(name, key, read, UploadResult.delete_videos)


def start_job(key: str, work: Callable[[Progress], Any]) -> None:
    """Run work in its own thread, which page reruns don't interrupt; first wait for the key's
    previous job.

    Args:
        key: names the job in this visitor's session state.
        work: given a progress callback; it must not call Streamlit.
    """
    before: Job | None = st.session_state.get(key)
    if before is not None:
        before.thread.join()
    last = visitor_actions()

    def work_as_visitor(progress: Progress) -> Any:
        with acting_as_visitor(last):  # so that the undo bar offers what it changes
            return work(progress)

    job = Job(work_as_visitor)
    job.thread.start()
    st.session_state[key] = job


def show_job(key: str, text: str) -> None:
    """Show the running job's bar until it ends, then rerun the page; raise its error, once."""
    job: Job | None = st.session_state.get(key)
    if job is None or job.result is not None:
        return
    bar = st.progress(job.fraction, text)
    while not job.wait(_POLL_S):
        bar.progress(job.fraction, text)
    if job.error is None:
        st.rerun()
    bar.empty()
    forget_job(key)
    raise job.error


def job_result(key: str) -> Any:
    """Return what the job returned; None while it runs, or without a job."""
    job: Job | None = st.session_state.get(key)
    return None if job is None else job.result


def forget_job(key: str) -> None:
    """Drop the job and its result."""
    st.session_state.pop(key, None)
