"""Writes a file of torchvision's layout."""

from pathlib import Path

import torch
from torch import Tensor

from core.nets import build_net


def save_resnet18(path: Path) -> tuple[Path, dict[str, Tensor]]:
    """A ResNet-18's backbone with ImageNet's classifier, as torchvision saves it; its arrays."""
    torch.manual_seed(7)
    state = build_net("pose_resnet18").state_dict()
    tensors = {n: t for n, t in state.items() if n.startswith(("conv1", "bn1", "layer"))}
    for name, tensor in tensors.items():
        if name.endswith("running_mean"):
            tensors[name] = torch.randn_like(tensor) / 10
        elif name.endswith("running_var"):
            tensors[name] = torch.rand_like(tensor) + 0.5
    classifier = {"fc.weight": torch.randn(1000, 512), "fc.bias": torch.randn(1000)}
    torch.save(tensors | classifier, path)
    return path, tensors
