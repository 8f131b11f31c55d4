"""The stage: one browser component for what lives on a page, in parts that share a channel."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import streamlit as st

from core.live.answers import HandAnswer
from core.live.browser_frames import BrowserEstimator
from core.live.cards import CardsState
from core.modelfiles.browser_files import LIBRARY, LOADER, MODELS, VERSION, WASM
from core.pose.skeletons.skeleton import to_css_color
from core.pose.types import VISIBLE
from core.recording.samples import crop_factor
from pages.components import join_modules, read_asset

_FILES = "browser_files"
_PARTS = (
    "answer",
    "camera",
    "cards",
    "connection",
    "effects",
    "lines",
    "people",
    "tile",
    "training",
)


class Tone(TypedDict):
    """A tone for each change; 0 Hz is silence."""

    changes: int
    hz: float


class Lines(TypedDict):
    """Lines about something that lives, and its errors."""

    texts: NotRequired[list[str]]
    errors: list[str]
    tone: NotRequired[Tone | None]


class TrainingState(TypedDict):
    """A running training; `curve`: the accuracy after each epoch, 0 to 1."""

    over: bool
    fraction: float
    text: str
    curve: list[float]


def _style() -> str:
    """Return the style of all parts, each for its own elements alone."""
    parts = (f"[data-part={part}] {{\n{read_asset(f'stage/{part}.css')}}}" for part in _PARTS)
    return "\n".join((*parts, read_asset("stage/stage.css")))


_WORKER = json.dumps(read_asset("stage/worker.js"))
_component = st.components.v2.component(
    "stage", css=_style(), js=f"const WORKER = {_WORKER}\n{join_modules('stage/stage.js')}"
)


def connect_page(path: str, token: str, language: str) -> None:
    """Connect the page to the live channel; a notice is shown while the connection is lost.

    Args:
        language: the code of the chosen language; the page loads anew if it has another one.
    """
    channel = {"path": path, "token": token}
    _component(
        key="stage_connection",
        data={"part": "connection", "channel": channel, "language": language},
    )


def draw_answer(
    key: str, hands: Sequence[HandAnswer], topic: str = "", *, details: bool = False
) -> None:
    """Draw an answer.

    Args:
        hands: shown while the topic isn't known.
        topic: of the channel that brings the answer; "": it doesn't change.
        details: whether the topic's other texts are shown, too.
    """
    data = {"part": "answer", "hands": hands, "topic": topic, "details": details}
    _component(key=key, data=data)


def draw_cards(
    key: str, topic: str, state: CardsState, signs: Sequence[str], drawn: Mapping[str, int]
) -> None:
    """Draw a project's gesture cards.

    Args:
        topic: of the channel that brings their state.
        state: of the cards now.
        signs: the emoji to choose from.
        drawn: `edits` and `recorded` of the state that the page shows: it reruns for others.
    """
    data = {"part": "cards", "topic": topic, "state": state, "signs": signs, "drawn": drawn}
    _component(key=key, data=data, on_asked_change=_rerun)


def draw_lines(key: str, topic: str) -> None:
    """Draw the `Lines` of a topic, and play their tone."""
    _component(key=key, data={"part": "lines", "topic": topic})


def draw_effects(key: str, topic: str) -> None:
    """Carry out a topic's effects in the browser, and draw the button that stops them."""
    _component(key=key, data={"part": "effects", "topic": topic})


def draw_people(key: str, topic: str, colors: Sequence[str]) -> None:
    """Draw a button for each visible person of a topic, in the colours of their numbers."""
    _component(key=key, data={"part": "people", "topic": topic, "colors": colors})


def draw_tile() -> None:
    """Draw the controls of the small video: it is moved, folded and closed in the browser."""
    _component(key="stage_tile", data={"part": "tile"})


def draw_training(key: str, topic: str, state: TrainingState) -> None:
    """Draw a running training; the page reruns when it is over."""
    _component(
        key=key, data={"part": "training", "topic": topic, "state": state}, on_asked_change=_rerun
    )


def _rerun() -> None:
    """Do nothing: that the browser asked reruns the page."""


def browser_file_urls(folder: Path, to_path: Callable[[str], str]) -> dict[str, str]:
    """Return this server's URLs of the MediaPipe library, its loader, WASM and models, by name.

    Args:
        to_path: returns the URL path of a route for this visitor.
    """
    given = st.components.v1.declare_component(_FILES, path=folder)  # files and nothing else
    root = to_path(f"component/{given.name}")
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


def draw_camera(key: str, data: Mapping[str, Any]) -> Any:
    """Draw the camera with its START button; return the component's state: `camera`, when it
    changes {on, times} of the browser's, and `go`, the page whose link was pressed, else None.

    Args:
        data: `place`, "server" or "browser", where keypoints are found; `wanted`, the camera's
            constraints; `words` for people. For the server also `playing`, whether it has the
            frame's video, and `ended`, why the last one has ended. For the browser also `files`,
            see `browser_file_urls`, and `finders` by name, see `describe_browser_estimator`, each
            with its `words`. What the server wants of the browser's camera comes by the channel:
            `CameraState`.
    """
    return _component(
        key=key,
        data={"part": "camera"} | dict(data),
        width="stretch",
        on_camera_change=_rerun,
        on_go_change=_rerun,
    )
