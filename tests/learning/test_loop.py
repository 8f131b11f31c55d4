"""The training loop learns, resumes, and supervises every stage."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.datasets.hand_crops import Hand, read_pack, write_pack
from core.errors import TrainingError
from core.learning.loop import (
    CHECKPOINT,
    WEIGHTS,
    NetOptions,
    belief_targets,
    euclidean_loss,
    stage_loss,
    train_net,
)
from core.learning.runs import DONE, Run


def test_targets_peak_at_the_joint_by_the_pixel_convention() -> None:
    # cell (5, 3) of a map of stride 4 lies at pixel 4·5 + 1.5, 4·3 + 1.5
    keypoints = torch.tensor([[[21.5, 13.5], [float("nan"), float("nan")]]])
    target = belief_targets(keypoints, (8, 10), stride=4)
    assert tuple(target.shape) == (1, 3, 8, 10)
    assert float(target[0, 0, 3, 5]) == 1
    assert float(target[0, 0, 3, 6]) == pytest.approx(math.exp(-1 / (2 * 1.5**2)))
    assert float(target[0, 1].max()) == 0
    assert float(target[0, 2, 3, 5]) == 0
    assert float(target[0, 2, 0, 0]) == pytest.approx(1 - float(target[0, 0, 0, 0]))


def test_the_right_maps_cost_less_than_shifted_ones() -> None:
    keypoints = torch.tensor([[[21.5, 13.5], [9.5, 25.5]]])
    target = belief_targets(keypoints, (8, 10), 4)[:, None]
    logits = torch.logit(target.clamp(0.01, 0.99))
    right = stage_loss(logits, keypoints, torch.ones(1), 4)
    wrong = stage_loss(logits.roll(3, -1), keypoints, torch.ones(1), 4)
    assert float(right) < float(wrong) / 2


def test_the_published_loss_is_half_the_squared_distance() -> None:
    keypoints = torch.tensor([[[21.5, 13.5]]])
    target = belief_targets(keypoints, (8, 10), 4)[:, None]
    maps = target.repeat(1, 2, 1, 1, 1)
    maps[0, 1, 0, 0, 0] += 2  # one cell of stage 2 is 2 off: 2² / 2
    assert float(euclidean_loss(maps, keypoints, torch.ones(1), 4)) == pytest.approx(2, abs=1e-5)


def test_a_joint_beyond_the_input_asks_for_an_empty_map_and_no_place() -> None:
    keypoints = torch.tensor([[[500.0, 500.0]]])
    # logits of 0 cost ln 2 a cell; the background's cells, all there, weigh 1 + 15: mean 8.5 ln 2
    loss = stage_loss(torch.zeros(1, 1, 2, 8, 10), keypoints, torch.ones(1), 4)
    assert float(loss) == pytest.approx(30 * 8.5 * math.log(2), rel=1e-4)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    hands = [
        Hand(
            rng.integers(0, 256, (120, 160, 3), np.uint8),
            rng.uniform(30, 90, (21, 2)).astype(np.float32),
            f"source {i % 3}",
            "far" if i < 2 else "",
        )
        for i in range(12)
    ]
    write_pack(tmp_path / "pack", hands)
    return tmp_path / "pack"


def test_a_training_leaves_weights_and_resumes_where_it_stopped(tmp_path: Path, pack: Path) -> None:
    run = Run.create(tmp_path / "runs")
    crops = read_pack(pack)
    weights = train_net(
        "cpm.hand_light", crops, run, NetOptions(minutes=0.05, batch=4, threads=1, look_every_s=1)
    )
    assert weights.is_file()
    assert run.status() == DONE
    looks = run.records("look")
    assert len(looks) >= 2
    stages = looks[-1]["held_out"]["far"]
    assert [sorted(stage) for stage in stages] == [["mean_error", "pck@0.1", "pck@0.2"]] * 3
    steps = looks[-1]["step"]
    train_net(
        "cpm.hand_light", crops, run, NetOptions(minutes=0.08, batch=4, threads=1, look_every_s=1)
    )
    more = run.records("look")[len(looks) :]
    assert more[0]["seconds"] > looks[-1]["seconds"]
    assert more[-1]["step"] > steps
    assert not list(run.path.glob("*.part"))
    assert torch.load(run.path / CHECKPOINT, weights_only=True)["step"] == more[-1]["step"]


def test_too_few_hands_are_refused_by_number(tmp_path: Path, pack: Path) -> None:
    run = Run.create(tmp_path / "runs")
    with pytest.raises(TrainingError, match="10 hands to learn from: at least 32"):
        train_net("cpm.hand_light", read_pack(pack), run, NetOptions(threads=1))


def test_a_loss_of_nan_stops_at_once_and_what_was_learned_before_is_kept(
    tmp_path: Path, pack: Path
) -> None:
    run = Run.create(tmp_path / "runs")
    options = NetOptions(minutes=1, batch=4, threads=1, look_every_s=0, rate=1e12)
    with pytest.raises(TrainingError, match="not a number: stopped"):
        train_net("cpm.hand_light", read_pack(pack), run, options)
    looks = run.records("look")
    assert all(math.isfinite(look["loss"]) for look in looks)
    checkpoint = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert checkpoint["step"] == looks[-1]["step"]
    kept = load_file(run.path / WEIGHTS)
    assert all(bool(value.isfinite().all()) for value in kept.values())
    assert {name: value.shape for name, value in kept.items()} == {
        name: value.shape for name, value in checkpoint["average"].items()
    }
