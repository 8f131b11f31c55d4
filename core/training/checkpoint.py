"""The state of a net's training, and the file that it is taken up from, on whatever device."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from core.files import written_whole
from core.nets import PoseNet
from core.training.runs import Run

CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"


@dataclass
class TrainingState:
    """What a training goes on with.

    Attributes:
        net: the weights that learn.
        average: those that count.
        spent: seconds, of all pieces together.
        step: how many were done.
    """

    net: PoseNet
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    spent: float = 0.0
    step: int = 0

    def take_up(self, run: Run) -> None:
        """Go on from the run's checkpoint, if it has one; the net stays on its device."""
        if not (run.path / CHECKPOINT).is_file():
            return
        state = _read(run.path / CHECKPOINT)
        self.net.load_state_dict(state["net"])
        self.average.module.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.spent, self.step = float(state["spent"]), int(state["step"])
        self.average.n_averaged.fill_(self.step + 1)

    def keep(self, run: Run) -> None:
        """Write the run's checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "spent": self.spent,
            "step": self.step,
        }
        with written_whole(run.path / CHECKPOINT) as part:
            torch.save(state, part)

    def write_weights(self, run: Run) -> Path:
        """Write the weights that count; returns their file."""
        return _write(self.average.module.state_dict(), run)


def keep_checkpoint(run: Run) -> bool:
    """Make the weights of a training that broke off from its checkpoint, if it has one."""
    if not (run.path / CHECKPOINT).is_file():
        return False
    _write(_read(run.path / CHECKPOINT)["average"], run)
    return True


def _read(path: Path) -> dict[str, Any]:
    # the device that wrote it may not be here; loading copies to where the weights lie
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _write(state: dict[str, Tensor], run: Run) -> Path:
    plain = {name: value.contiguous() for name, value in state.items()}
    with written_whole(run.path / WEIGHTS) as part:
        save_file(plain, part)
    return run.path / WEIGHTS
