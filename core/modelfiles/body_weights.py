"""The published body nets that Mudra reads, trained on COCO, and the trunks of ImageNet to train
one's own from.

A trap: microsoft's code reads pictures as BGR and never turns them, so that its weights want blue
first, and the mean and spread of ImageNet's red on it; mmpose and transformers feed RGB.
"""

from core.modelfiles.weights_entry import Scaling, Source, Weights, normalised
from core.pose.map_reading import Reading
from core.pose.skeletons.table import COCO_17

POSE_RESNET, VITPOSE = "pose_resnet", "vitpose_"

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # ImageNet's red, green, blue
RGB_SCALING: Scaling = normalised("RGB", _MEAN, _STD)
BGR_SCALING: Scaling = normalised("BGR", _MEAN, _STD)  # red's figures on blue, as trained

_LICENCE = "{}; trained on COCO, whose pictures have each its own terms"
_MICROSOFT_LICENCE = _LICENCE.format("MIT (microsoft/human-pose-estimation.pytorch)")
_MMPOSE_LICENCE = _LICENCE.format("Apache-2.0 (mmpose)")
_VITPOSE_LICENCE = _LICENCE.format("Apache-2.0 (ViTAE-Transformer/ViTPose)")
_IMAGENET_LICENCE = "BSD-3-Clause (torchvision); trained on ImageNet: research, not commercial"

_V1 = "https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/"
_V0 = "https://download.openmmlab.com/mmpose/top_down/resnet/"
_TORCH = "https://download.pytorch.org/models/"
_HUGGING_FACE = "https://huggingface.co/usyd-community/{}/resolve/main/model.safetensors"
_SDK = (
    "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
    "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip"
)
_DRIVE = "https://drive.google.com/drive/folders/13_wJ6nC7my1KKouMkQMqyr9r1ZnLnukP"

_SIZES = {"256x192": (256, 192), "384x288": (384, 288)}
_OF_XIAO = Reading("stride", "quarter")
_OF_VITPOSE = Reading("ends", "dark")


def _named_by_hash(folder: str, file: str, licence: str) -> Source:
    """A .pth file whose name carries the first 8 digits of its sha256: …-0123abcd_date or
    …-0123abcd."""
    start = file.removesuffix(".pth").rpartition("-")[2].partition("_")[0]
    return Source(file, "pth", licence, (folder + file,), sha256_start=start)


# Each net and size: the file of mmpose 1.x, of 0.x
_MMPOSE = {
    ("50", "256x192"): (
        "td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth",
        "res50_coco_256x192-ec54d7f3_20200709.pth",
    ),
    ("50", "384x288"): (
        "td-hm_res50_8xb64-210e_coco-384x288-7b8db90e_20220923.pth",
        "res50_coco_384x288-e6f795e9_20200709.pth",
    ),
    ("101", "256x192"): (
        "td-hm_res101_8xb64-210e_coco-256x192-065d3625_20220926.pth",
        "res101_coco_256x192-6e6babf0_20200708.pth",
    ),
    ("101", "384x288"): (None, "res101_coco_384x288-8c71bdc9_20200709.pth"),
    ("152", "256x192"): (
        "td-hm_res152_8xb32-210e_coco-256x192-0345f330_20220928.pth",
        "res152_coco_256x192-f6e307c2_20200709.pth",
    ),
    ("152", "384x288"): (
        "td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth",
        "res152_coco_384x288-3860d4c9_20200709.pth",
    ),
}
_VITPOSE = {  # size and head: mmpose's file, transformers' repository
    "small.classic": ("td-hm_ViTPose-small_8xb64-210e_coco-256x192-62d7a712_20230314.pth", None),
    "small.simple": (
        "td-hm_ViTPose-small-simple_8xb64-210e_coco-256x192-4c101a76_20230314.pth",
        None,
    ),
    "base.classic": (
        "td-hm_ViTPose-base_8xb64-210e_coco-256x192-216eae50_20230314.pth",
        "vitpose-base",
    ),
    "base.simple": (
        "td-hm_ViTPose-base-simple_8xb64-210e_coco-256x192-0b8234ea_20230407.pth",
        "vitpose-base-simple",
    ),
}
_TRUNKS = {  # torchvision's first weights of each
    "18": "resnet18-f37072fd.pth",
    "34": "resnet34-b627a593.pth",
    "50": "resnet50-0676ba61.pth",
    "101": "resnet101-63fe2227.pth",
    "152": "resnet152-394f9c45.pth",
}


def _microsoft(depth: str, size: str) -> Weights:
    file = f"pose_resnet_{depth}_{size}.pth.tar"
    where = f"microsoft's folder {_DRIVE}, pose_coco"
    return Weights(
        f"{POSE_RESNET}{depth}",
        COCO_17.name,
        f"ResNet-{depth} with deconvolutions (Xiao 2018), microsoft's, {size}",
        (Source(file, "pth", _MICROSOFT_LICENCE, where=where),),
        (BGR_SCALING,),
        _SIZES[size],
        reading=_OF_XIAO,
    )


def _mmpose(depth: str, size: str) -> Weights:
    new, old = _MMPOSE[depth, size]
    sources = [_named_by_hash(_V1, new, _MMPOSE_LICENCE)] if new else []
    return Weights(
        f"{POSE_RESNET}{depth}",
        COCO_17.name,
        f"ResNet-{depth} with deconvolutions (Xiao 2018), mmpose's, {size}",
        (*sources, _named_by_hash(_V0, old, _MMPOSE_LICENCE)),
        (RGB_SCALING,),
        _SIZES[size],
        reading=_OF_XIAO,
    )


def _vitpose(kind: str) -> Weights:
    size, head = kind.split(".")
    file, repository = _VITPOSE[kind]
    sources = [_named_by_hash(_V1, file, _VITPOSE_LICENCE)]
    if repository:
        url = _HUGGING_FACE.format(repository)
        name = f"{repository}.safetensors"
        sources.insert(0, Source(name, "safetensors", _VITPOSE_LICENCE, (url,)))
    return Weights(
        f"{VITPOSE}{kind}",
        COCO_17.name,
        f"ViTPose, {size}, with the {head} head (Xu 2022), 256x192",
        tuple(sources),
        (RGB_SCALING,),
        _SIZES["256x192"],
        reading=_OF_VITPOSE,
    )


def _trunk(depth: str) -> Weights:
    return Weights(
        f"{POSE_RESNET}{depth}",
        COCO_17.name,
        f"ResNet-{depth} of ImageNet, the trunk of a pose_resnet{depth} to train",
        (_named_by_hash(_TORCH, _TRUNKS[depth], _IMAGENET_LICENCE),),
        (RGB_SCALING,),
        trunk=True,
    )


def _rtmpose(about: str, size: str, source: Source) -> Weights:
    return Weights(
        "",
        COCO_17.name,
        f"RTMPose (Jiang 2023), {about}, {size}, as ONNX",
        (source,),
        (RGB_SCALING,),
        _SIZES[size],
        reading=_OF_XIAO,
    )


_RTMPOSE_M = Source(
    "rtmpose_m.onnx",
    "onnx",
    _MMPOSE_LICENCE,
    where=f"the end2end.onnx of the archive {_SDK}",
)
_RTMPOSE_OWN = Source(
    "rtmpose.onnx",
    "onnx",
    _MMPOSE_LICENCE,
    where="mmpose's list of RTMPose nets (projects/rtmpose), or export one's own by mmdeploy",
)

BODIES = {
    "rtmpose_m.body8_256x192": _rtmpose("middle-sized, of eight data sets", "256x192", _RTMPOSE_M),
    "rtmpose.onnx_256x192": _rtmpose("of any size", "256x192", _RTMPOSE_OWN),
    "rtmpose.onnx_384x288": _rtmpose("of any size", "384x288", _RTMPOSE_OWN),
    **{f"{POSE_RESNET}{d}.microsoft_{s}": _microsoft(d, s) for d, s in _MMPOSE},
    **{f"{POSE_RESNET}{d}.mmpose_{s}": _mmpose(d, s) for d, s in _MMPOSE},
    **{f"{VITPOSE}{kind}": _vitpose(kind) for kind in _VITPOSE},
    **{f"resnet{depth}.imagenet": _trunk(depth) for depth in _TRUNKS},
}
