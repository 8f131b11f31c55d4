"""A gesture model in use: `model.onnx` + `metadata.json`, run by onnxruntime alone.

Convention: inputs `keypoints` float32 (N, K, D), D = 2 in pixels or 3 in space, and `mirrored_view`
bool (N,); of gestures that move, `keypoints` are windows of T frames evenly spaced in time, (N, T,
K, D). Outputs `probabilities` (N, C) and, but in early models, `rejection` (N,): larger = farther
out of distribution, and above the metadata's threshold no gesture is given. A model file is an
untrusted file: it is read as bytes and checked before it runs.

A training writes its model twice, each time the graph first: the metadata name its sha256, so that
no reader takes one model's graph with the other's metadata.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.gestures.features import FEATURE_SETS, SPACE_FEATURES
from core.gestures.labels import GestureLabel, safe_emoji
from core.gestures.modelfile.metadata import MOVING, ModelMetadata
from core.gestures.motion.motion_features import MOTION_FEATURES
from core.modelfiles.graph_checks import find_graph_fault
from core.modelfiles.onnx_session import open_session
from core.pose.finders import keypoints_by
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named

MODEL, METADATA = "model.onnx", "metadata.json"
ONNX_SHA256, PRELIMINARY = "onnx_sha256", "preliminary"  # in the metadata; early models lack them
MOTIONS = "motions"  # the folder, in a model's own, of one of moving gestures beside it
_BETWEEN_WRITES_S = 2.0  # at most; a fraction of a millisecond it is
MAX_BYTES = 20 * 2**20
MAX_METADATA = 2**20
MAX_MEMORY = 512 * 2**20  # bytes that a graph may take while it runs
_BATCH = 8192  # rows at once, so that it needs no more; of windows fewer
_WINDOWS = 512
_INPUTS = {"keypoints": "tensor(float)", "mirrored_view": "tensor(bool)"}
OUTPUTS = ("probabilities", "rejection")


@dataclass(frozen=True, eq=False)
class GestureModel:
    """Keypoints in, probabilities out.

    Attributes:
        path: the folder it came from.
        metadata: what `metadata.json` says.
        onnx: the checked model's bytes.
        beside: of moving gestures, of a model that came as a file; a folder's lies in it.
    """

    path: Path
    metadata: dict[str, Any]
    onnx: bytes
    beside: "GestureModel | None" = None

    @classmethod
    def load(cls, path: Path) -> "GestureModel":
        """Read a model's folder (a run's too), or its model.onnx.

        Raises:
            ModelError: nothing there, not ours, too large, or of another feature version.
        """
        folder = path.parent if path.suffix == ".onnx" else path
        metadata, data = _read_pair(folder)
        return cls(folder, metadata, data)

    def __reduce__(self) -> Any:
        """As other processes get it: without what runs it here."""
        return GestureModel, (self.path, self.metadata, self.onnx, self.beside)

    @cached_property
    def _session(self) -> Any:
        try:
            session = open_session(self.onnx, max_memory_bytes=MAX_MEMORY)
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise self._cannot_run(error) from error
        came = {i.name: i.type for i in session.get_inputs()}
        shapes = {i.name: tuple(i.shape) for i in session.get_inputs()}
        if came != _INPUTS or not _fits(self.shape, **shapes):
            raise ModelError(
                f"{self.path / MODEL} takes {came} of {shapes}, a gesture model takes {_INPUTS} "
                f"of (N, {self._wanted}) and (N,)"
            )
        outputs = {o.name: o.shape for o in session.get_outputs()}
        ranks = [len(shape) for shape in outputs.values()]
        if [*outputs] != [*OUTPUTS][: len(outputs)] or ranks != [2, 1][: len(ranks)] or not ranks:
            raise ModelError(
                f"{self.path / MODEL} gives {outputs}, wanted are probabilities (N, C) and, where "
                "it can turn hands away, rejection (N,)"
            )
        answers = outputs["probabilities"][1]
        if answers != len(self.gestures):
            raise ModelError(
                f"{self.path / MODEL} gives {answers} answers, but the metadata name "
                f"{len(self.gestures)} gestures"
            )
        return session

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the graph gives: probabilities and, but in early models, rejection."""
        return tuple(output.name for output in self._session.get_outputs())

    def _cannot_run(self, error: Exception) -> ModelError:
        reason = str(error).splitlines()[0]
        return ModelError(f"{self.path / MODEL} can't be run: {reason[:300]}")

    @cached_property
    def about(self) -> ModelMetadata:
        """The metadata, checked.

        Raises:
            ModelError: metadata that can't be used.
        """
        return ModelMetadata.of(self.metadata)

    @cached_property
    def gestures(self) -> tuple[GestureLabel, ...]:
        """The C gestures, in the output's order."""
        named = self.about.gestures
        return tuple(GestureLabel(one.name, safe_emoji(one.emoji)) for one in named)

    @property
    def estimator(self) -> str:
        """Whose keypoints it understands; of several, those that most pictures are read by."""
        return self.about.estimator

    @property
    def estimators(self) -> tuple[str, ...]:
        """Everyone whose keypoints it understands."""
        return tuple(self.about.estimators) or (self.estimator,)

    def knows(self, estimator: str) -> bool:
        """Whether it understands the keypoints that an estimator finds."""
        return keypoints_by(estimator) in self.estimators

    @property
    def skeleton(self) -> Skeleton:
        """Whose keypoints it understands; models that name none are of hands."""
        return skeleton_named(self.about.skeleton)

    @property
    def axes(self) -> int:
        """2: it understands keypoints in the picture; 3: in space."""
        return self.about.axes

    @property
    def steps(self) -> int | None:
        """T of the windows that it takes, of a model of moving gestures; None: of still ones."""
        return self.about.steps if self.about.kind == MOVING else None

    @property
    def longest_s(self) -> tuple[float, ...]:
        """Of each moving gesture how long its longest example lasted, in seconds; 0: unknown."""
        return tuple(self.about.longest_s) or (0.0,) * len(self.gestures)

    @cached_property
    def motions(self) -> "GestureModel | None":
        """What knows the moving gestures: this model, or the one beside it.

        Raises:
            ModelError: there is one that can't be read.
        """
        if self.steps is not None:
            return self
        if self.beside is not None:
            return self.beside
        folder = self.path / MOTIONS
        return GestureModel.load(folder) if (folder / METADATA).is_file() else None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample: (K, D), or (T, K, D) of a model of moving gestures."""
        frames = () if self.steps is None else (self.steps,)
        return (*frames, self.skeleton.size, self.axes)

    @property
    def _wanted(self) -> str:
        return ", ".join(map(str, self.shape))

    @property
    def preliminary(self) -> bool:
        """Whether its training goes on, or was broken off: nothing was measured yet."""
        return self.about.preliminary

    @property
    def threshold(self) -> float:
        """Below this probability the answer in use is "no gesture"."""
        return self.about.threshold

    @property
    def rejects_above(self) -> float:
        """With a larger rejection a hand gets no gesture; inf where the model turns none away."""
        return np.inf if self.about.rejection is None else self.about.rejection.threshold

    def check_estimator(self, name: str, skeleton: str = HAND_21.name) -> None:
        """Raises ModelError when the keypoints are of another skeleton than it was trained on, or
        come from another estimator."""
        if skeleton != self.skeleton.name:
            raise ModelError(
                f"the model knows {self.skeleton.name} keypoints, these are {skeleton}: choose a "
                "model that was trained on them"
            )
        if not self.knows(name):
            known = " and ".join(self.estimators)
            raise ModelError(
                f"the model was trained on {known} keypoints, these come from {name}: "
                "choose a model trained on them"
            )

    def predict_proba(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """(N, C) probabilities alone, as `predict` gives them."""
        return self.predict(keypoints, mirrored_view)[0]

    def predict(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, C) probabilities, each row summing to 1, and (N,) rejection, zeros where the model
        has none.

        Args:
            keypoints: (N, K, D), or windows (N, T, K, D); NaN where missing.
            mirrored_view: (N,) true where the viewer saw the picture mirrored.

        Raises:
            ModelError: keypoints of another skeleton, or the model can't be run.
        """
        if keypoints.shape[1:] != self.shape:
            raise ModelError(
                f"the model knows {self.skeleton.name} keypoints (N, {self._wanted}), "
                f"these are {keypoints.shape}: choose a model that was trained on them"
            )
        keypoints = np.ascontiguousarray(keypoints, np.float32)
        mirrored_view = np.ascontiguousarray(mirrored_view, bool)
        batch = _BATCH if self.steps is None else _WINDOWS
        if len(keypoints) <= batch:
            return self._run(keypoints, mirrored_view)
        starts = range(0, len(keypoints), batch)
        slices = [slice(start, start + batch) for start in starts]
        parts = [self._run(keypoints[s], mirrored_view[s]) for s in slices]
        probabilities, rejections = zip(*parts, strict=True)
        return np.concatenate(probabilities), np.concatenate(rejections)

    def _run(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        session, feed = self._session, {"keypoints": keypoints, "mirrored_view": mirrored_view}
        try:
            found = [np.asarray(out, np.float32) for out in session.run(None, feed)]
        except Exception as error:  # as above
            raise self._cannot_run(error) from error
        probabilities, *rejection = found
        answers = probabilities, rejection[0] if rejection else np.zeros(len(keypoints), np.float32)
        rows = [len(answer) for answer in answers]
        if set(rows) != {len(keypoints)}:
            raise ModelError(f"{self.path / MODEL} gives {rows} rows for {len(keypoints)} hands")
        return answers


def _fits(
    shape: tuple[int, ...], keypoints: tuple[Any, ...], mirrored_view: tuple[Any, ...]
) -> bool:
    """Whether declared shapes are (N, …, K, D) and (N,); early models leave K open."""
    own = keypoints[1:]
    same = len(own) == len(shape) and own[-1] == shape[-1] and own[:-2] == shape[:-2]
    return same and len(mirrored_view) == 1


def _read_pair(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Metadata, and the graph that they are of."""
    end = time.monotonic() + _BETWEEN_WRITES_S
    while True:
        metadata, data = _read_metadata(folder / METADATA), _read_onnx(folder / MODEL)
        found = hashlib.sha256(data).hexdigest()
        wanted = metadata.get(ONNX_SHA256, found)
        if found == wanted:
            if fault := find_graph_fault(data):
                raise ModelError(f"{folder / MODEL} {fault}")
            return metadata, data
        if time.monotonic() > end:
            raise ModelError(
                f"{folder / MODEL} has the sha256 {found}, {METADATA} is of one with {wanted}: "
                "train again"
            )
        time.sleep(0.01)  # a training is just writing the other file


def _read_metadata(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(f"no gesture model at {path.parent}: {path.name} is missing; train one")
    size = path.stat().st_size
    if size > MAX_METADATA:
        raise ModelError(f"{path} has {size:,} bytes, metadata at most {MAX_METADATA:,}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no gesture model's metadata ({error!r})") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is no gesture model's metadata: it is not a JSON object")
    _check_features(ModelMetadata.of(content), path.parent)
    return content


def _check_features(metadata: ModelMetadata, folder: Path) -> None:
    """Raise ModelError where the model's features are not those of this version."""
    skeleton, axes = metadata.skeleton, metadata.axes
    known: Mapping[str, Any] = SPACE_FEATURES if axes == 3 else FEATURE_SETS
    if metadata.kind == MOVING:
        known = {name: one for (name, own), one in MOTION_FEATURES.items() if own == axes}
    if skeleton not in known:
        raise ModelError(
            f"{folder} was made for the skeleton “{skeleton}”, this Mudra knows "
            f"{', '.join(known)}: use a newer Mudra"
        )
    if metadata.feature_version != known[skeleton].version:
        raise ModelError(
            f"{folder} was made for feature version {metadata.feature_version} of {skeleton}, "
            f"this Mudra has {known[skeleton].version}: train it again"
        )
    if not metadata.gestures:
        raise ModelError(f"{folder / METADATA} names no gestures")


def _read_onnx(path: Path) -> bytes:
    if not path.is_file():
        raise ModelError(f"no gesture model at {path.parent}: {path.name} is missing; train one")
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path} has {path.stat().st_size} bytes, a model at most {MAX_BYTES}")
    return path.read_bytes()
