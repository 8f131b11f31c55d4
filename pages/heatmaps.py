"""Heatmaps: what a net believes, stage by stage and keypoint by keypoint, of hands or of people."""

from dataclasses import replace

import streamlit as st

from core.capture.correcting import Moment
from core.live.live import Options
from core.pose.heatmap_layout import Maps
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource, skeleton_by, stages_of
from pages.panels.camera.keypoints import pick_net, pick_number
from pages.panels.camera.stage import Stage, stage
from pages.panels.camera.stream import watch_trouble
from pages.panels.camera.where import has_picture
from pages.panels.choice import pick_one
from pages.panels.frame import studio
from pages.panels.heatmaps.films import show_film
from pages.panels.heatmaps.people import show_people
from pages.panels.heatmaps.person import pick_person
from pages.panels.heatmaps.stills import hold_button, last_seen, show_held, show_upload
from pages.panels.heatmaps.views import explain_maps, pick_maps
from pages.panels.project.projects import pick_project

CAMERA, PICTURE, VIDEO = "Camera", "Picture", "Video"


def page() -> None:
    """What is shown in a row above the picture, which has the page's width."""
    project = pick_project()
    place = stage()
    place.widen()
    with place.settings:
        source = pick_net("maps", project)
    skeleton, stages = skeleton_by(source, studio().paths), stages_of(source, studio().paths)
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


page()
