"""The optimizer of the gesture nets: torch's AdamW and a moving average of the weights."""

from copy import deepcopy
from typing import Any

import torch
import torch._dynamo
from torch import nn

from core.training.averaging import make_moving_average

_MAX_DECAY = 0.98  # of the average per step


class AveragedAdamW:
    """Train a net in place, and average its weights: stopping after any step is safe."""

    def __init__(self, net: nn.Module, rate: float, weight_decay: float) -> None:
        self._net = net
        self._adamw = torch.optim.AdamW(
            net.parameters(), rate, weight_decay=weight_decay, fused=True
        )
        self._average = make_moving_average(net, _MAX_DECAY)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next steps."""
        self._adamw.param_groups[0]["lr"] = rate

    def step(self, loss: torch.Tensor) -> None:
        """Update the weights by the loss's gradient, and their average."""
        self._adamw.zero_grad()
        loss.backward()
        self._adamw.step()
        self._average.update_parameters(self._net)

    def copy_average(self) -> Any:
        """A new net of the same class, with the averaged weights."""
        return deepcopy(self._average.module)
