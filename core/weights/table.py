"""The published weights that Mudra reads: what each is, where it comes from, how its net is fed.

Names are those of the nets. A source's layer names become Caffe's with `.weight` (O, I, H, W) and
`.bias` (O,), float32: `conv1_1.weight`. Where nobody published a sha256 it is None here, and
whoever fetches decides on what came.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from core.pose.skeletons import HAND_21, skeleton_named
from core.weights.body_table import BODIES, POSE_RESNET, VITPOSE
from core.weights.crossinfonet_table import (
    CROSSINFONET,
    DEPTH,
    crossinfonet_arrays,
    crossinfonet_shapes,
)
from core.weights.entries import Scaling, Source, Weights
from core.weights.layouts import (
    Arrays,
    Shapes,
    cpm_arrays,
    cpm_shapes,
    pose_resnet_shapes,
    resnet_arrays,
    resnet_shapes,
    vitpose_arrays,
    vitpose_shapes,
)

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

_CPM_LAYERS = {  # "hand" or "body" layers, stages, keypoints
    "cpm.openpose_hand": ("hand", 6, 21),
    "cpm.body": ("body", 6, 14),
    "cpm.seed_hand": ("hand", 3, 21),
}
WEIGHTS = (
    {
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
    }
    | BODIES
    | DEPTH
)


def is_later_stage(name: str, array: str) -> bool:
    """Whether an array belongs to a stage that a net of fewer stages does not have."""
    if WEIGHTS[name].net not in _CPM_LAYERS or not array.startswith("Mconv"):
        return False
    stage = array.rpartition(".")[0].rpartition("_stage")[2]
    return stage.isdigit() and _CPM_LAYERS[WEIGHTS[name].net][1] < int(stage) <= 6


def expected_shapes(name: str) -> Shapes:
    """Every array that the named weights hold, with its shape, in the net's order."""
    entry = WEIGHTS[name]
    if not entry.net:  # a graph
        return {}
    if entry.net in _CPM_LAYERS:
        return cpm_shapes(*_CPM_LAYERS[entry.net])
    if entry.is_depth:
        return crossinfonet_shapes(entry.net.removeprefix(CROSSINFONET))
    joints = skeleton_named(entry.skeleton).size
    if entry.net.startswith(VITPOSE):
        size, head = entry.net.removeprefix(VITPOSE).split(".")
        return vitpose_shapes(size, head == "classic", entry.input_hw or (256, 192), joints)
    depth = int(entry.net.removeprefix(POSE_RESNET))
    return resnet_shapes(depth) if entry.trunk else pose_resnet_shapes(depth, joints)


def named_as_ours(name: str, file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays of a published file under the names that the named weights' net has.

    Raises:
        WeightsError: two would have one name.
    """
    net = WEIGHTS[name].net
    if net in _CPM_LAYERS:
        return cpm_arrays(file, arrays)
    if WEIGHTS[name].is_depth:
        return crossinfonet_arrays(file, arrays)
    return vitpose_arrays(file, arrays) if net.startswith(VITPOSE) else resnet_arrays(file, arrays)
