"""What a net's training does beside learning: it measures, logs, keeps checkpoints, and ends when
the loss is not a number. It does so in all processes at once: for what one of them did alone, the
others would wait for ever.

Legend: S stages, J keypoints, J+1 maps, h w map, I side of the input.
"""

import math
import time
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.hand_crops import NET_FACTOR, HandCrops, upright
from core.errors import TrainingError
from core.learning.checkpoint import TrainingState
from core.learning.runs import Run
from core.nets import PoseNet
from core.pose.metrics import distances, summary


class Watch:
    """Follows one training.

    Args:
        run: where the first process writes.
        state: what learns.
        every_s: seconds between measurements, each with a checkpoint.
    """

    def __init__(
        self, fabric: Fabric, run: Run, crops: HandCrops, state: TrainingState, every_s: float
    ) -> None:
        self._fabric, self._run, self._crops, self._state = fabric, run, crops, state
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
        crops, net = self._crops, cast(PoseNet, self._state.average.module)
        held_out = {name: measure(net, crops, crops.rows(name)) for name in crops.held_out_sets}
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
    net: PoseNet, crops: HandCrops, rows: NDArray[np.int64]
) -> list[dict[str, float | None]]:
    """PCK and mean error of every stage, by the upright square of 1.5 L; errors in units of L. A
    keypoint that the target has not counts nowhere."""
    found, target = [], []
    size, device = net.input_hw[0], next(net.parameters()).device
    for start in range(0, len(rows), 64):
        pairs = [upright(crops, int(row), size) for row in rows[start : start + 64]]
        pictures, keypoints = (np.stack(part) for part in zip(*pairs, strict=True))
        with torch.no_grad():
            maps = net(as_input(torch.from_numpy(pictures)).to(device))[:, :, :-1].cpu()
        found.append((_peaks(maps) * net.stride + (net.stride - 1) / 2).numpy())
        target.append(keypoints)
    stages, joints = np.concatenate(found).swapaxes(0, 1), np.concatenate(target)
    return [summary(distances(stage, joints, size / NET_FACTOR)) for stage in stages]


def as_input(pictures: Tensor) -> Tensor:
    """(B, I, I, 3) uint8 → (B, 3, I, I) in 0..1; channels stay last in memory."""
    return pictures.permute(0, 3, 1, 2).float() / 255


def _peaks(maps: Tensor) -> Tensor:
    """Highest cell, (..., 2) as x, y."""
    place = maps.flatten(-2).argmax(-1)
    return torch.stack([place % maps.shape[-1], place // maps.shape[-1]], -1).float()


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError("the loss is not a number: stopped; lower the learning rate and resume")
