"""The optimizer of the gesture nets."""

import torch


class AdamW:
    """Loshchilov and Hutter 2019, algorithm 2, as torch.optim.AdamW computes it; torch's own loads
    its compiler first, which keeps the first curve point waiting for more than a second."""

    BETAS, EPSILON = (0.9, 0.999), 1e-8

    def __init__(self, parameters: list[torch.Tensor], rate: float, decay: float) -> None:
        self.parameters, self.rate, self.decay, self.steps = parameters, rate, decay, 0
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter by its gradient."""
        self.steps += 1
        (a, b), n = self.BETAS, self.steps
        for p, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
            if p.grad is None:
                continue
            p.mul_(1 - self.rate * self.decay)
            mean.lerp_(p.grad, 1 - a)
            square.mul_(b).addcmul_(p.grad, p.grad, value=1 - b)
            width = (square.sqrt() / (1 - b**n) ** 0.5).add_(self.EPSILON)
            p.addcdiv_(mean, width, value=-self.rate / (1 - a**n))
