"""Moving averages of weights: they vary less than the trained weights, so any stop is safe."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_Tensors = list[Tensor] | tuple[Tensor, ...]


def make_moving_average(net: nn.Module, max_decay: float) -> AveragedModel:
    """Return a frozen copy of the net that becomes its exponential moving average:
    `update_parameters(net)` updates weights and buffers. Each step keeps a fraction `max_decay` of
    the average, less in the first steps, whose weights are noise."""

    def update(averages: _Tensors, values: _Tensors, steps_done: Tensor | int) -> None:
        """Move the averages towards the values, faster in the first steps; copy counters."""
        decay = min(max_decay, int(steps_done) / (int(steps_done) + 10))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:  # a counter
                average.copy_(value)

    average = AveragedModel(net, multi_avg_fn=update, use_buffers=True).requires_grad_(False)
    average.n_averaged.fill_(1)  # the initial weights count as the first
    return average.eval()
