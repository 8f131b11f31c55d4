"""Bodies of a video: a copy with skeletons, curves, a moment in space, and tables to download."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.offline.bodies import BodyVideo, read_body_video, thinned, world_of
from core.offline.keypoint_table import csv_of, json_of, parquet_of
from core.pose.angles import ANGLES
from core.pose.body_drawing import BodyView
from core.pose.skeletons import BODY_33
from core.reading.keypoint_sources import KeypointSource
from pages.panels.body.angles import show_angles, show_curves
from pages.panels.body.space import show_in_space
from pages.panels.body.views import pick_person
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.progress import moves
from pages.panels.uploads import upload_field
from pages.panels.visit import on_leaving
from pages.panels.words import many

VIDEOS = ["mp4", "webm", "mov", "avi", "mkv"]
_READ = "body_video_read"


def show_video(
    beside: DeltaGenerator, source: KeypointSource, persons: int, view: BodyView
) -> None:
    """Drop one, see its skeletons and angles, take the keypoints away."""
    file = upload_field(["videos"], "A video of persons", VIDEOS, key="body_video")
    if file is None:
        st.info(
            "Drop a video into the field above: it comes back with skeletons, the angles as "
            "curves, and the keypoints of every frame as a table.",
            icon="🎞",
        )
        return
    with errors_shown():
        read = _read(file, source, persons, view)
        st.video(str(read.video), format="video/webm")
        _downloads(read)
        if not read.persons:
            st.warning("Nobody was found in this video.", icon="👀")
            return
        with beside:
            person = pick_person(read.persons, coloured=persons > 1)
            _show_moment(read, person)
        show_curves(thinned(read.table, person), "seconds")


def _read(file: Any, source: KeypointSource, persons: int, view: BodyView) -> BodyVideo:
    """Once for each video and way of reading; the copy of another way goes."""
    look = (view.background, view.colour, view.behind, view.skeleton, view.steps)
    key = (file.file_id, persons, *look)
    kept: tuple[Any, BodyVideo] | None = st.session_state.get(_READ)
    if kept is None or kept[0] != key:
        bar = st.progress(0.0, "detecting")
        try:
            read = read_body_video(
                file.name,
                file.getvalue(),
                lambda: source.open(studio().paths, num_poses=persons),
                temporary_folder(),
                view,
                several=persons > 1,
                progress=moves(bar, "detecting"),
            )
        finally:
            bar.empty()
        _forget()
        kept = st.session_state[_READ] = (key, read)
        on_leaving(_READ, _forget)
    return kept[1]


def _forget() -> None:
    """The copy that was made before goes from disk."""
    if kept := st.session_state.pop(_READ, None):
        kept[1].video.unlink(missing_ok=True)


def _downloads(read: BodyVideo) -> None:
    st.caption(
        f"{many(read.frames, 'frame')}, somebody in {read.found:,}; the detector ran in "
        f"{read.detected:,}."
    )
    files = {
        "CSV": (lambda: csv_of(read.table), "bodies.csv", "text/csv"),
        "Parquet": (lambda: parquet_of(read.table), "bodies.parquet", "application/octet-stream"),
        "JSON": (lambda: json_of(read.table, BODY_33), "bodies.json", "application/json"),
        "Video": (read.video.read_bytes, "bodies.webm", "video/webm"),
    }
    with st.container(horizontal=True):
        for title, (content, name, mime) in files.items():
            st.download_button(
                title, content, name, mime, icon="⬇️", key=f"body_{name}", on_click="ignore"
            )


def _show_moment(read: BodyVideo, person: int) -> None:
    """A moment of one's choice in space, and its angles."""
    own = read.table[read.table["person"] == person]
    times = own["time_s"].tolist()
    at = 0
    if len(times) > 1:
        chosen = st.select_slider("Moment, s", times, key=f"body_moment_{read.video.stem}_{person}")
        at = times.index(chosen)
    show_in_space(world_of(own.iloc[at]), "body_space")
    show_angles({name: float(own[name].iloc[at]) for name in ANGLES})
