"""Heatmaps: what a net believes, stage by stage and keypoint by keypoint, of hands or of people."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.live.live import Options
from core.media.videos import VIDEO_SUFFIXES
from core.offline.files import Read, read_file
from core.pose.drawing.heatmap_layout import Maps
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource
from core.recording.correcting import Moment
from pages.panels.camera.keypoints import pick_net, pick_number
from pages.panels.camera.stage import Stage, has_picture, stage
from pages.panels.camera.stream import watch_trouble
from pages.panels.controls import in_their_colour, pick_one, upload_field
from pages.panels.heatmaps.pictures import (
    hold_button,
    last_seen,
    show_held,
    show_people,
    show_upload,
)
from pages.panels.heatmaps.views import explain_maps, pick_maps
from pages.panels.progress import moves
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio, temporary_folder
from pages.panels.visit import drop, keep

CAMERA, PICTURE, VIDEO = "Camera", "Picture", "Video"
_PERSON, _PERSON_PRESSED = "maps_person", "maps_person_pressed"
_PERSON_EVERY_S = 0.7


def page() -> None:
    """What is shown in a row above the picture, which has the page's width."""
    project = pick_project()
    place = stage()
    place.widen()
    with place.settings:
        source = pick_net("maps", project)
    about = source.net_metadata(studio().paths)
    skeleton, stages = skeleton_named(about.skeleton), about.stages
    with place.beside, st.container(horizontal=True, vertical_alignment="bottom"):
        what = pick_one("Source", [CAMERA, PICTURE, VIDEO], "maps_source", width="content")
        several = what != PICTURE and skeleton.is_body
        number = pick_number("maps_several", skeleton.name) if several else 1
        maps = pick_maps(skeleton, stages, film=what == VIDEO)
        held = hold_button(source, has_picture(place.stream)) if what == CAMERA else None
        if number > 1 and what == CAMERA and (held is not None or place.stream is not None):
            maps = replace(maps, person=_whose(place, held))
    if what == CAMERA:
        place.say_next(f"Show a {skeleton.title} and see where the net finds its keypoints.")
    else:
        place.head.caption(f"Choose a {what.lower()} with a {skeleton.title}.")
    if what == CAMERA and held is None:
        _camera(place, source, maps, number)
    else:
        with place.replace():
            if what == PICTURE:
                show_picture = show_people if skeleton.is_body else show_upload
                show_picture(source, maps)
            elif what == VIDEO:
                people = "people" if skeleton.is_body else "a hand"
                show_film(source, maps.view, people, number)
            elif held is not None:
                show_held(held, maps, stages)
    with place.under:
        explain_maps(maps, skeleton, stages)


def _whose(place: Stage, held: Moment | None) -> int:
    if held is not None:
        return pick_person(lambda: held.estimate.numbers, moving=False)
    return pick_person(place.numbers, moving=True)


def _camera(place: Stage, source: KeypointSource, maps: Maps, number: int) -> None:
    options = Options(None, number, Smoothing(joints=False), source, maps)
    live = place.show(options, watch=last_seen().remember)
    with place.under:
        watch_trouble(live)


def show_film(source: KeypointSource, view: str, shown: str, number: int) -> None:
    """Drop one, look at it with its heatmaps, take it away.

    Args:
        shown: what is in it, in words.
        number: how many are looked for at most.
    """
    file = upload_field(
        ["videos"],
        f"A video with {shown}",
        VIDEO_SUFFIXES,
        key="maps_video",
        label_visibility="collapsed",
    )
    if file is None:
        drop("maps_video")
        st.info(
            f"Drop a video with {shown} here: it comes back with the net's keypoints, or with the "
            "heatmaps beside it.",
            icon="🎞",
        )
        return
    read = _read_film(file, source, view, number)
    for name, reason in read.refused:
        st.error(f"{safe_label(name)}: {safe_label(reason)}", icon="⚠️")
    for seen in read.seen:
        if seen.missing:
            st.warning(f"Only {seen.missing}.", icon="⚠️")
        assert seen.video is not None
        st.video(str(seen.video), format="video/webm")
        st.download_button(
            "Download",
            seen.video.read_bytes,
            "heatmaps.webm",
            "video/webm",
            icon="🎞",
            on_click="ignore",
        )


def _read_film(file: Any, source: KeypointSource, view: str, number: int) -> Read:
    """The video with its heatmaps, once for each video and way of reading."""

    def make() -> Read:
        bar = st.progress(0.0, "detecting")
        try:
            return read_file(
                file.name,
                file.getvalue(),
                None,
                lambda: source.open(studio().paths, num_poses=number),
                temporary_folder(),
                maps=view,
                progress=moves(bar),
            )
        finally:
            bar.empty()

    return keep("maps_video", (file.file_id, source, view, number), make, Read.forget)


def pick_person(numbers: Callable[[], Collection[int]], *, moving: bool) -> int:
    """The chosen person's number, at first 1; everybody who is seen can be chosen.

    Args:
        numbers: of those who are seen now.
        moving: they come and go.
    """
    with st.container(key="maps_whose", width="content"):
        st.fragment(_pick_seen_person, run_every=_PERSON_EVERY_S if moving else None)(numbers)
    return int(st.session_state.get(_PERSON, 1))


def _pick_seen_person(numbers: Callable[[], Collection[int]]) -> None:
    if st.session_state.pop(_PERSON_PRESSED, False):
        st.rerun()
    there = sorted(numbers())
    if not there:
        st.caption("Nobody is seen.")
        return
    chosen, key = st.session_state.get(_PERSON, 1), f"maps_person_of_{there}"
    st.session_state[key] = chosen if chosen in there else there[0]
    st.segmented_control(
        "Person",
        there,
        required=True,
        key=key,
        format_func=in_their_colour,
        width="content",
        on_change=_choose_person,
        args=(key,),
    )


def _choose_person(key: str) -> None:
    st.session_state[_PERSON] = st.session_state[key]
    st.session_state[_PERSON_PRESSED] = True


page()
