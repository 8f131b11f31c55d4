"""Samples as tiles to select and to open, in one element for any number; and a clip that plays."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.media.pictures import to_data_url
from pages.components import register_component

_component = register_component("sample_grid", "<ul></ul>")
_clip = register_component("clip_loop", "<img>")


def play_clip(key: str, jpeg: bytes) -> None:
    """Play a clip from a JPEG with its frames side by side; all frames if motion is reduced."""
    _clip(key=key, width="stretch", data={"picture": to_data_url(jpeg)})


def show_tiles(
    key: str,
    tiles: Sequence[Mapping[str, Any]],
    selected_ids: set[int],
    version: int,
    on_select: Callable[[int, set[int]], None],
) -> int | None:
    """Draw sample tiles that can be selected; return the id of the tile clicked to open it, or
    None.

    Args:
        tiles: each a sample's `id`, `title`, `jpeg` (base64; of a clip its frames side by side) and
            `note`; texts are plain.
        selected_ids: selected ids, of these tiles and of others.
        version: another number whenever `selected_ids` was changed elsewhere.
        on_select: called with the version of the selection and the selected ids of these tiles.
    """

    def report_selection() -> None:
        said = st.session_state[key]["picked"]
        on_select(int(said["turn"]), {int(i) for i in said["ids"]})

    here = [tile["id"] for tile in tiles if tile["id"] in selected_ids]
    found = _component(
        key=key,
        width="stretch",
        data={"tiles": list(tiles), "picked": here, "turn": version},
        on_picked_change=report_selection,
        on_look_change=lambda: None,
    )
    look = found.get("look")
    return None if look is None else int(look)
