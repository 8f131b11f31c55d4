"""Heatmaps: choice and explanation of the views, and heatmaps of a picture or a frozen frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.datasets.coco import MAX_BOXES, read_person_boxes
from core.estimators.heatmap_bodies import HeatmapBodies
from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.gestures.labels import safe_label
from core.media.pictures import PICTURE_SUFFIXES, encode_jpeg, encode_png, read_picture
from core.pose.boxes import Box
from core.pose.drawing.heatmap_layout import Maps, enlarged_keypoint_after_click, layout_tiles
from core.pose.drawing.heatmaps import (
    draw_attention,
    draw_colour_bar,
    draw_with_heatmaps,
    enlarge_for_drawing,
    mirror_heatmaps,
    select_person_maps,
)
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Estimate, Frame, Heatmaps, Picture, Pose
from core.reading.keypoint_sources import KeypointSource
from core.recording.correcting import AnalysedFrame, FrameHistory
from core.recording.imports.uploads import temporary_upload
from core.words import mark, words
from pages.components.person_boxes import draw_box_editor, edited_boxes
from pages.components.shown_picture import click_position, displayed_width_px, watch_picture
from pages.panels.camera.keypoints import pick_keypoint, request_keypoint
from pages.panels.controls import download_button, pick_option, upload_field
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.resources import studio, visitor_folder
from pages.panels.visit import get_or_make

VIEWS = {
    "single": (
        mark("Overlay"),
        mark("The heatmaps of the chosen stage, and the keypoints of the last one."),
    ),
    "multi": (
        mark("Per stage"),
        mark(
            "Stage 1 sees only a small neighbourhood and mistakes many spots for {spot}; later "
            "stages also see the other keypoints. The track shows how the peaks move. A net with "
            "attention also shows its attention maps, coarse scales first."
        ),
    ),
    "hm": (
        mark("Per keypoint"),
        mark(
            "One map for each keypoint, {order}. Click one to see it large, and again to go back."
        ),
    ),
}
_OF_HANDS = {"spot": words("a fingertip"), "order": words("finger by finger")}
_OF_BODIES = {"spot": words("a wrist"), "order": words("each side's together")}
STILL = "maps_still"
_SHOWN = "maps_shown"
# a net's attention maps
_ATTENTION = {
    "holistic_1": mark("holistic 1"),
    "holistic_2": mark("holistic 2"),
    "holistic_3": mark("holistic 3"),
    "part_wise": mark("part wise"),
}
_MAX_WIDTH_PX = 1000  # larger pictures are slow to send; the browser enlarges them


def pick_maps(skeleton: Skeleton, stages: int, *, video: bool) -> Maps:
    """Show selectors for heatmap view, stage and keypoint; for a video only the view."""
    view = pick_option(
        t("View"), VIEWS, "maps_view", format_func=lambda v: t(VIEWS[v][0]), width="content"
    )
    if video:
        return Maps(view, stages - 1)
    stage = stages - 1
    if view != "multi" and stages > 1:
        stage = _pick_stage(stages)
    joint = pick_keypoint("maps", skeleton)
    return Maps(view, stage, joint, min(_MAX_WIDTH_PX, displayed_width_px(_SHOWN, Maps.width)))


def _pick_stage(stages: int) -> int:
    """Show a selector for a stage, by default the last; return its index."""
    chosen = st.segmented_control(
        t("Stage"),
        range(1, stages + 1),
        default=stages,
        required=True,
        key=f"maps_stage_{stages}",
        persist_state="session",
        width="content",
    )
    return int(chosen or stages) - 1


def explain_maps(maps: Maps, skeleton: Skeleton, stages: int) -> None:
    """Explain the heatmaps' colours and view, and that a click on a tile enlarges its keypoint."""
    subject = _OF_BODIES if skeleton.is_body else _OF_HANDS
    st.caption(t(VIEWS[maps.view][1], **subject))
    bar = draw_colour_bar(200, 12)
    st.image(
        bar,
        t("low … high confidence"),
        width=200,
        alt=t("Colours of low to high confidence"),
    )
    watch_picture(
        _SHOWN,
        f".st-key-{STILL} img",
        clicks=maps.view == "hm",
        fits=maps.view == "single",
        on_click=lambda: _request_clicked_keypoint(maps, skeleton, stages),
    )


def show_attention(heatmaps: Heatmaps, maps: Maps) -> None:
    """Draw the attention maps of a net that has them, unless the view already includes them."""
    tiles = draw_attention(heatmaps, maps.joint) if maps.view != "multi" else []
    if not tiles:
        return
    st.caption(t("Attention maps: coarse scales first, then per keypoint."))
    with st.container(horizontal=True, key="maps_attention"):
        for title, picture in tiles:
            name = t(_ATTENTION.get(title, title))
            st.image(
                picture, name, width=picture.shape[1], alt=t("Attention map {name}", name=name)
            )


def _request_clicked_keypoint(maps: Maps, skeleton: Skeleton, stages: int) -> None:
    """Select the keypoint whose tile was clicked; a click on an enlarged keypoint selects all."""
    at, layout = click_position(_SHOWN), layout_tiles(maps, skeleton, stages)
    if at is not None and layout is not None:
        request_keypoint("maps", skeleton, enlarged_keypoint_after_click(layout, *at, maps.joint))


_HELD, _SEEN = "maps_held", "maps_seen"
_MAX_FRAME_AGE_S = 5.0  # a large net takes seconds for several people


@dataclass(frozen=True)
class _FrozenFrame:
    """A frozen frame, the net that estimated it, and the visit it belongs to."""

    moment: AnalysedFrame
    source: KeypointSource
    visit: int


def recent_frames() -> FrameHistory:
    """Return the last second of this visitor's camera on Heatmaps."""
    return st.session_state.setdefault(_SEEN, FrameHistory())


def freeze_button(source: KeypointSource, has_picture: bool) -> AnalysedFrame | None:
    """Draw Freeze, or Continue while a frame is frozen; return the frozen frame, estimated again if
    the net changed, or None while live."""
    held: _FrozenFrame | None = st.session_state.get(_HELD)
    if held is not None and held.visit == st.session_state["visit"]:
        st.button(t("Continue"), icon="▶️", on_click=_unfreeze, help=t("Back to the video."))
        return held.moment if held.source == source else _reestimate_frame(held.moment, source)
    st.button(
        t("Freeze"),
        icon="⏸️",
        disabled=not has_picture,
        on_click=_freeze_frame,
        args=(source,),
        help=t("Keep the current camera picture."),
    )
    return None


def _freeze_frame(source: KeypointSource) -> None:
    with show_errors():
        moments = recent_frames().freeze(_MAX_FRAME_AGE_S)
        st.session_state[_HELD] = _FrozenFrame(moments[-1], source, st.session_state["visit"])


def _unfreeze() -> None:
    st.session_state.pop(_HELD, None)


def _reestimate_frame(moment: AnalysedFrame, source: KeypointSource) -> AnalysedFrame:
    """Estimate a frozen frame again with another net, for the same number of people."""
    frame, estimator = _camera_frame(moment), page_estimator(source)
    bodies = skeleton_named(source.net_metadata(studio().paths).skeleton).is_body
    several = len(moment.estimate.numbers) if bodies else 0
    estimate = estimator.estimate_still(
        frame.rgb, num_poses=several or None, mirrored_view=frame.mirrored_view
    )
    if several:
        estimate = replace(estimate, numbers=tuple(range(1, len(estimate.poses) + 1)))
    return AnalysedFrame(frame, estimate, estimator.version)


def _camera_frame(moment: AnalysedFrame) -> Frame:
    """Return a moment's frame, which has a picture because nets run on the server."""
    assert isinstance(moment.frame, Frame)
    return moment.frame


def page_estimator(source: KeypointSource) -> Any:
    """Return this visitor's estimator of a net and crop, opened once."""
    key = (source.name, source.crop)
    return get_or_make(
        "maps_estimator", key, lambda: source.open(studio().paths), lambda opened: opened.close()
    )


def show_frozen(moment: AnalysedFrame, maps: Maps, stages: int) -> None:
    """Draw the heatmaps of a frozen frame, mirrored as the video was."""
    frame = _camera_frame(moment)
    _show_picture_heatmaps(frame.rgb, moment.estimate, maps, stages, mirror=frame.mirrored_view)


def show_hand_upload(source: KeypointSource, maps: Maps) -> None:
    """Draw the upload of a picture with a hand, and the picture with heatmaps."""
    hint = t("Drop a picture with a hand here to see where the net finds its keypoints.")
    file = _upload_picture(t("A picture of a hand"), hint)
    if file is None:
        return
    with show_errors():
        rgb = read_picture(file.getvalue(), name=file.name)
        estimator = page_estimator(source)
        estimate = estimator.estimate_still(rgb)
        if not estimate.heatmaps:
            st.warning(t("No hand was found: try one that is larger or better lit."), icon="👀")
            return
        _show_picture_heatmaps(rgb, estimate, maps, estimator.stages)


def _upload_picture(label: str, hint: str, place: Any = st) -> Any:
    """Draw the upload of a picture; return it, or show the hint and return None."""
    file = upload_field(
        ["pictures"],
        label,
        PICTURE_SUFFIXES,
        place=place,
        key="maps_file",
        label_visibility="collapsed",
    )
    if file is None:
        st.info(hint, icon="🔥")
    return file


def _show_picture_heatmaps(
    rgb: Picture, estimate: Estimate, maps: Maps, stages: int, *, mirror: bool = False
) -> None:
    """Draw a picture with heatmaps, a download, the net's input crop and attention maps."""
    factor = max(1.0, maps.width / rgb.shape[1]) if maps.view == "single" else 1.0
    rgb, estimate = enlarge_for_drawing(rgb, estimate, factor)
    labels = [str(number) for number in estimate.numbers]
    picture = draw_with_heatmaps(rgb, estimate, maps, stages, mirror=mirror, labels=labels)
    with st.container(key=STILL):
        st.image(picture, width="stretch", alt=t("The picture with its heatmaps"))
    with st.container(horizontal=True, vertical_alignment="center"):
        download_button(t("Download"), encode_png(picture), "heatmaps.png", icon="🖼")
        shown = next(iter(select_person_maps(estimate, maps.person).heatmaps), None)
        if shown is not None:
            crop = shown.crop
            with st.popover(t("Net input"), icon="🔍"):
                height, width = crop.shape[:2]
                size = t("the crop, {width} × {height} pixels", width=width, height=height)
                st.image(crop, size, width=2 * width, alt=t("The net’s input"))
    if shown is not None:
        show_attention(mirror_heatmaps(shown) if mirror else shown, maps)


FOUND, FILE, DRAWN = "MediaPipe", mark("File"), mark("Drawn")
_BOXES, _FIRST_BOXES, _READ = "maps_people", "maps_first_boxes", "maps_people_read"


def show_people_upload(source: KeypointSource, maps: Maps) -> None:
    """Draw the picture upload, the box editor, and the selected person's heatmaps."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    hint = t("Drop a picture with people here, or one person.")
    file = _upload_picture(t("A picture with people"), hint, place=left)
    with right:
        boxes_by = pick_option(
            t("Person boxes from"),
            [FOUND, FILE, DRAWN],
            "maps_boxes",
            width="content",
        )
    if file is None:
        return
    with show_errors():
        rgb = read_picture(file.getvalue(), name=file.name)
        estimator: HeatmapBodies = page_estimator(source)
        given = _initial_boxes(boxes_by, rgb, file, estimator)
        if given is not None:
            turn, boxes = given
            _show_people_heatmaps(rgb, estimator, maps, f"{file.file_id} {turn}", boxes)


def _initial_boxes(
    box_source: str, rgb: Picture, picture: Any, estimator: HeatmapBodies
) -> tuple[str, list[Box]] | None:
    """Return a cache key and the boxes (none, detected, or read from a JSON file); None until that
    file is uploaded."""
    if box_source == DRAWN:
        return DRAWN, []
    if box_source == FOUND:
        boxes = get_or_make(
            _FIRST_BOXES,
            (picture.file_id, FOUND),
            lambda: estimator.detect_still_boxes(rgb, MAX_PEOPLE),
        )
        if not boxes:
            st.caption(t("MediaPipe found no one: draw a box around each person."))
        return FOUND, boxes
    file = upload_field(
        ["JSON"],
        t("Detections or COCO annotations"),
        ["json"],
        key="maps_boxes_file",
        help=t("A list of {image_id, category_id, bbox, score}, or COCO annotations with images."),
    )
    if file is None:
        return None
    with temporary_upload(file.name, file.getvalue(), visitor_folder()) as path:
        size_hw = (rgb.shape[0], rgb.shape[1])
        boxes = get_or_make(
            _FIRST_BOXES,
            (picture.file_id, file.file_id),
            lambda: read_person_boxes(path).find_boxes(picture.name, size_hw),
        )
    if not boxes:
        st.warning(
            t(
                "{file} has no boxes for {picture}: rename the picture to its name or number in "
                "the annotations.",
                file=safe_label(file.name),
                picture=safe_label(picture.name),
            ),
            icon="👀",
        )
    return file.file_id, boxes


def _show_people_heatmaps(
    rgb: Picture, estimator: HeatmapBodies, maps: Maps, version: str, initial_boxes: Sequence[Box]
) -> None:
    """Draw the box editor over all skeletons, then heatmaps of the selected box."""
    boxes, chosen = edited_boxes(_BOXES, version, initial_boxes)
    estimate = _estimate_new_boxes(rgb, estimator, version, boxes)
    of_chosen = replace(estimate, heatmaps=estimate.heatmaps[chosen : chosen + 1])
    flat = replace(maps, view="single", stage=maps.stage if maps.view == "single" else None)
    larger, drawn = enlarge_for_drawing(rgb, of_chosen, max(1.0, maps.width / rgb.shape[1]))
    everybody = draw_with_heatmaps(larger, drawn, flat, estimator.stages)
    size_hw = (rgb.shape[0], rgb.shape[1])
    draw_box_editor(_BOXES, encode_jpeg(everybody), size_hw, version, initial_boxes)
    if len(boxes) == MAX_BOXES:
        st.caption(t("The limit is {n} people at once.", n=MAX_BOXES))
    picture = everybody
    if maps.view != "single" and boxes:
        alone = replace(of_chosen, poses=estimate.poses[chosen : chosen + 1])
        alone = replace(alone, numbers=estimate.numbers[chosen : chosen + 1])
        picture = draw_with_heatmaps(rgb, alone, maps, estimator.stages)
        with st.container(key=STILL):
            st.image(picture, width="stretch", alt=t("The picture with its heatmaps"))
    if boxes:
        show_attention(of_chosen.heatmaps[0], maps)
    download_button(t("Download"), encode_png(picture), "heatmaps.png", icon="🖼")


def _estimate_new_boxes(
    rgb: Picture, estimator: HeatmapBodies, version: str, boxes: Sequence[Box]
) -> Estimate:
    """Estimate the person in each box; results for boxes of the previous call are reused, others
    are dropped."""
    known: dict[Box, tuple[Pose, Heatmaps]] = get_or_make(_READ, (version, estimator.version), dict)
    new = [box for box in boxes if box not in known]
    read = estimator.estimate_boxes(rgb, new)
    known |= dict(zip(new, zip(read.poses, read.heatmaps, strict=True), strict=True))
    for box in known.keys() - set(boxes):
        del known[box]
    poses, heatmaps = zip(*(known[box] for box in boxes), strict=True) if boxes else ((), ())
    numbers = tuple(range(1, len(boxes) + 1))
    return replace(read, poses=poses, heatmaps=heatmaps, numbers=numbers)
