"""Charts of a training: curves and confusion, as Vega-Lite says them.

Plain dictionaries: to load Altair and pandas takes longer than all the rest of a page.
"""

from typing import Any

import streamlit as st

Chart = dict[str, Any]
Epochs = list[dict[str, Any]]

TRAINING, HELD_OUT = "training", "held out"
CELL = "cell"
TEAL, ORANGE = "#17968e", "#d98324"


def draw_chart(chart: Chart, **options: Any) -> Any:
    """The chart on the page; what is selected in it, where the options ask for that."""
    import pyarrow as pa

    rows = pa.Table.from_pylist(chart["data"]["values"])
    return st.vega_lite_chart(rows, {k: v for k, v in chart.items() if k != "data"}, **options)


def curve_chart(epochs: Epochs, what: str) -> Chart:
    """`what` ("accuracy" or "loss") per epoch, on the samples it learns from and on those held
    out."""
    rows = [
        {"epoch": record["epoch"], "on": on, what: record[key]}
        for record in epochs
        for on, key in ((TRAINING, what), (HELD_OUT, f"val_{what}"))
        if key in record
    ]
    scale = {"domain": [0, 1]} if what == "accuracy" else {"zero": True}
    legend = {"orient": "top", "symbolType": "stroke", "symbolSize": 300}

    def on(*values: object) -> dict[str, Any]:
        scale = {"domain": [HELD_OUT, TRAINING], "range": list(values)}
        return _encode("on", "nominal", title=None, legend=legend, scale=scale)

    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 22, "filled": True}},
        "encoding": {
            "x": _encode("epoch", axis={"tickMinStep": 1, "format": "d"}, title="epoch"),
            "y": _encode(what, scale=scale),
            "color": on(TEAL, ORANGE),
            "strokeDash": on([1, 0], [5, 3]),
            "tooltip": [_encode("epoch"), _encode("on", "nominal"), _encode(what, format=".3f")],
        },
        "height": 260,
    }


def accuracy_chart(epochs: Epochs) -> Chart:
    """The accuracy on held-out samples alone, without a legend."""
    rows = [
        {"epoch": record["epoch"], "accuracy": record["val_accuracy"]}
        for record in epochs
        if "val_accuracy" in record
    ]
    point = {"size": 18, "color": TEAL}
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2.5, "color": TEAL, "point": point},
        "encoding": {
            "x": _encode("epoch", axis={"tickMinStep": 1, "format": "d", "title": None}),
            "y": _encode("accuracy", axis={"format": "%", "title": None, "tickCount": 3}),
            "tooltip": [_encode("epoch"), _encode("accuracy", format=".1%")],
        },
        "height": 110,
    }


def stages_chart(rows: list[dict[str, Any]]) -> Chart:
    """PCK@0.1 of a net's stages over the seconds of its training."""
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": _encode("seconds"),
            "y": _encode("PCK", title="PCK@0.1"),
            "color": _encode("stage", "nominal"),
        },
    }


def confusion_chart(confusion: list[list[int]], gestures: list[dict[str, str]]) -> Chart:
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
    names = {"type": "nominal", "sort": titles}
    slanted = {"labelAngle": -30, "labelOverlap": False}
    return {
        "data": {"values": rows},
        "encoding": {
            "x": {"field": "said", "title": "prediction", "axis": slanted, **names},
            "y": {"field": "shown", "title": "shown", **names},
        },
        "layer": [_cell_layer(), _count_layer()],
        "height": 110 + 44 * len(titles),
    }


def _cell_layer() -> Chart:
    """The layer of coloured cells; one that was clicked has a frame."""
    shade = {"scheme": "teals", "domain": [0, 1]}
    frame = {"condition": {"param": CELL, "value": ORANGE, "empty": False}, "value": None}
    says = [_encode("shown", "nominal"), _encode("said", "nominal"), _encode("samples")]
    return {
        "params": [{"name": CELL, "select": {"type": "point", "fields": ["row", "column"]}}],
        "mark": {"type": "rect", "cornerRadius": 4, "cursor": "pointer"},
        "encoding": {
            "color": _encode("share", scale=shade, legend=None),
            "stroke": frame,
            "strokeWidth": {"value": 3},
            "tooltip": [*says, _encode("share", format=".0%")],
        },
    }


def _count_layer() -> Chart:
    """The layer of numbers, legible on light and dark cells."""
    on_dark = {"test": "datum.share > 0.5", "value": "white"}
    return {
        "mark": {"type": "text", "fontWeight": "bold", "fontSize": 14, "cursor": "pointer"},
        "encoding": {
            "text": _encode("samples"),
            "color": {"condition": on_dark, "value": "#33413f"},
        },
    }


def _encode(field: str, kind: str = "quantitative", **more: Any) -> dict[str, Any]:
    return {"field": field, "type": kind, **more}
