"""Where keypoints come from: estimators, and heatmap nets that are shipped, trained or imported."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import EstimatorError, WeightsError
from core.estimators import ESTIMATORS, create_estimator
from core.modelfiles.model_folder import (
    METADATA,
    DepthMetadata,
    HeatmapMetadata,
    is_net_folder,
    read_net_metadata,
)
from core.paths import Paths
from core.pose.finders import MEDIAPIPE
from core.pose.skeletons.table import HAND_21, SKELETONS, skeleton_named

BLAZEPOSE, MOVENET = "mediapipe-pose", "movenet.multipose"
_NET_ESTIMATOR = "heatmap-net"  # runs a net, which is selected by the net's own name


@dataclass(frozen=True)
class KeypointSource:
    """An estimator by name, with its options.

    Attributes:
        name: of an estimator without a net, or of a net.
        crop: of a net's input, one of `heatmap.CROPS`.
        kalman: filter a net's keypoints from frame to frame.
        masks: let a body estimator also segment the person.
    """

    name: str = MEDIAPIPE
    crop: str = "mediapipe"
    kalman: bool = False
    masks: bool = False

    @property
    def is_net(self) -> bool:
        """Whether a heatmap net finds the keypoints."""
        return self.name not in estimator_names()

    def net_metadata(self, paths: Paths) -> HeatmapMetadata:
        """Read the metadata of the net; raise WeightsError if they can't be read."""
        return read_net_metadata(paths.net(self.name), HeatmapMetadata)

    def training_estimator(self, paths: Paths) -> str:
        """Return the estimator name for gesture models; a fine-tuned net has its base net's."""
        if not self.is_net:
            return self.name
        try:
            return self.net_metadata(paths).name
        except WeightsError:
            return self.name

    def open(self, paths: Paths, *, num_poses: int = 1, isolated: bool = True) -> Any:
        """Create the estimator with these options. Raise EstimatorError if the name is unknown,
        WeightsError if its models are missing or altered.

        Args:
            isolated: see `MediapipeTask`.
        """
        if not self.is_net:
            options: dict[str, Any] = {"masks": True} if self.masks else {}
            if ESTIMATORS[self.name].can_isolate:
                options["isolated"] = isolated
            if nets := ESTIMATORS[self.name].nets:
                options["net_folders"] = [paths.net(net) for net in nets]
            return create_estimator(self.name, paths.weights, num_poses=num_poses, **options)
        folder = paths.net(self.name)
        if not folder.is_dir():
            known = ", ".join((*estimator_names(), *available_nets(paths)))
            raise EstimatorError(f"no estimator “{self.name}”, there are: {known}")
        return create_estimator(
            _NET_ESTIMATOR,
            paths.weights,
            net_folder=folder,
            num_poses=num_poses,
            crop=self.crop,
            kalman=self.kalman,
            isolated=isolated,
        )


def estimator_names(skeleton: str | None = None) -> list[str]:
    """List the names of the estimators that need no net, for one skeleton or for all."""
    return [
        name
        for name, estimator in ESTIMATORS.items()
        if name != _NET_ESTIMATOR and skeleton in (None, estimator.skeleton)
    ]


def selectable_sources(paths: Paths, skeleton: str = HAND_21.name) -> list[str]:
    """List the names of the estimators and nets for a skeleton; if there are none, the default
    source for hands or bodies."""
    names = [*estimator_names(skeleton), *available_nets(paths, skeleton)]
    return names or [default_source(skeleton).name]


def default_source(skeleton: str) -> KeypointSource:
    """Return the first estimator for a skeleton or, if there is none, for hands or bodies."""
    kind = skeleton_named(skeleton).title
    of_kind = (n for n in estimator_names() if skeleton_named(ESTIMATORS[n].skeleton).title == kind)
    return KeypointSource(next(iter((*estimator_names(skeleton), *of_kind))))


def available_nets(paths: Paths, skeleton: str = HAND_21.name) -> dict[str, Path]:
    """Return the heatmap nets for a skeleton as {name: folder}; the user's nets override shipped
    nets of the same name."""
    found: dict[str, Path] = {}
    for folder in (paths.shipped_models, paths.own_nets):
        for path in sorted(folder.glob(f"*/{METADATA}")):
            with suppress(WeightsError):  # another kind of model, or damaged
                if read_net_metadata(path.parent, HeatmapMetadata).skeleton == skeleton:
                    found[path.parent.name] = path.parent
    return found


def body_nets(paths: Paths) -> dict[str, Path]:
    """Find the heatmap nets of bodies: name → folder."""
    bodies = (name for name, skeleton in SKELETONS.items() if skeleton.is_body)
    return {n: path for body in bodies for n, path in available_nets(paths, body).items()}


def depth_nets(paths: Paths) -> dict[str, Path]:
    """Find the nets of hands in depth: name → folder; the user's nets hide shipped ones."""
    folders = [p for root in (paths.shipped_models, paths.own_nets) for p in sorted(root.glob("*"))]
    return {folder.name: folder for folder in folders if is_net_folder(folder, DepthMetadata)}
