"""Whose keypoints: MediaPipe's, or those of a belief-map net that is shipped, made or imported."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import EstimatorError
from core.estimators import create_estimator
from core.paths import Places

MEDIAPIPE = "mediapipe-hands"
_METADATA = "metadata.json"


@dataclass(frozen=True)
class KeypointSource:
    """An estimator by name.

    Attributes:
        name: "mediapipe-hands", or a net's.
        crop: where a net looks, one of `heatmap.CROPS`.
        kalman: filter a net's joints from frame to frame.
    """

    name: str = MEDIAPIPE
    crop: str = "mediapipe"
    kalman: bool = False

    @property
    def is_net(self) -> bool:
        """Whether it brings belief maps."""
        return self.name != MEDIAPIPE

    def keypoints_of(self, places: Places) -> str:
        """Whose keypoints a gesture model must have learned from; a fine-tuned net's are those of
        the net that it began as."""
        if not self.is_net:
            return self.name
        try:
            text = (places.net(self.name) / _METADATA).read_text(encoding="utf-8")
            return str(json.loads(text)["name"])
        except (OSError, ValueError, KeyError):
            return self.name

    def open(self, places: Places, *, num_hands: int = 1) -> Any:
        """The estimator.

        Raises:
            EstimatorError: no such estimator.
            WeightsError: its models are not there, or altered.
        """
        if not self.is_net:
            return create_estimator(self.name, places.weights, num_hands=num_hands)
        folder = places.net(self.name)
        if not folder.is_dir():
            there = ", ".join((MEDIAPIPE, *nets(places)))
            raise EstimatorError(f"no estimator “{self.name}”, there are: {there}")
        return create_estimator(
            "belief-net", places.weights, net_folder=folder, num_hands=num_hands,
            crop=self.crop, kalman=self.kalman,
        )  # fmt: skip


def nets(places: Places) -> dict[str, Path]:
    """The belief-map nets that can be used, by name; one's own hides a shipped one."""
    found: dict[str, Path] = {}
    for folder in (places.shipped_models, places.nets):
        for path in sorted(folder.glob(f"*/{_METADATA}")):
            if path.parent.name.startswith("cpm."):
                found[path.parent.name] = path.parent
    return found
