"""Does attention help? One ResNet with deconvolutions, without and with each kind of attention, on
the same pictures, for the same number of steps, from several seeds:

    python -m benchmarks.attention LSPET --out FOLDER [--depth 18] [--size 128x96] [--steps 1200]

LSPET holds joints.csv and images/. Four fifths of the pictures are trained on, the others measured.
Each net's training is a run in FOLDER; a command that was stopped goes on where it was, and one
whose nets are trained prints the table and draws what the nets attend to.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from core.datasets.bodies import Bodies
from core.datasets.body_files import read_bodies
from core.files import write_whole
from core.learning.checkpoint import CHECKPOINT, WEIGHTS
from core.learning.loop import NetOptions, train_net
from core.learning.runs import DONE, Run, list_runs
from core.learning.watching import as_input
from core.nets import build_net
from core.nets.pose_resnet import ATTENTIONS, PoseResNet
from core.pose.heatmaps import decode_quarter, turned_back
from core.pose.metrics import Distances, distances, pck, pck_difference, pck_interval
from core.pose.types import Floats, Picture

LIMITS = (0.1, 0.2)
SHOWN = 4  # pictures whose attention is drawn
_KEYPOINTS = (13, 11, 5)  # of those: head top, left wrist, left ankle
_DONE = "distances.npy"


def main() -> None:
    """Train what is not trained yet, seed by seed, then print the table."""
    asked = _arguments()
    data = read_bodies(asked.lspet)
    for seed in range(asked.seeds):
        for tag in ATTENTIONS:
            folder = asked.out / f"{tag or 'plain'}-{seed}"
            if not (folder / _DONE).is_file() and not asked.table:
                _train(asked, data, tag, seed, folder)
    print(table(asked.out, asked.seeds))
    _draw(asked, data)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("lspet", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--depth", type=int, default=18)
    parser.add_argument("--size", default="128x96", type=_size)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="of what is trained; train nothing")
    return parser.parse_args()


def _size(text: str) -> tuple[int, int]:
    height, width = text.split("x")
    return int(height), int(width)


def _name(asked: argparse.Namespace, tag: str) -> str:
    return f"pose_resnet{asked.depth}{'.' if tag else ''}{tag}"


def _train(asked: argparse.Namespace, data: Bodies, tag: str, seed: int, folder: Path) -> None:
    runs = list_runs(folder)
    if runs:
        run = runs[0]
        run.resume()
    else:
        run = Run.create(folder, net=_name(asked, tag), steps=asked.steps, seed=seed)
    build = {"joints": data.skeleton.size, "input_hw": asked.size}
    options = NetOptions(
        steps=asked.steps,
        rate=asked.rate,
        seed=seed,
        threads=asked.threads,
        evaluate_every_s=180,
        net=build,
    )
    begun = time.process_time()
    weights = train_net(_name(asked, tag), data, run, options)
    if run.status() != DONE:
        raise SystemExit(f"stopped in {folder.name}: the same command goes on")
    net = build_net(_name(asked, tag), **build)
    net.load_state_dict(load_file(weights))
    apart = measure(net, data)
    parameters = sum(p.numel() for p in net.parameters())
    about = {"cpu_s": round(time.process_time() - begun, 1), "parameters": parameters}
    write_whole(folder / "about.json", json.dumps(about).encode())
    np.save(folder / _DONE, apart)
    (run.path / CHECKPOINT).unlink()  # a quarter of a gigabyte
    shares = ", ".join(f"PCK@{limit} {pck(apart, limit).weighted:.4f}" for limit in LIMITS)
    print(f"{folder.name}: {shares}, {about['cpu_s']} s of CPU in this piece", flush=True)


def measure(net: Any, data: Bodies) -> Distances:
    """(N, K) distances in torsos of the held-out persons whose torso is labelled, by the flip test
    and a quarter of a cell towards the higher neighbour."""
    net.eval()
    found, target, torsos = [], [], []
    for name in data.held_out_sets:
        rows = data.rows(name)
        for start in range(0, len(rows), 32):
            views = [data.upright(int(row), net.input_hw) for row in rows[start : start + 32]]
            pictures, keypoints, sizes = (np.stack(part) for part in zip(*views, strict=True))
            maps = _maps(net, pictures)
            other = turned_back(_maps(net, pictures[:, :, ::-1].copy()), data.skeleton.mirrored)
            cells, _ = decode_quarter(np.float32(0.5) * (maps + other))
            found.append(cells * net.stride)
            target.append(keypoints)
            torsos.append(sizes)
    sizes = np.concatenate(torsos)
    known = sizes > 0
    return distances(np.concatenate(found)[known], np.concatenate(target)[known], sizes[known])


def _maps(net: Any, pictures: Picture) -> Floats:
    with torch.no_grad():
        return np.asarray(net(as_input(torch.from_numpy(pictures)))[:, -1].float().numpy())


def table(out: Path, seeds: int) -> str:
    """The variants with all their seeds, as Markdown; intervals are over the pictures."""
    head = "| attention | seeds | parameters | " + " | ".join(
        f"PCK@{limit} (95 %) | against plain" for limit in LIMITS
    )
    lines = [f"{head} | each seed at 0.2 |", f"|{'---|' * (4 + 2 * len(LIMITS))}"]
    found = {tag: _measured(out, tag, seeds) for tag in ATTENTIONS}
    plain = found[""]
    for tag, apart in found.items():
        if not len(apart):
            continue
        parameters = json.loads((out / f"{tag or 'plain'}-0" / "about.json").read_text())
        cells = [tag or "none", str(len(apart)), f"{parameters['parameters']:,}"]
        for limit in LIMITS:
            low, high = pck_interval(apart, limit, np.random.default_rng(0))
            share = pck(apart.reshape(-1, apart.shape[-1]), limit).weighted
            cells.append(f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})")
            cells.append(_against(plain, apart, limit) if tag and len(plain) else "–")
        cells.append(", ".join(f"{100 * pck(one, LIMITS[-1]).weighted:.1f}" for one in apart))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _measured(out: Path, tag: str, seeds: int) -> Distances:
    """(S, N, K) of the seeds that are done."""
    files = [out / f"{tag or 'plain'}-{seed}" / _DONE for seed in range(seeds)]
    return np.array([np.load(file) for file in files if file.is_file()])


def _against(plain: Distances, apart: Distances, limit: float) -> str:
    """The difference of the seeds that both have."""
    both = min(len(plain), len(apart))
    difference = pck_difference(plain[:both], apart[:both], limit, np.random.default_rng(0))
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * value for value in difference))


def _draw(asked: argparse.Namespace, data: Bodies) -> None:
    """A picture a variant: held-out persons, and what the net attends to in each, red for much."""
    rows = [int(row) for row in data.rows(data.held_out_sets[0])[:SHOWN]]
    for tag, attention in ATTENTIONS.items():
        runs = list_runs(asked.out / f"{tag or 'plain'}-0")
        if not (attention.holistic or attention.part_wise) or not runs:
            continue
        if not (runs[0].path / WEIGHTS).is_file():
            continue
        net = build_net(_name(asked, tag), joints=data.skeleton.size, input_hw=asked.size)
        assert isinstance(net, PoseResNet)
        net.load_state_dict(load_file(runs[0].path / WEIGHTS))
        net.eval()
        drawn = [_attention(net, data.upright(row, net.input_hw)[0]) for row in rows]
        file = asked.out / f"attention_{tag}.png"
        cv2.imwrite(str(file), np.concatenate(drawn)[..., ::-1])
        print(f"{tag}: {file}")


def _attention(net: PoseResNet, picture: Picture) -> Picture:
    """The picture, then each holistic scale, then three keypoints' part-wise attention."""
    with torch.no_grad():
        _, seen = net.with_attention(as_input(torch.from_numpy(picture[None])))
    maps = [seen[name][0, 0] for name in sorted(seen) if name != "part_wise"]
    if "part_wise" in seen:
        maps += [seen["part_wise"][0, joint] for joint in _KEYPOINTS]
    return np.concatenate([picture, *[_over(picture, one.numpy()) for one in maps]], axis=1)


def _over(picture: Picture, attention: Floats) -> Picture:
    height, width = picture.shape[:2]
    large = cv2.resize(attention, (width, height), interpolation=cv2.INTER_NEAREST)
    span = float(np.ptp(large)) or 1.0
    grey = (255 * (large - large.min()) / span).astype(np.uint8)
    colour = cv2.applyColorMap(grey, cv2.COLORMAP_JET)[..., ::-1]
    return np.asarray(cv2.addWeighted(picture, 0.4, np.ascontiguousarray(colour), 0.6, 0), np.uint8)


if __name__ == "__main__":
    main()
