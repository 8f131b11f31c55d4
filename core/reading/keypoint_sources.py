"""Whose keypoints: an estimator's, or a heatmap net's that is shipped, made or imported."""

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
    is_net,
    read_metadata,
)
from core.paths import Paths
from core.pose.finders import MEDIAPIPE
from core.pose.skeletons.table import HAND_21, SKELETONS, Skeleton, skeleton_named

BLAZEPOSE = "mediapipe-pose"
_BY_NET = "heatmap-net"  # the estimator that runs a net, which is chosen by its own name


@dataclass(frozen=True)
class KeypointSource:
    """An estimator by name.

    Attributes:
        name: an estimator's that needs no net ("mediapipe-hands"), or a net's.
        crop: a net's crop, one of `heatmap.CROPS`.
        kalman: filter a net's keypoints from frame to frame.
        masks: also ask a body's estimator which pixels are the person's.
    """

    name: str = MEDIAPIPE
    crop: str = "mediapipe"
    kalman: bool = False
    masks: bool = False

    @property
    def is_net(self) -> bool:
        """Whether it brings heatmaps."""
        return self.name not in estimators()

    def keypoints_of(self, paths: Paths) -> str:
        """Whose keypoints a gesture model must have been trained on; a fine-tuned net's are those
        of the net that it began as."""
        if not self.is_net:
            return self.name
        try:
            return read_metadata(paths.net(self.name), HeatmapMetadata).name
        except WeightsError:
            return self.name

    def open(self, paths: Paths, *, num_poses: int = 1, isolated: bool = True) -> Any:
        """The estimator.

        Args:
            isolated: MediaPipe in a worker, as pictures of strangers are read; False: in this
                process, for a camera.

        Raises:
            EstimatorError: no such estimator.
            WeightsError: its models are not there, or altered.
        """
        if not self.is_net:
            more = {"masks": True} if self.masks else {}
            if ESTIMATORS[self.name].can_isolate:
                more["isolated"] = isolated
            return create_estimator(self.name, paths.weights, num_poses=num_poses, **more)
        folder = paths.net(self.name)
        if not folder.is_dir():
            there = ", ".join((*estimators(), *available_nets(paths)))
            raise EstimatorError(f"no estimator “{self.name}”, there are: {there}")
        return create_estimator(
            _BY_NET,
            paths.weights,
            net_folder=folder,
            num_poses=num_poses,
            crop=self.crop,
            kalman=self.kalman,
            isolated=isolated,
        )


def estimators(skeleton: str | None = None) -> list[str]:
    """The names in the table of estimators that need no net; those that find the keypoints of a
    skeleton, where one is given."""
    return [
        name
        for name, made in ESTIMATORS.items()
        if name != _BY_NET and skeleton in (None, made.skeleton)
    ]


def offered(paths: Paths, skeleton: str = HAND_21.name) -> list[str]:
    """Whose keypoints of a skeleton there are to choose from, by name; never nothing: where nobody
    finds these, those of the kind are offered, and a project says why it does not take them."""
    own = [*estimators(skeleton), *available_nets(paths, skeleton)]
    return own or [source_for(skeleton).name]


def source_for(skeleton: str) -> KeypointSource:
    """What finds a skeleton's keypoints where nothing is chosen: hands' or bodies'."""
    kind = skeleton_named(skeleton).title
    of_kind = (n for n in estimators() if skeleton_named(ESTIMATORS[n].skeleton).title == kind)
    return KeypointSource(next(iter((*estimators(skeleton), *of_kind))))


def available_nets(paths: Paths, skeleton: str = HAND_21.name) -> dict[str, Path]:
    """The heatmap nets that find the keypoints of a skeleton, by name; one's own hides a shipped
    one."""
    found: dict[str, Path] = {}
    for folder in (paths.shipped_models, paths.own_nets):
        for path in sorted(folder.glob(f"*/{METADATA}")):
            with suppress(WeightsError):  # another kind of model, or damaged
                if read_metadata(path.parent, HeatmapMetadata).skeleton == skeleton:
                    found[path.parent.name] = path.parent
    return found


def body_nets(paths: Paths) -> dict[str, Path]:
    """The heatmap nets that find bodies, by name."""
    bodies = (name for name, skeleton in SKELETONS.items() if skeleton.is_body)
    return {n: path for body in bodies for n, path in available_nets(paths, body).items()}


def depth_nets(paths: Paths) -> dict[str, Path]:
    """The nets that find hands in depth, by name; one's own hides a shipped one."""
    folders = [p for root in (paths.shipped_models, paths.own_nets) for p in sorted(root.glob("*"))]
    return {folder.name: folder for folder in folders if is_net(folder, DepthMetadata)}


def all_nets(paths: Paths) -> dict[str, Path]:
    """The heatmap nets that find hands or bodies, by name."""
    return available_nets(paths) | body_nets(paths)


def skeleton_by(source: KeypointSource, paths: Paths) -> Skeleton:
    """What a net's heatmaps are of.

    Raises:
        WeightsError: no net there, or its metadata can't be read.
    """
    return skeleton_named(read_metadata(paths.net(source.name), HeatmapMetadata).skeleton)


def stages_of(source: KeypointSource, paths: Paths) -> int:
    """How many stages a net has.

    Raises:
        WeightsError: no net there, or its metadata can't be read.
    """
    return read_metadata(paths.net(source.name), HeatmapMetadata).stages
