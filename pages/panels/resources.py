"""What all visitors of this server share, and a visitor's temporary folder."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import TrainingManager
from core.offline.files import TemporaryFolder
from core.paths import Paths
from core.review.reviewing import LabelNoiseCache
from core.store import Store
from pages.panels.access import current_owner
from pages.panels.visit import record_last_action

OWNERS = 200  # studios in memory; the one unused for longest is closed


@dataclass(frozen=True)
class Studio:
    """What all visitors of this server share."""

    paths: Paths
    store: Store
    trainings: TrainingManager


def studio() -> Studio:
    """The studio of the present workspace, as this visitor finds it."""
    return _open_studio(Paths.find().of(current_owner()))


def clear_studio() -> None:
    """Begin anew: all that is kept of it, or, where people log in, of this visitor's part."""
    paths = studio().paths
    if not paths.owner:
        st.cache_resource.clear()
        return
    _open_studio.clear(paths)
    label_noise_cache.clear(paths)


@st.cache_resource(show_spinner=False, max_entries=OWNERS)
def _open_studio(paths: Paths) -> Studio:
    store = Store(paths.store, record_last_action, owner=paths.owner)
    return Studio(paths, store, TrainingManager(store, paths))


@st.cache_resource(show_spinner=False, max_entries=OWNERS)
def label_noise_cache(paths: Paths) -> LabelNoiseCache:
    """The label-noise scores, of every project of this workspace."""
    return LabelNoiseCache()


@st.cache_resource(show_spinner=False, max_entries=8)
def load_gesture_model(folder: Path, changed_at: float) -> GestureModel:
    """A gesture model, kept while its file stays the same."""
    return GestureModel.load(folder)


def visitor_folder() -> Path:
    """This visitor's, for videos to show; it goes away with the session."""
    if "files_folder" not in st.session_state:
        st.session_state["files_folder"] = TemporaryFolder()
    return st.session_state["files_folder"].folder
