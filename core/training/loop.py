"""Trains a heatmap net: one loop, on a CPU, a GPU, or several processes under torchrun.

Every stage is supervised (Wei et al. 2016, 3.3). The result is an exponential moving average of the
trained weights. Progress is the time spent of the time given, or the steps done of those given, so
that a stopped training resumes from its checkpoint, and a finished one when it is given more.
Legend: B batch, H W the net's input.
"""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from core.datasets.training_data import TrainingData
from core.errors import TrainingError
from core.modelfiles.catalogue import UNIT_SCALING, Scaling
from core.nets import NETS, PoseNet, build_net
from core.progress import Progress, ignore_progress
from core.training.averaging import make_moving_average
from core.training.checkpoint import WEIGHTS, TrainingState, export_checkpoint_weights
from core.training.losses import LOSSES
from core.training.monitoring import TrainingMonitor
from core.training.net_export import scale_pictures
from core.training.published_nets import Backbone, fill_net
from core.training.runs import DONE, STOPPED, Run

_WARM_UP = 0.02  # fraction of the training in which the learning rate rises
_CHECK_EVERY_STEPS = 20  # on a GPU, reading a loss waits for it
_MAX_DECAY = 0.999  # of the moving average, each step
_MAX_GRADIENT_NORM = 2.0
_WEIGHT_DECAY = 0.02


@dataclass(frozen=True)
class NetOptions:
    """How a net is trained."""

    minutes: float = 100.0  # training time, of all sessions together
    steps: int = 0  # instead of minutes, for comparable trainings; 0: as many as there is time for
    batch: int = 32  # samples a step and process
    rate: float = 2.5e-3  # highest learning rate
    seed: int = 0  # of the samples and the initial weights
    threads: int = 2  # of torch on a CPU; on a GPU the number of processes that load samples
    evaluate_every_s: float = 240.0  # between evaluations on held-out sets, each with a checkpoint
    start: Path | None = None  # initial weights, as far as they fit, else random ones
    backbone: Backbone | None = None  # initial weights of the net's backbone, beside `start`
    scaling: Scaling = UNIT_SCALING
    net: Mapping[str, Any] = field(default_factory=dict)  # options of its class, such as `input_hw`

    def measure_progress(self, state: TrainingState) -> tuple[float, float]:
        """Return the steps done and planned or, if no steps are set, the seconds."""
        return (state.step, self.steps) if self.steps else (state.spent_s, self.minutes * 60)


def train_net(
    name: str,
    data: TrainingData,
    run: Run,
    options: NetOptions,
    progress: Progress = ignore_progress,
) -> Path:
    """Train a net in a run's folder, resuming from its checkpoint if it has one; return the path of
    the weights. Raise TrainingError if the loss isn't finite or there are too few samples; the last
    checkpoint is kept.

    An interrupt (Ctrl-C, SIGINT) stops training early and keeps what was learned. `run`: if there
    are several processes, only the first writes to it."""
    fabric, rows = _launch_fabric(options), _select_training_rows(data, options)
    net, loss_function = _build_initial_net(name, options), LOSSES[NETS[name].loss]
    adamw = torch.optim.AdamW(_group_parameters(net), lr=options.rate)
    model, optimizer = fabric.setup(net, adamw)
    if loss_function.method != "forward":
        model.mark_forward_method(loss_function.method)
    state = TrainingState(net, make_moving_average(net, _MAX_DECAY), adamw)
    state.load_checkpoint(run)
    batches = _load_batches(fabric, data, rows, net.input_hw, options, state.step)
    interval_s = options.evaluate_every_s
    monitor = TrainingMonitor(fabric, run, data, state, loss_function, interval_s, options.scaling)
    if options.start is not None and state.step == 0:
        monitor.log_evaluation()  # the initial weights

    status = DONE
    try:
        while True:
            done, total = options.measure_progress(state)
            progress(min(done, total), total)
            if done >= total:
                break
            for group in optimizer.param_groups:
                group["lr"] = options.rate * learning_rate_factor(done / total)
            pictures, keypoints, weights = next(batches)
            output = getattr(model, loss_function.method)(pictures)
            loss = loss_function.compute(output, keypoints, weights, net.stride)
            if fabric.device.type == "cpu" or state.step % _CHECK_EVERY_STEPS == 0:
                monitor.check_loss(loss.detach())
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=_MAX_GRADIENT_NORM)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            state.average.update_parameters(net)
            state.step += 1
            monitor.record_step(loss.detach())
    except KeyboardInterrupt:
        status = STOPPED
    except TrainingError:
        if fabric.is_global_zero:
            export_checkpoint_weights(run)
        raise
    monitor.finish(status)
    return run.path / WEIGHTS


def _launch_fabric(options: NetOptions) -> Fabric:
    """Set the number of threads and the seed, and return a launched Fabric (several processes under
    torchrun). Use bfloat16 on GPUs and on CPUs with native support, where it halves the time."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # set by torchrun
    has_bf16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    precision: Any = "bf16-mixed" if torch.cuda.is_available() or has_bf16 else "32-true"
    fabric = Fabric(precision=precision, devices=processes if processes > 1 else "auto")
    fabric.launch()
    return fabric


def _select_training_rows(data: TrainingData, options: NetOptions) -> NDArray[np.int64]:
    """Return the rows that aren't held out; raise TrainingError if they don't fill a batch."""
    rows = data.rows("")
    if len(rows) < options.batch:
        raise TrainingError(
            f"{len(rows)} {data.item_name} to train on: at least {options.batch} are needed"
        )
    return rows


def _build_initial_net(name: str, options: NetOptions) -> PoseNet:
    """Build a net with random weights, then load those of the file `start` that fit by name and
    shape, and the backbone's. Raise TrainingError if none in the file fit."""
    net = build_net(name, **options.net)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.start is not None:
        own = net.state_dict()
        start = load_file(options.start)
        fitting = {n: a for n, a in start.items() if n in own and own[n].shape == a.shape}
        if not fitting:
            raise TrainingError(f"{options.start} are weights of another kind of net: name others")
        net.load_state_dict(fitting, strict=False)
    if options.backbone is not None:
        fill_net(net, options.backbone.arrays)
    return net


class SampleStream(IterableDataset[Any]):
    """Endless augmented samples; each process and each of its loaders draws different ones."""

    def __init__(
        self, data: TrainingData, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> None:
        self.data, self.rows, self.input_hw, self.seed = data, rows, input_hw, seed

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        seed = self.seed + (15485863 * worker.id if worker else 0)
        return self.data.samples(self.rows, self.input_hw, seed)


def _load_batches(
    fabric: Fabric,
    data: TrainingData,
    rows: NDArray[np.int64],
    input_hw: tuple[int, int],
    options: NetOptions,
    step: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield endless batches of a net's input, keypoints and sample weights on the device."""
    # another seed for each process and each session of a resumed training
    seed = options.seed + 7919 * fabric.global_rank + 104729 * step
    stream = SampleStream(data, rows, input_hw, seed)
    workers = min(options.threads - 1, 1) if fabric.device.type == "cpu" else options.threads
    for pictures, keypoints, weights in DataLoader(stream, options.batch, num_workers=workers):
        yield (
            scale_pictures(pictures.to(fabric.device), options.scaling),
            keypoints.to(fabric.device),
            weights.to(fabric.device, torch.float32),
        )


def _group_parameters(net: nn.Module) -> list[dict[str, Any]]:
    """Return optimizer groups: weight decay for kernels (≥ 2 axes), none for other parameters."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    decayed = {"params": kernels, "weight_decay": _WEIGHT_DECAY}
    return [decayed, {"params": others, "weight_decay": 0.0}]


def learning_rate_factor(progress: float) -> float:
    """Return the learning rate's fraction of its maximum at a progress of 0..1: linear warm-up,
    then half a cosine down to 0.01 (Loshchilov and Hutter 2017)."""
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2
