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
