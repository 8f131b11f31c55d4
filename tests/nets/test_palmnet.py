"""The net that finds palms: its size, and what its maps mean."""

import torch

from core.nets.palmnet import UNIT_MM, PalmNet


def test_its_maps_are_a_quarter_of_a_frame_that_is_not_square() -> None:
    with torch.device("meta"):
        assert PalmNet().eval()(torch.empty(2, 1, 120, 160)).shape == (2, 1, 2, 30, 40)
        assert PalmNet().eval()(torch.empty(1, 1, 60, 84)).shape == (1, 1, 2, 15, 21)


def test_a_depth_is_said_from_the_surface_that_a_cell_sees() -> None:
    net = PalmNet().eval()
    torch.nn.init.zeros_(net.say.weight)
    torch.nn.init.constant_(net.say.bias, 0.25)  # 25 mm behind the surface, everywhere
    frames = torch.full((1, 1, 16, 24), 700.0)
    frames[0, 0, 4:8, 8:12] = torch.tensor([0.0, 600.0]).repeat(8).view(4, 4)  # holes count nowhere
    frames[0, 0, 12:16, 20:24] = 0.0  # nothing is seen
    frames[0, 0, :4, :4] = 2500.0  # too far to be seen
    with torch.no_grad():
        depth_mm = net(frames)[0, 0, 1] * UNIT_MM
    assert depth_mm[0, 1] == 725
    assert depth_mm[1, 2] == 625
    assert depth_mm[3, 5] == 25
    assert depth_mm[0, 0] == 25
