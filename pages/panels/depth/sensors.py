"""Depth cameras that are plugged into the machine that runs Mudra."""

from contextlib import ExitStack

import streamlit as st

from core.depth.sensors.finding import found_sensors, open_sensor
from core.estimators.depth_net import DepthNet
from core.gestures.labels import safe_label
from core.live.depth_stream import DepthStream
from core.reading.hand_finding import usual_finders
from core.store import Project
from pages.components.depth_view import Scene, draw_depth, of_view
from pages.panels.camera.stage import Stage
from pages.panels.depth.kept import keep_open, let_go
from pages.panels.depth.playing import pick_reach
from pages.panels.depth.teaching import Naming, naming, teach_from_camera
from pages.panels.frame import errors_shown, studio
from pages.panels.machine import sits_here
from pages.panels.table import show_table

_EVERY_S = 0.1
_REACH_MM = (300.0, 1500.0)
_FOUND, _TOLD = "depth_sensors", "depth_told"
_LOOK = "Look again"


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
        let_go()
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
        let_go()
        st.caption("Switch the camera on. Its pictures stay on the machine that runs Mudra.")
        return
    with place.settings:
        reach = pick_reach(name, _REACH_MM)
    with errors_shown():
        stream = _running(name, net)
        model, said = naming(project, net)
        scene = Scene(f"{name} {stream.number}", reach, skeleton=stream.skeleton, model=model)
        st.fragment(_now, run_every=_EVERY_S)(stream, scene, said)
        teach_from_camera(project, stream, net, name)


def _look_again() -> None:
    let_go()  # not every library lists a camera that is in use
    st.session_state.pop(_FOUND, None)


def _running(name: str, net: DepthNet) -> DepthStream:
    """Begun anew where it was left for a while."""

    def make(stack: ExitStack) -> DepthStream:
        source = stack.enter_context(open_sensor(name))
        stream = DepthStream(source, net, usual_finders(studio().paths))
        stack.callback(stream.close)
        return stream

    key = ("sensor", name, net.name)
    stream = keep_open(key, make)
    if stream.is_over and not stream.error:
        let_go()
        stream = keep_open(key, make)
    return stream


def _now(stream: DepthStream, scene: Scene, said: Naming) -> None:
    if stream.error:
        st.error(safe_label(stream.error), icon="📷")
        if st.button("Try again", key="depth_again"):
            let_go()
            st.rerun()  # of the page, which opens it; a press here draws this part alone
        return
    if stream.is_over:  # nobody looked for a while
        st.rerun()
    before, told = st.session_state.get(_TOLD, ("", -1))
    views = stream.since(told + 1 if before == scene.name else 0, scene.reach or _REACH_MM)
    if views:
        st.session_state[_TOLD] = (scene.name, views[-1].index)
    draw_depth("depth_sensor_view", scene, [of_view(view, said(view)) for view in views])
