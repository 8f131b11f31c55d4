"""Samples as tiles to pick and to look at: one element, however many they are."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "sample_grid",
    html="<ul></ul>",
    css=read_asset("sample_grid.css"),
    js=read_asset("loop.js") + read_asset("sample_grid.js"),
)


@dataclass(frozen=True)
class SampleTile:
    """A sample: its JPEG, of a clip its frames side by side, its gesture, and what is to be said of
    it, plain texts."""

    id: int
    title: str
    jpeg: bytes
    note: str = ""


def show_tiles(
    key: str,
    tiles: Sequence[SampleTile],
    picked: set[int],
    turn: int,
    on_pick: Callable[[int, set[int]], None],
) -> int | None:
    """The tiles; the id of the one to be shown large.

    Args:
        picked: ids, of these tiles and of others.
        turn: another number whenever `picked` was changed by anything but the tiles.
        on_pick: called with the turn in which somebody picked and the ids that are picked of these.
    """

    def picked_there() -> None:
        said = st.session_state[key]["picked"]
        on_pick(int(said["turn"]), {int(i) for i in said["ids"]})

    told = [
        {"id": t.id, "title": t.title, "jpeg": b64encode(t.jpeg).decode(), "note": t.note}
        for t in tiles
    ]
    here = [t.id for t in tiles if t.id in picked]
    found = _component(
        key=key,
        width="stretch",
        data={"tiles": told, "picked": here, "turn": turn},
        on_picked_change=picked_there,
        on_look_change=lambda: None,
    )
    look = found.get("look")
    return None if look is None else int(look)
