"""The published weights that Mudra reads: what each is, where it comes from, how its net is fed.

Names are those of the nets. A source's layer names become Caffe's with `.weight` (O, I, H, W) and
`.bias` (O,), float32: `conv1_1.weight`. Where nobody published a sha256 it is None here, and
whoever fetches decides on what came.
"""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from core.modelfiles.body_weights import BODIES, VITPOSE
from core.modelfiles.formats.array_names import Arrays, cpm_arrays, resnet_arrays, vitpose_arrays
from core.modelfiles.weights_entry import Scaling, Source, Weights
from core.pose.skeletons.table import HAND_21

_CMU = "http://posefs1.perception.cs.cmu.edu"
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_OPENPOSE_LICENCE = "OpenPose's: academic or non-profit research, not commercial"
_CPM_LICENCE = "the authors': research, not commercial"
_PORT_LICENCE = f"converted from OpenPose's weights, so {_OPENPOSE_LICENCE}"

PUBLISHED_SCALING = Scaling("BGR", 1 / 256, -0.5)
SEED_SCALING = Scaling("BGR", 1 / 255, 0.0)  # what Hand-Pose-Classification feeds the hand net

_HAND_PICKLE = Source(
    "cpm_hand.pkl", "pickle", _CPM_LICENCE, (f"{_DRIVE}0Bx1hAYkcBwqnSU9lSm5Ya3B1VTg",)
)
_HAND_CAFFEMODEL = Source(
    "pose_iter_102000.caffemodel",
    "caffemodel",
    _OPENPOSE_LICENCE,
    (
        "http://vcl.snu.ac.kr/OpenPose/models/hand/pose_iter_102000.caffemodel",
        f"{_CMU}/OpenPose/models/hand/pose_iter_102000.caffemodel",
    ),
    bytes=147_344_024,
)
_HAND_PTH = Source(
    "hand_pose_model.pth",
    "pth",
    _PORT_LICENCE,
    where="the Dropbox or Google Drive folder that Hzzone/pytorch-openpose's README names",
)
_BODY_PICKLE = Source(
    "cpm_body.pkl", "pickle", _CPM_LICENCE, (f"{_DRIVE}0Bx1hAYkcBwqnX01MN3hoUk1kUjA",)
)
_BODY_CAFFEMODEL = Source(
    "pose_iter_320000.caffemodel",
    "caffemodel",
    _CPM_LICENCE,
    (f"{_CMU}/CPM/caffe_model_github/model/_trained_MPI/pose_iter_320000.caffemodel",),
)

WEIGHTS = {
    "cpm.openpose_hand": Weights(
        "cpm.openpose_hand",
        HAND_21.name,
        "OpenPose's hand net (Simon 2017), 21 keypoints, 6 stages",
        (_HAND_CAFFEMODEL, _HAND_PICKLE, _HAND_PTH),
        (PUBLISHED_SCALING, SEED_SCALING),
    ),
    "cpm.body": Weights(
        "cpm.body",
        "",  # from the head down: LSP's 14 begin at an ankle
        "the body net of Wei 2016 in its VGG variant, 14 keypoints, 6 stages",
        (_BODY_PICKLE, _BODY_CAFFEMODEL),
        (PUBLISHED_SCALING,),
    ),
    "cpm.seed_hand": Weights(
        "cpm.seed_hand",
        HAND_21.name,
        "the first 3 stages of the hand net, as timctho's port loads them",
        (_HAND_PICKLE, _HAND_CAFFEMODEL, _HAND_PTH),
        (PUBLISHED_SCALING,),
    ),
} | BODIES


_CPM = "cpm."
_STAGE_ARRAY = re.compile(r"Mconv[1-7]_stage[2-6]\.(weight|bias)")
_HEAD_LAYERS = ("deconv_layers.", "final_layer.")  # what a ResNet's trunk lacks


def is_stage_array(name: str, array: str) -> bool:
    """Whether an array belongs to a later stage of a CPM, which a net of fewer stages lacks."""
    return name.startswith(_CPM) and _STAGE_ARRAY.fullmatch(array) is not None


def expected_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Every array that the named weights hold, with its shape, in the net's order."""
    entry = WEIGHTS[name]
    if not entry.net:  # a graph
        return {}
    import torch  # seconds that listing the weights must not wait for

    from core.nets import build_net

    with torch.device("meta"):
        net = build_net(entry.net, **({"input_hw": entry.input_hw} if entry.input_hw else {}))
    return {
        array: tuple(value.shape)
        for array, value in net.state_dict().items()
        if not array.endswith("num_batches_tracked")
        and not (entry.trunk and array.startswith(_HEAD_LAYERS))
    }


def named_as_ours(name: str, file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays of a published file under the names that the named weights' net has.

    Raises:
        WeightsError: two would have one name.
    """
    net = WEIGHTS[name].net
    if net.startswith(_CPM):
        return cpm_arrays(file, arrays)
    return vitpose_arrays(file, arrays) if net.startswith(VITPOSE) else resnet_arrays(file, arrays)
