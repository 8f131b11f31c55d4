"""The figures that a training logs of its held-out sets."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.datasets.bodies import Bodies, Body
from core.media.pictures import encode_png
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.heatmaps import encode_heatmaps
from core.pose.skeletons.table import LSP_14
from core.training.loop import evaluate_net
from core.training.losses import LOSSES

HW = (128, 96)
BOX = Box.from_xywh(20.0, 10.0, 60.0, 80.0)


class ConstantMaps(nn.Module):
    """Its maps have a peak at the same places whatever it sees."""

    joints, stages, stride, background, input_hw = 14, 1, 4, True, HW

    def __init__(self, places: np.ndarray, sigma: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.maps = torch.from_numpy(encode_heatmaps(places, (32, 24), 4, sigma=sigma))[None, None]

    def forward(self, pictures: Tensor) -> Tensor:
        return self.maps.expand(len(pictures), -1, -1, -1, -1) * self.scale


@pytest.mark.parametrize(
    ("loss", "off"),
    [("cross-entropy", 0.0), ("joint-mse", 0.25 * 4)],  # a parabola is exact; a quarter of a cell
)
def test_evaluation_places_peaks_between_cells_as_estimators_do(tmp_path, loss, off):
    (tmp_path / "a.png").write_bytes(encode_png(np.zeros((120, 100, 3), np.uint8)))
    cells = np.random.default_rng(0).integers(6, 18, (14, 2))
    places = (4 * cells + 1.5 + 2).astype(np.float32)  # half a cell beside one
    if loss == "joint-mse":
        places -= 0.004  # so that the lower cell is higher, and the quarter goes up from it
    view = PersonView.from_box(BOX, HW)
    data = Bodies(LSP_14, [Body(tmp_path / "a.png", view.to_picture(places), BOX, "far")])
    [figures] = evaluate_net(ConstantMaps(places, 1.5), data, data.rows("far"), LOSSES[loss])
    shift = 0.0 if loss == "cross-entropy" else 1.5  # where cell x lies at 4 x
    torso = data.load_evaluation_sample(0, HW)[2]
    expected = np.hypot(off + shift, off + shift) / torso
    assert figures["mean_error"] == pytest.approx(expected, abs=2e-4 + 0.01 / torso)
