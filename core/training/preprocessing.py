"""How pictures become a net's input, both in training and in exported graphs."""

import torch
from torch import Tensor, nn

from core.modelfiles.weights_entry import UNIT_SCALING, Scaling
from core.nets import PoseNet


def scale_pictures(pictures: Tensor, scaling: Scaling = UNIT_SCALING) -> Tensor:
    """Convert (B, H, W, 3) uint8 RGB to a net's float input (B, 3, H, W) by factor, offset and
    channel order; depth (B, H, W, 1) keeps its values."""
    planes = pictures.permute(0, 3, 1, 2)
    if pictures.dtype != torch.uint8:
        return planes
    planes = planes.float().flip(1) if scaling.channels == "BGR" else planes.float()
    factor, offset = (
        torch.tensor(part, dtype=torch.float32, device=planes.device).reshape(-1, 1, 1)
        for part in (scaling.factor, scaling.offset)
    )
    return planes * factor + offset


class PreprocessedNet(nn.Module):
    """A net with preprocessing included: its input is uint8 RGB (N, H, W, 3)."""

    def __init__(self, net: PoseNet, scaling: Scaling) -> None:
        super().__init__()
        self.net, self.scaling = net, scaling

    def forward(self, pictures: Tensor) -> Tensor:
        """Return heatmaps (N, S, M, h, w)."""
        maps: Tensor = self.net(scale_pictures(pictures, self.scaling))
        return maps
