"""Published weights in use: the seed's keypoints, and a backbone that fills a net but its head."""

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.modelfiles.catalogue import Scaling
from core.nets import build_net
from core.nets.cpm import VggCPM
from core.training.net_export import PreprocessedNet
from core.training.published_nets import fill_net, locate_seed_keypoints, read_backbone
from tests.support.torchvision_file import save_resnet18


class ColourMaps(VggCPM):
    """In both stages keypoint 0 is where it is red, keypoint 1 where it is blue, at stride 8."""

    def __init__(self) -> None:
        super().__init__("hand", stages=2, joints=2)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        bgr = torch.nn.functional.avg_pool2d(pictures + 0.5, 8)
        blue, green, red = bgr[:, 0], bgr[:, 1], bgr[:, 2]
        maps = torch.stack([(red - green).clamp(min=0), (blue - green).clamp(min=0), green], 1)
        return torch.stack([maps, maps], 1)


def test_the_seeds_points_are_the_highest_pixel_of_every_map_background_too():
    picture = np.full((120, 200, 3), 10, np.uint8)
    picture[36:45, 60:69, 0] = 255  # red round (64, 40)
    picture[76:85, 146:155, 2] = 255  # blue round (150, 80)
    picture[95:105, 20:30, 1] = 255  # green, the background's map here, round (25, 100)
    points = locate_seed_keypoints(
        PreprocessedNet(ColourMaps(), Scaling("BGR", 1 / 256, -0.5)), picture
    )
    assert points.shape == (3, 2)
    assert points == pytest.approx(np.array([[64, 40], [150, 80], [25, 100]]), abs=3)


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
