"""CrossInfoNet: as large as the published code, and each piece of it by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from core.nets import NETS, build_net
from core.nets.crossinfonet import PARTS, CrossInfoNet, Width, upsample_like_tensorflow
from core.pose.skeletons.table import skeleton_named

DEPTH = [name for name in NETS if name.startswith("crossinfonet.")]
SMALL = Width(stem=8, bases=(4, 4, 8, 8), pyramid=16, hidden=24)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", DEPTH)
def test_a_net_says_every_keypoint_of_its_skeleton_and_a_map_for_each(name: str) -> None:
    with torch.device("meta"):
        net = build_net(name).eval()
        assert isinstance(net, CrossInfoNet)
        said = net.forward_training(torch.empty(2, 1, 96, 96))
        hand = net(torch.empty(2, 1, 96, 96))
    joints = skeleton_named(NETS[name].skeleton).size
    assert net.joints == joints
    assert said.hand.shape == said.branches.shape == hand.shape == (2, joints, 3)
    assert said.hand_maps.shape == said.branch_maps.shape == (2, joints, 24, 24)


@pytest.mark.parametrize("skeleton", PARTS)
def test_palm_and_fingers_share_the_keypoints_out_between_them(skeleton: str) -> None:
    palm, fingers = PARTS[skeleton]
    named = skeleton_named(skeleton).joints
    assert sorted((*palm, *fingers)) == list(range(len(named)))
    assert all("tip" in named[j] for j in fingers if skeleton == "nyu_14")
    assert not any("tip" in named[j] for j in palm)


def test_what_the_branches_say_stands_in_the_skeletons_order() -> None:
    torch.manual_seed(0)
    net = CrossInfoNet("nyu_14", SMALL).eval()
    crops = torch.randn(2, 1, 96, 96)
    said = net.forward_training(crops)
    _, shared = net._compute_pyramid(crops)
    palm, fingers = net.palm.take(shared), net.fingers.take(shared)
    of_palm = net.palm.last(net.palm.compute_features(palm, shared - fingers)).reshape(2, 9, 3)
    of_fingers = net.fingers.last(net.fingers.compute_features(fingers, shared - palm)).reshape(
        2, 5, 3
    )
    # joint 13 is the palm's last, joint 6 (the index's tip) the fingers' fourth
    torch.testing.assert_close(said.branches[:, 13], of_palm[:, 8])
    torch.testing.assert_close(said.branches[:, 6], of_fingers[:, 3])
    torch.testing.assert_close(said.branch_maps[:, 6], net.fingers.predict_maps(fingers)[:, 3])
    torch.testing.assert_close(said.hand, net(crops))


def test_the_last_unit_of_each_part_of_the_trunk_halves_the_map() -> None:
    net = CrossInfoNet("nyu_14", SMALL).eval()
    x = net.stem(torch.zeros(1, 1, 96, 96))
    assert x.shape[-2:] == (48, 48)
    sides = []
    for part in net.trunk:
        for unit in part:
            x = unit(x)
            sides.append(x.shape[-1])
    assert sides == [48, 48, 24, 24, 24, 24, 12, 12, 12, 12, 12, 12, 6, 6, 6, 3]


def test_a_unit_that_neither_widens_nor_halves_adds_to_what_came_alone() -> None:
    net = CrossInfoNet("nyu_14", SMALL).eval()
    unit = net.guidance
    with torch.no_grad():
        unit.conv3.norm.weight.zero_()
        x = torch.randn(1, 16, 5, 7)
        torch.testing.assert_close(unit(x), x.clamp(min=0))
        halving = net.trunk[1][-1]  # as wide as what comes in
        halving.conv3.norm.weight.zero_()
        y = torch.randn(1, 16, 6, 4)
        torch.testing.assert_close(halving(y), y[:, :, ::2, ::2].clamp(min=0))


def test_a_map_is_doubled_as_tensorflow_does_it() -> None:
    found = upsample_like_tensorflow(torch.tensor([[[[0.0, 4.0, 8.0], [2.0, 6.0, 20.0]]]]))
    expected = [
        [0, 2, 4, 6, 8, 8],
        [1, 3, 5, 9.5, 14, 14],
        [2, 4, 6, 13, 20, 20],
        [2, 4, 6, 13, 20, 20],
    ]
    np.testing.assert_array_equal(found[0, 0].numpy(), expected)


def test_every_layer_has_a_normalisation_as_published_and_no_bias() -> None:
    with torch.device("meta"):
        net = build_net("crossinfonet.nyu")
    assert count(net.stem) + count(net.trunk) == 752_416
    kernels = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert all(kernel.bias is None for kernel in kernels)
    assert len(norms) == len(kernels)
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-5, 0.1)}


def test_learning_drops_units_and_using_does_not() -> None:
    torch.manual_seed(0)
    net = CrossInfoNet("nyu_14", SMALL).train()
    own = torch.randn(4, 16, 12, 12)
    seen = net.palm.compute_features(own, own)
    assert float((seen == 0).float().mean()) > 0.5  # 0.4 of those that the ReLU has left
    net.eval()
    crops = torch.randn(4, 1, 96, 96)
    torch.testing.assert_close(net(crops), net(crops))


def test_a_fresh_net_begins_near_the_cubes_middle_and_with_faint_maps() -> None:
    torch.manual_seed(0)
    net = CrossInfoNet("nyu_14", SMALL).train()
    for said in net.forward_training(torch.randn(16, 1, 96, 96)):
        assert 0.05 < float(said.detach().std()) < 0.15
