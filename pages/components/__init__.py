"""Browser components: JavaScript and CSS files, each with the Python function that draws it."""

from base64 import b64encode
from pathlib import Path

from core.pose.skeletons.skeleton import Rgb


def read_asset(name: str) -> str:
    """Return the text of a JavaScript or CSS file of this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def to_css_color(color: Rgb) -> str:
    """Return a colour as “#rrggbb”."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def to_data_url(jpeg: bytes) -> str:
    """Return a JPEG as a data URL."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
