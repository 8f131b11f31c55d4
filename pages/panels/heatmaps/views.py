"""The choice of heatmaps, and their explanation."""

import streamlit as st

from core.pose.drawing.heatmap_layout import Maps, enlarged_keypoint_after_click, layout_tiles
from core.pose.drawing.heatmaps import draw_attention, draw_colour_bar
from core.pose.skeletons.table import Skeleton
from core.pose.types import Heatmaps
from pages.components.shown_picture import click_position, displayed_width_px, watch_picture
from pages.panels.camera.keypoints import pick_keypoint, request_keypoint
from pages.panels.controls import pick_option

VIEWS = {
    "single": (
        "Overlay",
        "The heatmaps of the chosen stage, and the keypoints of the last one.",
    ),
    "multi": (
        "Per stage",
        "Stage 1 sees only a small neighbourhood and mistakes many spots for a {spot}; later "
        "stages also see the other keypoints. The track shows how the peaks move. A net with "
        "attention also shows its attention maps, coarse scales first.",
    ),
    "hm": (
        "Per keypoint",
        "One map for each keypoint, {order}. Click one to see it large, and again to go back.",
    ),
}
_OF_HANDS = {"spot": "fingertip", "order": "finger by finger"}
_OF_BODIES = {"spot": "wrist", "order": "each side's together"}
STILL = "maps_still"
_SHOWN, _CHOSEN = "maps_shown", "maps_chosen"
_MAX_WIDTH_PX = 1000  # larger pictures are slow to send; the browser enlarges them


def pick_maps(skeleton: Skeleton, stages: int, *, video: bool) -> Maps:
    """Draw the choices of heatmap view, stage and keypoint and return them; for a video the view
    alone."""
    view = pick_option(
        "View", VIEWS, "maps_view", format_func=lambda v: VIEWS[v][0], width="content"
    )
    if video:
        return Maps(view, stages - 1)
    stage = stages - 1
    if view != "multi" and stages > 1:
        stage = _pick_stage(stages)
    joint = pick_keypoint("maps", skeleton)
    return Maps(view, stage, joint, min(_MAX_WIDTH_PX, displayed_width_px(_SHOWN, Maps.width)))


def _pick_stage(stages: int) -> int:
    """Draw the choice of a stage and return its index, at first the last."""
    chosen = st.segmented_control(
        "Stage",
        range(1, stages + 1),
        default=stages,
        required=True,
        key=f"maps_stage_{stages}",
        persist_state="session",
        width="content",
    )
    return int(chosen or stages) - 1


def explain_maps(maps: Maps, skeleton: Skeleton, stages: int) -> None:
    """Explain the heatmaps' colours and the view; a click on a tile enlarges its keypoint."""
    words = _OF_BODIES if skeleton.is_body else _OF_HANDS
    st.caption(VIEWS[maps.view][1].format(**words))
    st.image(draw_colour_bar(200, 12), "low … high confidence", width=200)
    st.fragment(_watch_heatmaps)(maps, skeleton, stages, displayed_width_px(_SHOWN, 0))


def show_attention(heatmaps: Heatmaps, maps: Maps) -> None:
    """Draw the attention maps of a net that has them, unless the view already includes them."""
    tiles = draw_attention(heatmaps, maps.joint) if maps.view != "multi" else []
    if not tiles:
        return
    st.caption("Attention maps: coarse scales first, then per keypoint.")
    with st.container(horizontal=True, key="maps_attention"):
        for title, picture in tiles:
            st.image(picture, title.replace("_", " "), width=picture.shape[1])


def _watch_heatmaps(maps: Maps, skeleton: Skeleton, stages: int, drawn_width: int) -> None:
    """Let the browser report the displayed width and clicks, in a fragment so that late reports
    can't rerun another page."""
    watch_picture(
        _SHOWN,
        f".st-key-{STILL} img",
        clicks=maps.view == "hm",
        fits=maps.view == "single",
        on_click=lambda: _request_clicked_keypoint(maps, skeleton, stages),
    )
    if st.session_state.pop(_CHOSEN, False) or displayed_width_px(_SHOWN, 0) != drawn_width:
        st.rerun()


def _request_clicked_keypoint(maps: Maps, skeleton: Skeleton, stages: int) -> None:
    """Select the keypoint whose tile was clicked, or all again if it was enlarged already."""
    at, layout = click_position(_SHOWN), layout_tiles(maps, skeleton, stages)
    if at is not None and layout is not None:
        request_keypoint("maps", skeleton, enlarged_keypoint_after_click(layout, *at, maps.joint))
        st.session_state[_CHOSEN] = True
