"""The published weights that Mudra reads: what each is, where it comes from, how its net is fed.

Arrays of a CPM get Caffe's layer names with `.weight` (O, I, H, W) and `.bias` (O,), float32:
`conv1_1.weight`.
"""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from core.errors import WeightsError
from core.modelfiles.body_weights import BODIES, VITPOSE
from core.modelfiles.formats.array_names import (
    Arrays,
    rename_cpm_arrays,
    rename_resnet_arrays,
    rename_vitpose_arrays,
)
from core.modelfiles.weights_entry import PublishedWeights, Scaling, WeightsFile
from core.pose.skeletons.table import HAND_21

_CMU = "http://posefs1.perception.cs.cmu.edu"
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_OPENPOSE_LICENCE = "OpenPose's: academic or non-profit research, not commercial"
_CPM_LICENCE = "the authors': research, not commercial"
_PORT_LICENCE = f"converted from OpenPose's weights, so {_OPENPOSE_LICENCE}"

PUBLISHED_SCALING = Scaling("BGR", 1 / 256, -0.5)
SEED_SCALING = Scaling("BGR", 1 / 255, 0.0)  # as Hand-Pose-Classification feeds the hand net

_HAND_PICKLE = WeightsFile(
    "cpm_hand.pkl", "pickle", _CPM_LICENCE, (f"{_DRIVE}0Bx1hAYkcBwqnSU9lSm5Ya3B1VTg",)
)
_HAND_CAFFEMODEL = WeightsFile(
    "pose_iter_102000.caffemodel",
    "caffemodel",
    _OPENPOSE_LICENCE,
    (
        "http://vcl.snu.ac.kr/OpenPose/models/hand/pose_iter_102000.caffemodel",
        f"{_CMU}/OpenPose/models/hand/pose_iter_102000.caffemodel",
    ),
    bytes=147_344_024,
)
_HAND_PTH = WeightsFile(
    "hand_pose_model.pth",
    "pth",
    _PORT_LICENCE,
    where="the Dropbox or Google Drive folder that Hzzone/pytorch-openpose's README names",
)
_BODY_PICKLE = WeightsFile(
    "cpm_body.pkl", "pickle", _CPM_LICENCE, (f"{_DRIVE}0Bx1hAYkcBwqnX01MN3hoUk1kUjA",)
)
_BODY_CAFFEMODEL = WeightsFile(
    "pose_iter_320000.caffemodel",
    "caffemodel",
    _CPM_LICENCE,
    (f"{_CMU}/CPM/caffe_model_github/model/_trained_MPI/pose_iter_320000.caffemodel",),
)

WEIGHTS = {
    "cpm.openpose_hand": PublishedWeights(
        "cpm.openpose_hand",
        HAND_21.name,
        "OpenPose's hand net (Simon 2017), 21 keypoints, 6 stages",
        (_HAND_CAFFEMODEL, _HAND_PICKLE, _HAND_PTH),
        (PUBLISHED_SCALING, SEED_SCALING),
    ),
    "cpm.body": PublishedWeights(
        "cpm.body",
        "",  # ordered from the head down, unlike LSP's 14
        "the body net of Wei 2016 in its VGG variant, 14 keypoints, 6 stages",
        (_BODY_PICKLE, _BODY_CAFFEMODEL),
        (PUBLISHED_SCALING,),
    ),
    "cpm.seed_hand": PublishedWeights(
        "cpm.seed_hand",
        HAND_21.name,
        "the first 3 stages of the hand net, as timctho's port loads them",
        (_HAND_PICKLE, _HAND_CAFFEMODEL, _HAND_PTH),
        (PUBLISHED_SCALING,),
    ),
} | BODIES


_CPM = "cpm."
_STAGE_ARRAY = re.compile(r"Mconv[1-7]_stage[2-6]\.(weight|bias)")
_HEAD_LAYERS = ("deconv_layers.", "final_layer.")  # absent from a ResNet's backbone


def find_weights(name: str) -> PublishedWeights:
    """Return the catalogue's entry of the named weights.

    Raises:
        WeightsError: no such name.
    """
    if name not in WEIGHTS:
        raise WeightsError(f"no weights “{name}”, there are: {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def is_later_stage_array(name: str, array: str) -> bool:
    """Whether an array belongs to stage 2 to 6 of a CPM: a net of fewer stages ignores it."""
    return name.startswith(_CPM) and _STAGE_ARRAY.fullmatch(array) is not None


def expected_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Return array name → shape that the named weights must have, in the order of the net's
    `state_dict`; {} for an ONNX graph."""
    entry = WEIGHTS[name]
    if not entry.net:  # an ONNX graph
        return {}
    import torch  # takes seconds, which listing the weights must not wait for

    from core.nets import build_net

    with torch.device("meta"):
        net = build_net(entry.net, **({"input_hw": entry.input_hw} if entry.input_hw else {}))
    return {
        array: tuple(value.shape)
        for array, value in net.state_dict().items()
        if not array.endswith("num_batches_tracked")
        and not (entry.trunk and array.startswith(_HEAD_LAYERS))
    }


def rename_published_arrays(name: str, file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Rename a published file's arrays to the names in our net's `state_dict`, by the kind of net.

    Raises:
        WeightsError: two would get one name.
    """
    net = WEIGHTS[name].net
    if net.startswith(_CPM):
        return rename_cpm_arrays(file, arrays)
    rename = rename_vitpose_arrays if net.startswith(VITPOSE) else rename_resnet_arrays
    return rename(file, arrays)
