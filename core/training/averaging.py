"""Moving averages of weights: smoother than those that learn, so that any stop is safe."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_Some = list[Tensor] | tuple[Tensor, ...]


def moving_average(net: nn.Module, most: float, steps: int = 0) -> AveragedModel:
    """A copy of the net that follows it by `update_parameters`, buffers included.

    Args:
        most: share that is kept each step, less at first: the start is noise.
        steps: how many it has followed already.
    """

    def follow(averages: _Some, values: _Some, done: Tensor | int) -> None:
        keep = min(most, int(done) / (int(done) + 10))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - keep)
            else:  # a counter
                average.copy_(value)

    average = AveragedModel(net, multi_avg_fn=follow, use_buffers=True).requires_grad_(False)
    average.n_averaged.fill_(steps + 1)  # the weights that it begins with count as the first
    return average.eval()
