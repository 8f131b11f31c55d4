"""The published weights that Mudra reads: their files, nets, origins and input scaling.

Arrays of a CPM get Caffe's layer names with `.weight` (O, I, H, W) and `.bias` (O,), float32:
`conv1_1.weight`. A trap of the bodies: microsoft's code reads pictures as BGR and never converts
them, so that its weights expect blue first, normalised by ImageNet's mean and std of red.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.modelfiles.formats.array_names import (
    Arrays,
    rename_cpm_arrays,
    rename_resnet_arrays,
    rename_vitpose_arrays,
)
from core.pose.heatmaps import CELL_CENTRED, MapDecoding
from core.pose.skeletons.table import COCO_17, HAND_21

Channels = float | tuple[float, ...]  # one number for all three channels, or one each


@dataclass(frozen=True)
class Scaling:
    """The net's input scaling of pixel values 0..255: value · factor + offset, each a number or one
    per channel; `channels` is the net's channel order, "RGB" or "BGR"."""

    channels: str
    factor: Channels
    offset: Channels

    @classmethod
    def from_mean_std(
        cls, channels: str, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> "Scaling":
        """Build the scaling (value − mean) / std as factor 1 / std and offset −mean / std."""
        offset = tuple(-m / s for m, s in zip(mean, std, strict=True))
        return cls(channels, tuple(1 / s for s in std), offset)

    def __str__(self) -> str:
        """E.g. "BGR, value of 0..255 · 0.0039 − 0.5"."""
        numbers = (np.ravel(part).tolist() for part in (self.factor, self.offset))
        factor, offset = (" ".join(f"{abs(one):.4g}" for one in part) for part in numbers)
        return f"{self.channels}, value of 0..255 · {factor} − {offset}"


UNIT_SCALING = Scaling("RGB", 1 / 255, 0.0)  # 0..1, for nets that are trained here


@dataclass(frozen=True)
class WeightsFile:
    """A published file."""

    file: str
    format: str  # "caffemodel", "pickle", "pth", "safetensors" or "onnx"
    licence: str
    urls: tuple[str, ...] = ()  # tried in this order; if empty, downloaded by hand (`where`)
    sha256: str | None = None
    bytes: int | None = None
    where: str = ""  # how to find a file that has no URL
    sha256_start: str = ""  # where the file's name contains its first digits

    @property
    def verification(self) -> str:
        """Describe how a download is verified."""
        if self.sha256:
            return f"its sha256, {self.sha256}"
        checks = "every array's name and shape; no sha256 is published, you accept the download's"
        if self.sha256_start:
            return f"the first digits of its sha256, {self.sha256_start}, and {checks}"
        return checks


@dataclass(frozen=True)
class PublishedWeights:
    """The published weights of a net."""

    net: str  # "" for an ONNX graph that is used unchanged
    skeleton: str  # of the predicted keypoints, in their order
    about: str
    sources: tuple[WeightsFile, ...]  # from several publishers; the first is fetched
    scalings: tuple[Scaling, ...]  # the first is the one it was trained with
    input_hw: tuple[int, int] | None = None  # training input size; None: the default
    backbone: bool = False  # weights of the backbone only; the rest is trained
    reading: MapDecoding = CELL_CENTRED


_CMU = "http://posefs1.perception.cs.cmu.edu"
_HAND_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_OPENPOSE_LICENCE = "OpenPose's: academic or non-profit research, not commercial"
_CPM_LICENCE = "the authors': research, not commercial"
_PORT_LICENCE = f"converted from OpenPose's weights, so {_OPENPOSE_LICENCE}"

PUBLISHED_SCALING = Scaling("BGR", 1 / 256, -0.5)
SEED_SCALING = Scaling("BGR", 1 / 255, 0.0)  # as Hand-Pose-Classification feeds the hand net

_HAND_PICKLE = WeightsFile(
    "cpm_hand.pkl", "pickle", _CPM_LICENCE, (f"{_HAND_DRIVE}0Bx1hAYkcBwqnSU9lSm5Ya3B1VTg",)
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
    "cpm_body.pkl", "pickle", _CPM_LICENCE, (f"{_HAND_DRIVE}0Bx1hAYkcBwqnX01MN3hoUk1kUjA",)
)
_BODY_CAFFEMODEL = WeightsFile(
    "pose_iter_320000.caffemodel",
    "caffemodel",
    _CPM_LICENCE,
    (f"{_CMU}/CPM/caffe_model_github/model/_trained_MPI/pose_iter_320000.caffemodel",),
)

_CPMS = {
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
}


POSE_RESNET, VITPOSE = "pose_resnet", "vitpose_"

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # ImageNet's red, green, blue
RGB_SCALING = Scaling.from_mean_std("RGB", _MEAN, _STD)
BGR_SCALING = Scaling.from_mean_std("BGR", _MEAN, _STD)  # red's mean and std on blue, as trained

_LICENCE = "{}; trained on COCO, whose pictures have each its own terms"
_MICROSOFT_LICENCE = _LICENCE.format("MIT (microsoft/human-pose-estimation.pytorch)")
_MMPOSE_LICENCE = _LICENCE.format("Apache-2.0 (mmpose)")
_VITPOSE_LICENCE = _LICENCE.format("Apache-2.0 (ViTAE-Transformer/ViTPose)")
_IMAGENET_LICENCE = "BSD-3-Clause (torchvision); trained on ImageNet: research, not commercial"

_MMPOSE_1X = "https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/"
_MMPOSE_0X = "https://download.openmmlab.com/mmpose/top_down/resnet/"
_TORCHVISION = "https://download.pytorch.org/models/"
_HUGGING_FACE = "https://huggingface.co/usyd-community/{}/resolve/main/model.safetensors"
_SDK = (
    "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
    "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip"
)
_DRIVE = "https://drive.google.com/drive/folders/13_wJ6nC7my1KKouMkQMqyr9r1ZnLnukP"

_SIZES = {"256x192": (256, 192), "384x288": (384, 288)}
_RESNET = "ResNet-{} with deconvolutions (Xiao 2018), {}'s, {}"
_XIAO_2018 = MapDecoding("stride", "quarter")
_XU_2022 = MapDecoding("ends", "dark")

_MMPOSE = {  # depth and input size → batch and hash of mmpose 1.x's file, hash of 0.x's
    ("50", "256x192"): ("8xb64", "04af38ce_20220923", "ec54d7f3_20200709"),
    ("50", "384x288"): ("8xb64", "7b8db90e_20220923", "e6f795e9_20200709"),
    ("101", "256x192"): ("8xb64", "065d3625_20220926", "6e6babf0_20200708"),
    ("101", "384x288"): ("", "", "8c71bdc9_20200709"),
    ("152", "256x192"): ("8xb32", "0345f330_20220928", "f6e307c2_20200709"),
    ("152", "384x288"): ("8xb32", "7fbb906f_20220927", "3860d4c9_20200709"),
}
_VITPOSE = {  # size and head → hash of mmpose's file
    "small.classic": "62d7a712_20230314",
    "small.simple": "4c101a76_20230314",
    "base.classic": "216eae50_20230314",
    "base.simple": "0b8234ea_20230407",
}
_BACKBONES = {  # depth → torchvision's first weights
    "18": "resnet18-f37072fd.pth",
    "34": "resnet34-b627a593.pth",
    "50": "resnet50-0676ba61.pth",
    "101": "resnet101-63fe2227.pth",
    "152": "resnet152-394f9c45.pth",
}


def _build_pth_file(folder: str, file: str, licence: str) -> WeightsFile:
    """Build the entry of a .pth file whose name contains the start of its sha256."""
    start = file.removesuffix(".pth").rpartition("-")[2].partition("_")[0]
    return WeightsFile(file, "pth", licence, (folder + file,), sha256_start=start)


def _build_body(
    net: str,
    about: str,
    files: list[WeightsFile],
    size: str,
    scaling: Scaling = RGB_SCALING,
    reading: MapDecoding = _XIAO_2018,
) -> PublishedWeights:
    """Build the entry of a body net trained on COCO with this input size ("256x192")."""
    sources, input_hw = tuple(files), _SIZES[size]
    return PublishedWeights(
        net, COCO_17.name, about, sources, (scaling,), input_hw, reading=reading
    )


def _build_microsoft(depth: str, size: str) -> PublishedWeights:
    """Build the entry of Microsoft's pose_resnet, which must be downloaded by hand."""
    name, where = f"pose_resnet_{depth}_{size}.pth.tar", f"microsoft's folder {_DRIVE}, pose_coco"
    file = WeightsFile(name, "pth", _MICROSOFT_LICENCE, where=where)
    about = _RESNET.format(depth, "microsoft", size)
    return _build_body(f"{POSE_RESNET}{depth}", about, [file], size, BGR_SCALING)


def _build_mmpose(depth: str, size: str) -> PublishedWeights:
    """Build the entry of mmpose's pose_resnet; its 1.x file, if any, comes before its 0.x file."""
    batch, new, old = _MMPOSE[depth, size]
    new_file = f"td-hm_res{depth}_{batch}-210e_coco-{size}-{new}.pth"
    files = [_build_pth_file(_MMPOSE_1X, new_file, _MMPOSE_LICENCE)] if new else []
    files.append(_build_pth_file(_MMPOSE_0X, f"res{depth}_coco_{size}-{old}.pth", _MMPOSE_LICENCE))
    about = _RESNET.format(depth, "mmpose", size)
    return _build_body(f"{POSE_RESNET}{depth}", about, files, size)


def _build_vitpose(kind: str) -> PublishedWeights:
    """Build the entry of a ViTPose, "size.head"; transformers' file comes before mmpose's."""
    size, head = kind.split(".")
    title = size if head == "classic" else f"{size}-{head}"
    file = f"td-hm_ViTPose-{title}_8xb64-210e_coco-256x192-{_VITPOSE[kind]}.pth"
    files = [_build_pth_file(_MMPOSE_1X, file, _VITPOSE_LICENCE)]
    if size == "base":  # which transformers has, too
        name, url = f"vitpose-{title}.safetensors", _HUGGING_FACE.format(f"vitpose-{title}")
        files.insert(0, WeightsFile(name, "safetensors", _VITPOSE_LICENCE, (url,)))
    about = f"ViTPose, {size}, with the {head} head (Xu 2022), 256x192"
    return _build_body(f"{VITPOSE}{kind}", about, files, "256x192", reading=_XU_2022)


def _build_backbone(depth: str) -> PublishedWeights:
    """Build the entry of torchvision's ResNet, the backbone for training a pose_resnet."""
    net = f"{POSE_RESNET}{depth}"
    about = f"ResNet-{depth} of ImageNet, the backbone of a {net} to train"
    file = _build_pth_file(_TORCHVISION, _BACKBONES[depth], _IMAGENET_LICENCE)
    return PublishedWeights(net, COCO_17.name, about, (file,), (RGB_SCALING,), backbone=True)


def _build_rtmpose(title: str, size: str, file: str, where: str) -> PublishedWeights:
    """Build the entry of an RTMPose as ONNX, which a person has to download."""
    source = WeightsFile(file, "onnx", _MMPOSE_LICENCE, where=where)
    return _build_body("", f"RTMPose (Jiang 2023), {title}, {size}, as ONNX", [source], size)


_RTMPOSE_M = ("rtmpose_m.onnx", f"the end2end.onnx of the archive {_SDK}")
_RTMPOSE_ANY = (
    "rtmpose.onnx",
    "mmpose's list of RTMPose nets (projects/rtmpose), or export your own with mmdeploy",
)

BODIES = {
    "rtmpose_m.body8_256x192": _build_rtmpose("size M, of 8 data sets", "256x192", *_RTMPOSE_M),
    "rtmpose.onnx_256x192": _build_rtmpose("any size", "256x192", *_RTMPOSE_ANY),
    "rtmpose.onnx_384x288": _build_rtmpose("any size", "384x288", *_RTMPOSE_ANY),
    **{f"{POSE_RESNET}{d}.microsoft_{s}": _build_microsoft(d, s) for d, s in _MMPOSE},
    **{f"{POSE_RESNET}{d}.mmpose_{s}": _build_mmpose(d, s) for d, s in _MMPOSE},
    **{f"{VITPOSE}{kind}": _build_vitpose(kind) for kind in _VITPOSE},
    **{f"resnet{depth}.imagenet": _build_backbone(depth) for depth in _BACKBONES},
}
WEIGHTS = _CPMS | BODIES

_CPM = "cpm."
_STAGE_ARRAY = re.compile(r"Mconv[1-7]_stage[2-6]\.(weight|bias)")
_HEAD_LAYERS = ("deconv_layers.", "final_layer.")  # absent from a ResNet's backbone


def find_weights(name: str) -> PublishedWeights:
    """Return the entry of the named weights; raise WeightsError if the name is unknown."""
    if name not in WEIGHTS:
        raise WeightsError(f"no weights “{name}”, there are: {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def is_later_stage_array(name: str, array: str) -> bool:
    """Whether an array belongs to stage 2 to 6 of a CPM: a net of fewer stages ignores it."""
    return name.startswith(_CPM) and _STAGE_ARRAY.fullmatch(array) is not None


def expected_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Return array name → shape in the net's `state_dict`; {} for an ONNX graph."""
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
        and not (entry.backbone and array.startswith(_HEAD_LAYERS))
    }


def rename_published_arrays(name: str, file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Rename a published file's arrays to the names in our net's `state_dict`."""
    net = WEIGHTS[name].net
    if net.startswith(_CPM):
        return rename_cpm_arrays(file, arrays)
    rename = rename_vitpose_arrays if net.startswith(VITPOSE) else rename_resnet_arrays
    return rename(file, arrays)
