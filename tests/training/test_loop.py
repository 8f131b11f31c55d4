"""The training loop learns, resumes on any device, and ends in all processes at once."""

import math
import os
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader

from core.datasets.bodies import Bodies, Body
from core.datasets.depth_hands import DepthHand, DepthHands
from core.datasets.hand_crops import Hand, read_pack, write_pack
from core.depth.cameras import CAMERAS
from core.depth.cubes import Cube
from core.errors import TrainingError
from core.lab.renderer.rendered_hands import RenderedHands
from core.nets import build_net
from core.nets.crossinfonet import Width
from core.pose.boxes import Box
from core.pose.skeletons.table import COCO_17, LSP_14, NYU_14
from core.training.checkpoint import CHECKPOINT, WEIGHTS
from core.training.loop import NetOptions, SampleStream, train_net
from core.training.runs import DONE, Run


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
        "cpm.hand_light",
        crops,
        run,
        NetOptions(steps=2, batch=4, threads=1, evaluate_every_s=0),
    )
    assert weights.is_file()
    assert run.status() == DONE
    evaluations = run.records("look")
    assert [evaluation["step"] for evaluation in evaluations] == [1, 2, 2]
    stages = evaluations[-1]["held_out"]["far"]
    assert [sorted(stage) for stage in stages] == [["mean_error", "pck@0.1", "pck@0.2"]] * 3
    train_net(
        "cpm.hand_light",
        crops,
        run,
        NetOptions(steps=4, batch=4, threads=1, evaluate_every_s=0),
    )
    more = run.records("look")[len(evaluations) :]
    assert more[0]["seconds"] >= evaluations[-1]["seconds"]
    assert [evaluation["step"] for evaluation in more] == [3, 4, 4]
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
    options = NetOptions(minutes=1, batch=4, threads=1, evaluate_every_s=0, rate=1e12)
    with pytest.raises(TrainingError, match="not a number: stopped"):
        train_net("cpm.hand_light", read_pack(pack), run, options)
    evaluations = run.records("look")
    assert all(math.isfinite(evaluation["loss"]) for evaluation in evaluations)
    checkpoint = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert checkpoint["step"] == evaluations[-1]["step"]
    kept = load_file(run.path / WEIGHTS)
    assert all(bool(value.isfinite().all()) for value in kept.values())
    assert {name: value.shape for name, value in kept.items()} == {
        name: value.shape for name, value in checkpoint["average"].items()
    }


def as_if_made_on_a_gpu(checkpoint: Path) -> None:
    """The same checkpoint with every tensor marked as one of the first CUDA device."""
    with zipfile.ZipFile(checkpoint) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (pickled,) = [name for name in members if name.endswith("data.pkl")]
    here, there = (b"X" + len(d).to_bytes(4, "little") + d for d in (b"cpu", b"cuda:0"))
    assert here in members[pickled]
    members[pickled] = members[pickled].replace(here, there)
    with zipfile.ZipFile(checkpoint, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there a checkpoint of a GPU can be read")
def test_a_training_begun_on_a_gpu_goes_on_without_one(tmp_path: Path, pack: Path) -> None:
    run, crops = Run.create(tmp_path / "runs"), read_pack(pack)
    train_net("cpm.hand_light", crops, run, NetOptions(steps=2, batch=4, threads=1))
    as_if_made_on_a_gpu(run.path / CHECKPOINT)
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(run.path / CHECKPOINT, weights_only=True)
    steps = run.records("look")[-1]["step"]
    train_net("cpm.hand_light", crops, run, NetOptions(steps=3, batch=4, threads=1))
    assert run.status() == DONE and run.records("look")[-1]["step"] > steps


def test_an_occluded_keypoint_counts_nowhere(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hands = []
    for i in range(12):
        keypoints = rng.uniform(30, 90, (21, 2)).astype(np.float32)
        keypoints[i] = np.nan
        picture = rng.integers(0, 256, (120, 160, 3), np.uint8)
        hands.append(Hand(picture, keypoints, "a", "far" if i < 2 else ""))
    write_pack(tmp_path / "pack", hands)
    run = Run.create(tmp_path / "runs")
    options = NetOptions(minutes=0.02, batch=4, threads=1)
    train_net("cpm.hand_light", read_pack(tmp_path / "pack"), run, options)
    last = run.records("look")[-1]["held_out"]["far"][-1]
    assert 0 < last["mean_error"] < 5
    seen = 2 * 20  # of 2 hands with 21 keypoints each
    assert last["pck@0.2"] * seen == pytest.approx(round(last["pck@0.2"] * seen), abs=0.01)


def test_a_body_net_is_trained_for_its_steps_and_goes_on_when_given_more(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bodies = []
    for number in range(6):
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), rng.integers(0, 256, (120, 90, 3), np.uint8))
        keypoints = rng.uniform((10, 10), (80, 110), (14, 2)).astype(np.float32)
        keypoints[number] = np.nan
        bodies.append(Body(file, keypoints, Box(5, 5, 85, 115), "far" if number < 2 else ""))
    data, run = Bodies(LSP_14, bodies), Run.create(tmp_path / "runs")
    build = {"joints": 14, "input_hw": (64, 32)}
    for steps in (2, 3):
        options = NetOptions(steps=steps, batch=2, threads=1, net=build)
        train_net("pose_resnet18.both", data, run, options)
        assert run.records("look")[-1]["step"] == steps
    assert run.status() == DONE
    looks = run.records("look")
    assert [look["step"] for look in looks] == [2, 3]
    assert list(looks[-1]["held_out"]) == ["far"]
    state = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert state["net"]["final_layer.bias"].shape == (14,)


def test_a_net_of_depth_is_trained_by_the_same_loop_and_goes_on_when_given_more(
    tmp_path: Path,
) -> None:
    camera = CAMERAS["nyu"]
    rng = np.random.default_rng(0)
    hands = []
    for number in range(8):
        xyz = rng.uniform((-60, -60, 640), (60, 60, 760), (14, 3))
        xyz[number] = np.nan
        frame = np.zeros((480, 640), np.float32)
        u, v, d = camera.to_pixels(xyz[(number + 1) % 8]).astype(int)
        frame[v - 20 : v + 20, u - 9 : u + 9] = d
        cube = Cube(camera, (320.0, 240.0, 700.0), 250.0)
        hands.append(DepthHand(partial(np.copy, frame), cube, xyz, "far" if number < 2 else ""))
    data, run = DepthHands(NYU_14, hands), Run.create(tmp_path / "runs")
    build = {"width": Width(stem=8, bases=(4, 4, 8, 8), pyramid=16, hidden=24)}
    for steps in (2, 3):
        options = NetOptions(steps=steps, batch=4, threads=1, net=build)
        train_net("crossinfonet.nyu", data, run, options)
    assert run.status() == DONE
    looks = run.records("look")
    assert [look["step"] for look in looks] == [2, 3]
    (figures,) = looks[-1]["held_out"]["far"]  # in units of 100 mm, of a net that knows nothing
    assert 0.2 < figures["mean_error"] < 2 and figures["pck@0.1"] < 0.5
    state = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert state["step"] == 3 and state["net"]["hand.kernel.weight"].shape == (42, 48)


def test_a_training_begins_with_the_weights_that_fit(tmp_path: Path) -> None:
    rng, bodies = np.random.default_rng(0), []
    for number in range(3):
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), rng.integers(0, 256, (120, 90, 3), np.uint8))
        keypoints = rng.uniform((10, 10), (80, 110), (17, 2)).astype(np.float32)
        bodies.append(Body(file, keypoints, Box(5, 5, 85, 115), "far" if number < 1 else ""))
    data, hands = Bodies(COCO_17, bodies, strong=True), tmp_path / "hands.safetensors"
    theirs = build_net("cpm.hand_light").state_dict()
    save_file(theirs, hands)
    build = {"input_hw": (64, 32)}
    options = NetOptions(steps=1, batch=2, threads=1, rate=0, start=hands, net=build)
    run = Run.create(tmp_path / "runs")
    ours = load_file(train_net("cpm.body_light", data, run, options))
    for name in ("stem.0.0.weight", "later.1.quartered.0.0.weight"):
        assert torch.equal(ours[name], theirs[name])
    assert ours["later.1.say.weight"].shape[0] == COCO_17.size + 1
    assert [look["step"] for look in run.records("look")] == [0, 1]
    run = Run.create(tmp_path / "runs")
    with pytest.raises(TrainingError, match=r"hands\.safetensors are weights of another kind"):
        train_net("pose_resnet18", data, run, NetOptions(steps=1, batch=2, start=hands, net=build))


NAN_ON_THE_SECOND = """
import os, sys
from pathlib import Path
import numpy as np
from core.datasets.hand_crops import HandCrops, read_pack
from core.errors import TrainingError
from core.training.loop import NetOptions, SampleStream, train_net
from core.training.runs import Run

root, rank = Path(sys.argv[1]), os.environ["RANK"]
crops = read_pack(root / "pack")
if rank == "1":
    table = crops.table.assign(weight=np.nan)
    crops = HandCrops(crops.pictures, crops.masks, crops.keypoints, table)
try:
    train_net("cpm.hand_light", crops, Run(root / "run"), NetOptions(batch=4, threads=1))
except TrainingError as error:
    (root / f"said_by_{rank}").write_text(str(error))
"""


def test_a_loss_of_nan_in_one_process_ends_all_of_them(
    tmp_path: Path, pack: Path, root: Path
) -> None:
    (tmp_path / "script.py").write_text(NAN_ON_THE_SECOND)
    (tmp_path / "run").mkdir()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--nproc_per_node",
            "2",
            str(tmp_path / "script.py"),
            str(tmp_path),
        ],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        timeout=300,
    )
    said = {file.name: file.read_text() for file in tmp_path.glob("said_by_*")}
    assert sorted(said) == ["said_by_0", "said_by_1"]
    assert all("not a number: stopped" in text for text in said.values())


def test_processes_that_draw_for_one_training_draw_different_samples() -> None:
    hands = RenderedHands(NYU_14, held_out=0)
    stream = SampleStream(hands, hands.rows(""), (96, 96), seed=5)
    batches = iter(DataLoader(stream, 2, num_workers=2))
    first, second = next(batches)[1], next(batches)[1]
    assert not torch.equal(first, second)
    assert torch.equal(first, next(iter(DataLoader(stream, 2)))[1])  # the first draws as one alone
