"""Heatmaps: a net's output per stage and keypoint, of hands or people."""

from dataclasses import replace

import streamlit as st

from core.gestures.labels import safe_label
from core.live.live import Options
from core.live.session import PEOPLE
from core.media.videos import VIDEO_SUFFIXES
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource
from core.recording.correcting import AnalysedFrame
from core.words import mark
from pages.components.stage import draw_people
from pages.panels.camera.keypoints import pick_max_poses, pick_net
from pages.panels.camera.stage import Stage, current_stage, has_server_picture
from pages.panels.controls import (
    colored_number,
    download_button,
    person_colors,
    pick_option,
    upload_field,
)
from pages.panels.heatmaps import (
    explain_maps,
    freeze_button,
    pick_maps,
    recent_frames,
    show_frozen,
    show_hand_upload,
    show_people_upload,
)
from pages.panels.language import t
from pages.panels.progress import read_cached_upload
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.visit import drop_cached

CAMERA, PICTURE, VIDEO = mark("Camera"), mark("Picture"), mark("Video")
# by source, for hands and for bodies
_HINTS = {
    CAMERA: (
        mark("Show a hand and see where the net finds its keypoints."),
        mark("Show a body and see where the net finds its keypoints."),
    ),
    PICTURE: (mark("Choose a picture with a hand."), mark("Choose a picture with a body.")),
    VIDEO: (mark("Choose a video with a hand."), mark("Choose a video with a body.")),
}


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
        what = pick_option(t("Source"), [CAMERA, PICTURE, VIDEO], "maps_source", width="content")
        several = what != PICTURE and skeleton.is_body
        number = pick_max_poses("maps_several", skeleton.name) if several else 1
        maps = pick_maps(skeleton, stages, video=what == VIDEO)
        held = freeze_button(source, has_server_picture(place.stream)) if what == CAMERA else None
        if number > 1 and what == CAMERA and (held is not None or place.stream is not None):
            maps = replace(maps, person=pick_visible_person(place, held))
    hint = t(_HINTS[what][skeleton.is_body])
    if what == CAMERA:
        place.show_next_step(hint)
    else:
        place.head.caption(hint)
    if what == CAMERA and held is None:
        options = Options(None, number, Smoothing(joints=False), source, maps)
        place.show(options, watch=recent_frames().remember)
        with place.under:
            place.show_problems()
    else:
        with place.replace_video():
            if what == PICTURE:
                show_picture = show_people_upload if skeleton.is_body else show_hand_upload
                show_picture(source, maps)
            elif what == VIDEO:
                show_heatmap_video(source, maps.view, number, of_people=skeleton.is_body)
            elif held is not None:
                show_frozen(held, maps, stages)
    with place.under:
        explain_maps(maps, skeleton, stages)


def show_heatmap_video(source: KeypointSource, view: str, number: int, *, of_people: bool) -> None:
    """Draw the video upload, the video annotated with heatmaps, errors, and a download.

    Args:
        number: the most hands or people to look for.
        of_people: whether the texts are about people; else about a hand.
    """
    file = upload_field(
        ["videos"],
        t("A video with people") if of_people else t("A video with a hand"),
        VIDEO_SUFFIXES,
        key="maps_video",
        label_visibility="collapsed",
    )
    if file is None:
        drop_cached("maps_video")
        of_hand = t(
            "Drop a video with a hand here to see the net's keypoints, or the heatmaps beside it."
        )
        hint = t(
            "Drop a video with people here to see the net's keypoints, or the heatmaps beside it."
        )
        st.info(hint if of_people else of_hand, icon="🎞")
        return
    read = read_cached_upload("maps_video", file, t("detecting"), None, source, number, view)
    for name, reason in read.skipped:
        st.error(f"{safe_label(name)}: {safe_label(t(reason))}", icon="⚠️")
    for seen in read.files:
        if seen.damage:
            st.warning(t("Only {damage}.", damage=t(seen.damage)), icon="⚠️")
        assert seen.video is not None
        st.video(str(seen.video), format="video/webm")
        download_button(t("Download"), seen.video.read_bytes, "heatmaps.webm", icon="🎞")


def pick_visible_person(place: Stage, held: AnalysedFrame | None) -> int:
    """Show a selector among the visible people, of the video or of a frozen frame; return the
    selected person's number, at first 1."""
    session = place.session
    with st.container(key="maps_whose", width="content"):
        if held is None:
            session.show_people()
            draw_people("maps_people", PEOPLE, person_colors())
            return session.person
        there = sorted(held.estimate.numbers)
        if not there:
            st.caption(t("No one is visible."))
            return session.person
        session.person = st.segmented_control(
            t("Person"),
            there,
            default=session.person if session.person in there else there[0],
            required=True,
            key=f"maps_person_of_{there}",
            format_func=colored_number,
            width="content",
        )
        return session.person


page()
