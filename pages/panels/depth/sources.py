"""Sources of depth frames: a rendered example, uploads and sensors; and a recording that plays."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from core.depth.cameras import CAMERAS
from core.depth.drawing import MAX_RANGE_MM, DepthRange
from core.depth.frames import DepthSource
from core.depth.sensors.finding import list_sensors, open_sensor
from core.errors import MudraError
from core.estimators.depth_nets import DepthNet
from core.gestures.labels import safe_label
from core.lab.renderer.film import RenderedFilm
from core.lab.renderer.render import JOINTS
from core.live.depth_stream import DepthStream
from core.measuring.depth_evaluation import compute_depth_figures, success_curve
from core.offline.depth_recording import open_uploaded_recording
from core.pose.metrics import Distances, epe
from core.reading.depth_playback import DepthPlayback
from core.reading.hand_finding import HandFinder, default_finders
from core.reading.keypoint_sources import depth_nets
from core.store import Project
from core.words import mark
from pages.components.depth_view import (
    DepthScene,
    broken_frame_data,
    depth_frame_data,
    draw_depth,
    first_requested_frame,
)
from pages.panels.access import is_at_this_machine
from pages.panels.camera.stage import Stage
from pages.panels.controls import download_button, upload_field
from pages.panels.depth.teaching import (
    GestureNamer,
    depth_gesture_namer,
    teach_from_camera,
    teach_from_recording,
)
from pages.panels.language import t, tn
from pages.panels.layout import show_errors, show_table, stacking_columns
from pages.panels.resources import studio, visitor_folder
from pages.panels.training.charts import TEAL, Chart, draw_chart, encode
from pages.panels.visit import drop_cached, get_or_make

_KEY = "depth_view"
_BATCH, _BATCH_S = 20, 0.3  # frames, seconds
_SAID_MM = ("20", "40")


def pick_depth_range(name: str, default_range: DepthRange) -> DepthRange:
    """Draw the slider of the colour scale's depth range in m; return it in mm."""
    low, high = st.slider(
        t("Colour range (m)"),
        0.0,
        MAX_RANGE_MM / 1000,
        (default_range[0] / 1000, default_range[1] / 1000),
        0.05,
        key=f"depth_reach_{name}",
        help=t("Nearer is red, farther is blue."),
    )
    return low * 1000, max(high, low + 0.05) * 1000


def _draw_recording_batch(
    playback: DepthPlayback, scene: DepthScene, name_gesture: GestureNamer
) -> None:
    """Send the requested frames to the depth view, then show hand counts and keypoint errors."""
    draw_depth(_KEY, scene, _read_frame_batch(playback, scene, name_gesture))
    _show_hand_counts(playback)
    show_keypoint_errors(playback.errors_mm())


def _read_frame_batch(
    playback: DepthPlayback, scene: DepthScene, name_gesture: GestureNamer
) -> list[dict[str, Any]]:
    """Read the frames that the browser requests, up to _BATCH frames or _BATCH_S; send unreadable
    frames as `broken_frame_data`."""
    first, until = first_requested_frame(_KEY, scene), time.monotonic() + _BATCH_S
    reach = scene.reach or playback.usual_reach
    batch = []
    for index in range(first, min(first + _BATCH, playback.count)):
        try:
            view = playback.view(index, reach)
            batch.append(depth_frame_data(view, name_gesture(view)))
        except MudraError as error:
            batch.append(broken_frame_data(index, t(error.text)))
        if time.monotonic() > until:
            break
    return batch


def _show_hand_counts(playback: DepthPlayback) -> None:
    """Show how many of the frames read contain a hand, and a keypoint download."""
    found, read = playback.count_hands()
    if read == playback.count and not found:
        st.warning(
            t(
                "No hand was found in this recording. Hands are found 0.26 to 1.3 m before the "
                "camera, their palm in view."
            ),
            icon="👀",
        )
    elif read:
        st.caption(_describe_hand_count(found, read, so_far=read < playback.count))
    if playback.has_unnamed_truth:
        st.caption(
            t(
                "The true keypoints of this recording aren't named, so nothing is measured by "
                "them: joints.csv needs the columns wrist_x, wrist_y, wrist_z, thumb_cmc_x, …"
            )
        )
    if found and playback.skeleton:
        download_button(
            t("Keypoints (CSV)"),
            playback.keypoints_csv,
            "hand_in_depth.csv",
            icon="⬇️",
            key="depth_csv",
            help=t("Of the frames read so far, in mm from the camera."),
        )


def _describe_hand_count(found: int, read: int, *, so_far: bool) -> str:
    """Return in how many of the frames read a hand was found, in the visitor's language."""
    if so_far:
        return tn(
            read,
            "Hand found in {found} of {n:,} frame read so far.",
            "Hand found in {found} of {n:,} frames read so far.",
            found=found,
        )
    return tn(
        read,
        "Hand found in {found} of {n:,} frame.",
        "Hand found in {found} of {n:,} frames.",
        found=found,
    )


def show_keypoint_errors(distances_mm: Distances) -> None:
    """Show mean error, success rates and success curve of distances (N, K) in mm, if any."""
    if not len(distances_mm):
        return
    figures = compute_depth_figures(distances_mm)
    said, curve = stacking_columns("depth_errors", 1, 2)
    with said:
        st.metric(t("Mean error"), f"{epe(distances_mm):.1f} mm", border=True)
        shares = figures["success"]
        within = ", ".join(t("{mm} mm in {share:.0%}", mm=mm, share=shares[mm]) for mm in _SAID_MM)
        st.caption(
            tn(
                figures["n"],
                "{n:,} frame with truth. Every keypoint is within {within} of them.",
                "{n:,} frames with truth. Every keypoint is within {within} of them.",
                within=within,
            )
        )
    with curve:
        draw_chart(success_chart(success_curve(distances_mm)), width="stretch", key="depth_success")


def success_chart(curve: list[tuple[int, float]]) -> Chart:
    """Build the chart of the fraction of frames whose largest error is below a threshold."""
    percent = {"format": "%", "values": [0, 0.25, 0.5, 0.75, 1]}
    return {
        "data": {"values": [{"mm": mm, "share": share} for mm, share in curve]},
        "mark": {"type": "line", "strokeWidth": 2.5, "color": TEAL},
        "encoding": {
            "x": encode("mm", title=t("largest error, mm")),
            "y": encode("share", title=t("frames within"), scale={"domain": [0, 1]}, axis=percent),
            "tooltip": [encode("mm"), encode("share", format=".1%", title=t("share"))],
        },
        "height": 200,
    }


_TABLES, _PICTURES = ["json", "csv", "txt"], ["png", "bin", "jpg"]
KINDS = ["zip", "npz", "npy", "mkv", "avi", "mp4", "mov", "oni", *_PICTURES, *_TABLES]
AUTOMATIC = mark("automatic")
OpenSource = Callable[[], AbstractContextManager[DepthSource]]
Reader = TypeVar("Reader", DepthPlayback, DepthStream)
OPEN_SOURCE = "depth"  # name of the cached open source
_STREAM_EVERY_S = 0.1
_REACH_MM = (300.0, 1500.0)
_FOUND, _LAST_SENT = "depth_sensors", "depth_last_sent"
_LOOK = mark("Look again")


def pick_depth_net() -> DepthNet:
    """Show a selector for an installed depth net; load and return it."""
    nets = depth_nets(studio().paths)
    name = st.selectbox(
        t("Net"),
        list(nets),
        key="depth_net",
        persist_state="session",
        width=260,
        help=t(
            "Finds the keypoints in the hand's crop. Train your own: `python -m core train-net "
            "crossinfonet.synthetic_light --data rendered`."
        ),
    )
    return _load_depth_net(nets[name], nets[name].stat().st_mtime)


@st.cache_resource(show_spinner=False, max_entries=2)
def _load_depth_net(folder: Path, changed_at: float) -> DepthNet:
    """Load a depth net, once for each change of its folder."""
    return DepthNet(folder, threads=2)


def show_depth_example(place: Stage, project: Project, net: DepthNet) -> None:
    """Play the shipped rendered hand with its true keypoints, in the net's skeleton if possible."""
    place.head.caption(
        t("A rendered hand, as a depth camera sees it. Its true keypoints are known: dashed.")
    )
    film = RenderedFilm(net.skeleton) if net and net.skeleton in JOINTS else RenderedFilm()
    _show_depth_recording(place, "example", lambda: film, project, net)


def show_depth_upload(place: Stage, project: Project, net: DepthNet) -> None:
    """Draw the upload of a depth recording; play it and offer to teach from it."""
    place.head.caption(t("A recording of a depth camera: its hand, found frame by frame."))
    left, right = st.columns([3, 1])
    files = upload_field(
        ["recordings"],
        t("A recording of depth"),
        KINDS,
        place=left,
        accept_multiple_files=True,
        key="depth_files",
    )
    camera = right.selectbox(
        t("Camera"),
        [AUTOMATIC, *CAMERAS],
        format_func=t,
        key="depth_camera",
        help=t("The camera that made the recording. Automatic: read from the file."),
    )
    if not files:
        drop_cached(OPEN_SOURCE)
        st.info(
            t(
                "Drop a recording into the field above: 16-bit PNGs in mm, as files or as a zip, "
                "with camera.json if their names don't say which camera; a stack (.npy, .npz); a "
                "16-bit video (.mkv); or OpenNI's .oni."
            ),
            icon="🎞",
        )
        return
    name = " ".join((*(file.file_id for file in files), camera))

    def open_uploads() -> AbstractContextManager[DepthSource]:
        uploads = [(file.name, file.getvalue()) for file in files]
        return open_uploaded_recording(uploads, visitor_folder(), CAMERAS.get(camera))

    _show_depth_recording(place, name, open_uploads, project, net)


def _show_depth_recording(
    place: Stage, name: str, open_source: OpenSource, project: Project, net: DepthNet
) -> None:
    """Open a recording; draw its depth range, player and gestures, and the teaching form."""
    with show_errors():
        playback = _open_source_once(("recording", name), open_source, net, DepthPlayback)
        with place.settings:
            reach = pick_depth_range(name, playback.usual_reach)
        model, said = depth_gesture_namer(project, net)
        scene = DepthScene(name, reach, playback.count, playback.skeleton, playback.truth, model)
        st.fragment(_draw_recording_batch)(playback, scene, said)
        teach_from_recording(project, playback, net, name)


def _open_source_once(
    key: tuple[str, ...],
    open_source: OpenSource,
    net: DepthNet,
    read: Callable[[DepthSource, DepthNet, Sequence[HandFinder]], Reader],
) -> Reader:
    """Return the cached reader of a source; open it again if the key or the net changes."""

    def make() -> tuple[Reader, ExitStack]:
        """Open the source and return its reader and the stack that closes both."""
        with ExitStack() as stack:
            source = stack.enter_context(open_source())
            reader = read(source, net, default_finders(studio().paths))
            stack.callback(reader.close)
            return reader, stack.pop_all()

    key = (*key, net.name)
    reader, _ = get_or_make(OPEN_SOURCE, key, make, lambda opened: opened[1].close())
    return reader


def show_depth_sensor(place: Stage, project: Project, net: DepthNet) -> None:
    """Show a depth camera's frames while it is on; if there is none, show what is missing."""
    place.head.caption(t("A depth camera of the machine that runs Mudra."))
    if not is_at_this_machine():
        st.info(
            t(
                "Other people can open this studio, so it doesn't use this machine's cameras. Use "
                "`python -m core record-depth sensor:NAME FILE.mkv`, then drop the file on "
                "Recording."
            ),
            icon="🔒",
        )
        return
    if _FOUND not in st.session_state:
        st.session_state[_FOUND] = list_sensors()
    found = st.session_state[_FOUND]
    cameras = {f"{kind.name}:{n}": d for kind in found for n, d in enumerate(kind.devices)}
    if not cameras:
        drop_cached(OPEN_SOURCE)
        st.info(t("No depth camera was found. Plug one in and install its library:"), icon="🔌")
        show_table(
            {
                t("Camera"): [t(kind.cameras) for kind in found],
                t("What is missing"): [t(kind.problem) for kind in found],
            }
        )
        st.button(t(_LOOK), on_click=_rescan_sensors)
        return
    titles = cameras.__getitem__
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = str(
            st.selectbox(t("Camera"), [*cameras], format_func=titles, key="depth_sensor", width=320)
        )
        is_on = st.toggle(t("On"), key="depth_on")
        st.button(t(_LOOK), on_click=_rescan_sensors)
    if not is_on:
        drop_cached(OPEN_SOURCE)
        st.caption(t("Switch the camera on. Its pictures stay on the machine that runs Mudra."))
        return
    with place.settings:
        reach = pick_depth_range(name, _REACH_MM)
    with show_errors():
        stream = _open_sensor_stream(name, net)
        model, said = depth_gesture_namer(project, net)
        scene = DepthScene(f"{name} {stream.number}", reach, skeleton=stream.skeleton, model=model)
        st.fragment(_draw_sensor_frames, run_every=_STREAM_EVERY_S)(stream, scene, said)
        teach_from_camera(project, stream, net, name)


def _rescan_sensors() -> None:
    drop_cached(OPEN_SOURCE)  # some libraries don't list a camera in use
    st.session_state.pop(_FOUND, None)


def _open_sensor_stream(name: str, net: DepthNet) -> DepthStream:
    """Return the depth camera's cached stream; reopen it if it stopped because no page was viewing
    it."""
    key = ("sensor", name)
    stream = _open_source_once(key, lambda: open_sensor(name), net, DepthStream)
    if stream.is_over and not stream.error:
        drop_cached(OPEN_SOURCE)
        stream = _open_source_once(key, lambda: open_sensor(name), net, DepthStream)
    return stream


def _draw_sensor_frames(stream: DepthStream, scene: DepthScene, name_gesture: GestureNamer) -> None:
    """Send new frames since the last call to the view; on an error, show it and Try again."""
    if stream.error:
        st.error(safe_label(t(stream.error)), icon="📷")
        if st.button(t("Try again"), key="depth_again"):
            drop_cached(OPEN_SOURCE)
            st.rerun()  # the page opens it; a press here reruns only this fragment
        return
    if stream.is_over:  # nobody looked for a while
        st.rerun()
    name, last = st.session_state.get(_LAST_SENT, ("", -1))
    views = stream.views_since(last + 1 if name == scene.name else 0, scene.reach or _REACH_MM)
    if views:
        st.session_state[_LAST_SENT] = (scene.name, views[-1].index)
    draw_depth(
        "depth_sensor_view", scene, [depth_frame_data(view, name_gesture(view)) for view in views]
    )
