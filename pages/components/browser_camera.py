"""The visitor's camera, whose keypoints are found inside the browser: numbers come, no picture."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.live.browser_finders import Finder
from core.modelfiles.browser_files import LIBRARY, LOADER, MODELS, VERSION, WASM
from core.pose.types import VISIBLE
from pages.components import hex_of, source

_PARTS = (
    "camera_files.js",
    "camera_connection.js",
    "camera_crops.js",
    "camera_drawing.js",
    "browser_camera.js",
)
_component = st.components.v2.component(
    "browser_camera",
    css=source("browser_camera.css"),
    js="\n".join([f"const WORKER = {json.dumps(source('pose_worker.js'))}", *map(source, _PARTS)]),
)
_FILES = "browser_files"


def file_addresses(folder: Path) -> dict[str, str]:
    """Where this server gives the library, its parts and, by their names, the models; from no
    other host."""
    given = st.components.v1.declare_component(_FILES, path=folder)  # files and nothing else
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    root = f"/{path}/component/{given.name}" if path else f"/component/{given.name}"
    names = {"library": LIBRARY, "loader": LOADER, "wasm": WASM} | {name: name for name in MODELS}
    return {part: f"{root}/{name}?v={VERSION}" for part, name in names.items()}


def told_of(finder: Finder) -> dict[str, Any]:
    """What the browser must know of it; the skeleton as it draws it."""
    skeleton = finder.skeleton.single  # each hand is drawn by itself
    return {
        "task": finder.task,
        "model": finder.model,
        "edges": [list(edge) for edge in skeleton.edges],
        "colors": [hex_of(color) for color in skeleton.colors],
        "around": finder.around,
        "visible": VISIBLE,
        "together": bool(finder.skeleton.parts),
    }


def show_camera(key: str, data: Mapping[str, Any], on_told: Callable[[], None]) -> None:
    """The camera with its button.

    Args:
        data: `files`, see `file_addresses`; `wanted` of the camera; `finders`, by name, see
            `told_of`, and their `words` to say; `words` to say; `channel`, the `path` and `token`
            of `core.live.browser_channel`, None before the camera is on; and `news`, which
            that channel brings, too: `turn`, higher in newer ones; `by` which of the finders, None
            before one is wanted, and `count`, how many at most; `paused`, whether the picture only
            passes; `bare`, whether no skeleton is drawn; `recording`, whether no frame may be lost;
            `crops`, whether each must bring its crops; `keeps`, whether those of the last second
            may be asked for, and `asked`, of which frames; `names`, of each hand or body `side`,
            `text`, `color` and `at`, its place; `note`, what stands over the video; `page` and
            `heard` of `core.live.browser_frames`.
        on_told: called when `told(key)` is new, before the page is drawn.
    """
    _component(key=key, data=dict(data), width="stretch", on_told_change=on_told)


def told(key: str) -> Mapping[str, Any] | None:
    """What the browser told last: {page, on, now, frames}, as `BrowserFrames.hear` takes it, and
    `direct` where further words come over the channel."""
    heard = st.session_state.get(key)
    return (heard and heard.get("told")) or None
