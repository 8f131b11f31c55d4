"""From which keypoints a project learns: in the picture, or in space."""

import streamlit as st

from core.pose.skeletons import skeleton_named
from core.store import Project
from core.store.fitting import learn_in_space
from pages.panels.frame import errors_shown, studio

_PICTURE, _SPACE = "the picture (x, y)", "space (x, y, z)"


def pick_axes(project: Project) -> None:
    """The choice, which is the project's; of hands alone."""
    if not skeleton_named(project.skeleton).is_hand:
        return
    chosen = st.radio(
        "Learn from keypoints in",
        [_PICTURE, _SPACE],
        index=int(project.in_space),
        key=f"axes_{project.id}_{project.in_space}",
        help="In space, how a hand is turned counts, also towards you and away. A depth camera "
        "measures that, from a webcam MediaPipe estimates it.",
    )
    with errors_shown():
        if (chosen == _SPACE) != project.in_space:
            learn_in_space(studio().store, project, chosen == _SPACE)
            st.rerun()
