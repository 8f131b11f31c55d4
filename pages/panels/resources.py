"""Objects that all visitors of this server share, and a visitor's temporary folder."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.classroom.invitations import Guest
from core.classroom.watch import ProjectWatch
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import TrainingManager
from core.offline.files import TemporaryFolder
from core.paths import Paths
from core.reading.keypoint_sources import default_source
from core.review.reviewing import LabelNoise
from core.store import Project, Store
from pages.panels.access import current_owner
from pages.panels.visit import record_last_action

MAX_OWNERS = 200  # studios in memory; the least recently used one is closed


@dataclass(frozen=True)
class Studio:
    """An owner's folders, database and training runs, shared by all their visits."""

    paths: Paths
    store: Store
    trainings: TrainingManager


def studio() -> Studio:
    """Return this visitor's studio."""
    return _open_studio(Paths.find().of(current_owner()))


def studio_of_guest(guest: Guest) -> Studio:
    """Return the studio of the owner who invited a guest."""
    return _open_studio(Paths.find().of(guest.invitation.owner))


def watch_project(place: Studio, project: Project) -> ProjectWatch:
    """Return the watch over a project that all its guests share."""
    return _watch_project(place.paths, project.id, project.created_at, place, project)


@st.cache_resource(show_spinner=False, max_entries=MAX_OWNERS)
def _watch_project(
    paths: Paths, project_id: int, made_at: str, _place: Studio, _project: Project
) -> ProjectWatch:
    estimator = default_source(_project.skeleton).name
    return ProjectWatch(_place.store, paths, _project, estimator, load_gesture_model)


def clear_studio() -> None:
    """Drop this visitor's cached store and scores; without a login, all cached resources."""
    paths = studio().paths
    if not paths.owner:
        st.cache_resource.clear()
        return
    _open_studio.clear(paths)
    label_noise_cache.clear(paths)


@st.cache_resource(show_spinner=False, max_entries=MAX_OWNERS)
def _open_studio(paths: Paths) -> Studio:
    store = Store(paths.store, record_last_action, owner=paths.owner)
    return Studio(paths, store, TrainingManager(store, paths))


@st.cache_resource(show_spinner=False, max_entries=MAX_OWNERS)
def label_noise_cache(paths: Paths) -> dict[int, LabelNoise]:
    """Return the latest label-noise scores of an owner's projects, by project id."""
    return {}


@st.cache_resource(show_spinner=False, max_entries=8)
def load_gesture_model(folder: Path, changed_at: float) -> GestureModel:
    """Load a gesture model, once for each time its files change."""
    return GestureModel.load(folder)


def visitor_folder() -> Path:
    """Return this visitor's temporary folder, created once and deleted when the session ends."""
    if "files_folder" not in st.session_state:
        st.session_state["files_folder"] = TemporaryFolder()
    return st.session_state["files_folder"].folder
