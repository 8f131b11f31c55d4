"""An ImageNet backbone in torchvision's layout fills a net but for its head; other files fail."""

import pytest
import torch

from core.errors import WeightsError
from core.nets import build_net
from core.training.published_nets import fill_net, read_backbone
from tests.support.torchvision_file import save_resnet18

SMALL = {"joints": 14, "input_hw": (64, 96)}


def test_a_net_has_the_file_s_tensors_and_its_own_head(tmp_path):
    file, tensors = save_resnet18(tmp_path / "resnet18.pth")
    net = build_net("pose_resnet18.both", **SMALL)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    about, arrays = read_backbone("pose_resnet18.both", str(file), tmp_path)
    fill_net(net, arrays)
    own = net.state_dict()
    backbones = [name for name in own if name.startswith(("conv1", "bn1", "layer"))]
    filled = [name for name in backbones if not name.endswith("num_batches_tracked")]
    assert len(filled) == 100  # 20 convolutions, and 20 normalisations of four arrays
    assert all(torch.equal(own[name], tensors[name]) for name in filled)
    assert all(torch.equal(own[name], before[name]) for name in own if name not in filled)
    assert about["name"] == "resnet18.imagenet" and "licence" not in about


@pytest.mark.parametrize(
    ("net", "given", "message"),
    [
        ("pose_resnet34", "resnet18.pth", r"resnet18\.pth contains other weights than resnet34"),
        ("pose_resnet18", "other.pth", r"other\.pth contains other weights than resnet18"),
        ("pose_resnet18", "net.onnx", "unknown format “.onnx”"),
        ("pose_resnet18", "resnet50.imagenet", "is no backbone of a pose_resnet18"),
        ("pose_resnet18", "resnet18.imagenet", "weights fetch resnet18.imagenet"),
        ("pose_resnet18", "absent.pth", r"is no file: name torchvision's resnet18-f37072fd\.pth"),
        ("cpm.hand_light", "resnet18.pth", "no backbone is published for cpm.hand_light, only for"),
    ],
)
def test_another_backbone_is_an_error_of_one_line(tmp_path, net, given, message):
    save_resnet18(tmp_path / "resnet18.pth")
    torch.save({"backbone.stem.0.weight": torch.ones(8, 3, 3, 3)}, tmp_path / "other.pth")
    (tmp_path / "net.onnx").write_bytes(b"x")
    named = given if given.endswith(".imagenet") else str(tmp_path / given)
    with pytest.raises(WeightsError, match=message) as refused:
        read_backbone(net, named, tmp_path)
    assert "\n" not in str(refused.value)
