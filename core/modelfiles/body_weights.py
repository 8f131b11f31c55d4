"""The table of published body nets trained on COCO, and of ImageNet backbones to train new ones.

A trap: microsoft's code reads pictures as BGR and never converts them, so that its weights expect
blue first, normalised by ImageNet's mean and std of red; mmpose and transformers feed RGB.
"""

from core.modelfiles.weights_entry import PublishedWeights, Scaling, WeightsFile
from core.pose.heatmaps import MapDecoding
from core.pose.skeletons.table import COCO_17

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
_XIAO_2018 = MapDecoding("stride", "quarter")
_XU_2022 = MapDecoding("ends", "dark")


# depth and input size → the file of mmpose 1.x, of 0.x
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
_VITPOSE = {  # size and head → mmpose's file, transformers' repository
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
_TRUNKS = {  # depth → torchvision's first weights
    "18": "resnet18-f37072fd.pth",
    "34": "resnet34-b627a593.pth",
    "50": "resnet50-0676ba61.pth",
    "101": "resnet101-63fe2227.pth",
    "152": "resnet152-394f9c45.pth",
}


def _hash_named_file(folder: str, file: str, licence: str) -> WeightsFile:
    """Build the entry of a .pth file whose name contains the first 8 digits of its sha256, as
    NAME-0123abcd_20220923.pth or NAME-0123abcd.pth."""
    start = file.removesuffix(".pth").rpartition("-")[2].partition("_")[0]
    return WeightsFile(file, "pth", licence, (folder + file,), sha256_start=start)


def _pose_resnet_weights(
    depth: str, size: str, publisher: str, files: list[WeightsFile], scaling: Scaling
) -> PublishedWeights:
    """Build the catalogue entry of a publisher's pose_resnet, by ResNet depth ("50") and input size
    ("256x192")."""
    return PublishedWeights(
        f"{POSE_RESNET}{depth}",
        COCO_17.name,
        f"ResNet-{depth} with deconvolutions (Xiao 2018), {publisher}'s, {size}",
        tuple(files),
        (scaling,),
        _SIZES[size],
        reading=_XIAO_2018,
    )


def _microsoft_weights(depth: str, size: str) -> PublishedWeights:
    """Build the catalogue entry of microsoft's pose_resnet, which takes BGR and which a person has
    to download."""
    where = f"microsoft's folder {_DRIVE}, pose_coco"
    file = WeightsFile(
        f"pose_resnet_{depth}_{size}.pth.tar", "pth", _MICROSOFT_LICENCE, where=where
    )
    return _pose_resnet_weights(depth, size, "microsoft", [file], BGR_SCALING)


def _mmpose_weights(depth: str, size: str) -> PublishedWeights:
    """Build the catalogue entry of mmpose's pose_resnet, with its 1.x file, if any, before its 0.x
    file."""
    new, old = _MMPOSE[depth, size]
    files = [_hash_named_file(_MMPOSE_1X, new, _MMPOSE_LICENCE)] if new else []
    files.append(_hash_named_file(_MMPOSE_0X, old, _MMPOSE_LICENCE))
    return _pose_resnet_weights(depth, size, "mmpose", files, RGB_SCALING)


def _vitpose_weights(kind: str) -> PublishedWeights:
    """Build the catalogue entry of a ViTPose, by "size.head"; transformers' file, if any, before
    mmpose's."""
    size, head = kind.split(".")
    file, repository = _VITPOSE[kind]
    files = [_hash_named_file(_MMPOSE_1X, file, _VITPOSE_LICENCE)]
    if repository:
        url = _HUGGING_FACE.format(repository)
        name = f"{repository}.safetensors"
        files.insert(0, WeightsFile(name, "safetensors", _VITPOSE_LICENCE, (url,)))
    return PublishedWeights(
        f"{VITPOSE}{kind}",
        COCO_17.name,
        f"ViTPose, {size}, with the {head} head (Xu 2022), 256x192",
        tuple(files),
        (RGB_SCALING,),
        _SIZES["256x192"],
        reading=_XU_2022,
    )


def _trunk_weights(depth: str) -> PublishedWeights:
    """Build the catalogue entry of torchvision's ResNet backbone, to train a pose_resnet of that
    depth from."""
    return PublishedWeights(
        f"{POSE_RESNET}{depth}",
        COCO_17.name,
        f"ResNet-{depth} of ImageNet, the trunk of a pose_resnet{depth} to train",
        (_hash_named_file(_TORCHVISION, _TRUNKS[depth], _IMAGENET_LICENCE),),
        (RGB_SCALING,),
        trunk=True,
    )


def _rtmpose_weights(title: str, size: str, file: str, where: str) -> PublishedWeights:
    """Build the catalogue entry of an RTMPose as ONNX, which a person has to download; `where` says
    from where."""
    return PublishedWeights(
        "",
        COCO_17.name,
        f"RTMPose (Jiang 2023), {title}, {size}, as ONNX",
        (WeightsFile(file, "onnx", _MMPOSE_LICENCE, where=where),),
        (RGB_SCALING,),
        _SIZES[size],
        reading=_XIAO_2018,
    )


_RTMPOSE_M = ("rtmpose_m.onnx", f"the end2end.onnx of the archive {_SDK}")
_RTMPOSE_ANY = (
    "rtmpose.onnx",
    "mmpose's list of RTMPose nets (projects/rtmpose), or export your own with mmdeploy",
)

BODIES = {
    "rtmpose_m.body8_256x192": _rtmpose_weights("size M, of 8 data sets", "256x192", *_RTMPOSE_M),
    "rtmpose.onnx_256x192": _rtmpose_weights("any size", "256x192", *_RTMPOSE_ANY),
    "rtmpose.onnx_384x288": _rtmpose_weights("any size", "384x288", *_RTMPOSE_ANY),
    **{f"{POSE_RESNET}{d}.microsoft_{s}": _microsoft_weights(d, s) for d, s in _MMPOSE},
    **{f"{POSE_RESNET}{d}.mmpose_{s}": _mmpose_weights(d, s) for d, s in _MMPOSE},
    **{f"{VITPOSE}{kind}": _vitpose_weights(kind) for kind in _VITPOSE},
    **{f"resnet{depth}.imagenet": _trunk_weights(depth) for depth in _TRUNKS},
}
