"""The visitor's camera, whose hands are found inside the browser: numbers come, no picture."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.pose.skeletons import Skeleton
from core.weights.browser_files import LIBRARY, LOADER, MODEL, VERSION, WASM
from pages.components import source

_component = st.components.v2.component(
    "browser_camera",
    css=source("browser_camera.css"),
    js=f"const WORKER = {json.dumps(source('hand_worker.js'))}\n" + source("browser_camera.js"),
)
_FILES = "browser_files"


def file_addresses(folder: Path) -> dict[str, str]:
    """Where this server gives the library, its parts and the model; from no other host."""
    given = st.components.v1.declare_component(_FILES, path=folder)  # files and nothing else
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    root = f"/{path}/component/{given.name}" if path else f"/component/{given.name}"
    names = {"library": LIBRARY, "loader": LOADER, "wasm": WASM, "model": MODEL}
    return {part: f"{root}/{name}?v={VERSION}" for part, name in names.items()}


def drawn_by(skeleton: Skeleton) -> dict[str, Any]:
    """A skeleton as the browser draws it."""
    colors = ["#{:02x}{:02x}{:02x}".format(*color) for color in skeleton.colors]
    return {"edges": [list(edge) for edge in skeleton.edges], "colors": colors}


def show_camera(key: str, data: Mapping[str, Any], on_told: Callable[[], None]) -> None:
    """The camera with its button.

    Args:
        data: `files`, see `file_addresses`; `wanted` of the camera; `hands`, how many at most;
            `paused`, whether the picture only passes; `recording`, whether no frame may be lost;
            `crops`, whether each must bring its crop; `keeps`, whether those of the last second may
            be asked for, and `asked`, of which frames; `names`, of each hand `side` and `text`;
            `note`, what stands over the video; `skeleton`, see `drawn_by`; `words` to say; `page`
            and `heard` of `core.recognition.browser_frames`; `channel`, the `path` and `token` of
            `core.recognition.browser_channel`, None before the camera is on.
        on_told: called when `told(key)` is new, before the page is drawn.
    """
    _component(key=key, data=dict(data), width="stretch", on_told_change=on_told)


def told(key: str) -> Mapping[str, Any] | None:
    """What the browser told last: {page, on, now, frames}, as `BrowserFrames.hear` takes it, and
    `direct` where further words come over the channel."""
    heard = st.session_state.get(key)
    return (heard and heard.get("told")) or None
