"""Pictures as a net's input: channel order and scale."""

import pytest
import torch

from core.modelfiles.catalogue import Scaling
from core.nets.cpm import VggCPM
from core.training.net_export import PreprocessedNet, scale_pictures

PICTURE = torch.tensor([[[[51, 102, 204]]]], dtype=torch.uint8)


class Echo(VggCPM):
    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        (Scaling("RGB", 1 / 255, 0.0), [0.2, 0.4, 0.8]),
        (Scaling("BGR", (1.0, 0.5, 0.1), (0.0, -1.0, 2.0)), [204, 50, 7.1]),
    ],
)
def test_channels_are_ordered_and_scaled_for_the_net(scaling, expected):
    net = PreprocessedNet(Echo("hand", stages=1, joints=2), scaling)
    for planes in (scale_pictures(PICTURE, scaling), net(PICTURE)):
        assert planes.shape == (1, 3, 1, 1)
        assert planes.flatten().tolist() == pytest.approx(expected)


def test_depth_keeps_its_values():
    depth = torch.rand(2, 4, 6, 1)
    assert torch.equal(scale_pictures(depth), depth.permute(0, 3, 1, 2))
