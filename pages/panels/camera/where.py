"""Where keypoints are found: on the server, which the camera's video goes to, or in the browser."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.live.live import Options
from pages.panels.camera.address import is_local
from pages.panels.camera.in_browser import BrowserStream, browser_video, can_find, end_in_browser
from pages.panels.camera.stream import Stream, video

SERVER, BROWSER = "on the server", "in this browser"
AnyStream = Stream | BrowserStream


def pick_where() -> str:
    """SERVER or BROWSER; the browser where the server is another machine, which its video may not
    reach."""
    where = st.radio(
        "Keypoints are found",
        [SERVER, BROWSER],
        index=0 if is_local(st.context.url) else 1,
        key="keypoints_found",
        bind="query-params",
        horizontal=True,
        help="In this browser: your picture stays there. Keypoints alone go to the server, and the "
        "crops of what you record, unless the project keeps keypoints only. Heatmaps, and another "
        "background behind bodies, need the server.",
    )
    return where or SERVER


def any_video(wanted: dict[str, Any], where: str) -> AnyStream | None:
    """The video with its START button; None while the camera is off."""
    if where == BROWSER:
        return browser_video(wanted)
    end_in_browser()
    return video(wanted)


def has_picture(stream: AnyStream | None) -> bool:
    """Whether a camera's picture comes to the server."""
    return stream is not None and not isinstance(stream, BrowserStream)


def lacks_picture(stream: AnyStream, options: Options, place: DeltaGenerator) -> bool:
    """Whether the picture that a page needs stays in the browser; then it is said there."""
    if not isinstance(stream, BrowserStream) or can_find(options):
        return False
    stream.live.configure(Options(paused=True))
    place.info(
        "This needs the camera's picture, which stays in your browser: choose “on the server” "
        "under *Keypoints are found* in the settings.",
        icon="🖥️",
    )
    return True
