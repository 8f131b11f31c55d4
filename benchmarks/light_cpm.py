"""Measures the light CPM on the pictures that were held out from its training, and prints the
tables of its card:

    python -m benchmarks.light_cpm DATA [--net NAME]

DATA holds hand_crops/ and hand_images/. The teacher looks at every picture anew.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.estimators import create_estimator
from core.estimators.heatmap_net import HeatmapNet
from core.lab.net_data import HELD_OUT_SOURCES, choose_held_out_set
from core.measuring.hand_net_evaluation import evaluate_hand_net
from core.paths import Paths

_HEAD = (
    "| pictures | hands | stage | PCK@0.1 | PCK@0.2 | mean error / L |\n|---|---|---|---|---|---|"
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--net", default="cpm.hand_light")
    asked = parser.parse_args()
    paths = Paths.find()
    net = HeatmapNet(paths.net(asked.net))
    sets = _list_held_out_pictures(asked.data)
    with create_estimator("mediapipe-hands", paths.weights) as teacher:
        for loose in (False, True):
            print(f"\n{'Loose boxes' if loose else 'Upright square of 1.5 L'}\n\n{_HEAD}")
            for name, pictures in sets.items():
                found = evaluate_hand_net(net, pictures, teacher, loose=loose)
                for row in found["stages"]:
                    print(
                        f"| {name} ({found['n']}) | {found['detected']} | {row['stage']} | "
                        f"{row['pck@0.1']:.3f} | {row['pck@0.2']:.3f} | {row['mean_error']:.3f} |"
                    )
    print(f"\n{_milliseconds(net):.1f} ms CPU for one crop, one thread")


def _milliseconds(net: HeatmapNet) -> float:
    crop = np.random.default_rng(0).integers(0, 256, (1, *net.input_hw, 3), np.uint8)
    times = []
    for _ in range(60):
        begun = time.process_time()
        net.predict_heatmaps(crop)
        times.append(time.process_time() - begun)
    return 1000 * float(np.median(times))


def _list_held_out_pictures(data: Path) -> dict[str, list[Path]]:
    """Return the pictures of each held-out set: "hagrid", "crops", "digits"."""
    table = pd.read_csv(data / "hand_crops" / "crops.csv")
    crops = table.loc[table["source_repo"].isin(HELD_OUT_SOURCES), "file"]
    sets = {"crops": [data / "hand_crops" / file for file in crops]}
    for name, source in (("hagrid", "hagrid_crops"), ("digits", "digits")):
        pictures = sorted((data / "hand_images" / source).rglob("*.*"))
        sets[name] = [p for p in pictures if choose_held_out_set(source, p.name)]
    return {"hagrid": sets["hagrid"], **sets}


if __name__ == "__main__":
    main()
