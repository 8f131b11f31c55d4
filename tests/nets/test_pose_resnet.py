"""The ResNet with deconvolutions and attention: its published size, what its units compute."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from scipy.special import expit

from core.nets import build_net
from core.nets.pose_resnet import ATTENTIONS, Attention, AttentionUnits, PoseResNet
from core.pose.skeletons.table import COCO_17, LSP_14

PICTURES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def light(tag: str) -> PoseResNet:
    """Random weights large enough to tell variants apart."""
    torch.manual_seed(1)
    net = build_net(f"pose_resnet18{tag}").eval()
    assert isinstance(net, PoseResNet)
    for layer in (0, 3, 6):
        torch.nn.init.normal_(net.deconv_layers[layer].weight, std=0.05)
    return net


@pytest.mark.parametrize("tag", ["", "both"])
def test_the_first_maps_are_small_and_everything_learns(tag: str) -> None:
    # maps of large numbers are learned away first, and part-wise attention with them for good
    torch.manual_seed(0)
    net = build_net(f"pose_resnet18{'.' if tag else ''}{tag}")
    maps = net(PICTURES)
    assert 0.001 < float(maps.detach().std()) < 0.03
    (maps - 0.1).square().mean().backward()
    still = [name for name, weight in net.named_parameters() if weight.requires_grad]
    still = [name for name in still if not net.get_parameter(name).grad.abs().max() > 1e-9]  # type: ignore[union-attr]
    assert still == []


@pytest.mark.parametrize("skeleton", [COCO_17, LSP_14], ids=lambda s: s.name)
@pytest.mark.parametrize("input_hw", [(256, 192), (128, 96)])
def test_maps_are_a_quarter_of_any_size_and_one_a_keypoint(skeleton, input_hw) -> None:  # type: ignore[no-untyped-def]
    with torch.device("meta"):
        attention = Attention(holistic=True, part_wise=True, kernel_size=7, iterations=5)
        options = {"attention": attention, "joints": skeleton.size, "input_hw": input_hw}
        net = build_net("pose_resnet18", **options)
        maps = net(torch.empty(1, 3, *input_hw))
    assert net.input_hw == input_hw
    for unit in (net.holistic[0], net.part_attention):
        assert unit.iterations == 5 and unit.kernel.kernel_size == (7, 7)
    assert tuple(maps.shape) == (1, 1, skeleton.size, input_hw[0] // 4, input_hw[1] // 4)


@pytest.mark.parametrize("tag", sorted(ATTENTIONS))
def test_what_a_net_attends_to_is_handed_out_for_drawing(tag: str) -> None:
    net = light(f".{tag}" if tag else "")
    with torch.no_grad():
        maps, seen = net.predict_with_attention(PICTURES)
        assert torch.equal(maps, net(PICTURES))
    shapes = {name: tuple(one.shape) for name, one in seen.items()}
    holistic = {
        "holistic_1": (2, 1, 4, 6),
        "holistic_2": (2, 1, 8, 12),
        "holistic_3": (2, 1, 16, 24),
    }
    how = ATTENTIONS[tag]
    wanted = holistic if how.holistic else {}
    assert shapes == wanted | ({"part_wise": (2, 17, 16, 24)} if how.part_wise else {})
    for one in seen.values():
        assert 0 <= float(one.min()) < float(one.max()) <= 1


def test_a_unit_asks_its_neighbours_as_often_as_it_is_told() -> None:
    torch.manual_seed(0)
    units = AttentionUnits(channels=2, units=2, kernel_size=3, iterations=2)
    x = torch.randn(1, 2, 5, 7)
    with torch.no_grad():
        found = units(x)[0].numpy()
    for unit in range(2):
        weight = units.unary.weight[unit].detach().numpy()
        kernel = units.kernel.weight[unit, 0].detach().numpy()
        unary = sum(correlate(x[0, c].numpy(), weight[c], mode="constant") for c in range(2))
        first = expit(correlate(unary, kernel, mode="constant") + unary)
        second = expit(correlate(first, kernel, mode="constant") + unary)
        np.testing.assert_allclose(found[unit], second, atol=1e-6)


def reach(net_kernel: int, iterations: int) -> int:
    """How many cells of a row of 15 the middle one changes."""
    units = AttentionUnits(1, 1, net_kernel, iterations)
    for weight in units.parameters():
        torch.nn.init.constant_(weight, 0.1)
    one = torch.zeros(1, 1, 1, 15)
    one[..., 7] = 1.0
    with torch.no_grad():
        return int((units(one) != units(torch.zeros_like(one))).sum())


def test_a_larger_kernel_and_more_iterations_see_farther_and_a_single_cell_sees_nothing() -> None:
    assert reach(1, 1) == reach(1, 3) == 3  # the 3x3 before it alone
    assert reach(3, 1) == 5
    assert reach(3, 3) == 9
    assert reach(5, 2) == 11


def test_each_keypoints_unit_weighs_the_features_before_its_own_convolution() -> None:
    net = light(".part_wise")
    with torch.no_grad():
        maps, seen = net.predict_with_attention(PICTURES)
        features = net.deconv_layers(net._extract_features(PICTURES))
        said = []
        for joint in range(17):  # one after the other, as the paper draws it
            weighed = features * seen["part_wise"][:, joint : joint + 1]
            said.append(torch.einsum("bchw,c->bhw", weighed, net.part_layer.weight[joint, :, 0, 0]))
        wanted = net.final_layer(torch.stack(said, 1))[:, None]
    torch.testing.assert_close(maps, wanted, rtol=1e-4, atol=1e-5)


def test_every_scale_counts_once() -> None:
    net = light(".both")
    scales = [torch.full((1, 256, 2**i, 2**i), 10.0**-i) for i in range(3)]
    with torch.no_grad():
        for unit in net.holistic:
            for weight in unit.parameters():
                weight.zero_()  # every unit says 0.5
        whole = net._sum_weighted_scales(scales, {})
    assert tuple(whole.shape) == (1, 256, 4, 4)
    torch.testing.assert_close(whole, torch.full_like(whole, 0.5 + 0.05 + 0.005))
