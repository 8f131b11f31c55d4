"""The style, errors, columns and tables of pages, and texts that several pages show.

Texts: short sentences that say "you", name a button in its own words, and end with what to do next.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import MudraError
from core.gestures.labels import safe_label
from core.offline.files import describe_skip
from core.training.runs import describe_error
from core.words import mark
from pages.components import read_asset
from pages.panels.language import t

log = logging.getLogger(__name__)

NOTHING_RECORDED = mark("Nothing is recorded yet: open Record, or fill the demo project on Demo.")
ESTIMATED_DEPTH_NOTE = mark(
    "3-D without a depth camera: MediaPipe estimates these points from colours alone. It learned "
    "their shape from many hands; how far away yours is, is not measured."
)


def format_interval(interval: list[float]) -> str:
    """Return an interval of fractions in percent."""
    return f"{interval[0]:.1%} – {interval[1]:.1%}"


def apply_style() -> None:
    """Apply the style sheets for what Streamlit has no option for."""
    st.html(f"<style>{read_asset('studio.css')}{read_asset('video.css')}</style>")


@contextmanager
def show_errors() -> Iterator[None]:
    """Show Mudra's errors and errors of disk and memory on the page; let others propagate."""
    try:
        yield
    except (MudraError, OSError, MemoryError) as error:
        if not isinstance(error, MudraError):
            log.exception("shown on the page without its trace")
        st.error(safe_label(t(describe_error(error))), icon="⚠️")


def apply_and_rerun(change: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """Call `change` with these arguments and rerun the page; if it fails, show its error."""
    with show_errors():
        change(*arguments, **options)
        st.rerun()


def list_skipped(skipped: Sequence[tuple[str, str]], most: int) -> None:
    """List the first skipped files, given as (name, reason), and how many more there are."""
    lines = [safe_label(describe_skip(name, t(reason))) for name, reason in skipped[:most]]
    st.markdown("\n".join(f"- {line}" for line in lines))
    if len(skipped) > most:
        st.caption(t("and {n} more", n=len(skipped) - most))


def confirm_in_popover(label: str, icon: str, explanation: str, button: str, key: str) -> bool:
    """Draw a popover that explains what its button deletes; return whether that was pressed."""
    with st.popover(label, icon=icon, key=f"{key}_popover"):
        st.markdown(explanation)
        return st.button(button, type="primary", key=key)


def show_tabs(key: str, contents: Mapping[str, Callable[[], object]]) -> None:
    """Draw tabs by title; only the open tab is filled, so that the page loads faster."""
    tabs = st.tabs(list(contents), key=key, on_change="rerun")
    for tab, show in zip(tabs, contents.values(), strict=True):
        if tab.open:
            with tab, show_errors():
                show()


def stacking_columns(key: str, *widths: float) -> list[DeltaGenerator]:
    """Return columns that are stacked on a tablet's screen."""
    with st.container(key=f"wide_{key}"):
        return st.columns(widths, gap="large")


def show_table(
    columns: Mapping[str, Sequence[object]], bar: str = "", bar_max: float = 0.0
) -> None:
    """Show columns of equal length as an HTML table; texts are escaped.

    Args:
        bar: a column of numbers whose cells show a bar of length value / `bar_max`.
    """
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    rows = []
    for row in zip(*columns.values(), strict=True):
        cells = (
            _format_cell(value, bar_max if name == bar else 0.0)
            for name, value in zip(columns, row, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "".join(rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'<div class="mudra-table">{table}</div>')


def _format_cell(value: object, bar_max: float) -> str:
    """Return a cell as HTML: escaped text, an integer, or a percentage with its bar."""
    if not isinstance(value, int | float):
        return f"<td>{escape(str(value))}</td>"
    text = f"{value:,}" if isinstance(value, int) else f"{value:.1f} %"
    length = f"<i style='width:{min(100.0, 100 * value / bar_max):.1f}%'></i>" if bar_max else ""
    return f'<td class="number">{length}{text}</td>'
