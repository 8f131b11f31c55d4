"""The optimizer of the gesture nets: AdamW, with a moving average of the weights beside it."""

import torch
from torch import nn
from torch.nn.utils import vector_to_parameters


class AdamW:
    """Loshchilov and Hutter 2019, algorithm 2, as torch.optim.AdamW computes it; torch's own loads
    its compiler first, which keeps the first curve point waiting for more than a second.

    All weights lie in one vector, so that a step is a few operations however many layers there
    are. `average` follows them: smoother, so that stopping anywhere is safe.
    """

    BETAS, EPSILON = (0.9, 0.999), 1e-8
    KEPT = 0.98  # of the average each step, less at first: the start is noise

    def __init__(self, net: nn.Module, rate: float, decay: float) -> None:
        self.rate, self.decay, self.steps = rate, decay, 0
        parameters = [*net.parameters()]
        self.weights = torch.cat([p.detach().flatten() for p in parameters])
        self.gradient = torch.zeros_like(self.weights)
        self.mean, self.square = torch.zeros_like(self.weights), torch.zeros_like(self.weights)
        self.average = self.weights.clone()
        sizes = [p.numel() for p in parameters]
        parts = zip(parameters, self.weights.split(sizes), self.gradient.split(sizes), strict=True)
        for p, weights, gradient in parts:
            p.data, p.grad = weights.view_as(p), gradient.view_as(p)

    def step(self, loss: torch.Tensor) -> None:
        """Move the weights against the loss's gradient, and their average after them."""
        self.gradient.zero_()
        loss.backward()
        self.steps += 1
        (a, b), n = self.BETAS, self.steps
        with torch.no_grad():
            self.weights.mul_(1 - self.rate * self.decay)
            self.mean.lerp_(self.gradient, 1 - a)
            self.square.mul_(b).addcmul_(self.gradient, self.gradient, value=1 - b)
            width = (self.square.sqrt() / (1 - b**n) ** 0.5).add_(self.EPSILON)
            self.weights.addcdiv_(self.mean, width, value=-self.rate / (1 - a**n))
            self.average.lerp_(self.weights, 1 - min(self.KEPT, n / (n + 10)))

    def give_average(self, net: nn.Module) -> None:
        """Put the averaged weights into a net of the same layers."""
        vector_to_parameters(self.average.clone(), net.parameters())
