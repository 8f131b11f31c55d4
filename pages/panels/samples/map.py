"""The data map: a point per sample, to view, delete or move."""

from html import escape

import plotly.graph_objects as go
import streamlit as st

from core.review import data_map
from core.store import Project
from core.store.curation import list_sessions
from core.store.index import SampleIndex, read_samples
from pages.panels.controls import pick_option
from pages.panels.language import t
from pages.panels.resources import studio
from pages.panels.samples.samples import show_sample, show_sample_actions, show_sample_grid

# colours that most colour-blind people can distinguish, each with its own shape
MARKERS = (
    ("#17968e", "circle"),
    ("#d98324", "square"),
    ("#5b6fd6", "diamond"),
    ("#c2477f", "triangle-up"),
    ("#7a9a1f", "cross"),
    ("#8d5fc0", "x"),
    ("#2f8fd0", "star"),
    ("#b05a3c", "pentagon"),
    ("#3f9d5a", "triangle-down"),
    ("#c9a11a", "hexagon"),
    ("#6b7a80", "bowtie"),
    ("#d1605e", "hourglass"),
)
MAX_SHOWN = 24  # selected samples


def show_data_map(project: Project, sample_index: SampleIndex) -> None:
    """Draw the 2-D map of all samples (PCA or t-SNE), and the samples selected on it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = pick_option(
            t("Map"),
            [data_map.PCA, data_map.TSNE],
            "map_method",
            help=t(
                "PCA is instant. t-SNE separates groups better and takes about half a minute for "
                "5,000 samples."
            ),
        )
        by = pick_option(
            t("Colour and shape by"),
            [data_map.BY_GESTURE, data_map.BY_PERSON, data_map.BY_SESSION],
            "map_by",
        )
        again = st.button(t("Redraw"), icon="🔄")
    maps: dict[tuple[int, str], data_map.DataMap] = st.session_state.setdefault("maps", {})
    if again or (project.id, method) not in maps:
        with st.spinner(t("drawing the map …")):
            found = data_map.compute_map(studio().store, project.id, method, sample_index)
            maps[project.id, method] = found
    drawn = maps[project.id, method]
    st.caption(t(data_map.describe_map(drawn)))
    if data_map.is_map_outdated(drawn, sample_index):
        st.caption(t("New samples are missing from this map: press Redraw."))
    chart = st.plotly_chart(
        _map_figure(data_map.group_points(drawn, sample_index, by), group_titles(project, by)),
        key=f"map_{project.id}_{method}_{by}",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False},
    )
    existing = set(sample_index.ids.tolist())
    ids = [int(point["customdata"][0]) for point in chart["selection"]["points"]]
    _show_map_selection(project, [i for i in dict.fromkeys(ids) if i in existing])


def group_titles(project: Project, by: str) -> dict[int, str]:
    """Return the titles of gestures, people or sessions by id."""
    store = studio().store
    if by == data_map.BY_GESTURE:
        return {g.id: g.label.title for g in store.gestures(project.id)}
    if by == data_map.BY_PERSON:
        return {p.id: p.name for p in store.persons(project.id)}
    return {v.id: f"{v.title} · {v.person}" for v in list_sessions(store, project.id)}


def _map_figure(groups: list[data_map.MapGroup], titles: dict[int, str]) -> go.Figure:
    """Build the Plotly scatter plot: a colour and marker per group, sample ids as custom data."""
    figure, sample = go.Figure(), t("sample {number}", number="%{customdata[0]}")
    for i, layer in enumerate(groups):
        colour, shape = MARKERS[i]
        title = data_map.group_title(layer, titles)
        name = escape(t(title) if layer.group is None else title)  # Plotly reads HTML, not Markdown
        figure.add_scatter(
            x=layer.points[:, 0],
            y=layer.points[:, 1],
            customdata=layer.ids[:, None].tolist(),
            mode="markers",
            name=f"{name} ({len(layer.ids):,})",
            marker={"color": colour, "symbol": shape, "size": 8, "opacity": 0.8},
            hovertemplate=f"%{{fullData.name}}<br>{sample}<extra></extra>",
        )
    figure.update_layout(
        height=560,
        dragmode="lasso",
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": -0.02},
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return figure


def _show_map_selection(project: Project, ids: list[int]) -> None:
    """Show the selected samples with Delete and Move: one in full, several as tiles."""
    if not ids:
        st.caption(
            t(
                "Click a point to see its sample; drag around points to select several; "
                "double-click to clear the selection."
            )
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", key="picked_bar"):
        st.markdown(t("**{n:,}** selected", n=len(ids)))
        show_sample_actions(project, ids)
    samples = read_samples(studio().store, ids[:MAX_SHOWN])
    if len(samples) == 1:
        show_sample(project, samples[0])
    else:
        show_sample_grid(project, samples, {})
        if len(ids) > MAX_SHOWN:
            st.caption(t("and {n:,} more", n=len(ids) - MAX_SHOWN))
