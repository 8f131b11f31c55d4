"""Pose networks, one readable file per net; layers and `forward`, nothing else.

For others: `build_net(name)`, the table `NETS`, the type `PoseNet`. A name is `architecture.tag`.
"""

from collections.abc import Callable
from functools import partial

from core.errors import WeightsError
from core.nets.cpm import LightCPM, VggCPM

PoseNet = VggCPM | LightCPM

NETS: dict[str, Callable[[], PoseNet]] = {
    "cpm.openpose_hand": partial(VggCPM, "hand", stages=6, joints=21),
    "cpm.body": partial(VggCPM, "body", stages=6, joints=14),
    "cpm.seed_hand": partial(VggCPM, "hand", stages=3, joints=21, input_size=256),
    "cpm.seed_hand_stride4": partial(VggCPM, "hand", stages=3, joints=21, input_size=256, stride=4),
    "cpm.hand_light": LightCPM,
}


def build_net(name: str) -> PoseNet:
    """The named net with random weights.

    Raises:
        WeightsError: no such net.
    """
    if name not in NETS:
        raise WeightsError(f"no net “{name}”, there are: {', '.join(NETS)}")
    return NETS[name]()
