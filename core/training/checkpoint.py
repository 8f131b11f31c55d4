"""The state of a net's training and its checkpoint file; any device can resume from it."""

from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from core.files import replace_atomically
from core.nets import PoseNet
from core.training.runs import Run

CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"


@dataclass
class TrainingState:
    """The state that training resumes from: `average` is its result, `spent_s` its total time."""

    net: PoseNet
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    spent_s: float = 0.0
    step: int = 0

    def load_checkpoint(self, run: Run) -> None:
        """Restore the state from the run's checkpoint, if it has one."""
        if not (run.path / CHECKPOINT).is_file():
            return
        state = _read_checkpoint(run)
        self.net.load_state_dict(state["net"])
        self.average.module.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.spent_s, self.step = float(state["spent"]), int(state["step"])
        self.average.n_averaged.fill_(self.step + 1)

    def save_checkpoint(self, run: Run) -> None:
        """Save net, average, optimizer, time and step as the run's checkpoint, atomically."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "spent": self.spent_s,
            "step": self.step,
        }
        with replace_atomically(run.path / CHECKPOINT) as part:
            torch.save(state, part)

    def save_weights(self, run: Run) -> None:
        """Save the averaged weights, the result of training."""
        _write_weights(self.average.module.state_dict(), run)


def export_checkpoint_weights(run: Run) -> bool:
    """Save the averaged weights in a run's checkpoint; return False if it has no checkpoint."""
    if not (run.path / CHECKPOINT).is_file():
        return False
    _write_weights(_read_checkpoint(run)["average"], run)
    return True


def _read_checkpoint(run: Run) -> dict[str, Any]:
    """Read a run's checkpoint on the CPU: net, average, optimizer, spent, step."""
    # the device that wrote it may be missing here; load_state_dict copies to where the net is
    return torch.load(run.path / CHECKPOINT, map_location="cpu", weights_only=True)


def _write_weights(state: dict[str, Tensor], run: Run) -> None:
    tensors = {name: value.contiguous() for name, value in state.items()}
    with replace_atomically(run.path / WEIGHTS) as part:
        save_file(tensors, part)
