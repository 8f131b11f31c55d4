"""Recordings of depth: a rendered example, and files that somebody gives."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace

import streamlit as st

from core.depth.cameras import CAMERAS
from core.depth.frames import DepthSource
from core.estimators.depth_net import DepthNet
from core.lab.renderer.film import RenderedFilm
from core.lab.renderer.render import JOINTS
from core.offline.depth_uploads import uploaded_recording
from core.reading.depth_playback import DepthPlayback
from core.reading.hand_finding import usual_finders
from core.store import Project
from pages.components.depth_view import Scene
from pages.panels.camera.stage import Stage
from pages.panels.depth.kept import keep_open, let_go
from pages.panels.depth.playing import pick_reach, play
from pages.panels.depth.teaching import naming, teach_from_recording
from pages.panels.frame import errors_shown, studio, temporary_folder
from pages.panels.uploads import upload_field

_TABLES, _PICTURES = ["json", "csv", "txt"], ["png", "bin", "jpg"]
KINDS = ["zip", "npz", "npy", "mkv", "avi", "mp4", "mov", "oni", *_PICTURES, *_TABLES]
AUTOMATIC = "automatic"
OpenSource = Callable[[], AbstractContextManager[DepthSource]]


def show_example(place: Stage, project: Project, net: DepthNet) -> None:
    """A rendered hand, whose truth is known: in the net's keypoints where it can be."""
    place.head.caption(
        "A rendered hand, as a depth camera sees it. Its true keypoints are known: dashed."
    )
    film = RenderedFilm(net.skeleton) if net and net.skeleton in JOINTS else RenderedFilm()
    _show(place, "example", lambda: film, project, net)


def show_upload(place: Stage, project: Project, net: DepthNet) -> None:
    """A recording that somebody gives."""
    place.head.caption("A recording of a depth camera: its hand, found frame by frame.")
    left, right = st.columns([3, 1])
    files = upload_field(
        ["recordings"],
        "A recording of depth",
        KINDS,
        place=left,
        accept_multiple_files=True,
        key="depth_files",
    )
    camera = right.selectbox(
        "Camera",
        [AUTOMATIC, *CAMERAS],
        key="depth_camera",
        help="That took it; automatic: as the recording says.",
    )
    if not files:
        let_go()
        st.info(
            "Drop a recording into the field above: 16-bit PNGs in mm, all of a folder or the "
            "folder as a zip, with camera.json where their names don't tell the camera; a stack "
            "(.npy, .npz); a 16-bit video (.mkv); or OpenNI's .oni.",
            icon="🎞",
        )
        return
    name = " ".join((*(file.file_id for file in files), camera))

    def opened() -> AbstractContextManager[DepthSource]:
        uploads = [(file.name, file.getvalue()) for file in files]
        return uploaded_recording(uploads, temporary_folder(), CAMERAS.get(camera))

    _show(place, name, opened, project, net)


def _show(
    place: Stage, name: str, open_source: OpenSource, project: Project, net: DepthNet
) -> None:
    with errors_shown():
        playback = _opened(name, open_source, net)
        with place.settings:
            reach = pick_reach(name, playback.usual_reach)
        model, said = naming(project, net)
        scene = Scene(name, reach, playback.count, skeleton=playback.skeleton, model=model)
        play(playback, replace(scene, truth=playback.truth), said)
        teach_from_recording(project, playback, net, name)


def _opened(name: str, open_source: OpenSource, net: DepthNet) -> DepthPlayback:
    """Once for each recording and net."""

    def make(stack: ExitStack) -> DepthPlayback:
        source = stack.enter_context(open_source())
        playback = DepthPlayback(source, net, usual_finders(studio().paths))
        stack.callback(playback.close)
        return playback

    return keep_open(("recording", name, net.name), make)
