"""Thumb up or not, on Hand-Pose-Classification's own table: its network beside ours, no leak.

    python -m benchmarks.seed_classifier final_dataset_sample.csv

The last 20 % of each class's rows are held out as a block (consecutive rows are frames of one
take; a random split puts copies of the same row on both sides). Both networks are trained anew on
the rest, five times; ours gets the 21 keypoints, the seed's all 22 points.
"""

import argparse
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.training.fitting import TrainOptions, fit_all, net_probabilities

SEEDS = 5
EPOCHS = 40  # of ours
WIDTHS = (44, 500, 200, 150, 150, 50, 2)
HELD_OUT = 0.2
Rows = np.ndarray


def blocks(labels: Rows) -> Rows:
    """(N,) true for the last 20 % of each class's rows."""
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        held[rows[len(rows) - round(HELD_OUT * len(rows)) :]] = True
    return held


def train_seed_net(inputs: Rows, labels: Rows, seed: int) -> torch.nn.Module:
    """The seed's network and recipe: Adam 1e-3, batches of 120, 10 epochs, cross-entropy."""
    torch.manual_seed(seed)
    layers: list[torch.nn.Module] = []
    for wide_in, wide_out in pairwise(WIDTHS):
        linear = torch.nn.Linear(wide_in, wide_out)
        torch.nn.init.xavier_uniform_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    for _ in range(10):
        for rows in torch.randperm(len(y)).split(120):
            loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def seed_answers(points: Rows, labels: Rows, held: Rows, seed: int, *, raw: bool) -> Rows:
    """What the seed's network says to the held-out rows; raw: fed pixels, as its app predicts."""
    low, high = points[~held].min(0), points[~held].max(0)
    scaled = (points - low) / np.maximum(high - low, 1)
    net = train_seed_net(scaled[~held], labels[~held], seed)
    with torch.no_grad():
        return net(torch.from_numpy((points if raw else scaled)[held])).argmax(1).numpy()


def our_answers(points: Rows, labels: Rows, held: Rows, options: TrainOptions) -> Rows:
    """What our features and network say to the held-out rows."""
    joints = points.reshape(-1, 22, 2)[:, :21].copy()
    joints[(joints == 0).all(2)] = np.nan  # how the seed writes a keypoint it did not find
    names = np.array(["all"] * len(labels))
    gestures = (GestureLabel("thumbs_down"), GestureLabel("thumbs_up"))
    data = GestureData(joints, np.zeros(len(labels), bool), labels, gestures, names, names, names)
    net = fit_all(data.take(~held), options, EPOCHS)
    return net_probabilities(net, data.take(held)).argmax(1)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", type=Path, help="final_dataset_sample.csv")
    rows = np.loadtxt(parser.parse_args().table, delimiter=",", skiprows=1)
    points, labels = rows[:, :44].astype("f4"), rows[:, 44].astype("i8")
    held = blocks(labels)
    seen = {row.tobytes() for row in points[~held]}
    copies = np.array([row.tobytes() in seen for row in points[held]])
    print(f"{(~held).sum()} rows to learn from, {held.sum()} apart, {copies.sum()} of them copies")
    ours, plain = TrainOptions(), TrainOptions().augmentation.__class__()
    ways = {
        "seed, raw pixels": lambda s: seed_answers(points, labels, held, s, raw=True),
        "seed, scaled": lambda s: seed_answers(points, labels, held, s, raw=False),
        "ours": lambda s: our_answers(points, labels, held, replace(ours, seed=s)),
        "ours, not augmented": lambda s: our_answers(
            points, labels, held, replace(ours, seed=s, augmentation=plain)
        ),
    }
    for name, way in ways.items():
        right = np.array([way(s) == labels[held] for s in range(SEEDS)])
        each = 100 * right.mean(1)
        print(
            f"{name:20} {each.mean():.1f} % ({each.min():.1f} to {each.max():.1f}), "
            f"without copies {100 * right[:, ~copies].mean():.1f} %"
        )


if __name__ == "__main__":
    main()
