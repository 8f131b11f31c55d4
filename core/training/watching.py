"""What a net's training does beside learning: it measures, logs, keeps checkpoints, and ends when
the loss is not a number. It does so in all processes at once: for what one of them did alone, the
others would wait for ever.

Legend: S stages, J keypoints, J+1 maps, h w map, H W the net's input.
"""

import math
import time
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.training_data import TrainingData
from core.errors import TrainingError
from core.modelfiles.weights_entry import UNIT_SCALING, Scaling
from core.nets import PoseNet
from core.pose.heatmaps import DECODERS, peaks
from core.pose.metrics import distances, summary
from core.pose.types import Floats
from core.training.checkpoint import TrainingState
from core.training.losses import Loss
from core.training.runs import Run


class Watch:
    """Follows one training.

    Args:
        run: where the first process writes.
        state: what learns.
        every_s: seconds between measurements, each with a checkpoint.
        scaling: how pictures are fed.
    """

    def __init__(
        self,
        fabric: Fabric,
        run: Run,
        data: TrainingData,
        state: TrainingState,
        loss: Loss,
        every_s: float,
        scaling: Scaling = UNIT_SCALING,
    ) -> None:
        self._fabric, self._run, self._data, self._state = fabric, run, data, state
        self._loss, self._scaling = loss, scaling
        self._every_s, self._looked = every_s, state.spent
        self._begun = time.monotonic() - state.spent
        self._losses: list[Tensor] = []  # since the last evaluation

    def check(self, loss: Tensor) -> None:
        """Look whether the loss is a number in every process.

        Raises:
            TrainingError: it is not, in one of them; all raise it.
        """
        _check_finite(float(cast(Tensor, self._fabric.all_reduce(loss, reduce_op="mean"))))

    def after_step(self, loss: Tensor) -> None:
        """Count the time, and look where it is time to."""
        self._losses.append(loss)
        self._state.spent = self._now()
        if self._state.spent - self._looked >= self._every_s:
            self.check(torch.stack(self._losses).mean())
            if self._fabric.is_global_zero:
                self.measure()
                self._state.keep(self._run)
            self._losses = []
            self._looked = self._now()

    def measure(self) -> None:
        """Log the loss since the last evaluation, and how well every held-out set is read."""
        if not self._fabric.is_global_zero:
            return
        loss = float(torch.stack(self._losses).mean()) if self._losses else None
        if loss is not None:
            _check_finite(loss)
        data, net = self._data, cast(PoseNet, self._state.average.module)
        held_out = {
            name: measure(net, data, data.rows(name), self._loss, self._scaling)
            for name in data.held_out_sets
        }
        self._run.log(
            event="look",
            step=self._state.step,
            seconds=round(self._state.spent, 1),
            loss=loss,
            held_out=held_out,
        )

    def end(self, status: str) -> None:
        """Look once more, write what was learned, and say how it ended."""
        if self._fabric.is_global_zero:
            self.measure()
            self._state.keep(self._run)
            self._state.write_weights(self._run)
            self._run.log(event="end", status=status)

    def _now(self) -> float:
        """Seconds spent; the first process's clock, so that all end with the same step."""
        return float(self._fabric.broadcast(time.monotonic() - self._begun))


def measure(
    net: PoseNet,
    data: TrainingData,
    rows: NDArray[np.int64],
    loss: Loss,
    scaling: Scaling = UNIT_SCALING,
) -> list[dict[str, float | None]]:
    """PCK and mean error of every stage, by the upright views; errors in units of the data. What
    the target has not counts nowhere. Peaks are placed between cells as by `evaluate-net` and
    `evaluate-bodies`; a palm is at its highest cell.

    Args:
        loss: that the net is trained by.
        scaling: how pictures are fed.
    """
    found, target, units = [], [], []
    for start in range(0, len(rows), 64):
        views = [data.upright(int(row), net.input_hw) for row in rows[start : start + 64]]
        pictures, keypoints, sizes = (np.stack(part) for part in zip(*views, strict=True))
        found.append(_found(net, torch.from_numpy(pictures), loss, scaling))
        target.append(keypoints[..., : found[-1].shape[-1]])
        units.append(sizes)
    sizes, stages = np.concatenate(units), np.concatenate(found)
    known = sizes > 0
    joints = np.concatenate(target)[known]
    return [
        summary(distances(stage, joints, sizes[known])) for stage in stages[known].swapaxes(0, 1)
    ]


def _found(net: PoseNet, pictures: Tensor, loss: Loss, scaling: Scaling) -> Floats:
    """Every stage's keypoints, (B, S, J, 2) input pixels; in space (B, 1, J, 3), in the cube."""
    with torch.no_grad():
        said = net(scale_pictures(pictures.to(next(net.parameters()).device), scaling)).cpu()
    if loss.in_space:
        return said[:, None].float().numpy()
    first = (net.stride - 1) / 2 if loss.centred else 0.0
    maps = said[:, :, : net.joints].float().numpy()
    cells = DECODERS[loss.decode](maps)[0] if loss.decode else peaks(maps)[0]
    return (cells * net.stride + first).astype(np.float32)


def scale_pictures(pictures: Tensor, scaling: Scaling = UNIT_SCALING) -> Tensor:
    """(B, H, W, 3) uint8 RGB → (B, 3, H, W) as a net is fed, channels stay last in memory; depth is
    fed as it is."""
    fed = pictures.permute(0, 3, 1, 2)
    if pictures.dtype != torch.uint8:
        return fed
    fed = fed.float().flip(1) if scaling.channels == "BGR" else fed.float()
    factor, offset = (
        torch.tensor(part, device=fed.device).reshape(-1, 1, 1)
        for part in (scaling.factor, scaling.offset)
    )
    return fed * factor + offset


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError("the loss is not a number: stopped; lower the learning rate and resume")
