"""The convolutional pose machines: their published sizes, their maps, what their stages see."""

import pytest
import torch

from core.nets.cpm import LightCPM, VggCPM


def test_the_body_reads_a_centre_map_beside_maps_and_features() -> None:
    net = VggCPM("body", stages=2, joints=14)
    assert net.get_submodule("Mconv1_stage2").in_channels == 15 + 128 + 1
    centre = net._make_centre_map(torch.zeros(1, 3, 368, 368))[0, 0]
    assert tuple(centre.shape) == (46, 46)
    # cell 22 averages pixels 176..184, cell 23 pixels 184..192: both touch the middle, 184
    assert float(centre[22, 22]) == pytest.approx(float(centre[23, 23]), abs=1e-5)
    assert float(centre.max()) == pytest.approx(0.96, abs=0.02)


def test_outputs_of_the_published_nets_are_linear_and_may_be_negative() -> None:
    torch.manual_seed(0)
    net = VggCPM("hand", stages=2, joints=3, input_size=32).eval()
    with torch.no_grad():
        assert float(net(torch.rand(1, 3, 32, 32)).min()) < 0


def test_the_light_net_stays_within_what_a_cpu_can_do_live() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    net = LightCPM().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 128, 128))
    assert counter.get_total_flops() <= 0.3e9
    assert sum(p.numel() for p in net.parameters()) <= 1_000_000


def test_the_light_nets_first_stage_sees_a_neighbourhood_and_its_last_the_whole_hand() -> None:
    torch.manual_seed(0)
    net = LightCPM().eval()
    picture = torch.rand(1, 3, 128, 128)
    elsewhere = picture.clone()
    elsewhere[..., 40:56, :16] = 1 - elsewhere[..., 40:56, :16]  # far left; the cell asked is right
    with torch.no_grad():
        change = (net.logits(picture) - net.logits(elsewhere)).abs()[0, :, :, 12, 24].amax(-1)
    assert float(change[0]) == 0
    assert float(change[2]) > 0
