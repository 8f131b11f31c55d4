"""Published weights in use: the seed's keypoints."""

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.modelfiles.catalogue import Scaling
from core.nets.cpm import VggCPM
from core.training.net_export import PreprocessedNet
from core.training.published_nets import load_published_net, locate_seed_keypoints


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


def test_missing_weights_name_the_command(tmp_path):
    with pytest.raises(WeightsError, match=r"weights (fetch|import) cpm\.openpose_hand"):
        load_published_net("cpm.openpose_hand", tmp_path)
