"""What holds for every net of the table. Their shapes are asked without computing anything."""

import pytest
import torch

from core.errors import WeightsError
from core.modelfiles.catalogue import WEIGHTS
from core.nets import NETS, build_net
from core.pose.skeletons.table import skeleton_named

# what a pose_resnet attends to does not depend on its depth
DEEPER = ("pose_resnet34.", "pose_resnet50.", "pose_resnet101.", "pose_resnet152.")
ALL = [name for name in sorted(NETS) if not name.startswith(DEEPER)]
OF_PICTURES = [name for name in ALL if not NETS[name].depth]
# torchvision's backbones of 18 and 34 layers have 11,176,512 and 21,284,672; the same head on 512
# channels is added to both
HEAD_OF_512 = 512 * 256 * 16 + 2 * 256 * 256 * 16 + 3 * 512 + 256 * 17 + 17
VITPOSE_LAYER = 768 * (3 * 768 + 768 + 8 * 768) + (3 + 1 + 4 + 1) * 768 + 4 * 768
VITPOSE_ENDS = 192 * 768 + 768 * 3 * 256 + 768 + 2 * 768 + 768 * 17 * 9 + 17
PARAMETERS = {  # as published, or counted by hand
    "cpm.openpose_hand": 36_832_324,
    "cpm.body": 29_852_058,
    "cpm.seed_hand": 24_316_162,
    "cpm.seed_hand_stride4": 24_316_162,
    "cpm.hand_light": 788_154,
    # 4 maps fewer: 64 + 1 in stage 1, 48 to come in and 48 + 1 to say in each of two stages
    "cpm.body_light": 788_154 - 4 * (65 + 2 * 97),
    "pose_resnet18": 11_176_512 + HEAD_OF_512,
    "pose_resnet34": 21_284_672 + HEAD_OF_512,
    "pose_resnet50": 33_999_697,
    "pose_resnet101": 52_991_825,
    "pose_resnet152": 68_635_473,
    "vitpose_base.simple": 12 * VITPOSE_LAYER + VITPOSE_ENDS,
    "crossinfonet.nyu": 23_837_184,
    "crossinfonet.icvl": 23_864_864,
    "crossinfonet.msra": 23_934_064,
    "crossinfonet.synthetic_light": 2_653_344,
    "palmnet.synthetic": 211_874,
}
LAYERS = {  # of the published files
    "cpm.openpose_hand": {
        "conv1_1.weight": (64, 3, 3, 3),
        "conv5_3_CPM.weight": (128, 512, 3, 3),
        "conv6_2_CPM.weight": (22, 512, 1, 1),
        "Mconv1_stage2.weight": (128, 150, 7, 7),
        "Mconv7_stage6.bias": (22,),
    },
    "pose_resnet50": {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_var": (64,),
        "layer1.0.downsample.1.weight": (256,),
        "layer4.2.conv3.weight": (2048, 512, 1, 1),
        "deconv_layers.0.weight": (2048, 256, 4, 4),
        "deconv_layers.7.running_mean": (256,),
        "final_layer.weight": (17, 256, 1, 1),
    },
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_net_has_the_parameters_and_layers_that_are_published(name: str) -> None:
    with torch.device("meta"):
        net = build_net(name)
    assert sum(p.numel() for p in net.parameters()) == PARAMETERS[name]
    layers = LAYERS.get(name, {})
    assert {layer: tuple(net.state_dict()[layer].shape) for layer in layers} == layers


@pytest.mark.parametrize("name", OF_PICTURES)
def test_every_stage_says_every_map_on_a_picture_that_is_not_square(name: str) -> None:
    with torch.device("meta"):
        net, pictures = build_net(name).eval(), torch.empty(2, 3, 64, 96)
        maps = net(pictures)
    said = net.joints + net.background
    assert tuple(maps.shape) == (2, net.stages, said, 64 // net.stride, 96 // net.stride)


@pytest.mark.parametrize("name", ALL)
def test_a_net_finds_each_keypoint_of_its_skeleton(name: str) -> None:
    with torch.device("meta"):
        spec, net = NETS[name], build_net(name)
    assert not spec.skeleton or skeleton_named(spec.skeleton).size == net.joints
    if name in WEIGHTS:
        assert WEIGHTS[name].skeleton == spec.skeleton


def test_an_unknown_net_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(WeightsError, match=r"no net “cpm\.feet”.*cpm\.body.*pose_resnet50\.both"):
        build_net("cpm.feet")
