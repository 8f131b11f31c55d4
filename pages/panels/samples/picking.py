"""A grid of samples, a page at a time, to pick from; and what is done with the picked ones."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.gestures.labels import format_count, safe_label
from core.recording.samples import shown_jpeg
from core.review.reviewing import Opinion
from core.store import Project, Sample
from core.store.bin import delete_samples, move_samples, same_kind_gestures
from core.store.index import Ints
from pages.components.sample_grid import Tile, show_tiles
from pages.panels.layout import errors_shown
from pages.panels.resources import studio
from pages.panels.samples.sample import show_large

SIZES = (24, 48, 96)


def picked() -> set[int]:
    """Ids of the picked samples."""
    return st.session_state.setdefault("picked", set())


def _pick(ids: Sequence[int], on: bool = True) -> None:
    st.session_state["picked"] = picked() | set(ids) if on else picked() - set(ids)
    st.session_state["picked_turn"] = _picked_turn() + 1


def _picked_turn() -> int:
    """How often something else than the tiles themselves has picked."""
    return st.session_state.get("picked_turn", 0)


def picked_bar(project: Project, found: Ints, shown: Ints) -> None:
    """Pick many at once; delete or move what is picked of the found ones."""
    with st.container(horizontal=True, vertical_alignment="center", key="picked_bar"):
        chosen = _pickers(found, shown)
        if chosen:
            act_on(project, chosen)


def _pickers(found: Ints, shown: Ints) -> list[int]:
    """Buttons to pick many; the ids that are picked of the found ones."""
    chosen = [i for i in found.tolist() if i in picked()] if picked() else []
    st.button("Pick this page", icon="☑️", on_click=_pick, args=(shown.tolist(),))
    if len(found) > len(shown):
        st.button(f"Pick all {len(found):,}", on_click=_pick, args=(found.tolist(),))
    if chosen:
        st.button("Pick none", on_click=_pick, args=(list(picked()), False))
    return chosen


def binned_bar(found: Ints, shown: Ints, restore: Callable[[list[int]], None]) -> None:
    """Pick many of the bin at once; restore what is picked."""
    with st.container(horizontal=True, vertical_alignment="center", key="picked_bar"):
        chosen = _pickers(found, shown)
        if chosen:
            st.button(
                f"Restore {len(chosen):,}", icon="↩️", on_click=_restored, args=(restore, chosen)
            )


def _restored(restore: Callable[[list[int]], None], ids: list[int]) -> None:
    restore(ids)
    _pick(ids, False)


def act_on(project: Project, ids: list[int]) -> None:
    """Delete these samples, or move them to another gesture of their kind."""
    n = f"{len(ids):,}"
    st.button(f"Delete {n}", icon="🗑️", on_click=_delete, args=(project, ids))
    there = same_kind_gestures(studio().store, project.id, ids)
    gestures = {g.id: g.label.title for g in there}
    to = st.selectbox(
        "Move to",
        [0, *gestures],
        key="move_to",
        width=220,
        label_visibility="collapsed",
        format_func=lambda i: safe_label(gestures[i]) if i in gestures else "move to …",
    )
    st.button(f"Move {n}", icon="➡️", disabled=not to, on_click=_move, args=(project, ids, to))


def _delete(project: Project, ids: list[int]) -> None:
    with errors_shown():
        delete_samples(studio().store, project.id, ids)
        _pick(ids, False)


def _move(project: Project, ids: list[int], to: int) -> None:
    with errors_shown():
        move_samples(studio().store, project.id, ids, to)
        _pick(ids, False)


def sample_grid(
    project: Project,
    samples: Sequence[Sample],
    opinions: Mapping[int, Opinion],
    *,
    binned: bool = False,
) -> None:
    """The samples as tiles to pick and to look at."""
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    tiles = [_tile(sample, gestures, opinions.get(sample.id)) for sample in samples]
    shown = {sample.id: sample for sample in samples}

    def pick(turn: int, ids: set[int]) -> None:
        if turn == _picked_turn():  # else the tiles showed what was not so any more
            st.session_state["picked"] = picked() - set(shown) | ids

    look = show_tiles("grid", tiles, picked(), _picked_turn(), pick)
    if look in shown:
        show_large(project, shown[look], opinions.get(look), binned=binned)


def _tile(sample: Sample, gestures: Mapping[int, str], opinion: Opinion | None) -> Tile:
    note = ""
    if opinion and opinion.other is not None:
        note = f"{gestures.get(opinion.other, 'another gesture')}? {opinion.share:.0%}"
    return Tile(sample.id, gestures.get(sample.gesture_id, "?"), shown_jpeg(sample), note)


def turn_pages(found: Ints) -> Ints:
    """Which page of the ids is shown; the ids on it."""
    with st.container(horizontal=True, vertical_alignment="center", key="pages"):
        size = st.selectbox(
            "Samples a page",
            SIZES,
            1,
            key="page_size",
            persist_state="session",
            width=140,
            format_func=lambda n: f"{n} a page",
            label_visibility="collapsed",
        )
        pages = -(-len(found) // size)
        number = min(max(1, st.session_state.get("page_no", 1)), pages)
        st.session_state["page_no"] = number
        if pages > 1:
            st.button("Previous", on_click=_step_page, args=(-1,), disabled=number == 1)
            number = st.number_input(
                "Page", 1, pages, key="page_no", width=120, label_visibility="collapsed"
            )
            st.button("Next", on_click=_step_page, args=(1,), disabled=number == pages)
        of = f"of {pages:,} pages · " if pages > 1 else ""
        st.markdown(f"{of}**{format_count(len(found), 'sample')}**")
    return found[(number - 1) * size : number * size]


def first_page() -> None:
    """Begin anew: other samples are looked through."""
    st.session_state["page_no"] = 1


def _step_page(by: int) -> None:
    st.session_state["page_no"] = st.session_state.get("page_no", 1) + by
