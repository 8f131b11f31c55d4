"""Charts of a training run as Vega-Lite dictionaries, which load faster than Altair and pandas."""

from typing import Any

import streamlit as st

from core.words import mark
from pages.panels.language import t

Chart = dict[str, Any]
Epochs = list[dict[str, Any]]

TRAINING, HELD_OUT = mark("training"), mark("held out")
CELL = "cell"
TEAL, ORANGE = "#17968e", "#d98324"


def draw_chart(chart: Chart, **options: Any) -> Any:
    """Draw a Vega-Lite chart; return its selection if `on_select` is among the options."""
    import pyarrow as pa

    rows = pa.Table.from_pylist(chart["data"]["values"])
    return st.vega_lite_chart(rows, {k: v for k, v in chart.items() if k != "data"}, **options)


def curve_chart(epochs: Epochs, metric: str) -> Chart:
    """Build the chart of "accuracy" or "loss" per epoch, on training and held-out samples."""
    rows = [
        {"epoch": record["epoch"], "on": t(on), metric: record[key]}
        for record in epochs
        for on, key in ((TRAINING, metric), (HELD_OUT, f"val_{metric}"))
        if key in record
    ]
    scale = {"domain": [0, 1]} if metric == "accuracy" else {"zero": True}
    legend = {"orient": "top", "symbolType": "stroke", "symbolSize": 300}

    def encode_samples(*values: object) -> dict[str, Any]:
        scale = {"domain": [t(HELD_OUT), t(TRAINING)], "range": list(values)}
        return encode("on", "nominal", title=None, legend=legend, scale=scale)

    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 22, "filled": True}},
        "encoding": {
            "x": encode(mark("epoch"), axis={"tickMinStep": 1, "format": "d"}),
            "y": encode(metric, scale=scale),
            "color": encode_samples(TEAL, ORANGE),
            "strokeDash": encode_samples([1, 0], [5, 3]),
            "tooltip": [
                encode("epoch"),
                # Translators: above "training" or "held out", the samples that were measured on
                encode(mark("on"), "nominal"),
                encode(metric, format=".3f"),
            ],
        },
        "height": 260,
    }


def stages_chart(rows: list[dict[str, Any]]) -> Chart:
    """Build the chart of PCK@0.1 per stage of a net over the seconds of its training."""
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": encode(mark("seconds")),
            "y": encode("PCK", title="PCK@0.1"),
            "color": encode(mark("stage"), "nominal"),
        },
    }


def confusion_chart(confusion: list[list[int]], gestures: list[dict[str, str]]) -> Chart:
    """Build the confusion matrix: a row per true gesture, a column per prediction, counts above
    zero as text. A click selects `CELL`: its row and column."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    rows = [
        {
            "shown": titles[i],
            "prediction": titles[j],
            "row": i,
            "column": j,
            "samples": n,
            "fraction": n / max(sum(row), 1),
        }
        for i, row in enumerate(confusion)
        for j, n in enumerate(row)
    ]
    names = {"type": "nominal", "sort": titles}
    slanted = {"labelAngle": -30, "labelOverlap": False}
    return {
        "data": {"values": rows},
        "encoding": {
            "x": {"field": "prediction", "title": t("prediction"), "axis": slanted, **names},
            "y": {"field": "shown", "title": t("shown"), **names},
        },
        "layer": [_cell_layer(), _count_layer()],
        "height": 110 + 44 * len(titles),
    }


def _cell_layer() -> Chart:
    """Build the layer of coloured cells; a clicked cell gets a frame."""
    shade = {"scheme": "teals", "domain": [0, 1]}
    frame = {"condition": {"param": CELL, "value": ORANGE, "empty": False}, "value": None}
    tooltip = [encode("shown", "nominal"), encode("prediction", "nominal"), encode(mark("samples"))]
    return {
        "params": [{"name": CELL, "select": {"type": "point", "fields": ["row", "column"]}}],
        "mark": {"type": "rect", "cornerRadius": 4, "cursor": "pointer"},
        "encoding": {
            "color": encode("fraction", scale=shade, legend=None),
            "stroke": frame,
            "strokeWidth": {"value": 3},
            "tooltip": [*tooltip, encode(mark("fraction"), format=".0%")],
        },
    }


def _count_layer() -> Chart:
    """Build the layer of counts, legible on light and dark cells; zeros stay empty."""
    on_dark = {"test": "datum.fraction > 0.5", "value": "white"}
    return {
        "mark": {"type": "text", "fontWeight": "bold", "fontSize": 14, "cursor": "pointer"},
        "encoding": {
            "text": {"condition": {"test": "datum.samples > 0", **encode("samples")}, "value": ""},
            "color": {"condition": on_dark, "value": "#33413f"},
        },
    }


def encode(field: str, kind: str = "quantitative", **options: Any) -> dict[str, Any]:
    """Return the Vega-Lite encoding of a field; its title is the field's name, to be marked."""
    return {"field": field, "type": kind, "title": t(field), **options}
