"""Trains a belief-map net: one loop, on a CPU, a GPU, or several processes under torchrun.

Every stage is supervised (Wei et al. 2016, 3.3). The weights that count are an exponential moving
average of those that learn. How far a training has come is the time spent of the time given, so a
stopped one resumes from its checkpoint, and a finished one goes on when it is given more minutes.
Legend: B batch, S stages, J joints, J+1 maps, h w map, I side of the input.
"""

import copy
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from core.datasets.hand_crops import NET_FACTOR, HandCrops, samples, upright
from core.errors import TrainingError
from core.learning.runs import DONE, STOPPED, Run
from core.nets import PoseNet, build_net
from core.nets.cpm import LightCPM

CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"
_SIGMA = 1.5  # of the target Gaussians, map cells
_WARM_UP = 0.02  # share of the training in which the rate rises
_PEAK_WEIGHT = 15.0  # cells at a joint weigh so much more than empty ones
_CHECK_EVERY = 20  # steps; on a GPU to look at a loss is to wait for it
_BCE_WEIGHT = 30.0  # of belief-map values beside the peaks' places


@dataclass(frozen=True)
class NetOptions:
    """How a net is trained.

    Attributes:
        minutes: time given, of all pieces together.
        batch: samples a step and process.
        rate: highest learning rate.
        seed: of the samples drawn and the first weights.
        threads: of torch on a CPU.
        look_every_s: seconds between measurements on the held-out sets, each with a checkpoint.
        start: weights to begin from (fine-tuning), else random ones.
    """

    minutes: float = 100.0
    batch: int = 32
    rate: float = 2.5e-3
    seed: int = 0
    threads: int = 2
    look_every_s: float = 240.0
    start: Path | None = None


def train_net(
    name: str,
    crops: HandCrops,
    run: Run,
    options: NetOptions,
    tell: Callable[[float], None] = lambda seconds: None,
) -> Path:
    """Train a net in a run's folder, from its checkpoint if it has one; returns the weights.

    An interrupt (Ctrl-C, SIGINT) ends it early: what was learned so far is kept.

    Args:
        tell: called after each step with the seconds spent.

    Raises:
        TrainingError: the loss is not a number, or there is nothing to learn from. What was learned
            until the last checkpoint is kept.
    """
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # torchrun says how many
    fabric = Fabric(precision=_precision(), devices=processes if processes > 1 else "auto")
    fabric.launch()
    rows = crops.rows("")
    if len(rows) < options.batch:
        raise TrainingError(f"{len(rows)} hands to learn from: at least {options.batch} are needed")
    net = build_net(name)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.start is not None:
        net.load_state_dict(load_file(options.start))
    average = copy.deepcopy(net).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(net), lr=options.rate)
    spent, step = _resumed(run.path / CHECKPOINT, net, average, optimizer)
    average.to(fabric.device)
    model, optimizer = fabric.setup(net, optimizer)
    light = isinstance(net, LightCPM)
    if light:
        model.mark_forward_method("logits")
    stream = _stream(fabric, crops, rows, net.input_size, options, step)

    if options.start is not None and step == 0:
        _look(run, crops, average, [], spent, step)  # what it could before
    begun, looked, losses = time.monotonic() - spent, spent, []
    status = DONE
    try:
        while spent < options.minutes * 60:
            _set_rate(optimizer, options.rate * _rate_share(spent / (options.minutes * 60)))
            pictures, keypoints, weights = next(stream)
            said = model.logits(pictures) if light else model(pictures)
            loss = (stage_loss if light else euclidean_loss)(said, keypoints, weights, net.stride)
            if fabric.device.type == "cpu" or step % _CHECK_EVERY == 0:
                _check_finite(float(loss.detach()))
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=2.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            _follow(average, net, min(0.999, (step + 1) / (step + 10)))
            losses.append(loss.detach())
            spent = float(fabric.broadcast(time.monotonic() - begun))  # all end with the same step
            tell(spent)
            if spent - looked >= options.look_every_s and fabric.is_global_zero:
                _look(run, crops, average, losses, spent, step)
                _save(run.path / CHECKPOINT, net, average, optimizer, spent, step)
                losses, looked = [], time.monotonic() - begun
    except KeyboardInterrupt:
        status = STOPPED
    except TrainingError:
        if fabric.is_global_zero:
            keep_checkpoint(run)
        raise
    if fabric.is_global_zero:
        _look(run, crops, average, losses, spent, step)
        _save(run.path / CHECKPOINT, net, average, optimizer, spent, step)
        save_file(_plain(average), run.path / WEIGHTS)
        run.log(event="end", status=status)
    return run.path / WEIGHTS


def stage_loss(logits: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Mean over stages of what the belief maps' values and the places of their peaks cost.

    Args:
        logits: (B, S, J+1, h, w).
        keypoints: (B, J, 2) input pixels; a joint outside the input has an empty map.
        weights: (B,).
    """
    height, width = logits.shape[-2:]
    target = belief_targets(keypoints, (height, width), stride)[:, None]
    logits = logits.float()
    value = functional.binary_cross_entropy_with_logits(
        logits, target.expand_as(logits), weight=1 + _PEAK_WEIGHT * target, reduction="none"
    ).mean(dim=(1, 2, 3, 4))
    joints = target[:, :, :-1].flatten(3)
    mass = joints.sum(-1, keepdim=True)
    there = (mass[..., 0] > 1).float()
    place = -(joints / mass.clamp(min=1e-6) * logits[:, :, :-1].flatten(3).log_softmax(-1)).sum(-1)
    place = (place * there).mean(dim=(1, 2))
    return ((place + _BCE_WEIGHT * value) * weights).mean()


def euclidean_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """The published nets' loss (Wei et al. 2016, equation 7): half the squared distance to the
    target maps, summed over stages, maps and cells; arguments as for `stage_loss`.
    """
    target = belief_targets(keypoints, (maps.shape[-2], maps.shape[-1]), stride)[:, None]
    distance = (maps.float() - target).square().sum(dim=(1, 2, 3, 4)) / 2
    return (distance * weights).mean()


def belief_targets(keypoints: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """Gaussians at the joints and the background 1 − max, (B, J+1, h, w); NaN: an empty map."""
    centres = (keypoints.nan_to_num(nan=-1e4) - (stride - 1) / 2) / stride
    y = torch.arange(size_hw[0], device=keypoints.device, dtype=torch.float32)
    x = torch.arange(size_hw[1], device=keypoints.device, dtype=torch.float32)
    across = torch.exp(-((x - centres[..., :1]) ** 2) / (2 * _SIGMA**2))
    down = torch.exp(-((y - centres[..., 1:]) ** 2) / (2 * _SIGMA**2))
    joints = down[..., :, None] * across[..., None, :]
    return torch.cat([joints, 1 - joints.amax(1, keepdim=True)], 1)


def measure(net: PoseNet, crops: HandCrops, rows: NDArray[np.int64]) -> list[dict[str, float]]:
    """PCK and mean error of every stage, by the upright square of 1.5 L; errors in units of L."""
    errors = []
    size, device = net.input_size, next(net.parameters()).device
    for start in range(0, len(rows), 64):
        pairs = [upright(crops, int(row), size) for row in rows[start : start + 64]]
        pictures, keypoints = (
            torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True)
        )
        with torch.no_grad():
            maps = net(_as_input(pictures).to(device))[:, :, :-1].cpu()
        found = (_peaks(maps) * net.stride + (net.stride - 1) / 2) - keypoints[:, None]
        errors.append(found.norm(dim=-1) / (size / NET_FACTOR))
    per_stage = torch.cat(errors).permute(1, 0, 2).flatten(1)
    return [
        {
            "pck@0.1": round(float((error <= 0.1).float().mean()), 4),
            "pck@0.2": round(float((error <= 0.2).float().mean()), 4),
            "mean_error": round(float(error.mean()), 4),
        }
        for error in per_stage
    ]


def _peaks(maps: Tensor) -> Tensor:
    """Highest cell, (..., 2) as x, y."""
    place = maps.flatten(-2).argmax(-1)
    return torch.stack([place % maps.shape[-1], place // maps.shape[-1]], -1).float()


class _Stream(IterableDataset[Any]):
    """Augmented samples without end; every process draws its own."""

    def __init__(self, crops: HandCrops, rows: NDArray[np.int64], size: int, seed: int) -> None:
        self.crops, self.rows, self.size, self.seed = crops, rows, size, seed

    def __iter__(self) -> Iterator[Any]:
        return samples(self.crops, self.rows, self.size, self.seed)


def _stream(
    fabric: Fabric,
    crops: HandCrops,
    rows: NDArray[np.int64],
    size: int,
    options: NetOptions,
    step: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    # A seed of its own for each process and each piece of a resumed training.
    seed = options.seed + 7919 * fabric.global_rank + 104729 * step
    stream = _Stream(crops, rows, size, seed)
    workers = 1 if fabric.device.type == "cpu" else 0
    for pictures, keypoints, weights in DataLoader(stream, options.batch, num_workers=workers):
        yield (
            _as_input(pictures.to(fabric.device)),
            keypoints.to(fabric.device),
            weights.to(fabric.device, torch.float32),
        )


def _as_input(pictures: Tensor) -> Tensor:
    """(B, I, I, 3) uint8 → (B, 3, I, I) in 0..1; channels stay last in memory."""
    return pictures.permute(0, 3, 1, 2).float() / 255


def _precision() -> Any:
    if torch.cuda.is_available():
        return "bf16-mixed"
    # only where the processor multiplies bfloat16 itself does it pay: there, by half
    has_bf16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return "bf16-mixed" if has_bf16 else "32-true"


def _groups(net: nn.Module) -> list[dict[str, Any]]:
    """Weight decay pulls at kernels, not at biases and normalisation."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]


def _set_rate(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _rate_share(progress: float) -> float:
    """Rises, then falls along half a cosine (Loshchilov and Hutter 2017) to a hundredth."""
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2


def _follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    """One step of the moving average; counters are copied."""
    with torch.no_grad():
        pairs = zip(average.state_dict().values(), net.state_dict().values(), strict=True)
        for old, new in pairs:
            if old.is_floating_point():
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)


def _look(
    run: Run, crops: HandCrops, net: PoseNet, losses: list[Tensor], spent: float, step: int
) -> None:
    """Log the loss since the last look, and how well every held-out set is read."""
    loss = float(torch.stack(losses).mean()) if losses else None
    if loss is not None:
        _check_finite(loss)
    held_out = {name: measure(net, crops, crops.rows(name)) for name in crops.held_out_sets}
    run.log(event="look", step=step, seconds=round(spent, 1), loss=loss, held_out=held_out)


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError("the loss is not a number: stopped; lower the learning rate and resume")


def keep_checkpoint(run: Run) -> bool:
    """Make the weights of a training that broke off from its checkpoint, if it has one."""
    if not (run.path / CHECKPOINT).is_file():
        return False
    state = torch.load(run.path / CHECKPOINT, map_location="cpu", weights_only=True)
    plain = {name: value.contiguous() for name, value in state["average"].items()}
    save_file(plain, run.path / WEIGHTS)
    return True


def _save(
    path: Path, net: nn.Module, average: nn.Module, optimizer: Any, spent: float, step: int
) -> None:
    state = {
        "net": net.state_dict(), "average": average.state_dict(),
        "optimizer": optimizer.state_dict(), "spent": spent, "step": step,
    }  # fmt: skip
    part = path.with_suffix(".part")
    try:
        torch.save(state, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _resumed(path: Path, net: nn.Module, average: nn.Module, optimizer: Any) -> tuple[float, int]:
    """Take up a checkpoint; (seconds spent, steps done)."""
    if not path.is_file():
        return 0.0, 0
    state = torch.load(path, weights_only=True)
    net.load_state_dict(state["net"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return float(state["spent"]), int(state["step"])


def _plain(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in net.state_dict().items()}
