"""The project in the sidebar: chosen, made, renamed and deleted."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import StoreError
from core.pose.skeletons.table import SUBJECTS
from core.store import Project, Store
from pages.panels.camera.stage import is_set
from pages.panels.layout import errors_shown
from pages.panels.navigation import navigation
from pages.panels.project.undo import undo_bar
from pages.panels.resources import studio
from pages.panels.visit import use_project

FIRST_PROJECT = "My gestures"
# a project's skeleton, and whether it begins with gestures that move
_ABOUT = {name: (skeleton, False) for name, skeleton in SUBJECTS.items()}
_ABOUT |= {"Hands that move": (SUBJECTS["Hands"], True)}


def pick_project() -> Project:
    """The project, chosen or made in the sidebar and remembered in the address."""
    if not is_set():
        # A page's address as a fresh server's first request: Streamlit takes `pages/` for its old
        # kind of app and runs the page without app.py, until `st.navigation` has been called once.
        navigation()
        st.rerun()
    undo_bar()
    store = studio().store
    projects = list_or_create_projects(store)
    project = _wanted(projects)
    drawn: Project | None = st.session_state.get("project_drawn")
    if drawn and drawn.id == project.id and drawn.name != project.name:
        use_project(project.id)  # renamed elsewhere: its old name may be another's by now
    st.session_state["project_drawn"] = project
    ids = {one.name: one.id for one in projects}
    with st.sidebar:
        turn = st.session_state.get("project_turn", 0)
        key = f"project_{turn}"
        names = list(ids)
        chosen = names.index(project.name)
        st.selectbox("Project", names, chosen, key=key, on_change=_chosen, args=(key, ids))
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            _new_project(store, turn)
            _change_project(store, project, turn)
    st.session_state["project_id"] = project.id
    st.query_params["project"] = project.name
    return project


def list_or_create_projects(store: Store) -> Sequence[Project]:
    """List the projects; create the first one if there are none."""
    if not store.projects():
        try:
            store.create_project(FIRST_PROJECT)
        except StoreError:
            if not store.projects():  # else another visitor created it at the same moment
                raise
    return store.projects()


def _wanted(projects: Sequence[Project]) -> Project:
    """The chosen project, whatever it is called by now; else that of the address, or the first."""
    chosen, name = st.session_state.get("project_id"), st.query_params.get("project")
    by_id = next((one for one in projects if one.id == chosen), None)
    by_name = next((one for one in projects if one.name == name), None)
    return by_id or by_name or projects[0]


def _chosen(key: str, ids: Mapping[str, int]) -> None:
    turn = st.session_state.get("project_turn", 0)
    # else an old widget's last word, or one of a page that is being left
    if key == f"project_{turn}" and key in st.session_state:
        st.session_state["project_id"] = ids[st.session_state[key]]


def _new_project(store: Store, turn: int) -> None:
    with (
        st.popover("New", width="stretch", key=f"new_{turn}"),
        st.form("new_project", border=False, clear_on_submit=True),
    ):
        name = st.text_input("Name", placeholder="Rock, paper, scissors")
        about = st.radio("It is about", list(_ABOUT), horizontal=True, key=f"about_{turn}")
        in_space = st.checkbox(
            "Hands in space (3-D)",
            help="It learns from x, y and z of each keypoint: of a depth camera, or as MediaPipe "
            "estimates them from a plain webcam.",
            key=f"in_space_{turn}",
        )
        keypoints_only = st.checkbox(
            "Store keypoints only", help="No picture is stored, not even a crop."
        )
        if not st.form_submit_button("Create", type="primary"):
            return
        with errors_shown():
            skeleton, motions = _ABOUT[str(about)]
            made = store.create_project(
                name,
                keypoints_only=keypoints_only,
                skeleton=skeleton.name,
                in_space=in_space,
                motions=motions,
            )
            use_project(made.id)
            st.rerun()


def _change_project(store: Store, project: Project, turn: int) -> None:
    with st.popover("Change", width="stretch", key=f"change_{turn}"):
        with st.form("rename_project", border=False):
            name = st.text_input("New name", project.name, key=f"rename_{project.id}")
            if st.form_submit_button("Rename", icon="✏️"):
                with errors_shown():
                    store.rename_project(project.id, name)
                    use_project(project.id)
                    st.rerun()
        if st.button("Delete the project", icon="🗑️", help="It can be undone."):
            with errors_shown():
                store.delete_project(project.id)
                use_project(None)
                st.rerun()
