"""Heatmaps: what a Convolutional Pose Machine believes, stage by stage and keypoint by keypoint."""

from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.media.pictures import encode_png, read_picture
from core.pose.heatmap_drawing import colour_bar, draw_with_maps
from core.pose.heatmap_layout import Maps
from core.pose.smoothing import Smoothing
from core.pose.types import Estimate, Picture
from core.recognition.files import read_file
from core.recognition.keypoint_sources import KeypointSource, stages_of
from core.recognition.live import Options
from pages.panels.camera.keypoints import pick_keypoint, pick_net
from pages.panels.camera.stage import Stage, stage
from pages.panels.camera.stream import show_trouble
from pages.panels.choice import pick_one
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.progress import moves
from pages.panels.project.projects import pick_project

CAMERA, PICTURE, VIDEO = "Camera", "Picture", "Video"
PICTURES, VIDEOS = ["jpg", "jpeg", "png", "webp"], ["mp4", "webm", "mov", "avi", "mkv"]
VIEWS = {
    "single": (
        "Overlay",
        "The keypoints that the last stage gives, and where it believes they are.",
    ),
    "multi": (
        "Per stage",
        "Every stage beside the next: stage 1 sees only what is round a point and takes many "
        "spots for a fingertip; later stages know the other keypoints and sharpen.",
    ),
    "hm": (
        "Per keypoint",
        "One map a keypoint of the chosen stage, and last the background: what is no joint.",
    ),
}


def page() -> None:
    """Source and view on the right, the maps on the left."""
    pick_project()
    place = stage()
    with place.settings:
        source = pick_net("maps")
    with place.beside:
        what = pick_one("Source", [CAMERA, PICTURE, VIDEO], "maps_source")
        view = pick_one("View", VIEWS, "maps_view", format_func=lambda v: VIEWS[v][0])
        last = stages_of(source, studio().paths)
        shown = st.select_slider("Stage", range(1, last + 1), last, key=f"maps_stage{last}") - 1
        joint = pick_keypoint("maps")
        st.image(colour_bar(300, 14), "no response … sure", width="stretch")
        st.caption(VIEWS[view][1])
    if what == CAMERA:
        _camera(place, source, Maps(view, shown, joint))
        return
    with place.replace():
        if what == PICTURE:
            _picture(source, Maps(view, shown, joint))
        else:
            _video(source, view)


def _estimator(source: KeypointSource) -> Any:
    """One for each net and visitor."""
    key = f"maps_estimator_{source.name}_{source.crop}"
    if key not in st.session_state:
        st.session_state[key] = source.open(studio().paths)
    return st.session_state[key]


def _camera(place: Stage, source: KeypointSource, maps: Maps) -> None:
    live = place.show(Options(None, 1, Smoothing(joints=False), source, maps))
    if live is not None:
        with place.beside:
            st.fragment(lambda: show_trouble(live.latest()), run_every=1.0)()


def _picture(source: KeypointSource, maps: Maps) -> None:
    file = st.file_uploader("A picture with a hand", PICTURES, key="maps_file")
    if file is None:
        st.info(
            "Drop a picture with a hand here and see where the net believes its 21 keypoints to "
            "be.",
            icon="🔥",
        )
        return
    with errors_shown():
        rgb = read_picture(file.getvalue(), name=file.name)
        estimator = _estimator(source)
        estimate = estimator.estimate_still(rgb)
        if not estimate.heatmaps:
            st.warning(
                "No hand was found: try a picture in which it is larger or better lit.", icon="👀"
            )
            return
        _show(rgb, estimate, maps, estimator.stages)


def _show(rgb: Picture, estimate: Estimate, maps: Maps, stages: int) -> None:
    picture = draw_with_maps(rgb, estimate, maps, stages)
    st.image(picture, width="stretch")
    with st.expander("What the net saw", icon="🔍"):
        crop = estimate.heatmaps[0].crop
        size = crop.shape[0]
        st.image(crop, f"the crop, {size} × {size} pixels", width=2 * size)
    st.download_button("Download", encode_png(picture), "heatmaps.png", "image/png", icon="🖼")


def _video(source: KeypointSource, view: str) -> None:
    file = st.file_uploader("A video with a hand", VIDEOS, key="maps_video")
    if file is None:
        st.info(
            "Drop a video here: it comes back with the net's keypoints, in the other views with "
            "the maps beside it.",
            icon="🎞",
        )
        return
    key = (file.file_id, source, view)
    if st.session_state.get("maps_video_for") != key:
        bar = st.progress(0.0, "detecting")
        st.session_state["maps_video_read"] = read_file(
            file.name,
            file.getvalue(),
            None,
            lambda: source.open(studio().paths),
            temporary_folder(),
            maps=view,
            progress=moves(bar),
        )
        st.session_state["maps_video_for"] = key
        bar.empty()
    read = st.session_state["maps_video_read"]
    for name, reason in read.refused:
        st.error(f"{safe_label(name)}: {safe_label(reason)}", icon="⚠️")
    for seen in read.seen:
        st.video(str(seen.video), format="video/webm")
        st.download_button(
            "Download", seen.video.read_bytes(), "heatmaps.webm", "video/webm", icon="🎞"
        )


page()
