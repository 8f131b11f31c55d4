"""The visitor's camera with keypoint estimation in the browser, which sends the keypoints."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.live.browser_frames import BrowserEstimator
from core.modelfiles.browser_files import LIBRARY, LOADER, MODELS, VERSION, WASM
from core.pose.types import VISIBLE
from core.recording.samples import crop_factor
from pages.components import read_asset, to_css_color

_PARTS = (
    "elements.js",
    "camera_files.js",
    "camera_connection.js",
    "camera_crops.js",
    "camera_drawing.js",
    "browser_camera.js",
)
_component = st.components.v2.component(
    "browser_camera",
    css=read_asset("browser_camera.css"),
    js="\n".join(
        [f"const WORKER = {json.dumps(read_asset('pose_worker.js'))}", *map(read_asset, _PARTS)]
    ),
)
_FILES = "browser_files"


def browser_file_urls(folder: Path) -> dict[str, str]:
    """Return this server's URLs of the MediaPipe library, its loader, WASM and models, by name."""
    given = st.components.v1.declare_component(_FILES, path=folder)  # files and nothing else
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    root = f"/{path}/component/{given.name}" if path else f"/component/{given.name}"
    names = {"library": LIBRARY, "loader": LOADER, "wasm": WASM} | {name: name for name in MODELS}
    return {part: f"{root}/{name}?v={VERSION}" for part, name in names.items()}


def describe_browser_estimator(estimator: BrowserEstimator) -> dict[str, Any]:
    """Return an estimator's settings for the browser: task, model, edges, colours, crop factor,
    visibility threshold, and whether its parts are detected together."""
    skeleton = estimator.skeleton.single  # hands are drawn one by one
    return {
        "task": estimator.task,
        "model": estimator.model,
        "edges": [list(edge) for edge in skeleton.edges],
        "colors": [to_css_color(color) for color in skeleton.colors],
        "around": crop_factor(estimator.skeleton.name),
        "visible": VISIBLE,
        "together": bool(estimator.skeleton.parts),
    }


def draw_browser_camera(key: str, data: Mapping[str, Any], on_message: Callable[[], None]) -> None:
    """Draw the camera with its START button.

    Args:
        data: `files`, see `browser_file_urls`; `wanted`, the camera's constraints; `finders` by
            name, see `describe_browser_estimator`, each with its `words` for people; `words` for
            people; `channel`, the `path` and `token` of `core.live.browser_channel`, None while the
            camera is off; and `news`, which that channel brings, too: `turn`, higher in newer ones;
            `by`, the finder in use, None before the first; `count`, the most poses; `paused`,
            whether the picture only passes; `bare`, whether no skeleton is drawn; `recording`,
            whether no frame may be lost; `crops`, whether each frame must bring its crops; `keeps`,
            whether those of the last second may be requested, and `asked`, of which frames;
            `names`, each hand's or body's `side`, `text`, `color` and position `at`; `note`, shown
            over the video; `page` and `heard` of `core.live.browser_frames`.
        on_message: called when the browser's state “told” is new, before the page is drawn: {page,
            on, now, frames}, see `BrowserFrames.receive`, and `direct`: whether further messages
            are sent over the WebSocket.
    """
    _component(key=key, data=dict(data), width="stretch", on_told_change=on_message)
