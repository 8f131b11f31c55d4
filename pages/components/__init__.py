"""Browser components: what runs in the browser is a .js and .css file beside its Python face."""

from pathlib import Path

from core.pose.skeletons.skeleton import Rgb


def read_asset(name: str) -> str:
    """The text of a file that lies here."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def to_css_color(color: Rgb) -> str:
    """“#rrggbb”, as CSS has it."""
    return "#{:02x}{:02x}{:02x}".format(*color)
