"""What the pages share: the studio's resources, navigation, shown errors, style."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from core.errors import MudraError
from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.answering import answering
from core.jobs.trainings import TrainingManager, result_of
from core.learning.runs import Run, error_text
from core.offline.files import TemporaryFolder
from core.paths import Paths
from core.review.reviewing import LabelNoiseCache
from core.store import Project, Store
from pages.components import source
from pages.panels.project.acts import remember_act
from pages.panels.visitor import owner
from pages.panels.words import ICONS, MARKS, SECTIONS, STUDIO

log = logging.getLogger(__name__)
OWNERS = 200  # whose studios are kept; who was away longest is opened anew


@dataclass(frozen=True)
class Studio:
    """What all visitors of this server share."""

    paths: Paths
    store: Store
    trainings: TrainingManager


def studio() -> Studio:
    """The studio of the present workspace, as this visitor finds it."""
    return _studio(Paths.find().of(owner()))


def forget_studio() -> None:
    """Begin anew: all that is kept of it, or, where people log in, of this visitor's part."""
    paths = studio().paths
    if not paths.owner:
        st.cache_resource.clear()
        return
    _studio.clear(paths)
    label_noise_cache.clear(paths)


@st.cache_resource(show_spinner=False, max_entries=OWNERS)
def _studio(paths: Paths) -> Studio:
    store = Store(paths.store, remember_act, owner=paths.owner)
    return Studio(paths, store, TrainingManager(store, paths))


@st.cache_resource(show_spinner=False, max_entries=OWNERS)
def label_noise_cache(paths: Paths) -> LabelNoiseCache:
    """The label-noise scores, of every project of this workspace."""
    return LabelNoiseCache()


@st.cache_resource(show_spinner=False, max_entries=8)
def load_model(folder: Path, changed_at: float) -> GestureModel:
    """A gesture model, kept while its file stays the same."""
    return GestureModel.load(folder)


@contextmanager
def errors_shown() -> Iterator[None]:
    """The one place where Mudra's own errors become text on the page."""
    try:
        yield
    except (MudraError, OSError, MemoryError) as error:
        if not isinstance(error, MudraError):
            log.exception("shown on the page without its trace")
        st.error(safe_label(error_text(error)), icon="⚠️")


def navigation() -> StreamlitPage:
    """The pages in the sidebar; the one to run."""
    return st.navigation(
        {
            section: [
                st.Page(
                    f"pages/{name.lower()}.py", title=name, icon=ICONS[name], default=name == STUDIO
                )
                for name in names
            ]
            for section, names in SECTIONS.items()
        },
        expanded=True,
    )


def temporary_folder() -> Path:
    """This visitor's, for videos to show; it goes away with the session."""
    if "files_folder" not in st.session_state:
        st.session_state["files_folder"] = TemporaryFolder()
    return st.session_state["files_folder"].folder


def run_title(run: Run, project: Project) -> str:
    """A training in a list: when, how it stands, how good."""
    status, result = run.status(), result_of(run)
    parts = [f"{MARKS[status]} {when(run)}", status]
    if result:
        figures = result["figures"]
        parts.append(f"{figures['accuracy']:.1%} accuracy ({in_percent(figures['interval'])})")
    if imported := run.about().get("imported"):
        parts.append(f"from {imported}")
    if answering(studio().paths, project).name == run.name:
        parts.append("in use")
    return " · ".join(parts)


def when(run: Run) -> str:
    """When a run began."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(run.about()["time"]))


def in_percent(interval: list[float]) -> str:
    """An interval of shares."""
    return f"{interval[0]:.1%} – {interval[1]:.1%}"


def wide_columns(key: str, *widths: float) -> list[DeltaGenerator]:
    """Columns that stand one above the other on a tablet's screen."""
    with st.container(key=f"wide_{key}"):
        return st.columns(widths, gap="large")


def style() -> None:
    """Sizes that Streamlit has no option for; nothing of the user's is in here."""
    st.html(f"<style>{source('studio.css')}</style>")
