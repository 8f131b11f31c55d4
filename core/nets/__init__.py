"""Pose networks, one readable file per net; layers and `forward`, nothing else.

For others: `build_net(name)`, the table `NETS` of each net's `NetSpec`, the type `PoseNet`. A name
is `architecture.tag`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.errors import WeightsError
from core.nets.cpm import LightCPM, VggCPM
from core.pose.skeletons import HAND_21

PoseNet = VggCPM | LightCPM


@dataclass(frozen=True)
class NetSpec:
    """What others need to know of a net without knowing its class; `forward` gives the heatmaps of
    every stage, (B, S, K+1, h, w).

    Attributes:
        build: makes it with random weights.
        skeleton: name of the one whose keypoints it finds, in that order; "" where none has its.
        loss: how it is trained: "cross-entropy" on what its `logits` give, or "euclidean".
    """

    build: Callable[[], PoseNet]
    skeleton: str = HAND_21.name
    loss: str = "euclidean"


NETS = {
    "cpm.openpose_hand": NetSpec(partial(VggCPM, "hand", stages=6, joints=21)),
    "cpm.body": NetSpec(partial(VggCPM, "body", stages=6, joints=14), skeleton=""),
    "cpm.seed_hand": NetSpec(partial(VggCPM, "hand", stages=3, joints=21, input_size=256)),
    "cpm.seed_hand_stride4": NetSpec(
        partial(VggCPM, "hand", stages=3, joints=21, input_size=256, stride=4)
    ),
    "cpm.hand_light": NetSpec(LightCPM, loss="cross-entropy"),
}


def build_net(name: str) -> PoseNet:
    """The named net with random weights.

    Raises:
        WeightsError: no such net.
    """
    if name not in NETS:
        raise WeightsError(f"no net “{name}”, there are: {', '.join(NETS)}")
    return NETS[name].build()
