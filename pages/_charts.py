"""Charts of a training: curves and confusion."""

from typing import Any

import altair as alt
import pandas as pd

NAMES = {"accuracy": "share right", "loss": "loss"}


def curve_chart(epochs: list[dict[str, Any]], what: str) -> alt.Chart:
    """`what` per epoch, on the samples it learns from and on those kept apart."""
    rows = [
        {"epoch": record["epoch"], "on": on, NAMES[what]: record[key]}
        for record in epochs
        for on, key in (("learned from", what), ("kept apart", f"val_{what}"))
        if key in record
    ]
    scale = alt.Scale(domain=[0, 1]) if what == "accuracy" else alt.Scale(zero=True)
    return (
        alt.Chart(pd.DataFrame(rows), height=240)
        .mark_line(point={"size": 18})
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d"), title="epoch"),
            y=alt.Y(f"{NAMES[what]}:Q", scale=scale),
            color=alt.Color("on:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("on:N", title=None, legend=None),
            tooltip=["epoch", "on", alt.Tooltip(f"{NAMES[what]}:Q", format=".3f")],
        )
    )


def confusion_chart(confusion: list[list[int]], gestures: list[dict[str, str]]) -> alt.LayerChart:
    """Rows what was shown, columns what the model said; the number is in every cell."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    rows = [
        {"shown": titles[i], "said": titles[j], "samples": n, "share": n / max(sum(row), 1)}
        for i, row in enumerate(confusion)
        for j, n in enumerate(row)
    ]
    base = alt.Chart(pd.DataFrame(rows), height=60 + 40 * len(titles)).encode(
        x=alt.X("said:N", sort=titles, title="the model said", axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("shown:N", sort=titles, title="shown"),
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="teals", domain=[0, 1]), legend=None),
        tooltip=["shown", "said", "samples"],
    )
    text = base.mark_text(fontWeight="bold", fontSize=13).encode(
        text="samples:Q",
        color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#33413f")),
    )
    return cells + text
