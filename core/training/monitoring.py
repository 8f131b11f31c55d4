"""What training does beside learning: evaluation, log, checkpoints, and an end if the loss is NaN.

All processes take these steps at the same time: one alone would block on the others.
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
from core.modelfiles.catalogue import UNIT_SCALING, Scaling
from core.nets import PoseNet
from core.pose.heatmaps import DECODERS, find_peaks
from core.pose.metrics import keypoint_distances, summarize_distances
from core.pose.types import Floats
from core.training.checkpoint import TrainingState
from core.training.losses import Loss
from core.training.net_export import scale_pictures
from core.training.runs import Run

_EVALUATION_BATCH = 64


class TrainingMonitor:
    """Evaluates the net and saves a checkpoint every `interval_s`; the first process writes."""

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
        self._state.spent_s = self._elapsed_s()
        if self._state.spent_s - self._last_evaluated_s >= self._interval_s:
            self.check_loss(torch.stack(self._losses).mean())
            if self._fabric.is_global_zero:
                self.log_evaluation()
                self._state.save_checkpoint(self._run)
            self._losses = []
            self._last_evaluated_s = self._elapsed_s()

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

    def _elapsed_s(self) -> float:
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
