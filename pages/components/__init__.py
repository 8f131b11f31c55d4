"""Browser components: JavaScript and CSS files, each with the Python function that draws it."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import streamlit as st

from core.pose.skeletons.skeleton import Rgb


def read_asset(name: str) -> str:
    """Return the text of a JavaScript or CSS file of this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def register_component(name: str, html: str = "", *, libraries: tuple[str, ...] = ()) -> Any:
    """Register the component of NAME.js and, if it exists, NAME.css; return its draw function.

    Args:
        libraries: JavaScript files whose functions NAME.js uses.
    """
    css = read_asset(f"{name}.css") if (Path(__file__).parent / f"{name}.css").exists() else None
    js = "\n".join(read_asset(file) for file in (*libraries, f"{name}.js"))
    js = re.sub(r"^export (?=const )", "", js, flags=re.MULTILINE)  # modules for the stage
    return st.components.v2.component(name, html=html or None, css=css, js=js)


def component_state(key: str, name: str) -> Any:
    """Return a value that a component has set in the browser; None before."""
    return (st.session_state.get(key) or {}).get(name)


def to_css_color(color: Rgb) -> str:
    """Return a colour as “#rrggbb”."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def to_data_url(jpeg: bytes) -> str:
    """Return a JPEG as a data URL."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
