"""Charts of a training: curves and confusion."""

from typing import Any

import altair as alt
import pandas as pd

NAMES = {"accuracy": "accuracy", "loss": "loss"}
TRAINING, HELD_OUT = "training", "held out"
CELL = "cell"


def curve_chart(epochs: list[dict[str, Any]], what: str) -> alt.Chart:
    """`what` per epoch, on the samples it learns from and on those held out."""
    rows = [
        {"epoch": record["epoch"], "on": on, NAMES[what]: record[key]}
        for record in epochs
        for on, key in ((TRAINING, what), (HELD_OUT, f"val_{what}"))
        if key in record
    ]
    scale = alt.Scale(domain=[0, 1]) if what == "accuracy" else alt.Scale(zero=True)
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=300)
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(strokeWidth=2.5, point={"size": 22, "filled": True})
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d"), title="epoch"),
            y=alt.Y(f"{NAMES[what]}:Q", scale=scale),
            color=alt.Color(
                "on:N",
                title=None,
                legend=legend,
                scale=alt.Scale(domain=[HELD_OUT, TRAINING], range=["#17968e", "#d98324"]),
            ),
            strokeDash=alt.StrokeDash(
                "on:N",
                title=None,
                legend=legend,
                scale=alt.Scale(domain=[HELD_OUT, TRAINING], range=[[1, 0], [5, 3]]),
            ),
            tooltip=["epoch", "on", alt.Tooltip(f"{NAMES[what]}:Q", format=".3f")],
        )
        .properties(height=260)
    )


def small_curve(epochs: list[dict[str, Any]]) -> alt.Chart:
    """The accuracy on held-out samples alone, without a legend."""
    rows = [
        {"epoch": record["epoch"], "accuracy": record["val_accuracy"]}
        for record in epochs
        if "val_accuracy" in record
    ]
    return (
        alt.Chart(pd.DataFrame(rows or {"epoch": [], "accuracy": []}))
        .mark_line(strokeWidth=2.5, color="#17968e", point={"size": 18, "color": "#17968e"})
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d", title=None)),
            y=alt.Y("accuracy:Q", axis=alt.Axis(format="%", title=None, tickCount=3)),
            tooltip=["epoch", alt.Tooltip("accuracy:Q", format=".1%")],
        )
        .properties(height=110)
    )


def confusion_chart(confusion: list[list[int]], gestures: list[dict[str, str]]) -> alt.LayerChart:
    """Rows are what was shown, columns the prediction; the number is in every cell. A click
    selects `CELL`: its row and column."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    rows = [
        {
            "shown": titles[i],
            "said": titles[j],
            "row": i,
            "column": j,
            "samples": n,
            "share": n / max(sum(row), 1),
        }
        for i, row in enumerate(confusion)
        for j, n in enumerate(row)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "said:N",
            sort=titles,
            title="prediction",
            axis=alt.Axis(labelAngle=-30, labelOverlap=False),
        ),
        y=alt.Y("shown:N", sort=titles, title="shown"),
    )
    clicked = alt.selection_point(CELL, fields=["row", "column"], empty=False)
    cells = base.mark_rect(cornerRadius=4, cursor="pointer").encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="teals", domain=[0, 1]), legend=None),
        stroke=alt.condition(clicked, alt.value("#d98324"), alt.value(None)),
        strokeWidth=alt.value(3),
        tooltip=["shown", "said", "samples", alt.Tooltip("share:Q", format=".0%")],
    )
    text = base.mark_text(fontWeight="bold", fontSize=14, cursor="pointer").encode(
        text="samples:Q",
        color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#33413f")),
    )
    return (cells.add_params(clicked) + text).properties(height=110 + 44 * len(titles))
