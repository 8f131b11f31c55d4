"""Trains a heatmap net: one loop, on a CPU, a GPU, or several processes under torchrun.

Every stage is supervised (Wei et al. 2016, 3.3). The weights that count are an exponential moving
average of those that learn. How far a training has come is the time spent of the time given, or the
steps done of those given, so a stopped one resumes from its checkpoint, and a finished one goes on
when it is given more.
Legend: B batch, H W the net's input.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
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
from core.modelfiles.weights_entry import UNIT_SCALING, Scaling
from core.nets import NETS, build_net
from core.training.averaging import moving_average
from core.training.checkpoint import WEIGHTS, TrainingState, keep_checkpoint
from core.training.losses import LOSSES
from core.training.runs import DONE, STOPPED, Run
from core.training.trunk import Trunk
from core.training.watching import Watch, as_input

_WARM_UP = 0.02  # share of the training in which the rate rises
_CHECK_EVERY = 20  # steps; on a GPU to look at a loss is to wait for it
_MOST_KEPT = 0.999  # of the moving average, each step


@dataclass(frozen=True)
class NetOptions:
    """How a net is trained.

    Attributes:
        minutes: time given, of all pieces together.
        steps: how many instead, so that trainings compare whatever else the machine does; 0: as
            many as there is time for.
        batch: samples a step and process.
        rate: highest learning rate.
        seed: of the samples drawn and the first weights.
        threads: of torch on a CPU; on a GPU so many processes draw its samples.
        evaluate_every_s: seconds between measurements on the held-out sets, each with a checkpoint.
        start: weights to begin from, as far as they fit (all of them in fine-tuning), else random
            ones.
        trunk: what a net's trunk begins with, beside `start`.
        scaling: how pictures are fed.
        net: options of the net's class, such as `joints` and `input_hw` of a body's.
    """

    minutes: float = 100.0
    steps: int = 0
    batch: int = 32
    rate: float = 2.5e-3
    seed: int = 0
    threads: int = 2
    evaluate_every_s: float = 240.0
    start: Path | None = None
    trunk: Trunk | None = None
    scaling: Scaling = UNIT_SCALING
    net: Mapping[str, Any] = field(default_factory=dict)

    def share_done(self, state: TrainingState) -> float:
        """How much of what is given was used, from 0; 1 or more: all."""
        return state.step / self.steps if self.steps else state.spent / (self.minutes * 60)


def train_net(
    name: str,
    data: TrainingData,
    run: Run,
    options: NetOptions,
    progress: Callable[[float], None] = lambda share: None,
) -> Path:
    """Train a net in a run's folder, from its checkpoint if it has one; returns the weights.

    An interrupt (Ctrl-C, SIGINT) ends it early: what was learned so far is kept.

    Args:
        run: of several processes only the first writes into it.
        progress: called after each step with the share that is done, 0..1.

    Raises:
        TrainingError: the loss is not a number, or there is nothing to learn from. What was learned
            until the last checkpoint is kept.
    """
    fabric, rows = _fabric(options), _rows(data, options)
    net, loss_of = build_net(name, **options.net), LOSSES[NETS[name].loss]
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.start is not None:
        _begin_from(net, options.start)
    if options.trunk is not None:
        options.trunk.fill(net)
    adamw = torch.optim.AdamW(_groups(net), lr=options.rate)
    model, optimizer = fabric.setup(net, adamw)
    if loss_of.reads != "forward":
        model.mark_forward_method(loss_of.reads)
    state = TrainingState(net, moving_average(net, _MOST_KEPT), adamw)
    state.take_up(run)
    stream = _stream(fabric, data, rows, net.input_hw, options, state.step)
    watch = Watch(fabric, run, data, state, loss_of, options.evaluate_every_s, options.scaling)
    if options.start is not None and state.step == 0:
        watch.measure()  # what it could before

    status = DONE
    try:
        while (done := options.share_done(state)) < 1:
            _set_rate(optimizer, options.rate * _rate_share(done))
            pictures, keypoints, weights = next(stream)
            output = getattr(model, loss_of.reads)(pictures)
            loss = loss_of.of(output, keypoints, weights, net.stride)
            if fabric.device.type == "cpu" or state.step % _CHECK_EVERY == 0:
                watch.check(loss.detach())
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=2.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            state.average.update_parameters(net)
            state.step += 1
            watch.after_step(loss.detach())
            progress(min(1.0, options.share_done(state)))
    except KeyboardInterrupt:
        status = STOPPED
    except TrainingError:
        if fabric.is_global_zero:
            keep_checkpoint(run)
        raise
    watch.end(status)
    return run.path / WEIGHTS


def _fabric(options: NetOptions) -> Fabric:
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # torchrun says how many
    fabric = Fabric(precision=_precision(), devices=processes if processes > 1 else "auto")
    fabric.launch()
    return fabric


def _rows(data: TrainingData, options: NetOptions) -> NDArray[np.int64]:
    """The rows to learn from."""
    rows = data.rows("")
    if len(rows) < options.batch:
        raise TrainingError(
            f"{len(rows)} {data.what} to learn from: at least {options.batch} are needed"
        )
    return rows


def _begin_from(net: nn.Module, weights: Path) -> None:
    """Take the arrays that have this net's names and shapes; the others stay random."""
    own = net.state_dict()
    there = load_file(weights)
    fitting = {n: array for n, array in there.items() if n in own and own[n].shape == array.shape}
    if not fitting:
        raise TrainingError(f"{weights} are weights of another kind of net: begin from others")
    net.load_state_dict(fitting, strict=False)


class SampleStream(IterableDataset[Any]):
    """Augmented samples without end; every process, and each that draws for it, has its own."""

    def __init__(
        self, data: TrainingData, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> None:
        self.data, self.rows, self.input_hw, self.seed = data, rows, input_hw, seed

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        seed = self.seed + (15485863 * worker.id if worker else 0)
        return self.data.samples(self.rows, self.input_hw, seed)


def _stream(
    fabric: Fabric,
    data: TrainingData,
    rows: NDArray[np.int64],
    input_hw: tuple[int, int],
    options: NetOptions,
    step: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    # A seed of its own for each process and each piece of a resumed training.
    seed = options.seed + 7919 * fabric.global_rank + 104729 * step
    stream = SampleStream(data, rows, input_hw, seed)
    workers = min(options.threads - 1, 1) if fabric.device.type == "cpu" else options.threads
    for pictures, keypoints, weights in DataLoader(stream, options.batch, num_workers=workers):
        yield (
            as_input(pictures.to(fabric.device), options.scaling),
            keypoints.to(fabric.device),
            weights.to(fabric.device, torch.float32),
        )


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
