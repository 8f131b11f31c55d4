"""A small net of bodies for tests: whoever is in the box stands upright in it."""

from pathlib import Path

import torch
from torch import Tensor, nn

from core.pose.skeletons.table import COCO_17
from core.training.net_export import save_net

# column and row of each keypoint among 24 x 32 cells, from the nose down
_AT = [(12, 5), (13, 4), (11, 4), (14, 5), (10, 5), (16, 9), (8, 9), (18, 14), (6, 14)]
_AT += [(18, 18), (6, 18), (14, 18), (10, 18), (14, 23), (10, 23), (14, 28), (10, 28)]


class _Standing(nn.Module):
    joints, stages, stride, background, input_hw = 17, 1, 4, False, (128, 96)

    def __init__(self) -> None:
        super().__init__()
        rows, columns = torch.meshgrid(torch.arange(32), torch.arange(24), indexing="ij")
        far = [(columns - x) ** 2 + (rows - y) ** 2 for x, y in _AT]
        self.register_buffer("maps", 0.9 * torch.exp(-torch.stack(far) / 4.0))

    def forward(self, pictures: Tensor) -> Tensor:
        light = nn.functional.avg_pool2d(pictures, 4).mean(dim=1, keepdim=True)
        return (self.maps + 0.01 * light)[:, None]


def save_standing_net(folder: Path) -> None:
    """A net's folder."""
    about = {"skeleton": COCO_17.name, "alignment": "cells", "decode": "parabola"}
    save_net(_Standing(), folder, folder.name, about)  # type: ignore[arg-type]
