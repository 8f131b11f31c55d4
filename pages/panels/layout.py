"""Parts of a page: the style, shown errors, columns, tables, sentences of several pages."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import MudraError
from core.gestures.labels import safe_label
from core.training.runs import error_text
from pages.components import read_asset

NOTHING_RECORDED = "Nothing is recorded yet: open Record, or fill the demo project on Demo."
START_CAMERA = "Press START under the video and allow the camera."
ESTIMATED_DEPTH_NOTE = (
    "3-D without a depth camera: MediaPipe estimates these points from colours alone. It learned "
    "their shape from many hands; how far away yours is, is not measured."
)


def format_interval(interval: list[float]) -> str:
    """An interval of shares."""
    return f"{interval[0]:.1%} – {interval[1]:.1%}"


log = logging.getLogger(__name__)


def apply_style() -> None:
    """Sizes that Streamlit has no option for; nothing of the user's is in here."""
    st.html(f"<style>{read_asset('studio.css')}</style>")


@contextmanager
def show_errors() -> Iterator[None]:
    """The one place where Mudra's own errors become text on the page."""
    try:
        yield
    except (MudraError, OSError, MemoryError) as error:
        if not isinstance(error, MudraError):
            log.exception("shown on the page without its trace")
        st.error(safe_label(error_text(error)), icon="⚠️")


def stacking_columns(key: str, *widths: float) -> list[DeltaGenerator]:
    """Columns that stand one above the other on a tablet's screen."""
    with st.container(key=f"wide_{key}"):
        return st.columns(widths, gap="large")


def show_table(columns: Mapping[str, Sequence[object]], bar: str = "", most: float = 0.0) -> None:
    """A row per value, texts as they are.

    Args:
        bar: a column of numbers that gets a bar in each cell, as long as its share of `most`.
    """
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    rows = []
    for row in zip(*columns.values(), strict=True):
        cells = (
            _format_cell(value, most if name == bar else 0.0)
            for name, value in zip(columns, row, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "".join(rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'<div class="mudra-table">{table}</div>')


def _format_cell(value: object, most: float) -> str:
    if not isinstance(value, int | float):
        return f"<td>{escape(str(value))}</td>"
    text = f"{value:,}" if isinstance(value, int) else f"{value:.1f} %"
    length = f"<i style='width:{min(100.0, 100 * value / most):.1f}%'></i>" if most else ""
    return f'<td class="number">{length}{text}</td>'
