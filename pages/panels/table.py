"""A small table to read, drawn as HTML: the page need not load what draws large ones."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st


def show_table(columns: Mapping[str, Sequence[object]], bar: str = "", most: float = 0.0) -> None:
    """A row per value, texts as they are.

    Args:
        bar: a column of numbers that gets a bar in each cell, as long as its share of `most`.
    """
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    rows = []
    for row in zip(*columns.values(), strict=True):
        cells = (
            _cell(value, most if name == bar else 0.0)
            for name, value in zip(columns, row, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "".join(rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'<div class="mudra-table">{table}</div>')


def _cell(value: object, most: float) -> str:
    if not isinstance(value, int | float):
        return f"<td>{escape(str(value))}</td>"
    text = f"{value:,}" if isinstance(value, int) else f"{value:.1f} %"
    length = f"<i style='width:{min(100.0, 100 * value / most):.1f}%'></i>" if most else ""
    return f'<td class="number">{length}{text}</td>'
