"""Sources of depth: a rendered example, uploaded recordings, connected sensors; and the net that
finds the hand's keypoints in them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.depth.cameras import CAMERAS
from core.depth.frames import DepthSource
from core.depth.sensors.finding import found_sensors, open_sensor
from core.estimators.depth_net import DepthNet
from core.gestures.labels import safe_label
from core.lab.renderer.film import RenderedFilm
from core.lab.renderer.render import JOINTS
from core.live.depth_stream import DepthStream
from core.offline.depth_uploads import uploaded_recording
from core.reading.depth_playback import DepthPlayback
from core.reading.hand_finding import HandFinder, default_finders
from core.reading.keypoint_sources import depth_nets
from core.store import Project
from pages.components.depth_view import Scene, draw_depth, of_view
from pages.panels.camera.stage import Stage
from pages.panels.controls import upload_field
from pages.panels.depth.playing import pick_reach, play
from pages.panels.depth.teaching import Naming, naming, teach_from_camera, teach_from_recording
from pages.panels.kept import drop, keep
from pages.panels.layout import errors_shown, show_table
from pages.panels.resources import studio, temporary_folder
from pages.panels.visitor import sits_here

_TABLES, _PICTURES = ["json", "csv", "txt"], ["png", "bin", "jpg"]
KINDS = ["zip", "npz", "npy", "mkv", "avi", "mp4", "mov", "oni", *_PICTURES, *_TABLES]
AUTOMATIC = "automatic"
OpenSource = Callable[[], AbstractContextManager[DepthSource]]
Reader = TypeVar("Reader", DepthPlayback, DepthStream)
OPEN = "depth"  # the place of what is kept open
_STREAM_EVERY_S = 0.1
_REACH_MM = (300.0, 1500.0)
_FOUND, _TOLD = "depth_sensors", "depth_told"
_LOOK = "Look again"


def pick_depth_net() -> DepthNet:
    """One of those that are installed; at first the one that ships."""
    nets = depth_nets(studio().paths)
    name = st.selectbox(
        "Net",
        list(nets),
        key="depth_net",
        persist_state="session",
        width=260,
        help="Finds the keypoints in the hand's crop. Train your own by `python -m core train-net "
        "crossinfonet.synthetic_light --data rendered`.",
    )
    return _load_depth_net(nets[name], nets[name].stat().st_mtime)


@st.cache_resource(show_spinner=False, max_entries=2)
def _load_depth_net(folder: Path, changed_at: float) -> DepthNet:
    """Kept while its folder stays the same."""
    return DepthNet(folder, threads=2)


def show_example(place: Stage, project: Project, net: DepthNet) -> None:
    """A rendered hand, whose truth is known: in the net's keypoints where it can be."""
    place.head.caption(
        "A rendered hand, as a depth camera sees it. Its true keypoints are known: dashed."
    )
    film = RenderedFilm(net.skeleton) if net and net.skeleton in JOINTS else RenderedFilm()
    _show_recording(place, "example", lambda: film, project, net)


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
        drop(OPEN)
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

    _show_recording(place, name, opened, project, net)


def _show_recording(
    place: Stage, name: str, open_source: OpenSource, project: Project, net: DepthNet
) -> None:
    with errors_shown():
        playback = _open_recording(name, open_source, net)
        with place.settings:
            reach = pick_reach(name, playback.usual_reach)
        model, said = naming(project, net)
        scene = Scene(name, reach, playback.count, skeleton=playback.skeleton, model=model)
        play(playback, replace(scene, truth=playback.truth), said)
        teach_from_recording(project, playback, net, name)


def _open_recording(name: str, open_source: OpenSource, net: DepthNet) -> DepthPlayback:
    """Once for each recording and net."""
    return _keep_open(("recording", name), open_source, net, DepthPlayback)


def _keep_open(
    key: tuple[str, ...],
    open_source: OpenSource,
    net: DepthNet,
    read: Callable[[DepthSource, DepthNet, Sequence[HandFinder]], Reader],
) -> Reader:
    """The reader of a source that stays open, one at a time."""

    def make() -> tuple[Reader, ExitStack]:
        with ExitStack() as stack:
            source = stack.enter_context(open_source())
            reader = read(source, net, default_finders(studio().paths))
            stack.callback(reader.close)
            return reader, stack.pop_all()

    reader, _ = keep(OPEN, (*key, net.name), make, _close_source)
    return reader


def _close_source(opened: tuple[object, ExitStack]) -> None:
    opened[1].close()


def show_sensor(place: Stage, project: Project, net: DepthNet) -> None:
    """One of those that are plugged in, while it is switched on; else what each kind lacks."""
    place.head.caption("A depth camera of the machine that runs Mudra.")
    if not sits_here():
        st.info(
            "Others can open this studio, so it switches no camera of this machine "
            "on. Record by `python -m core record-depth sensor:NAME FILE.mkv`, and drop that file "
            "on Recording.",
            icon="🔒",
        )
        return
    if _FOUND not in st.session_state:
        st.session_state[_FOUND] = found_sensors()
    found = st.session_state[_FOUND]
    cameras = {f"{kind.name}:{n}": d for kind in found for n, d in enumerate(kind.devices)}
    if not cameras:
        drop(OPEN)
        st.info("No depth camera was found. Plug one in, with its maker's library:", icon="🔌")
        show_table(
            {
                "camera": [kind.cameras for kind in found],
                "what is missing": [kind.problem for kind in found],
            }
        )
        st.button(_LOOK, on_click=_look_again)
        return
    titles = cameras.__getitem__
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = str(
            st.selectbox("Camera", [*cameras], format_func=titles, key="depth_sensor", width=320)
        )
        is_on = st.toggle("On", key="depth_on")
        st.button(_LOOK, on_click=_look_again)
    if not is_on:
        drop(OPEN)
        st.caption("Switch the camera on. Its pictures stay on the machine that runs Mudra.")
        return
    with place.settings:
        reach = pick_reach(name, _REACH_MM)
    with errors_shown():
        stream = _open_stream(name, net)
        model, said = naming(project, net)
        scene = Scene(f"{name} {stream.number}", reach, skeleton=stream.skeleton, model=model)
        st.fragment(_show_stream, run_every=_STREAM_EVERY_S)(stream, scene, said)
        teach_from_camera(project, stream, net, name)


def _look_again() -> None:
    drop(OPEN)  # not every library lists a camera that is in use
    st.session_state.pop(_FOUND, None)


def _open_stream(name: str, net: DepthNet) -> DepthStream:
    """The camera's stream, opened again where it was left for a while."""
    key = ("sensor", name)
    stream = _keep_open(key, lambda: open_sensor(name), net, DepthStream)
    if stream.is_over and not stream.error:
        drop(OPEN)
        stream = _keep_open(key, lambda: open_sensor(name), net, DepthStream)
    return stream


def _show_stream(stream: DepthStream, scene: Scene, said: Naming) -> None:
    if stream.error:
        st.error(safe_label(stream.error), icon="📷")
        if st.button("Try again", key="depth_again"):
            drop(OPEN)
            st.rerun()  # of the page, which opens it; a press here draws this part alone
        return
    if stream.is_over:  # nobody looked for a while
        st.rerun()
    before, told = st.session_state.get(_TOLD, ("", -1))
    views = stream.since(told + 1 if before == scene.name else 0, scene.reach or _REACH_MM)
    if views:
        st.session_state[_TOLD] = (scene.name, views[-1].index)
    draw_depth("depth_sensor_view", scene, [of_view(view, said(view)) for view in views])
