"""Heatmaps of a picture: an uploaded one, or the camera's that was held."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.media.pictures import PICTURE_SUFFIXES, encode_png, read_picture
from core.pose.drawing.heatmap_layout import Maps
from core.pose.drawing.heatmaps import draw_with_maps, mirrored, of_person, scaled
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Frame, Picture
from core.reading.keypoint_sources import KeypointSource
from core.recording.correcting import LastSecond, Moment
from pages.panels.controls import upload_field
from pages.panels.heatmaps.views import STILL, show_attention
from pages.panels.kept import keep
from pages.panels.layout import errors_shown
from pages.panels.resources import studio

_HELD, _SEEN = "maps_held", "maps_seen"
_HELD_WITHIN_S = 5.0  # a large net takes seconds for several people


@dataclass(frozen=True)
class _Held:
    """A frame that was held, the net that read it, and the visit of the page that did."""

    moment: Moment
    source: KeypointSource
    visit: int


def last_seen() -> LastSecond:
    """What this visitor's camera just showed here."""
    return st.session_state.setdefault(_SEEN, LastSecond())


def hold_button(source: KeypointSource, has_picture: bool) -> Moment | None:
    """A button that holds the camera's picture where the server has it, and one to go on; what is
    held."""
    held: _Held | None = st.session_state.get(_HELD)
    if held is not None and held.visit == st.session_state["visit"]:
        st.button("Go on", icon="▶️", on_click=_let_go, help="Back to the video.")
        return held.moment if held.source == source else _read_anew(held.moment, source)
    st.button(
        "Hold the picture",
        icon="⏸️",
        disabled=not has_picture,
        on_click=_hold,
        args=(source,),
        help="Look at what the camera shows now for as long as you like.",
    )
    return None


def _hold(source: KeypointSource) -> None:
    with errors_shown():
        moments = last_seen().freeze(_HELD_WITHIN_S)
        st.session_state[_HELD] = _Held(moments[-1], source, st.session_state["visit"])


def _let_go() -> None:
    st.session_state.pop(_HELD, None)


def _read_anew(moment: Moment, source: KeypointSource) -> Moment:
    """The picture as another net sees it; as many people as were seen in it."""
    frame, estimator = _whole(moment), estimator_of(source)
    bodies = skeleton_named(source.net_metadata(studio().paths).skeleton).is_body
    several = len(moment.estimate.numbers) if bodies else 0
    estimate = estimator.estimate_still(
        frame.rgb, num_poses=several or None, mirrored_view=frame.mirrored_view
    )
    if several:
        estimate = replace(estimate, numbers=tuple(range(1, len(estimate.poses) + 1)))
    return Moment(frame, estimate, estimator.version)


def _whole(moment: Moment) -> Frame:
    """The frame with its picture: a net's never stays in the browser."""
    assert isinstance(moment.frame, Frame)
    return moment.frame


def estimator_of(source: KeypointSource) -> Any:
    """This visitor's; that of another net or crop is closed."""
    key = (source.name, source.crop)
    return keep("maps_estimator", key, lambda: source.open(studio().paths), _close)


def _close(estimator: Any) -> None:
    estimator.close()


def show_held(moment: Moment, maps: Maps, stages: int) -> None:
    """The held picture, mirrored as the video was."""
    frame = _whole(moment)
    _show(frame.rgb, moment.estimate, maps, stages, mirror=frame.mirrored_view)


def show_upload(source: KeypointSource, maps: Maps) -> None:
    """A picture from disk."""
    file = upload_field(
        ["pictures"],
        "A picture of a hand",
        PICTURE_SUFFIXES,
        key="maps_file",
        label_visibility="collapsed",
    )
    if file is None:
        st.info(
            "Drop a picture with a hand here to see where the net finds its keypoints.", icon="🔥"
        )
        return
    with errors_shown():
        rgb = read_picture(file.getvalue(), name=file.name)
        estimator = estimator_of(source)
        estimate = estimator.estimate_still(rgb)
        if not estimate.heatmaps:
            st.warning("No hand was found: try one that is larger or better lit.", icon="👀")
            return
        _show(rgb, estimate, maps, estimator.stages)


def _show(
    rgb: Picture, estimate: Estimate, maps: Maps, stages: int, *, mirror: bool = False
) -> None:
    factor = max(1.0, maps.width / rgb.shape[1]) if maps.view == "single" else 1.0
    rgb, estimate = scaled(rgb, estimate, factor)
    labels = [str(number) for number in estimate.numbers]
    picture = draw_with_maps(rgb, estimate, maps, stages, mirror=mirror, labels=labels)
    with st.container(key=STILL):
        st.image(picture, width="stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download",
            encode_png(picture),
            "heatmaps.png",
            "image/png",
            icon="🖼",
            on_click="ignore",
        )
        shown = next(iter(of_person(estimate, maps.person).heatmaps), None)
        if shown is not None:
            crop = shown.crop
            with st.popover("What the net saw", icon="🔍"):
                height, width = crop.shape[:2]
                st.image(crop, f"the crop, {width} × {height} pixels", width=2 * width)
    if shown is not None:
        show_attention(mirrored(shown) if mirror else shown, maps)
