"""Makes `data/starter/landmarks.csv`, the hands that the demo shows and learns from.

`python -m benchmarks.demo_keypoints DATA` with DATA/hand_images/{digits,emrecandir}; minutes.
K keypoints, x right, y down, picture pixels.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from core.offline.extracting import extract
from core.paths import Paths

EACH = 40  # hands a gesture
BLOCKS = 5  # in so many runs, so that a training can keep recordings apart
SOURCES = {  # folder: where from, licence, folder of a class → gesture
    "digits": (
        "ardamavi/Sign-Language-Digits-Dataset",
        "Apache-2.0",
        {"1": "point_up", "5": "open_palm", "9": "ok"},
    ),
    "emrecandir": (
        "emrecandir9/custom-gesture-dataset",
        "MIT",
        {name: name for name in ("thumbs_up", "thumbs_down", "point_up", "fist", "open_palm")},
    ),
}
FIRST = {"point_right": 1, "point_left": 2}  # turned from other pictures than point_up's own
XY = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
HEAD = ["source_repo", "license", "source_label", "gesture", *XY]


def hands(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A source's hands: the upper one of a picture shows the gesture, the other is `none`."""
    repo, licence, classes = SOURCES[name]
    table = table.sort_values(["source", "hand"], kind="stable").reset_index(drop=True)
    label = table["source"].str.split("/").str[0]
    upper = table.groupby("source")["y0"].transform("min") == table["y0"]
    gesture = label.map(classes).where(upper, "none")
    kept = label.isin(classes)
    about = {"source_repo": repo, "license": licence, "source_label": label, "gesture": gesture}
    return pd.concat([pd.DataFrame(about), table[[*XY, "width", "height"]]], axis=1)[kept]


def turned(up: pd.DataFrame, gesture: str) -> pd.DataFrame:
    """☝ turned by a quarter: clockwise for 👉, the other way for 👈."""
    out = up.copy()
    x, y = up[XY[0::2]].to_numpy(), up[XY[1::2]].to_numpy()
    if gesture == "point_right":
        x, y = up[["height"]].to_numpy() - 1 - y, x
    else:
        x, y = y, up[["width"]].to_numpy() - 1 - x
    out[XY[0::2]], out[XY[1::2]] = x, y
    out["gesture"] = gesture
    out["source_label"] += " turned"
    return out


def chosen(found: pd.DataFrame) -> pd.DataFrame:
    """EACH hands of every gesture, evenly from its sources, in BLOCKS runs."""
    up = found[found["gesture"] == "point_up"]
    everything = pd.concat([found, turned(up, "point_right"), turned(up, "point_left")])
    parts = []
    for gesture, rows in everything.groupby("gesture", sort=False):
        sources = [s for s in rows.groupby("source_repo", sort=False) if len(s[1]) >= EACH]
        for number, (_, mine) in enumerate(sources):
            share = EACH // len(sources)
            first = FIRST.get(gesture, 0)
            spread = np.linspace(0, len(mine) - 3, share).astype(int) + first
            block = np.arange(share) * BLOCKS // share
            parts.append(mine.iloc[spread].assign(block=block, source=number))
    return pd.concat(parts).sort_values(["block", "source", "gesture"], kind="stable")


def main() -> None:
    """Find the hands where that is not done yet, and write the table."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("data", type=Path)
    options.add_argument("--landmarks", type=Path, help="keeps SOURCE.parquet, found hands")
    options.add_argument("-o", "--output", type=Path, default=Paths.find().demo)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        folder, tables = asked.landmarks or Path(fresh), []
        for name in SOURCES:
            file = folder / f"{name}.parquet"
            if not file.is_file():
                extract(
                    asked.data / "hand_images" / name,
                    file,
                    hands=2,
                    workers=2,
                    paths=Paths.find(),
                )
            tables.append(hands(name, pd.read_parquet(file)))
    rows = chosen(pd.concat(tables))
    with asked.output.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEAD)
        for row in rows[HEAD].itertuples(index=False):
            writer.writerow([*row[:4], *(f"{value:.1f}" for value in row[4:])])


if __name__ == "__main__":
    main()
