"""The training loop learns, measures, resumes on any device, and ends in all processes at once."""

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
from torch import Tensor, nn
from torch.utils.data import DataLoader

from core.datasets.bodies import Bodies, Body
from core.datasets.depth_hands import DepthHand, DepthHands
from core.datasets.hand_crops import Hand, HandCrops, read_pack, write_pack
from core.depth.cameras import CAMERAS
from core.depth.cubes import Cube
from core.errors import TrainingError
from core.lab.renderer.rendered_hands import RenderedHands
from core.media.pictures import encode_png
from core.nets import build_net
from core.nets.crossinfonet import Width
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.heatmaps import encode_heatmaps
from core.pose.skeletons.table import COCO_17, LSP_14, NYU_14, Skeleton
from core.training.checkpoint import CHECKPOINT, WEIGHTS
from core.training.loop import (
    NetOptions,
    SampleStream,
    compute_rate_factor,
    evaluate_net,
    train_net,
)
from core.training.losses import LOSSES
from core.training.runs import DONE, Run

HAND_NET = "cpm.hand_light"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "runs")


@pytest.fixture
def crops(tmp_path: Path) -> HandCrops:
    """Twelve hands, of which two are held out; the keypoint of each one's number is missing."""
    rng, hands = np.random.default_rng(0), []
    for number in range(12):
        keypoints = rng.uniform(30, 90, (21, 2)).astype(np.float32)
        keypoints[number] = np.nan
        picture = rng.integers(0, 256, (120, 160, 3), np.uint8)
        hands.append(Hand(picture, keypoints, f"{number % 3}", "far" if number < 2 else ""))
    write_pack(tmp_path / "pack", hands)
    return read_pack(tmp_path / "pack")


def make_bodies(folder: Path, skeleton: Skeleton, count: int, *, strong: bool = False) -> Bodies:
    """Bodies in noise, of which one is held out; the keypoint of each one's number is missing."""
    rng, bodies = np.random.default_rng(0), []
    for number in range(count):
        file = folder / f"{number}.png"
        cv2.imwrite(str(file), rng.integers(0, 256, (120, 90, 3), np.uint8))
        keypoints = rng.uniform((10, 10), (80, 110), (skeleton.size, 2)).astype(np.float32)
        keypoints[number] = np.nan
        bodies.append(Body(file, keypoints, Box(5, 5, 85, 115), "far" if number < 1 else ""))
    return Bodies(skeleton, bodies, strong=strong)


def make_depth_hands() -> DepthHands:
    camera, rng, hands = CAMERAS["nyu"], np.random.default_rng(0), []
    for number in range(8):
        xyz = rng.uniform((-60, -60, 640), (60, 60, 760), (14, 3))
        xyz[number] = np.nan
        frame = np.zeros((480, 640), np.float32)
        u, v, d = camera.to_pixels(xyz[(number + 1) % 8]).astype(int)
        frame[v - 20 : v + 20, u - 9 : u + 9] = d
        cube = Cube(camera, (320.0, 240.0, 700.0), 250.0)
        hands.append(DepthHand(partial(np.copy, frame), cube, xyz, "far" if number < 2 else ""))
    return DepthHands(NYU_14, hands)


def test_a_training_writes_weights_and_resumes_where_it_stopped(run, crops):
    progress = []
    for steps in (2, 4):
        options = NetOptions(steps=steps, batch=4, threads=1, evaluate_every_s=0)
        weights = train_net(HAND_NET, crops, run, options, lambda *done: progress.append(done))
        assert weights.is_file() and run.status() == DONE
    evaluations = run.records("look")
    assert [evaluation["step"] for evaluation in evaluations] == [1, 2, 2, 3, 4, 4]
    seconds = [evaluation["seconds"] for evaluation in evaluations]
    assert seconds == sorted(seconds)
    stages = evaluations[-1]["held_out"]["far"]
    assert [sorted(stage) for stage in stages] == [["mean_error", "pck@0.1", "pck@0.2"]] * 3
    known = 2 * 20  # of 2 hands with 21 keypoints each
    assert stages[-1]["pck@0.2"] * known == pytest.approx(
        round(stages[-1]["pck@0.2"] * known), abs=0.01
    )
    assert progress == [(0, 2), (1, 2), (2, 2), (2, 4), (3, 4), (4, 4)]
    assert not list(run.path.glob("*.part"))
    assert torch.load(run.path / CHECKPOINT, weights_only=True)["step"] == 4


def test_too_few_hands_are_an_error(run, crops):
    with pytest.raises(TrainingError, match="10 hands to train on: at least 32"):
        train_net(HAND_NET, crops, run, NetOptions(threads=1))


def test_a_loss_of_nan_stops_at_once_and_what_was_learned_before_is_kept(run, crops):
    options = NetOptions(minutes=1, batch=4, threads=1, evaluate_every_s=0, rate=1e12)
    with pytest.raises(TrainingError, match="not a number: stopped"):
        train_net(HAND_NET, crops, run, options)
    evaluations = run.records("look")
    assert all(math.isfinite(evaluation["loss"]) for evaluation in evaluations)
    checkpoint = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert checkpoint["step"] == evaluations[-1]["step"]
    kept = load_file(run.path / WEIGHTS)
    assert all(bool(value.isfinite().all()) for value in kept.values())
    assert {name: value.shape for name, value in kept.items()} == {
        name: value.shape for name, value in checkpoint["average"].items()
    }


def move_checkpoint_to_gpu(checkpoint: Path) -> None:
    """Mark every tensor of a checkpoint as one of the first CUDA device."""
    with zipfile.ZipFile(checkpoint) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (pickled,) = [name for name in members if name.endswith("data.pkl")]
    cpu, gpu = (b"X" + len(d).to_bytes(4, "little") + d for d in (b"cpu", b"cuda:0"))
    assert cpu in members[pickled]
    members[pickled] = members[pickled].replace(cpu, gpu)
    with zipfile.ZipFile(checkpoint, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there a checkpoint of a GPU can be read")
def test_a_training_started_on_a_gpu_resumes_without_one(run, crops):
    train_net(HAND_NET, crops, run, NetOptions(steps=1, batch=4, threads=1))
    move_checkpoint_to_gpu(run.path / CHECKPOINT)
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(run.path / CHECKPOINT, weights_only=True)
    train_net(HAND_NET, crops, run, NetOptions(steps=2, batch=4, threads=1))
    assert run.status() == DONE and [r["step"] for r in run.records("look")] == [1, 2]


def test_a_body_net_is_trained_by_the_same_loop(tmp_path, run):
    build = {"joints": 14, "input_hw": (64, 32)}
    options = NetOptions(steps=2, batch=2, threads=1, net=build)
    train_net("pose_resnet18.both", make_bodies(tmp_path, LSP_14, 5), run, options)
    [evaluation] = run.records("look")
    assert evaluation["step"] == 2 and list(evaluation["held_out"]) == ["far"]
    state = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert state["net"]["final_layer.bias"].shape == (14,)


def test_a_depth_net_is_trained_by_the_same_loop(run):
    build = {"width": Width(stem=8, bases=(4, 4, 8, 8), pyramid=16, hidden=24)}
    options = NetOptions(steps=2, batch=4, threads=1, net=build)
    train_net("crossinfonet.nyu", make_depth_hands(), run, options)
    (figures,) = run.records("look")[-1]["held_out"]["far"]  # in units of 100 mm, untrained
    assert 0.2 < figures["mean_error"] < 2 and figures["pck@0.1"] < 0.5
    state = torch.load(run.path / CHECKPOINT, weights_only=True)
    assert state["step"] == 2 and state["net"]["hand.kernel.weight"].shape == (42, 48)


def test_a_training_begins_with_the_weights_that_fit(tmp_path, run):
    data, start = make_bodies(tmp_path, COCO_17, 3, strong=True), tmp_path / "hands.safetensors"
    initial = build_net(HAND_NET).state_dict()
    save_file(initial, start)
    build = {"input_hw": (64, 32)}
    options = NetOptions(steps=1, batch=2, threads=1, rate=0, start=start, net=build)
    trained = load_file(train_net("cpm.body_light", data, run, options))
    for name in ("stem.0.0.weight", "later.1.quartered.0.0.weight"):
        assert torch.equal(trained[name], initial[name])
    assert trained["later.1.say.weight"].shape[0] == COCO_17.size + 1
    assert [evaluation["step"] for evaluation in run.records("look")] == [0, 1]
    with pytest.raises(TrainingError, match=r"hands\.safetensors are weights of another kind"):
        train_net("pose_resnet18", data, run, NetOptions(steps=1, batch=2, start=start, net=build))


NAN_IN_THE_SECOND_PROCESS = """
import os, sys
from pathlib import Path
import numpy as np
from core.datasets.hand_crops import HandCrops, read_pack
from core.errors import TrainingError
from core.training.loop import NetOptions, train_net
from core.training.runs import Run

root, rank = Path(sys.argv[1]), os.environ["RANK"]
crops = read_pack(root / "pack")
if rank == "1":
    table = crops.table.assign(weight=np.nan)
    crops = HandCrops(crops.pictures, crops.masks, crops.keypoints, table)
try:
    train_net("cpm.hand_light", crops, Run(root / "run"), NetOptions(batch=4, threads=1))
except TrainingError as error:
    (root / f"error_{rank}").write_text(str(error))
"""


def test_a_loss_of_nan_in_one_process_ends_all_of_them(tmp_path, crops, root):
    script = tmp_path / "script.py"
    script.write_text(NAN_IN_THE_SECOND_PROCESS)
    (tmp_path / "run").mkdir()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    subprocess.run(
        [*torchrun, str(script), str(tmp_path)],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        timeout=300,
    )
    errors = {file.name: file.read_text() for file in tmp_path.glob("error_*")}
    assert sorted(errors) == ["error_0", "error_1"]
    assert all("not a number: stopped" in text for text in errors.values())


def test_loader_processes_of_one_training_draw_different_samples():
    hands = RenderedHands(NYU_14, held_out=0)
    stream = SampleStream(hands, hands.rows(""), (96, 96), seed=5)
    batches = iter(DataLoader(stream, 2, num_workers=2))
    first, second = next(batches)[1], next(batches)[1]
    assert not torch.equal(first, second)
    assert torch.equal(first, next(iter(DataLoader(stream, 2)))[1])  # the first draws as one alone


def test_the_learning_rate_rises_and_falls_to_a_hundredth():
    factors = [compute_rate_factor(progress) for progress in (0, 0.01, 0.02, 0.5, 1)]
    assert factors == pytest.approx([0, 0.5, 1, 0.505, 0.01], abs=1e-3)


HW = (128, 96)
BOX = Box.from_xywh(20.0, 10.0, 60.0, 80.0)


class ConstantMaps(nn.Module):
    """Its maps have a peak at the same places whatever it sees."""

    joints, stages, stride, background, input_hw = 14, 1, 4, True, HW

    def __init__(self, places: np.ndarray, sigma: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.maps = torch.from_numpy(encode_heatmaps(places, (32, 24), 4, sigma=sigma))[None, None]

    def forward(self, pictures: Tensor) -> Tensor:
        return self.maps.expand(len(pictures), -1, -1, -1, -1) * self.scale


@pytest.mark.parametrize(
    ("loss", "off"),
    [("cross-entropy", 0.0), ("joint-mse", 0.25 * 4)],  # a parabola is exact; a quarter of a cell
)
def test_evaluation_places_peaks_between_cells_as_estimators_do(tmp_path, loss, off):
    (tmp_path / "a.png").write_bytes(encode_png(np.zeros((120, 100, 3), np.uint8)))
    cells = np.random.default_rng(0).integers(6, 18, (14, 2))
    places = (4 * cells + 1.5 + 2).astype(np.float32)  # half a cell beside one
    if loss == "joint-mse":
        places -= 0.004  # so that the lower cell is higher, and the quarter goes up from it
    view = PersonView.from_box(BOX, HW)
    data = Bodies(LSP_14, [Body(tmp_path / "a.png", view.to_picture(places), BOX, "far")])
    [figures] = evaluate_net(ConstantMaps(places, 1.5), data, data.rows("far"), LOSSES[loss])
    shift = 0.0 if loss == "cross-entropy" else 1.5  # where cell x lies at 4 x
    torso = data.load_evaluation_sample(0, HW)[2]
    expected = np.hypot(off + shift, off + shift) / torso
    assert figures["mean_error"] == pytest.approx(expected, abs=2e-4 + 0.01 / torso)
