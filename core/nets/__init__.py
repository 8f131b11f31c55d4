"""Pose networks, one readable file per net: layers and `forward`, nothing else. `NETS` is the table
of all, by `architecture.tag`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.errors import WeightsError
from core.nets.cpm import LightCPM, VggCPM
from core.nets.crossinfonet import LIGHT, PUBLISHED, CrossInfoNet
from core.nets.palmnet import PalmNet
from core.nets.pose_resnet import ATTENTIONS, PoseResNet
from core.nets.vitpose import ViTPose
from core.pose.heatmaps import CELL_CENTRED, MapDecoding
from core.pose.skeletons.table import COCO_17, HAND_21, ICVL_16, MSRA_21, NYU_14

PoseNet = VggCPM | LightCPM | PoseResNet | ViTPose | CrossInfoNet | PalmNet


@dataclass(frozen=True)
class NetSpec:
    """What a net is, without its class. `forward` returns the heatmaps of every stage, (B, S, M, h,
    w): M is K+1 with a background, else K. A `depth` net returns keypoints in the cube that its
    crop shows, (B, K, 3), or, without a skeleton, the palm in whole frames."""

    # builds it with random weights; of a body also for other `joints` and `input_hw`
    build: Callable[..., PoseNet]
    skeleton: str = HAND_21.name  # name of its keypoints' skeleton; "" where none fits
    # "cross-entropy" on `logits`, "euclidean", "joint-mse" (the mean over keypoints, each
    # weighted), "cross-info" on `forward_training`, or "palm"
    loss: str = "euclidean"
    # how a body's maps are decoded after training with that loss
    reading: MapDecoding = CELL_CENTRED
    depth: bool = False  # its input is depth, not a picture


_XIAO2018 = MapDecoding("stride", "quarter")  # where "joint-mse" has its targets
_CPM = {
    "cpm.openpose_hand": NetSpec(partial(VggCPM, "hand", stages=6, joints=21)),
    "cpm.body": NetSpec(partial(VggCPM, "body", stages=6, joints=14), skeleton=""),
    "cpm.seed_hand": NetSpec(partial(VggCPM, "hand", stages=3, joints=21, input_size=256)),
    "cpm.seed_hand_stride4": NetSpec(
        partial(VggCPM, "hand", stages=3, joints=21, input_size=256, stride=4)
    ),
    "cpm.hand_light": NetSpec(LightCPM, loss="cross-entropy"),
    "cpm.body_light": NetSpec(partial(LightCPM, joints=17), COCO_17.name, "cross-entropy"),
}
_POSE_RESNETS = {
    f"pose_resnet{depth}{'.' if tag else ''}{tag}": NetSpec(
        partial(PoseResNet, depth, attention=attention), COCO_17.name, "joint-mse", _XIAO2018
    )
    for depth in (18, 34, 50, 101, 152)
    for tag, attention in ATTENTIONS.items()
}
_VITPOSES = {
    f"vitpose_{size}.{head}": NetSpec(
        partial(ViTPose, size, head), COCO_17.name, "joint-mse", _XIAO2018
    )
    for size in ("small", "base")
    for head in ("classic", "simple")
}
_CROSS_INFO = {
    f"crossinfonet.{tag}": NetSpec(
        partial(CrossInfoNet, skeleton.name, width=width), skeleton.name, "cross-info", depth=True
    )
    for tag, skeleton, width in (
        ("nyu", NYU_14, PUBLISHED),
        ("icvl", ICVL_16, PUBLISHED),
        ("msra", MSRA_21, PUBLISHED),
        ("synthetic_light", HAND_21, LIGHT),
    )
}
_PALMS = {"palmnet.synthetic": NetSpec(PalmNet, skeleton="", loss="palm", depth=True)}
NETS = _CPM | _POSE_RESNETS | _VITPOSES | _CROSS_INFO | _PALMS


def build_net(name: str, **options: Any) -> PoseNet:
    """Build the named net with random weights; raise WeightsError if the name is unknown.

    Args:
        options: of the net's class, e.g. `joints=14, input_hw=(128, 96)` for a `pose_resnet18`, or
            `attention=Attention(holistic=True, kernel_size=7)`.
    """
    if name not in NETS:
        raise WeightsError(f"no net “{name}”, there are: {', '.join(NETS)}")
    return NETS[name].build(**options)
