"""Body: whole people in the camera, a picture or a video, by BlazePose or MoveNet."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.estimators import Estimator
from core.live.cards import START_CAMERA
from core.live.live import LiveProcessor, Options
from core.live.streams import BrowserStream
from core.live.traces import BodyTrace
from core.media.pictures import PICTURE_SUFFIXES, encode_png
from core.media.videos import VIDEO_SUFFIXES
from core.offline import bodies
from core.offline.keypoint_table import to_csv, to_json
from core.pose.drawing.bodies import AS_IT_IS, BodyView, draw_body
from core.pose.skeletons.angles import ANGLES, pose_angles
from core.pose.skeletons.table import BODY_33, skeleton_named
from core.pose.smoothing import Smoothing
from core.pose.types import Estimate, Picture
from core.reading.keypoint_sources import MOVENET, KeypointSource
from core.words import mark
from pages.panels.body import (
    Finders,
    explain_search_squares,
    pick_finders,
    pick_person,
    pick_persons,
    pick_view,
    show_angle_curves,
    show_angles,
    show_body_3d,
)
from pages.panels.camera.stage import Stage, current_stage
from pages.panels.controls import colored_number, download_button, pick_option, upload_field
from pages.panels.language import t, tn
from pages.panels.layout import show_errors
from pages.panels.progress import progress_bar
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio, visitor_folder
from pages.panels.visit import drop_cached, get_or_make

CAMERA, PICTURE, VIDEO = mark("Camera"), mark("Picture"), mark("Video")
_LIVE_EVERY_S = 0.7
_BY_DETECTOR = mark("Last frame: the detector ran; the detector ran in {n} of {total}.")
_FOLLOWED = mark("Last frame: followed from the frame before; the detector ran in {n} of {total}.")


def page() -> None:
    """Draw the page: video, picture or upload, with options, 3-D body and joint angles."""
    pick_project()
    place = current_stage()
    place.head.caption(t("Whole people: skeletons, joint angles and backgrounds."))
    with place.beside:
        with st.container(horizontal=True):
            what = pick_option(
                t("Source"), [CAMERA, PICTURE, VIDEO], "body_source", width="content"
            )
            persons = pick_persons()
        view = pick_view()
        live = what == CAMERA
        in_browser = live and isinstance(place.stream, BrowserStream)
        finders = pick_finders(persons, view, live=live, in_browser=in_browser)
    if finders.source.name == MOVENET:
        view = replace(view, background=AS_IT_IS, steps=False)
    if live:
        show_body_camera(place, finders, view)
    else:
        show = show_picture if what == PICTURE else show_video
        with place.replace_video():
            show(place.beside, finders, view)
    if view.steps:
        with place.under:
            explain_search_squares()


def show_body_camera(place: Stage, finders: Finders, view: BodyView) -> None:
    """Draw the camera's video with the body in 3-D, its angles and their curves."""
    options = Options(None, finders.persons, Smoothing(joints=False), finders.source, body=view)
    trace: BodyTrace = st.session_state.setdefault("body_trace", BodyTrace())
    live = place.show(options, watch=trace.remember)
    every = _LIVE_EVERY_S if live is not None else None
    with place.beside:
        place.show_problems()
        st.fragment(_show_live_body, run_every=every)(live, trace)
    if live is not None:
        with place.under:
            st.fragment(
                lambda: show_angle_curves(trace.angle_table(), t("seconds before now")),
                run_every=every,
            )()


def _show_live_body(live: LiveProcessor | None, trace: BodyTrace) -> None:
    """Draw the last frame's body in 3-D, its joint angles, frame rate and latency."""
    if live is None:
        st.caption(t(START_CAMERA))
        show_angles({})
        return
    latest = live.latest()
    moments = trace.moments()
    seen = moments[-1] if moments and latest.hands else None
    pose = seen.pose if seen else None
    if moments and not moments[-1].estimate.poses:
        st.info(t("Step back until your shoulders and hips are in the picture."), icon="🧍")
        if moments[-1].estimate.skeleton == BODY_33.name:
            st.caption(t("Far away? Choose MoveNet, which finds small people."))
    if seen and seen.number:
        st.markdown(t("Person {number}", number=colored_number(seen.number)))
    show_body_3d(pose.world if pose else None, "body_space", mirrored=True)
    show_angles(seen.angles if seen else {})
    text = f"{latest.fps:.0f} fps · {latest.latency_ms:.0f} ms"
    if moments and (tracking := moments[-1].estimate.tracking):
        template = _BY_DETECTOR if tracking.detected else _FOLLOWED
        text = f"{t(template, n=trace.count_detected(), total=len(moments))} {text}"
    st.caption(text)


def show_picture(side_column: DeltaGenerator, finders: Finders, view: BodyView) -> None:
    """Draw the picture upload, the picture with skeletons, and one person's body in 3-D."""
    file = upload_field(["pictures"], t("A picture of people"), PICTURE_SUFFIXES, key="body_file")
    if file is None:
        drop_cached("body_picture")
        st.info(t("Drop a picture of people into the field above."), icon="🧍")
        return
    with show_errors():
        rgb, estimate = _estimate_picture(file, finders)
        if not estimate.poses:
            st.warning(
                t("No one was found: try a picture that shows more of the body, or larger."),
                icon="👀",
            )
        picture = draw_body(rgb, estimate, view) if estimate.poses else rgb
        st.image(picture, width="stretch", alt=t("The picture with the people found"))
        with st.container(horizontal=True, vertical_alignment="center"):
            download_button(t("Download"), encode_png(picture), "body.png", icon="🖼")
            st.caption(tn(len(estimate.poses), "{n:,} person found", "{n:,} persons found"))
        if estimate.poses and _used_fallback(finders, estimate.skeleton):
            st.caption(t("Found by MoveNet: BlazePose found nobody."))
        with side_column:
            if not estimate.poses:
                show_angles({})
                return
            numbers = estimate.numbers  # none where one person is looked for
            pose = estimate.poses[numbers.index(pick_person(numbers)) if numbers else 0]
            show_body_3d(pose.world, "body_space")
            show_angles(pose_angles(pose, skeleton_named(estimate.skeleton)))


def _estimate_picture(file: Any, finders: Finders) -> tuple[Picture, Estimate]:
    """Return the picture and its poses; cached per file, estimators and number of people."""
    return get_or_make(
        "body_picture",
        (file.file_id, finders),
        lambda: bodies.read_body_picture(
            file.name,
            file.getvalue(),
            *_make_estimators(finders),
        ),
    )


def _make_estimators(
    finders: Finders,
) -> tuple[bodies.MakeEstimator, bodies.MakeEstimator | None]:
    """Return what creates the estimator and its fallback, if there is one."""

    def create(source: KeypointSource) -> Estimator:
        """Create an estimator for the number of people."""
        return source.open(studio().paths, num_poses=finders.persons)

    fallback = finders.fallback
    return partial(create, finders.source), partial(create, fallback) if fallback else None


def _used_fallback(finders: Finders, skeleton: str) -> bool:
    """Whether keypoints of this skeleton are the fallback's."""
    return finders.fallback is not None and skeleton != BODY_33.name


def show_video(side_column: DeltaGenerator, finders: Finders, view: BodyView) -> None:
    """Draw the video upload, the annotated video, downloads, curves, and a person's body in 3-D."""
    file = upload_field(["videos"], t("A video of people"), VIDEO_SUFFIXES, key="body_video")
    if file is None:
        drop_cached("body_video")
        st.info(
            t(
                "Drop a video into the field above to see skeletons and angle curves, and to "
                "download the keypoints of every frame."
            ),
            icon="🎞",
        )
        return
    with show_errors():
        read = _annotate_video(file, finders, view)
        st.video(str(read.video), format="video/webm")
        _draw_body_downloads(read)
        if _used_fallback(finders, read.skeleton):
            st.caption(t("Found by MoveNet: BlazePose found somebody in too few frames."))
        if not read.persons:
            st.warning(t("No one was found in this video."), icon="👀")
            return
        with side_column:
            person = pick_person(read.persons, coloured=finders.persons > 1)
            _show_moment(read, person)
        show_angle_curves(bodies.sample_angles(read.table, person), t("seconds"))


def _annotate_video(file: Any, finders: Finders, view: BodyView) -> bodies.BodyVideo:
    """Return a video's keypoint table and annotated copy; cached per file and settings."""

    def make() -> bodies.BodyVideo:
        """Read and annotate the video behind a progress bar."""
        estimator, fallback = _make_estimators(finders)
        with progress_bar(t("detecting")) as progress:
            return bodies.read_body_video(
                file.name,
                file.getvalue(),
                estimator,
                visitor_folder(),
                view,
                fallback=fallback,
                several=finders.persons > 1,
                progress=progress,
            )

    look = (view.background, view.colour, view.behind, view.skeleton, view.steps)
    return get_or_make(
        "body_video",
        (file.file_id, finders, *look),
        make,
        lambda result: result.video.unlink(missing_ok=True),
    )


def _draw_body_downloads(result: bodies.BodyVideo) -> None:
    """Draw counts of frames and detections, and downloads of the table and the video."""
    st.caption(
        tn(
            result.frames,
            "{n:,} frame, somebody in {found:,}; the detector ran in {detected:,}.",
            "{n:,} frames, somebody in {found:,}; the detector ran in {detected:,}.",
            found=result.found,
            detected=result.detected,
        )
    )
    table = result.table
    files: dict[str, tuple[str, Callable[[], bytes | str]]] = {
        "CSV": ("bodies.csv", lambda: to_csv(table)),
        "Parquet": ("bodies.parquet", lambda: table.to_parquet(index=False)),
        "JSON": ("bodies.json", lambda: to_json(table, skeleton_named(result.skeleton))),
        t("Video"): ("bodies.webm", result.video.read_bytes),
    }
    with st.container(horizontal=True):
        for title, (name, content) in files.items():
            download_button(title, content, name, icon="⬇️", key=f"body_{name}")


def _show_moment(read: bodies.BodyVideo, person: int) -> None:
    """Draw a slider of a person's times in a video, then the body in 3-D and the angles."""
    own = read.table[read.table["person"] == person]
    times = own["time_s"].tolist()
    at = 0
    if len(times) > 1:
        chosen = st.select_slider(
            t("Moment (s)"), times, key=f"body_moment_{read.video.stem}_{person}"
        )
        at = times.index(chosen)
    show_body_3d(bodies.select_world_keypoints(own.iloc[at]), "body_space")
    show_angles({name: float(own[name].iloc[at]) for name in ANGLES})


page()
