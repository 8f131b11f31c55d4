"""Heatmaps: a net's output per stage and keypoint, of hands or people."""

from collections.abc import Callable, Collection
from dataclasses import replace

import streamlit as st

from core.gestures.labels import safe_label
from core.live.live import Options
from core.media.videos import VIDEO_SUFFIXES
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource
from pages.panels.camera.keypoints import pick_max_poses, pick_net
from pages.panels.camera.stage import current_stage, has_server_picture
from pages.panels.camera.stream import watch_stream_problem
from pages.panels.controls import colored_number, download_button, pick_option, upload_field
from pages.panels.heatmaps import (
    explain_maps,
    freeze_button,
    pick_maps,
    recent_frames,
    show_frozen,
    show_hand_upload,
    show_people_upload,
)
from pages.panels.progress import read_cached_upload
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.visit import drop_cached

CAMERA, PICTURE, VIDEO = "Camera", "Picture", "Video"
_PERSON, _PERSON_PRESSED = "maps_person", "maps_person_pressed"
_PERSON_EVERY_S = 0.7


def page() -> None:
    """Draw the page: choices, then the video, picture or frozen frame with a net's heatmaps."""
    project = pick_project()
    place = current_stage()
    place.use_full_width()
    with place.settings:
        source = pick_net("maps", project)
    about = source.net_metadata(studio().paths)
    skeleton, stages = skeleton_named(about.skeleton), about.stages
    with place.beside, st.container(horizontal=True, vertical_alignment="bottom"):
        what = pick_option("Source", [CAMERA, PICTURE, VIDEO], "maps_source", width="content")
        several = what != PICTURE and skeleton.is_body
        number = pick_max_poses("maps_several", skeleton.name) if several else 1
        maps = pick_maps(skeleton, stages, video=what == VIDEO)
        held = freeze_button(source, has_server_picture(place.stream)) if what == CAMERA else None
        if number > 1 and what == CAMERA and (held is not None or place.stream is not None):
            numbers = place.numbers if held is None else lambda: held.estimate.numbers
            maps = replace(maps, person=pick_visible_person(numbers, moving=held is None))
    if what == CAMERA:
        place.show_next_step(f"Show a {skeleton.title} and see where the net finds its keypoints.")
    else:
        place.head.caption(f"Choose a {what.lower()} with a {skeleton.title}.")
    if what == CAMERA and held is None:
        options = Options(None, number, Smoothing(joints=False), source, maps)
        live = place.show(options, watch=recent_frames().remember)
        with place.under:
            watch_stream_problem(live)
    else:
        with place.replace_video():
            if what == PICTURE:
                show_picture = show_people_upload if skeleton.is_body else show_hand_upload
                show_picture(source, maps)
            elif what == VIDEO:
                people = "people" if skeleton.is_body else "a hand"
                show_heatmap_video(source, maps.view, people, number)
            elif held is not None:
                show_frozen(held, maps, stages)
    with place.under:
        explain_maps(maps, skeleton, stages)


def show_heatmap_video(source: KeypointSource, view: str, subject: str, number: int) -> None:
    """Draw the video upload, the video annotated with heatmaps, errors, and a download.

    Args:
        subject: "people" or "a hand", for the texts.
        number: the most hands or people to look for.
    """
    file = upload_field(
        ["videos"],
        f"A video with {subject}",
        VIDEO_SUFFIXES,
        key="maps_video",
        label_visibility="collapsed",
    )
    if file is None:
        drop_cached("maps_video")
        st.info(
            f"Drop a video with {subject} here to see the net's keypoints, or the heatmaps beside "
            "it.",
            icon="🎞",
        )
        return
    read = read_cached_upload("maps_video", file, "detecting", None, source, number, view)
    for name, reason in read.skipped:
        st.error(f"{safe_label(name)}: {safe_label(reason)}", icon="⚠️")
    for seen in read.files:
        if seen.damage:
            st.warning(f"Only {seen.damage}.", icon="⚠️")
        assert seen.video is not None
        st.video(str(seen.video), format="video/webm")
        download_button("Download", seen.video.read_bytes, "heatmaps.webm", icon="🎞")


def pick_visible_person(numbers: Callable[[], Collection[int]], *, moving: bool) -> int:
    """Show a selector among the visible people; return the selected person's number, at first 1.

    Args:
        numbers: returns the numbers of the people visible now.
        moving: whether people come and go, so that the choice must refresh.
    """
    with st.container(key="maps_whose", width="content"):
        st.fragment(_draw_person_choice, run_every=_PERSON_EVERY_S if moving else None)(numbers)
    return int(st.session_state.get(_PERSON, 1))


def _draw_person_choice(numbers: Callable[[], Collection[int]]) -> None:
    """Draw a button per visible person; rerun the page after a choice."""
    if st.session_state.pop(_PERSON_PRESSED, False):
        st.rerun()
    there = sorted(numbers())
    if not there:
        st.caption("No one is visible.")
        return
    chosen, key = st.session_state.get(_PERSON, 1), f"maps_person_of_{there}"
    st.session_state[key] = chosen if chosen in there else there[0]

    def select_person() -> None:
        st.session_state[_PERSON] = st.session_state[key]
        st.session_state[_PERSON_PRESSED] = True

    st.segmented_control(
        "Person",
        there,
        required=True,
        key=key,
        format_func=colored_number,
        width="content",
        on_change=select_person,
    )


page()
