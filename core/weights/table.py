"""The published weights that Mudra reads: what each is, where it comes from, how its net is fed.

Names are those of the nets. A source's layer names become Caffe's with `.weight` (O, I, H, W) and
`.bias` (O,), float32: `conv1_1.weight`. Where nobody published a sha256 it is None here, and
whoever fetches decides on what came.
"""

from dataclasses import dataclass
from itertools import pairwise

from core.pose.skeletons import HAND_21

Shape = tuple[int, ...]

_CMU = "http://posefs1.perception.cs.cmu.edu"
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_OPENPOSE_LICENCE = "OpenPose's: academic or non-profit research, not commercial"
_CPM_LICENCE = "the authors': research, not commercial"
_PORT_LICENCE = f"converted from OpenPose's weights, so {_OPENPOSE_LICENCE}"
FORMATS = {  # suffix -> format
    ".caffemodel": "caffemodel",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".pth": "pth",
    ".pt": "pth",
}


@dataclass(frozen=True)
class Scaling:
    """How a picture becomes the net's input: value · factor + offset, of 0..255."""

    channels: str
    factor: float
    offset: float


@dataclass(frozen=True)
class Source:
    """A published file.

    Attributes:
        format: "caffemodel", "pickle" or "pth".
        urls: tried in this order; empty where it is fetched by hand (see `where`).
        sha256, bytes: of the file, where they are known.
        where: in words, for a file without a direct address.
    """

    file: str
    format: str
    licence: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    bytes: int | None = None
    where: str = ""


@dataclass(frozen=True)
class Weights:
    """The weights of a net, and the layout that they must have.

    Attributes:
        subject: "hand" or "body"; decides the layers.
        joints: J; the net says J + 1 maps.
        sources: the same net from several hands, the first is the one fetched.
        scalings: the first is the one it was trained with.
    """

    subject: str
    stages: int
    joints: int
    about: str
    sources: tuple[Source, ...]
    scalings: tuple[Scaling, ...]

    @property
    def skeleton(self) -> str:
        """The name of the skeleton whose keypoints the net finds, in that order; "" for the body's,
        which go from the head down: LSP's 14 begin at an ankle."""
        return HAND_21.name if self.subject == "hand" else ""


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
        "hand",
        6,
        21,
        "OpenPose's hand net (Simon 2017), 21 keypoints, 6 stages",
        (_HAND_CAFFEMODEL, _HAND_PICKLE, _HAND_PTH),
        (PUBLISHED_SCALING, SEED_SCALING),
    ),
    "cpm.body": Weights(
        "body",
        6,
        14,
        "the body net of Wei 2016 in its VGG variant, 14 keypoints, 6 stages",
        (_BODY_PICKLE, _BODY_CAFFEMODEL),
        (PUBLISHED_SCALING,),
    ),
    "cpm.seed_hand": Weights(
        "hand",
        3,
        21,
        "the first 3 stages of the hand net, as timctho's port loads them",
        (_HAND_PICKLE, _HAND_CAFFEMODEL, _HAND_PTH),
        (PUBLISHED_SCALING,),
    ),
}

_STEM = {
    "conv1_1": 64,
    "conv1_2": 64,
    "conv2_1": 128,
    "conv2_2": 128,
    "conv3_1": 256,
    "conv3_2": 256,
    "conv3_3": 256,
    "conv3_4": 256,
    "conv4_1": 512,
    "conv4_2": 512,
}
_REST = {
    "hand": {"conv4_3": 512, "conv4_4": 512, "conv5_1": 512, "conv5_2": 512, "conv5_3_CPM": 128},
    "body": {
        "conv4_3_CPM": 256,
        "conv4_4_CPM": 256,
        "conv4_5_CPM": 256,
        "conv4_6_CPM": 256,
        "conv4_7_CPM": 128,
    },
}
_STAGE_1 = {"hand": ("conv6_1_CPM", "conv6_2_CPM"), "body": ("conv5_1_CPM", "conv5_2_CPM")}
_FEATURES = 128


def expected_shapes(name: str) -> dict[str, Shape]:
    """Every array that the named net's weights hold, with its shape, in the net's order."""
    entry = WEIGHTS[name]
    maps, centre = entry.joints + 1, int(entry.subject == "body")
    convolutions: list[tuple[str, int, int, int]] = []  # layer, in, out, side of the kernel
    channels = 3
    for layer, wide in (_STEM | _REST[entry.subject]).items():
        convolutions.append((layer, channels, wide, 3))
        channels = wide
    first, last = _STAGE_1[entry.subject]
    convolutions += [(first, _FEATURES, 512, 1), (last, 512, maps, 1)]
    for stage in range(2, entry.stages + 1):
        widths = (maps + _FEATURES + centre, *[128] * 6, maps)
        for i, (wide_in, wide_out) in enumerate(pairwise(widths), 1):
            convolutions.append((f"Mconv{i}_stage{stage}", wide_in, wide_out, 7 if i <= 5 else 1))
    shapes: dict[str, Shape] = {}
    for layer, wide_in, wide_out, side in convolutions:
        shapes[f"{layer}.weight"] = (wide_out, wide_in, side, side)
        shapes[f"{layer}.bias"] = (wide_out,)
    return shapes
