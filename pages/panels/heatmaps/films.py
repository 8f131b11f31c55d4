"""Heatmaps of a video from disk."""

import streamlit as st

from core.gestures.labels import safe_label
from core.offline.files import Read, read_file
from core.reading.keypoint_sources import KeypointSource
from pages.panels.frame import studio, temporary_folder
from pages.panels.progress import moves
from pages.panels.uploads import upload_field
from pages.panels.visit import on_leaving

VIDEOS = ["mp4", "webm", "mov", "avi", "mkv"]


def show_film(source: KeypointSource, view: str, shown: str, number: int) -> None:
    """Drop one, look at it with its heatmaps, take it away.

    Args:
        shown: what is in it, in words.
        number: how many are looked for at most.
    """
    file = upload_field(
        ["videos"], f"A video with {shown}", VIDEOS, key="maps_video", label_visibility="collapsed"
    )
    if file is None:
        st.info(
            f"Drop a video with {shown} here: it comes back with the net's keypoints, or with the "
            "heatmaps beside it.",
            icon="🎞",
        )
        return
    key = (file.file_id, source, view, number)
    if st.session_state.get("maps_video_for") != key:
        _forget()
        bar = st.progress(0.0, "detecting")
        st.session_state["maps_video_read"] = read_file(
            file.name,
            file.getvalue(),
            None,
            lambda: source.open(studio().paths, num_poses=number),
            temporary_folder(),
            maps=view,
            progress=moves(bar),
        )
        st.session_state["maps_video_for"] = key
        on_leaving("maps_video", _forget)
        bar.empty()
    read = st.session_state["maps_video_read"]
    for name, reason in read.refused:
        st.error(f"{safe_label(name)}: {safe_label(reason)}", icon="⚠️")
    for seen in read.seen:
        if seen.missing:
            st.warning(f"Only {seen.missing}.", icon="⚠️")
        st.video(str(seen.video), format="video/webm")
        st.download_button(
            "Download",
            seen.video.read_bytes,
            "heatmaps.webm",
            "video/webm",
            icon="🎞",
            on_click="ignore",
        )


def _forget() -> None:
    """The copy that was made before goes from disk."""
    st.session_state.pop("maps_video_for", None)
    before: Read | None = st.session_state.pop("maps_video_read", None)
    if before is not None:
        before.forget()
