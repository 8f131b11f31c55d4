"""The displayed width of a page's picture or video, and clicks on it."""

from collections.abc import Callable

from pages.components import component_state, register_component

_component = register_component("shown_picture", "<span></span>")


def watch_picture(
    key: str, still: str, *, clicks: bool, fits: bool, on_click: Callable[[], None]
) -> None:
    """Let the browser report the displayed width of the video or still picture, and clicks on it.

    Args:
        still: CSS selector of the still picture.
        clicks: whether clicks are reported; the pointer then shows it.
        fits: limit the still picture to the window's height.
        on_click: called before the page reruns; `click_position` returns where.
    """
    _component(
        key=key,
        data={"still": still, "clicks": clicks, "fits": fits},
        width="stretch",
        on_click_change=on_click,
        on_width_change=lambda: None,
    )


def displayed_width_px(key: str, default: int) -> int:
    """Return the picture's width in CSS pixels, or `default` before the browser reports it."""
    return int(component_state(key, "width") or default)


def click_position(key: str) -> tuple[float, float] | None:
    """Return the last click as x and y in 0..1 of the picture; None before a click."""
    at = component_state(key, "click")
    return (float(at["x"]), float(at["y"])) if at else None
