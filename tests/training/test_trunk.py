"""A trunk of ImageNet in torchvision's layout: every tensor of the file is in the net that begins
with it, the head is the net's own, and another file is refused in one sentence."""

import pytest
import torch

from core.errors import WeightsError
from core.modelfiles.weights_entry import Scaling
from core.nets import build_net
from core.training.trunk import read_trunk
from core.training.watching import as_input
from tests.training.torchvision_file import save_resnet18

SMALL = {"joints": 14, "input_hw": (64, 96)}


def test_a_net_has_the_file_s_tensors_and_its_own_head(tmp_path):
    file, tensors = save_resnet18(tmp_path / "resnet18.pth")
    net = build_net("pose_resnet18.both", **SMALL)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    trunk = read_trunk("pose_resnet18.both", str(file), tmp_path)
    trunk.fill(net)
    own = net.state_dict()
    trunks = [name for name in own if name.startswith(("conv1", "bn1", "layer"))]
    filled = [name for name in trunks if not name.endswith("num_batches_tracked")]
    assert len(filled) == 100  # 20 convolutions, and 20 normalisations of four arrays
    assert all(torch.equal(own[name], tensors[name]) for name in filled)
    assert all(torch.equal(own[name], before[name]) for name in own if name not in filled)
    assert trunk.about["name"] == "resnet18.imagenet" and "licence" not in trunk.about


@pytest.mark.parametrize(
    ("net", "given", "said"),
    [
        ("pose_resnet34", "resnet18.pth", r"resnet18\.pth contains other weights than resnet34"),
        (
            "pose_resnet18",
            "other.pth",
            r"other\.pth contains other weights than resnet18\.imagenet",
        ),
        ("pose_resnet18", "net.onnx", "unknown format “.onnx”"),
        ("pose_resnet18", "resnet50.imagenet", "is no trunk of a pose_resnet18, that is resnet18"),
        ("pose_resnet18", "resnet18.imagenet", "weights fetch resnet18.imagenet"),
        ("pose_resnet18", "absent.pth", r"is no file: name torchvision's resnet18-f37072fd\.pth"),
        ("cpm.hand_light", "resnet18.pth", "no trunk is published for cpm.hand_light, only for"),
    ],
)
def test_what_is_no_trunk_of_the_net_is_said_in_one_sentence(tmp_path, net, given, said):
    save_resnet18(tmp_path / "resnet18.pth")
    torch.save({"backbone.stem.0.weight": torch.ones(8, 3, 3, 3)}, tmp_path / "other.pth")
    (tmp_path / "net.onnx").write_bytes(b"x")
    named = given if given.endswith(".imagenet") else str(tmp_path / given)
    with pytest.raises(WeightsError, match=said) as refused:
        read_trunk(net, named, tmp_path)
    assert "\n" not in str(refused.value)


def test_pictures_are_fed_in_the_order_and_scale_that_is_asked_for():
    picture = torch.tensor([[[[51, 102, 204]]]], dtype=torch.uint8)
    assert as_input(picture).flatten().tolist() == pytest.approx([0.2, 0.4, 0.8])
    scaled = as_input(picture, Scaling("BGR", (1.0, 0.5, 0.1), (0.0, -1.0, 2.0)))
    assert scaled.shape == (1, 3, 1, 1)
    assert scaled.flatten().tolist() == pytest.approx([204, 50, 7.1])
