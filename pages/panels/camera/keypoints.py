"""Choices of the keypoint detector, its crop, and the heatmaps shown."""

from typing import Any

import streamlit as st

from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.pose.drawing.heatmap_layout import Maps
from core.pose.skeletons.skeleton import PAIR
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.reading.keypoint_sources import (
    MEDIAPIPE,
    KeypointSource,
    available_nets,
    body_nets,
    selectable_sources,
)
from core.store import Project
from core.words import mark
from pages.panels.controls import pick_option
from pages.panels.language import t
from pages.panels.resources import studio

TITLES = {
    MEDIAPIPE: mark("MediaPipe hands"),
    "mediapipe-both-hands": mark("MediaPipe hands, both"),
    "mediapipe-pose": mark("MediaPipe pose"),
    "cpm.hand_light": mark("Light CPM"),
    "cpm.body_light": mark("Light net of bodies"),
    "movenet.multipose": mark("MoveNet, several people"),
    "movenet.thunder": mark("MoveNet Thunder"),
}
CROPS = {
    "mediapipe": mark("found by MediaPipe"),
    "self": mark("tracked from the previous frame"),
    "centre": mark("tracked, starting at the image centre"),
}
MORE_NETS = mark(
    "To install more: `python -m core weights fetch NAME` or `weights import`; `weights list` "
    "lists them."
)
ALL_KEYPOINTS, _BACKGROUND = mark("all keypoints"), mark("background")
HEATMAP_VIEWS = {
    "single": mark("keypoints alone"),
    "multi": mark("per stage"),
    "hm": mark("per keypoint"),
}


def pick_keypoints(key: str, project: Project) -> KeypointSource:
    """Show a selector for an estimator for the project's skeleton; for a net also crop and Kalman
    filter; return them as a source."""
    names = selectable_sources(studio().paths, project.skeleton)
    skeleton = skeleton_named(project.skeleton)
    name = st.selectbox(
        t("Keypoint detector"),
        names,
        key=f"{key}_keypoints" + ("" if skeleton.is_hand else f"_of_{skeleton.name}"),
        persist_state="session",
        format_func=_title_detector,
        help=t("A gesture model works only with the detector that it was trained on."),
    )
    chosen = KeypointSource(name or names[0])
    return _pick_crop_and_filter(key, name) if chosen.is_net else chosen


def _title_detector(name: str) -> str:
    """Return a detector's title; of a net without one, its name."""
    return t(TITLES[name]) if name in TITLES else name


def pick_max_poses(key: str, skeleton: str, **toggle: Any) -> int:
    """Draw the switch for several hands or people; return the maximum number of poses. For a
    skeleton of two hands, return 1 without drawing.

    Args:
        toggle: further arguments of `st.toggle`.
    """
    if skeleton_named(skeleton).title == PAIR:
        return 1
    body = skeleton_named(skeleton).is_body
    title, key = (t("Several people"), f"{key}_of_bodies") if body else (t("Two hands"), key)
    several = st.toggle(title, key=key, persist_state="session", **toggle)
    return (MAX_PEOPLE if body else 2) if several else 1


def pick_net(key: str, project: Project) -> KeypointSource:
    """Show selectors for a heatmap net, crop and Kalman filter, listing nets of the project's
    subject first; return them as a source."""
    hands, bodies = available_nets(studio().paths), body_nets(studio().paths)
    of_body = skeleton_named(project.skeleton).is_body
    name = st.selectbox(
        t("Net"),
        [*bodies, *hands] if of_body else [*hands, *bodies],
        key=f"{key}_net" + ("_of_bodies" if of_body else ""),
        persist_state="session",
        format_func=_title_detector,
        help=t(MORE_NETS),
    )
    return _pick_crop_and_filter(key, name)


def _pick_crop_and_filter(key: str, net: str) -> KeypointSource:
    """Show selectors for a net's crop method and of the Kalman filter; return them as a source."""
    crop = st.radio(
        t("Crop"),
        list(CROPS),
        key=f"{key}_crop",
        persist_state="session",
        format_func=lambda c: t(CROPS[c]),
    )
    kalman = st.toggle(
        t("Kalman filter"),
        key=f"{key}_kalman",
        persist_state="session",
        help=t("Smooths the net's keypoints in a stream, as the published hand demo does."),
    )
    return KeypointSource(net, crop or "mediapipe", kalman)


def pick_keypoint(key: str, skeleton: Skeleton) -> int | None:
    """Show a selector for a keypoint's heatmap; return its index, the number of keypoints for the
    background, or None for all."""
    names, known, at = _keypoint_choices(skeleton), st.session_state, f"{key}_joint"
    if (chosen := known.get(f"{at}_chosen")) in names:
        known[at] = chosen
    name = st.selectbox(
        t("Keypoint"), names, key=at, persist_state="session", width=190, format_func=t
    )
    known.pop(f"{at}_chosen", None)
    return None if name in (None, ALL_KEYPOINTS) else names.index(name) - 1


def request_keypoint(key: str, skeleton: Skeleton, joint: int | None) -> None:
    """Select a keypoint at the next rerun; a message still under way would undo it before."""
    chosen = _keypoint_choices(skeleton)[0 if joint is None else joint + 1]
    st.session_state[f"{key}_joint_chosen"] = chosen


def _keypoint_choices(skeleton: Skeleton) -> list[str]:
    return [ALL_KEYPOINTS, *(name.replace("_", " ") for name in skeleton.joints), _BACKGROUND]


def pick_heatmap_view(key: str) -> str:
    """Show a selector for the heatmap view in files; return its key in HEATMAP_VIEWS."""
    return pick_option(
        t("Heatmaps"), HEATMAP_VIEWS, f"{key}_view", format_func=lambda v: t(HEATMAP_VIEWS[v])
    )


def pick_overlay(key: str, source: KeypointSource) -> Maps:
    """Show a selector for a net's stage whose heatmaps overlay the video; return it as a view."""
    if not source.is_net:
        return Maps()
    stages = source.net_metadata(studio().paths).stages
    stage = st.segmented_control(
        t("Heatmaps of stage"),
        range(1, stages + 1),
        key=f"{key}_overlay{stages}",
        persist_state="session",
        help=t("Press it again for none."),
    )
    return Maps(stage=None if stage is None else int(stage) - 1)
