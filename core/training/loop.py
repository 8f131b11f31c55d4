"""Trains a heatmap net: one loop, on a CPU, a GPU, or several processes under torchrun.

Every stage is supervised (Wei et al. 2016, 3.3). The result is an exponential moving average of the
trained weights. Progress is the time spent of the time given, or the steps done of those given, so
that a stopped training resumes from its checkpoint, and a finished one when it is given more.
All processes evaluate and save at the same time: one alone would block on the others.
Legend: B batch, S stages, J keypoints, J+1 maps, h w map, H W the net's input.
"""

import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

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
from core.modelfiles.formats.array_names import Arrays
from core.nets import NETS, PoseNet, build_net
from core.pose.heatmaps import DECODERS, find_peaks
from core.pose.metrics import keypoint_distances, summarize_distances
from core.pose.types import Floats
from core.progress import Progress, ignore_progress
from core.training.averaging import make_moving_average
from core.training.checkpoint import WEIGHTS, TrainingState, export_checkpoint_weights
from core.training.losses import LOSSES, Loss
from core.training.net_export import scale_pictures
from core.training.published_nets import fill_net
from core.training.runs import DONE, STOPPED, Run

_EVALUATION_BATCH = 64


class TrainingMonitor:
    """Monitors a training run: evaluates the net and saves a checkpoint every `interval_s`. Only
    the first process writes to the run."""

    def __init__(
        self,
        fabric: Fabric,
        run: Run,
        data: TrainingData,
        state: TrainingState,
        loss: Loss,
        interval_s: float,
        scaling: Scaling = UNIT_SCALING,
    ) -> None:
        self._fabric, self._run, self._data, self._state = fabric, run, data, state
        self._loss, self._scaling, self._interval_s = loss, scaling, interval_s
        self._last_evaluated_s = state.spent_s
        self._start_s = time.monotonic() - state.spent_s
        self._losses: list[Tensor] = []  # since the last evaluation

    def check_loss(self, loss: Tensor) -> None:
        """Raise TrainingError in all processes if the loss is NaN or infinite in any of them."""
        _check_finite(float(cast(Tensor, self._fabric.all_reduce(loss, reduce_op="mean"))))

    def record_step(self, loss: Tensor) -> None:
        """Record a step's loss; every interval, evaluate and save a checkpoint unless it is NaN."""
        self._losses.append(loss)
        self._state.spent_s = self._measure_elapsed_s()
        if self._state.spent_s - self._last_evaluated_s >= self._interval_s:
            self.check_loss(torch.stack(self._losses).mean())
            if self._fabric.is_global_zero:
                self.log_evaluation()
                self._state.save_checkpoint(self._run)
            self._losses = []
            self._last_evaluated_s = self._measure_elapsed_s()

    def log_evaluation(self) -> None:
        """Log the mean loss since the last evaluation, and the averaged net's held-out figures."""
        if not self._fabric.is_global_zero:
            return
        loss = float(torch.stack(self._losses).mean()) if self._losses else None
        if loss is not None:
            _check_finite(loss)
        data, net = self._data, cast(PoseNet, self._state.average.module)
        held_out = {
            name: evaluate_net(net, data, data.rows(name), self._loss, self._scaling)
            for name in data.held_out_sets
        }
        self._run.log(
            event="look",
            step=self._state.step,
            seconds=round(self._state.spent_s, 1),
            loss=loss,
            held_out=held_out,
        )

    def finish(self, status: str) -> None:
        """Evaluate a last time, save checkpoint and weights, and log the end."""
        if self._fabric.is_global_zero:
            self.log_evaluation()
            self._state.save_checkpoint(self._run)
            self._state.save_weights(self._run)
            self._run.log(event="end", status=status)

    def _measure_elapsed_s(self) -> float:
        """Return the training time by the first process's clock, so that all stop together."""
        return float(self._fabric.broadcast(time.monotonic() - self._start_s))


def evaluate_net(
    net: PoseNet,
    data: TrainingData,
    rows: NDArray[np.int64],
    loss: Loss,
    scaling: Scaling = UNIT_SCALING,
) -> list[dict[str, float | None]]:
    """Predict these rows' keypoints, and return PCK and mean error of each stage, in the data's
    unit of length. Missing keypoints, and samples that have no unit, are ignored."""
    predicted, expected, units = [], [], []
    for start in range(0, len(rows), _EVALUATION_BATCH):
        batch = rows[start : start + _EVALUATION_BATCH]
        samples = [data.load_evaluation_sample(int(row), net.input_hw) for row in batch]
        pictures, keypoints, unit = (np.stack(part) for part in zip(*samples, strict=True))
        predicted.append(_predict_keypoints(net, torch.from_numpy(pictures), loss, scaling))
        expected.append(keypoints[..., : predicted[-1].shape[-1]])
        units.append(unit)
    unit, stages = np.concatenate(units), np.concatenate(predicted)
    is_known = unit > 0
    joints = np.concatenate(expected)[is_known]
    return [
        summarize_distances(keypoint_distances(stage, joints, unit[is_known]))
        for stage in stages[is_known].swapaxes(0, 1)
    ]


def _predict_keypoints(net: PoseNet, pictures: Tensor, loss: Loss, scaling: Scaling) -> Floats:
    """Return (B, S, J, 2) keypoints in input pixels; for a 3-D net, (B, 1, J, 3) in the cube."""
    with torch.no_grad():
        device = next(net.parameters()).device
        output = net(scale_pictures(pictures.to(device), scaling)).cpu()
    if loss.in_space:
        return output[:, None].float().numpy()
    first = (net.stride - 1) / 2 if loss.centred else 0.0
    maps = output[:, :, : net.joints].float().numpy()
    cells = DECODERS[loss.decode](maps)[0] if loss.decode else find_peaks(maps)[0]
    return (cells * net.stride + first).astype(np.float32)


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError("the loss is not a number: stopped; lower the learning rate and resume")


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
    backbone: Arrays | None = None  # initial weights of the net's backbone, beside `start`
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

    An interrupt (Ctrl-C, SIGINT) stops training early and keeps what was learned.

    Args:
        run: if there are several processes, only the first writes to it.
    """
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
                group["lr"] = options.rate * compute_rate_factor(done / total)
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
    torchrun). Use bfloat16 on GPUs alone: on CPUs with AMX its losses became NaN now and then."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # set by torchrun
    precision: Any = "bf16-mixed" if torch.cuda.is_available() else "32-true"
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
        fill_net(net, options.backbone)
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


def compute_rate_factor(progress: float) -> float:
    """Return the learning rate's fraction of its maximum at a progress of 0..1: linear warm-up,
    then half a cosine down to 0.01 (Loshchilov and Hutter 2017)."""
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2
